/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A result file that is complete at any moment: written beside its target and renamed over it. Only
 * regular or absent targets are replaced; a device, pipe or socket, and what stdout or stderr goes
 * to, is written to as it is.
 */
#ifndef BENCHMARK_C_OUTFILE_H
#define BENCHMARK_C_OUTFILE_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct outfile {
    char *target; /* with symbolic links followed */
    FILE *device; /* open, when the target is not to be replaced */
    mode_t mode;
};

/* Proves that the file can be written, without changing it yet. 0 or -errno, said on err. */
int bm_outfile_open(struct outfile *file, const char *path, FILE *err);
/* Puts the text in place of the file's contents, all or nothing. 0 or -errno. Not for devices. */
int bm_outfile_replace(const struct outfile *file, const char *text, size_t length);
/* Saves what could not be put into place under the directory for temporary files; the path is
 * returned, to be freed, or NULL. */
char *bm_outfile_rescue(const char *text, size_t length);
/* 0 or -errno of what a device had still to be told. */
int bm_outfile_close(struct outfile *file);

#endif
