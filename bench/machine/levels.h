/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much each thread has to read so that the bytes come from one level of cache, or from memory:
 * well below the thread's share of that level and well above its share of the one before.
 */
#ifndef MACHINE_LEVELS_H
#define MACHINE_LEVELS_H

#include "bench/machine/topology.h"

enum { MACHINE_LEVELS = MACHINE_CACHE_LEVELS + 1 };

struct machine_level {
    char name[8];      /* "L1" ... "memory" */
    uint64_t bytes;    /* of one rank, a multiple of 4 KiB; 0: this level cannot be read apart */
    char why_not[128]; /* then a sentence, else "" */
};

/*
 * Fills in every known cache and memory for `ranks` threads, and returns how many levels that are.
 * `available` bytes are free; memory takes half of them at most.
 */
int machine_levels(const struct machine_topology *t, uint32_t ranks, uint64_t available,
                   struct machine_level level[MACHINE_LEVELS]);

#endif
