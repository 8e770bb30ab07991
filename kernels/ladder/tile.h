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

#include "kernels/micro_narrow.h"

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
    if (i == 0 && end == n)
        return (struct tile_share){.lines = lines};
    const uint32_t first = lines * i / n;
    return (struct tile_share){
        .from = (size_t)first * TILE_LINE,
        .lines = lines * end / n - first,
    };
}

/* The same for slots that come one after the other, without a division each. */
struct tile_spread {
    uint32_t lines, slots, due;
    size_t from;
};

static inline struct tile_spread tile_spread(size_t row_bytes, uint32_t slots)
{
    const uint32_t lines = (uint32_t)((row_bytes + TILE_LINE - 1) / TILE_LINE);
    return (struct tile_spread){.lines = lines, .slots = slots};
}

static inline struct tile_share tile_spread_next(struct tile_spread *spread)
{
    struct tile_share share = {.from = spread->from};
    for (spread->due += spread->lines; spread->due >= spread->slots; spread->due -= spread->slots)
        share.lines++;
    spread->from += (size_t)share.lines * TILE_LINE;
    return share;
}

/* Always inline: a compiler may take a function that only prefetches for one that does nothing, and
 * drop its calls. */
MICRO_INLINE void tile_fetch_lines(const void *const *ahead, uint32_t first, uint32_t n,
                                   size_t from, const uint32_t lines)
{
    for (uint32_t i = first; i < first + n; i++) {
        const char *const at = (const char *)ahead[i] + from;
        MICRO_UNROLL
        for (uint32_t line = 0; line < lines; line++)
            vf_prefetch(at + (size_t)line * TILE_LINE);
    }
}

/* Asks for a share of the rows first .. first+n-1 of `ahead`, which has few lines or is a piece of
 * four of them at a time. */
MICRO_INLINE void tile_fetch(const void *const *ahead, uint32_t first, uint32_t n,
                             struct tile_share share)
{
    size_t from = share.from;
    uint32_t left = share.lines;
    for (; left >= 4; left -= 4, from += 4 * (size_t)TILE_LINE)
        tile_fetch_lines(ahead, first, n, from, 4);
    if (left & 2)
        tile_fetch_lines(ahead, first, n, from, 2);
    if (left & 1)
        tile_fetch_lines(ahead, first, n, from + (left & 2) * (size_t)TILE_LINE, 1);
}

/*
 * Where the scales of n rows lie as f32, those of integer types widened into `to` first and what
 * comes next asked for. Other types have the same one everywhere.
 */
static inline struct narrow_scales tile_scales(enum attn_type type, uint32_t dim,
                                               const void *const *scales, uint32_t n,
                                               const void *const *ahead, uint32_t n_ahead,
                                               float *to)
{
    static const float one[ATTN_QUANT_BLOCK] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                                1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const float e4m3[ATTN_QUANT_BLOCK] = {256, 256, 256, 256, 256, 256, 256, 256,
                                                 256, 256, 256, 256, 256, 256, 256, 256,
                                                 256, 256, 256, 256, 256, 256, 256, 256,
                                                 256, 256, 256, 256, 256, 256, 256, 256};
    const uint32_t blocks = attn_row_scales(&attn_types[type], dim);
    if (!blocks)
        return (struct narrow_scales){.at = type == ATTN_E4M3 ? e4m3 : one};
    MICRO_UNROLL_4
    for (uint32_t j = 0; j < n_ahead; j++)
        vf_prefetch(ahead[j]);
    MICRO_UNROLL_4
    for (uint32_t j = 0; blocks == 4 && j < n; j++)
        vf_widen4(to + (size_t)j * 4, scales[j]);
    for (uint32_t j = 0; blocks != 4 && j < n; j++) {
        const uint16_t *const from = scales[j];
        float *const at = to + (size_t)j * blocks;
        uint32_t b = 0;
        for (; b + 4 <= blocks; b += 4)
            vf_widen4(at + b, from + b);
        for (; b < blocks; b++)
            at[b] = attn_f16_to_f32(from[b]);
    }
    return (struct narrow_scales){.at = to, .stride = blocks};
}

