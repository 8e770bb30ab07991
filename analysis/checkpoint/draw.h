/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers drawn by place and not in sequence: what stands at an index depends on seed and index
 * alone, so that a weight is the same whichever file it is in and whatever was drawn before it.
 */
#ifndef ANA_CHECKPOINT_DRAW_H
#define ANA_CHECKPOINT_DRAW_H

#include <math.h>
#include <stdint.h>

/* splitmix64's finisher over seed and index. */
static inline uint64_t ana_draw_bits(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint64_t ana_draw_seed(uint64_t seed, const char *name)
{
    for (; *name; name++)
        seed = ana_draw_bits(seed, (unsigned char)*name);
    return seed;
}

/* Normal, mean 0, deviation 1 (Box and Muller). */
static inline float ana_draw_normal(uint64_t seed, uint64_t index)
{
    const double u = (double)((ana_draw_bits(seed, 2 * index) >> 11) + 1) * 0x1p-53;
    const double v = (double)(ana_draw_bits(seed, 2 * index + 1) >> 11) * 0x1p-53;
    return (float)(sqrt(-2 * log(u)) * cos(6.283185307179586 * v));
}

#endif
