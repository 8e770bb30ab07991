/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tile of cached rows made ready for many: widened to f32 in a first-level cache, K transposed
 * on the way so that tokens become lanes, and the prefetches of what comes next cut into shares
 * small enough to be spread among multiply-adds.
 */
#ifndef ATTN_LADDER_TILE_H
#define ATTN_LADDER_TILE_H

#include "kernels/micro.h"

enum { TILE_MAX = 48, TILE_LINE = 64 };

/* The share of a row's cache lines that slot `i` of `n` asks for, so that prefetches are spread. */
struct tile_share {
    size_t from;
    uint32_t lines;
};

static inline struct tile_share tile_share_of(size_t row_bytes, uint32_t i, uint32_t n)
{
    const uint32_t lines = (uint32_t)((row_bytes + TILE_LINE - 1) / TILE_LINE);
    const uint32_t first = lines * i / n;
    return (struct tile_share){
        .from = (size_t)first * TILE_LINE,
        .lines = lines * (i + 1) / n - first,
    };
}

/* Always inline: a compiler may take a function that only prefetches for one that does nothing, and
 * drop its calls. Asks for a share of the rows first .. first+n-1 of `ahead`. */
MICRO_INLINE void tile_fetch(const void *const *ahead, uint32_t first, uint32_t n,
                             struct tile_share share)
{
    for (uint32_t i = first; share.lines && i < first + n; i++)
        for (uint32_t line = 0; line < share.lines; line++)
            vf_prefetch((const char *)ahead[i] + share.from + line * TILE_LINE);
}

MICRO_INLINE void tile_widen_row(const enum attn_type type, const void *row, uint32_t n, float *to)
{
    uint32_t d = 0;
    for (; d + VF_LANES <= n; d += VF_LANES)
        vf_store(to + d, micro_load(type, row, d));
    if (d == n)
        return;
    for (; d < n; d++)
        to[d] = type == ATTN_F16    ? attn_f16_to_f32(((const uint16_t *)row)[d])
                : type == ATTN_BF16 ? attn_bf16_to_f32(((const uint16_t *)row)[d])
                                    : ((const float *)row)[d];
    for (; d % VF_LANES; d++)
        to[d] = 0;
}

/* Widens n rows of `dim` elements; afterwards wide[] points at them, `stride` floats apart. */
static inline void tile_widen(enum attn_type type, const void *const *row, uint32_t n, uint32_t dim,
                              uint32_t stride, float *to, const void **wide)
{
    for (uint32_t j = 0; j < n; j++) {
        float *const at = to + (size_t)j * stride;
        wide[j] = at;
        if (type == ATTN_F16)
            tile_widen_row(ATTN_F16, row[j], dim, at);
        else if (type == ATTN_BF16)
            tile_widen_row(ATTN_BF16, row[j], dim, at);
        else
            tile_widen_row(ATTN_F32, row[j], dim, at);
    }
}

/* VF_LANES tokens of K to columns of the transposed tile; a tail of the head dim goes one by one.
 */
MICRO_INLINE void tile_turn_some(const enum attn_type type, const void *const *row, uint32_t dim,
                                 float *to)
{
    vf x[VF_LANES];
    uint32_t d = 0;
    for (; d + VF_LANES <= dim; d += VF_LANES) {
        MICRO_UNROLL
        for (uint32_t j = 0; j < VF_LANES; j++)
            x[j] = micro_load(type, row[j], d);
        vf_transpose(x);
        MICRO_UNROLL
        for (uint32_t j = 0; j < VF_LANES; j++)
            vf_store(to + (size_t)(d + j) * TILE_MAX, x[j]);
    }
    for (; d < dim; d++)
        for (uint32_t j = 0; j < VF_LANES; j++)
            to[(size_t)d * TILE_MAX + j] =
                type == ATTN_F16    ? attn_f16_to_f32(((const uint16_t *)row[j])[d])
                : type == ATTN_BF16 ? attn_bf16_to_f32(((const uint16_t *)row[j])[d])
                                    : ((const float *)row[j])[d];
}

/* K of a tile to [dim][TILE_MAX], for n tokens rounded up to whole vectors. */
static inline void tile_turn(enum attn_type type, const void *const *row, uint32_t n, uint32_t dim,
                             float *to)
{
    for (uint32_t j = 0; j < n; j += VF_LANES) {
        if (type == ATTN_F16)
            tile_turn_some(ATTN_F16, row + j, dim, to + j);
        else if (type == ATTN_BF16)
            tile_turn_some(ATTN_BF16, row + j, dim, to + j);
        else
            tile_turn_some(ATTN_F32, row + j, dim, to + j);
    }
}

#endif
