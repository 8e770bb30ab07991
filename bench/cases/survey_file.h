/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ceilings of this machine as they were last read: ceiling.* keys in a small file of the
 * results' own format under the user's cache folder ($XDG_CACHE_HOME or ~/.cache), from which
 * every run copies them into its context. The file is named for the machine and says which one it
 * is of; one that is of another, or that holds what no survey would write, is left alone and said
 * so.
 */
#ifndef ATTN_SURVEY_FILE_H
#define ATTN_SURVEY_FILE_H

#include "bench/cases/message.h"
#include "bench/machine/context.h"
#include "bench/machine/topology.h"

#include <stdint.h>

struct attn_survey_file {
    char path[1024];    /* "": there is nowhere to keep it */
    char identity[512]; /* of this machine, in words */
};

/* Where the file of this machine is, whether or not it is there. */
void attn_survey_file_find(struct attn_survey_file *file, const struct machine_topology *t);

/*
 * Adds what the file holds to `context`. 0; -ENOENT if there is no file, or -EINVAL with a
 * sentence: it is not readable, not a survey, or of another machine. *age_seconds is how old it
 * is.
 */
int attn_survey_file_read(const struct attn_survey_file *file, struct machine_context *context,
                          uint64_t *age_seconds, struct attn_message *why);

/* Writes the ceiling.* keys of `context` beside the file and renames over it. 0 or -errno with a
 * sentence. */
int attn_survey_file_write(const struct attn_survey_file *file,
                           const struct machine_context *context, struct attn_message *why);

/* "40 s", "3 min", "2 h", "5 days". */
const char *attn_age_text(uint64_t seconds, char *buf, size_t size);

/*
 * Copies what is known of this machine's ceilings into the context of a run, with its age; a
 * warning if there is a file and it cannot be used.
 */
void attn_survey_recall(const struct machine_topology *t, struct machine_context *context);

#endif
