/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sattolo's shuffle gives one cycle through all elements, where a plain shuffle would give several
 * and the chase might stay in a short one. It is done in the lines themselves: indices first, then
 * pointers.
 */
#include "bench/machine/chase.h"

struct line {
    union {
        uint64_t index;
        const struct line *next;
    };
    char rest[CHASE_LINE - sizeof(uint64_t)];
};

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void chase_link(void *base, size_t bytes, uint64_t seed)
{
    struct line *const line = base;
    const size_t lines = bytes / CHASE_LINE;
    for (size_t i = 0; i < lines; i++)
        line[i].index = i;
    for (size_t i = lines; i-- > 1;) {
        const size_t j = next_random(&seed) % i; /* below i, never i: that makes it one cycle */
        const uint64_t swap = line[i].index;
        line[i].index = line[j].index;
        line[j].index = swap;
    }
    for (size_t i = 0; i < lines; i++)
        line[i].next = &line[line[i].index];
}

const void *chase_follow(const void *start, uint64_t steps)
{
    const struct line *at = start;
    for (uint64_t i = 0; i < steps; i++)
        at = at->next;
    __asm__ volatile("" : "+r"(at));
    return at;
}
