/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Latency of memory: lines linked to one cycle in random order. Each load waits for the one before
 * it and no prefetcher guesses the next, so the time of a step is the time of a load.
 */
#ifndef MACHINE_CHASE_H
#define MACHINE_CHASE_H

#include <stddef.h>
#include <stdint.h>

enum { CHASE_LINE = 64 };

/* Links the whole lines of [base, base + bytes), two at least; base is aligned to a line. */
void chase_link(void *base, size_t bytes, uint64_t seed);

/* Follows the links and returns where they lead: `start` after as many steps as there are lines. */
const void *chase_follow(const void *start, uint64_t steps);

#endif
