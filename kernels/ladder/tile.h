/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tile of cached rows made ready for many: widened to f32 in a first-level cache, and the
 * prefetches of what comes next cut into shares small enough to be spread among multiply-adds.
 *
 * K lies there by cache lines, [dim / 16][token][16]: the tokens a step of micro_qk_lanes() takes
 * are then neighbours at constant distances. Transposing K instead, so that tokens are lanes, was
 * tried: shuffles cost a fifth of the multiply-adds of sixteen rows.
 */
#ifndef ATTN_LADDER_TILE_H
#define ATTN_LADDER_TILE_H

#include "kernels/micro.h"

enum { TILE_MAX = MICRO_TILE, TILE_LINE = 64 };

/* The share of a row's cache lines that slots [i, end) of `n` ask for, so that prefetches are
 * spread. */
struct tile_share {
    size_t from;
    uint32_t lines;
};

static inline struct tile_share tile_share_of(size_t row_bytes, uint32_t i, uint32_t end,
                                              uint32_t n)
{
    const uint32_t lines = (uint32_t)((row_bytes + TILE_LINE - 1) / TILE_LINE);
    const uint32_t first = lines * i / n;
    return (struct tile_share){
        .from = (size_t)first * TILE_LINE,
        .lines = lines * end / n - first,
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

/* Element d of a row as f32, for what is left over after whole vectors. */
MICRO_INLINE float tile_element(const enum attn_type type, const void *row, uint32_t d)
{
    return type == ATTN_F16    ? attn_f16_to_f32(((const uint16_t *)row)[d])
           : type == ATTN_BF16 ? attn_bf16_to_f32(((const uint16_t *)row)[d])
                               : ((const float *)row)[d];
}

/*
 * n rows of dim elements in pieces of a line, zero-padded to whole lines; pieces lie `next` floats
 * apart, rows `stride`. Whole lines are unrolled: a loop of two steps would be mispredicted more
 * than it works.
 */
MICRO_INLINE void tile_widen_rows(const enum attn_type type, const void *const *row, uint32_t n,
                                  uint32_t dim, size_t next, size_t stride, float *to)
{
    for (uint32_t j = 0; j < n; j++) {
        float *at = to + j * stride;
        uint32_t d = 0;
        for (; d + MICRO_LINE <= dim; d += MICRO_LINE, at += next) {
            MICRO_UNROLL
            for (uint32_t i = 0; i < MICRO_LINE; i += VF_LANES)
                vf_store(at + i, micro_load(type, row[j], d + i));
        }
        for (uint32_t i = 0; d < dim && i < MICRO_LINE; i++)
            at[i] = d + i < dim ? tile_element(type, row[j], d + i) : 0;
    }
}

/* n rows widened one after the other, at whole lines; afterwards wide[] points at them. */
static inline void tile_widen(enum attn_type type, const void *const *row, uint32_t n, uint32_t dim,
                              float *to, const void **wide)
{
    const size_t stride = (dim + MICRO_LINE - 1) / MICRO_LINE * MICRO_LINE;
    if (type == ATTN_F16)
        tile_widen_rows(ATTN_F16, row, n, dim, MICRO_LINE, stride, to);
    else if (type == ATTN_BF16)
        tile_widen_rows(ATTN_BF16, row, n, dim, MICRO_LINE, stride, to);
    else
        tile_widen_rows(ATTN_F32, row, n, dim, MICRO_LINE, stride, to);
    for (uint32_t j = 0; j < n; j++)
        wide[j] = to + j * stride;
}

/* n rows widened to the layout of micro_qk_lanes(). */
static inline void tile_widen_lines(enum attn_type type, const void *const *row, uint32_t n,
                                    uint32_t dim, float *to)
{
    const size_t next = TILE_MAX * MICRO_LINE;
    if (type == ATTN_F16)
        tile_widen_rows(ATTN_F16, row, n, dim, next, MICRO_LINE, to);
    else if (type == ATTN_BF16)
        tile_widen_rows(ATTN_BF16, row, n, dim, next, MICRO_LINE, to);
    else
        tile_widen_rows(ATTN_F32, row, n, dim, next, MICRO_LINE, to);
}

#endif
