/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files callgrind writes, as far as totals go: one part a dump, told apart by the name the
 * program gave it. Parts nobody named (the one a program's end leaves) are passed over.
 */
#ifndef ANA_CALLGRIND_H
#define ANA_CALLGRIND_H

#include <stddef.h>
#include <stdint.h>

/* Of one dump. Lines are of the last-level cache: filled from memory and written back to it. */
struct ana_callgrind {
    uint64_t instructions;
    uint64_t lines_read, lines_written;
};

/*
 * The part that was dumped as `name`, or with NULL the first that has a name. 0, or -errno with a
 * sentence: -ENOENT also when the file holds no such part, -EBADMSG if it is malformed.
 */
int ana_callgrind_read(const char *path, const char *name, struct ana_callgrind *counts, char *why,
                       size_t size);

#endif
