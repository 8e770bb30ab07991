/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that appear together and whole, or not at all. Each is written without a name where the
 * file system can do that, so that not even a killed program leaves something behind; names are
 * given when all have been written and synced. A program killed in between leaves hidden files,
 * which the next one that writes into the folder removes.
 */
#ifndef ANA_CHECKPOINT_OUTPUT_H
#define ANA_CHECKPOINT_OUTPUT_H

#include <stdint.h>
#include <stdio.h>

#include "analysis/checkpoint/fault.h"

struct ana_output {
    char *target;
    char *beside; /* the name it has until it gets its own; NULL: none yet */
    FILE *stream;
};

struct ana_outputs {
    struct ana_output *files;
    size_t count;
    size_t seal; /* which file says that the others belong together, counted from 1; 0: none does */
    const struct stat *inputs; /* files that are read still, and so must not be written */
    size_t inputs_count;
};

/*
 * A stream for `target`, which may exist as a regular file and stays as it is until the commit.
 * `bytes`, if not 0, is its size, so that a full disk is told at once. NULL and a sentence, also if
 * `target` is an input, by whatever name, or what another output is to be called.
 */
FILE *ana_outputs_add(struct ana_outputs *outputs, const char *target, uint64_t bytes,
                      struct ana_fault *fault);

/*
 * The file last added says that the others belong together. An older one of its name goes before
 * any file gets its own, and it gets its own last: a set that was cut short has none.
 */
void ana_outputs_seal(struct ana_outputs *outputs);

/* Gives all files their names. 0, or -errno and a sentence; then what has no name yet is gone. */
int ana_outputs_commit(struct ana_outputs *outputs, struct ana_fault *fault);

/* Forgets what was not committed. */
void ana_outputs_close(struct ana_outputs *outputs);

#endif
