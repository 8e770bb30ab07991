/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops that read memory and do nothing with it but fold it, so that no load can be dropped, as
 * often as asked for: a first-level cache is read in less time than a thread takes to start. They
 * are compiled for any CPU and again for wider vectors, because a cache near the core is read no
 * faster than the load instructions are wide.
 *
 * (The ceilings beside a case are kernels and read the case's own bytes once; these are for the
 * machine as such.)
 */
#ifndef MACHINE_READ_LOOP_H
#define MACHINE_READ_LOOP_H

#include <stddef.h>
#include <stdint.h>

enum { READ_LOOP_BLOCK = 512 };

/* `at` is aligned to 64 bytes, `bytes` a multiple of 8 * READ_LOOP_BLOCK. The result is the fold.
 */
typedef uint64_t read_loop(const void *at, size_t bytes, uint64_t passes);

struct read_loops {
    const char *name; /* "avx2" */
    read_loop *one;   /* one stream */
    read_loop *eight; /* eight streams in turn, with prefetches: more lines of memory in flight */
};

extern const struct read_loops read_loops_any, read_loops_avx2, read_loops_avx512;

/* Those with the widest vectors this CPU has and attn_cpu_features() lets be used. */
const struct read_loops *read_loops_best(void);

#endif