/*
 * n rows of dim elements in pieces of a line, zero-padded to whole lines; pieces lie `next` floats
 * apart, rows `stride`. Whole lines are unrolled: a loop of two steps would be mispredicted more
 * than it works. The pointer to a row and its scale are copied first: a compiler that cannot know
 * what a store overwrites would read both again for each vector, a quarter of the time of codes.
 */
MICRO_INLINE void tile_widen_rows(const enum attn_type type, const void *const *row, uint32_t n,
                                  uint32_t dim, size_t next, size_t stride, float *to)
{
    for (uint32_t j = 0; j < n; j++) {
        const void *const from = row[j];
        float *at = to + j * stride;
        uint32_t d = 0;
        for (; d + MICRO_LINE <= dim; d += MICRO_LINE, at += next) {
            MICRO_UNROLL
            for (uint32_t i = 0; i < MICRO_LINE; i += VF_LANES)
                vf_store(at + i, micro_load(type, from, d + i));
        }
        for (uint32_t i = 0; d < dim && i < MICRO_LINE; i++)
            at[i] = d + i < dim ? attn_element(type, from, d + i, dim) : 0;
    }
}

/* The same by blocks, two lines each; a last part block goes one by one. */
MICRO_INLINE void tile_widen_blocks(const enum attn_type type, const void *const *row,
                                    struct narrow_scales scales, uint32_t n, uint32_t dim,
                                    size_t next, size_t stride, float *to)
{
    const uint32_t whole = dim / ATTN_QUANT_BLOCK, line = MICRO_LINE / VF_LANES;
    for (uint32_t j = 0; j < n; j++) {
        const void *const from = row[j];
        const float *const scale = scales.at + j * scales.stride;
        float *at = to + j * stride;
        for (uint32_t b = 0; b < whole; b++, at += 2 * next) {
            const vf block_scale = vf_set1(scale[b]);
            MICRO_UNROLL
            for (uint32_t i = 0; i < NARROW_VECTORS; i++)
                vf_store(at + i / line * next + i % line * VF_LANES,
                         vf_mul(narrow_load(type, from, b, i), block_scale));
        }
        for (uint32_t d = whole * ATTN_QUANT_BLOCK; d < dim; at += next)
            for (uint32_t i = 0; i < MICRO_LINE; i++, d++)
                at[i] = d < dim ? attn_element(type, from, d, dim) *
                                      (type == ATTN_E4M3 ? 1 : scale[whole])
                                : 0;
    }
}

static inline void tile_widen_any(enum attn_type type, const void *const *row,
                                  struct narrow_scales scales, uint32_t n, uint32_t dim,
                                  size_t next, size_t stride, float *to)
{
    switch (narrow_codes(type)) {
    case ATTN_F16:
        tile_widen_rows(ATTN_F16, row, n, dim, next, stride, to);
        return;
    case ATTN_BF16:
        tile_widen_rows(ATTN_BF16, row, n, dim, next, stride, to);
        return;
    case ATTN_I8:
        tile_widen_blocks(ATTN_I8, row, scales, n, dim, next, stride, to);
        return;
    case ATTN_I4:
        tile_widen_blocks(ATTN_I4, row, scales, n, dim, next, stride, to);
        return;
    case ATTN_E4M3:
        tile_widen_blocks(ATTN_E4M3, row, scales, n, dim, next, stride, to);
        return;
    case ATTN_E5M2:
        tile_widen_blocks(ATTN_E5M2, row, scales, n, dim, next, stride, to);
        return;
    default:
        tile_widen_rows(ATTN_F32, row, n, dim, next, stride, to);
    }
}

/* n rows widened one after the other; the floats from one to the next, which are whole lines. */
static inline size_t tile_widen(enum attn_type type, const void *const *row,
                                struct narrow_scales scales, uint32_t n, uint32_t dim, float *to)
{
    const size_t stride = (dim + MICRO_LINE - 1) / MICRO_LINE * MICRO_LINE;
    tile_widen_any(type, row, scales, n, dim, MICRO_LINE, stride, to);
    return stride;
}

/* n rows widened to the layout of micro_qk_lanes(). */
static inline void tile_widen_lines(enum attn_type type, const void *const *row,
                                    struct narrow_scales scales, uint32_t n, uint32_t dim,
                                    float *to)
{
    tile_widen_any(type, row, scales, n, dim, TILE_MAX * MICRO_LINE, MICRO_LINE, to);
}

#endif
