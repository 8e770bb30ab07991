/* SPDX-License-Identifier: Apache-2.0 */
/* The index of a sharded checkpoint: model.safetensors.index.json, name to file name. */
#ifndef ANA_CHECKPOINT_INDEX_H
#define ANA_CHECKPOINT_INDEX_H

#include "analysis/checkpoint/header.h"

struct ana_index {
    const char *path;
    const char **files; /* each once, ascending */
    size_t file_count;
    struct json_t *root;
};

/* 0, or -errno and a sentence; `path` must outlive it. */
int ana_index_read(const char *path, struct ana_index *index, struct ana_fault *fault);
/* The same of the text of an index; `path` is for sentences. */
int ana_index_parse(const char *path, const char *text, size_t length, struct ana_index *index,
                    struct ana_fault *fault);
void ana_index_free(struct ana_index *index);

/* Does files[i] hold what the index says, no tensor more and none less? 0 or -EBADMSG. */
int ana_index_check(const struct ana_index *index, size_t i, const struct ana_header *header,
                    struct ana_fault *fault);

/* The text of the same index with another total size; NULL without memory; to be freed. */
char *ana_index_text(const struct ana_index *index, uint64_t total_bytes);

#endif
