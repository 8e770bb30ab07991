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

typedef void fill_loop(void *dst, uint32_t key, uint32_t first, uint32_t n);

struct fill_loops {
    fill_loop *f32, *f16, *bf16;
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

/* The upper 24 bits, signed, on a grid of 2^-23: in [-1, 1) and exact in f32. */
static inline float fill_unit(uint32_t bits)
{
    return (float)((int32_t)bits >> 8) * 0x1p-23f;
}

#endif
