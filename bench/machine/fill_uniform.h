/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loops behind FILL_UNIFORM and the generator they share with the other kinds. Private to the
 * fill: the loops are compiled once for any CPU and once more for wider vectors, and both write
 * the same bits.
 */
#ifndef MACHINE_FILL_UNIFORM_H
#define MACHINE_FILL_UNIFORM_H

#include <stddef.h>
#include <stdint.h>

/* Writes n values whose counters are first, first + 1 ... */
typedef void fill_loop(void *dst, uint32_t key, uint32_t first, uint32_t n);

struct fill_loops {
    fill_loop *f32, *f16, *bf16, *i8, *i4, *e4m3, *e5m2, *scales_i8, *scales_i4;
};

extern const struct fill_loops fill_loops_any, fill_loops_avx2;

/*
 * Multiply, xor-shift and multiply again: operations every vector unit has, without state carried
 * from one element to the next.
 */
static inline uint32_t fill_hash(uint32_t key, uint32_t counter)
{
    uint32_t x = (counter + key) * 0x9e3779b1u;
    x = (x ^ (x >> 15) ^ key) * 0x85ebca77u;
    return x ^ (x >> 16);
}

/* What fill_unit() makes of the same bits times `top`, rounded to the nearest integer. */
static inline int32_t fill_code(uint32_t bits, int32_t top)
{
    return (((int32_t)bits >> 8) * top + (1 << 22)) >> 23;
}

/* A scale for codes up to `top`: from half of 1 / top to all of it. */
static inline float fill_scale(uint32_t bits, int32_t top)
{
    return (0.75f + 0.25f * (float)((int32_t)bits >> 8) * 0x1p-23f) / (float)top;
}

/* The upper 24 bits, signed, on a grid of 2^-23: in [-1, 1) and exact in f32. */
static inline float fill_unit(uint32_t bits)
{
    return (float)((int32_t)bits >> 8) * 0x1p-23f;
}

#endif
