/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From counts known at run time to the loops of kernels/micro.h, whose counts are constants: rows
 * of a block, vectors of the head dim, the type of the cache. Every combination is an inlined loop
 * of its own, so no group size and no head dim is special.
 */
#ifndef ATTN_LADDER_BLOCK_H
#define ATTN_LADDER_BLOCK_H

#include "kernels/ladder/tile.h"

/* The smallest block across the lanes has four rows. */
enum { BLOCK_DIMS_MAX = VF_LANES / MICRO_ROWS };

/* Logits of `vectors` blocks of VF_LANES / dims rows each, across the lanes, from a widened tile.
 */
MICRO_INLINE void block_lanes_of(const uint32_t vectors, const uint32_t dims, const float *q,
                                 const float *k, uint32_t dim, uint32_t n, float *logit,
                                 const void *const *ahead, struct tile_share share)
{
    const uint32_t step = micro_step(vectors);
    for (uint32_t j = 0; j < n; j += step) {
        tile_fetch(ahead, j, step < n - j ? step : n - j, share);
        micro_qk_lanes(vectors, dims, q, k + j * MICRO_LINE, dim,
                       logit + (size_t)j * (VF_LANES / dims));
    }
}

static inline void block_lanes(uint32_t vectors, uint32_t lanes, const float *q, const float *k,
                               uint32_t dim, uint32_t n, float *logit, const void *const *ahead,
                               struct tile_share share)
{
    if (vectors == 2)
        block_lanes_of(2, 1, q, k, dim, n, logit, ahead, share);
    else if (lanes == VF_LANES)
        block_lanes_of(1, 1, q, k, dim, n, logit, ahead, share);
    else if (lanes == VF_LANES / 2)
        block_lanes_of(1, 2, q, k, dim, n, logit, ahead, share);
    else
        block_lanes_of(1, BLOCK_DIMS_MAX, q, k, dim, n, logit, ahead, share);
}

/* Rows that may read a cache of eight bits or fewer directly: more would widen it into L1 first. */
enum { BLOCK_NARROW = VF_REGISTERS >= 32 && NARROW_VECTORS <= 2 ? 4 : 2 };

MICRO_INLINE void block_qk_narrow(const uint32_t rows, enum attn_type type, const float *q,
                                  uint32_t dim, const void *const *k, struct narrow_scales scales,
                                  uint32_t n, float *logit, const void *const *ahead,
                                  struct tile_share share)
{
    const uint32_t tokens = narrow_tokens(rows), lanes = micro_lanes(rows);
    if (rows > BLOCK_NARROW)
        return;
    for (uint32_t j = 0; j < n; j += tokens, scales.at += tokens * scales.stride) {
        float *const to = logit + (size_t)j * lanes;
        tile_fetch(ahead, j, tokens, share);
        if (type == ATTN_I8)
            narrow_qk(rows, tokens, ATTN_I8, q, dim, k + j, scales, dim, to);
        else if (type == ATTN_I4)
            narrow_qk(rows, tokens, ATTN_I4, q, dim, k + j, scales, dim, to);
        else if (type == ATTN_E4M3)
            narrow_qk(rows, tokens, ATTN_E4M3, q, dim, k + j, scales, dim, to);
        else
            narrow_qk(rows, tokens, ATTN_E5M2, q, dim, k + j, scales, dim, to);
    }
}

/* Logits of a block of `rows` (constant) rows; asks for a share of the rows in `ahead`. */
MICRO_INLINE void block_qk_rows(const uint32_t rows, enum attn_type type, const float *q,
                                uint32_t dim, const void *const *k, struct narrow_scales scales,
                                uint32_t n, float *logit, const void *const *ahead,
                                struct tile_share share)
{
    if (narrow_type(type)) {
        block_qk_narrow(rows, narrow_codes(type), q, dim, k, scales, n, logit, ahead, share);
        return;
    }
    const uint32_t tokens = micro_tokens(rows), lanes = micro_lanes(rows);
    for (uint32_t j = 0; j < n; j += tokens) {
        float *const to = logit + (size_t)j * lanes;
        tile_fetch(ahead, j, tokens, share);
        if (type == ATTN_F16)
            micro_qk(rows, tokens, ATTN_F16, q, dim, k + j, dim, to);
        else if (type == ATTN_BF16)
            micro_qk(rows, tokens, ATTN_BF16, q, dim, k + j, dim, to);
        else
            micro_qk(rows, tokens, ATTN_F32, q, dim, k + j, dim, to);
    }
}

static inline void block_qk(uint32_t rows, enum attn_type type, const float *q, uint32_t dim,
                            const void *const *k, struct narrow_scales scales, uint32_t n,
                            float *logit, const void *const *ahead, struct tile_share share)
{
    switch (rows) {
    case 1:
        block_qk_rows(1, type, q, dim, k, scales, n, logit, ahead, share);
        return;
    case 2:
        block_qk_rows(2, type, q, dim, k, scales, n, logit, ahead, share);
        return;
    case 3:
        block_qk_rows(3, type, q, dim, k, scales, n, logit, ahead, share);
        return;
    default:
        block_qk_rows(4, type, q, dim, k, scales, n, logit, ahead, share);
    }
}

/* Up to MICRO_ROWS rows that take a P V step together. */
struct block_rows {
    const float *weight, *keep;
    float *acc;
    uint32_t rows, lanes; /* `lanes` of a token in weight[] */
    uint32_t n;           /* tokens they see */
};

/* What all rows of a P V step share. */
struct block_pv {
    enum attn_type type;
    const void *const *v, *const *ahead;
    struct narrow_scales scales;
    size_t stride;
    struct tile_spread spread; /* over all passes of all rows */
};

MICRO_INLINE void block_pv_pass(const uint32_t rows, const uint32_t vectors, const bool fetches,
                                const struct block_pv *w, size_t d, const struct block_rows *at,
                                struct tile_share share)
{
    if (w->type == ATTN_F16)
        micro_pv(rows, vectors, ATTN_F16, fetches, at->weight, at->lanes, w->v, at->n, d, at->keep,
                 at->acc, w->stride, w->ahead, share.from, share.lines);
    else if (w->type == ATTN_BF16)
        micro_pv(rows, vectors, ATTN_BF16, fetches, at->weight, at->lanes, w->v, at->n, d, at->keep,
                 at->acc, w->stride, w->ahead, share.from, share.lines);
    else
        micro_pv(rows, vectors, ATTN_F32, fetches, at->weight, at->lanes, w->v, at->n, d, at->keep,
                 at->acc, w->stride, w->ahead, share.from, share.lines);
}

MICRO_INLINE void block_pv_pass_narrow(const uint32_t rows, const uint32_t blocks,
                                       const bool fetches, const struct block_pv *w, uint32_t first,
                                       const struct block_rows *at, struct tile_share share)
{
    if (w->type == ATTN_I8)
        narrow_pv(rows, blocks, ATTN_I8, fetches, at->weight, at->lanes, w->v, w->scales, at->n,
                  first, at->keep, at->acc, w->stride, w->ahead, share.from, share.lines);
    else if (w->type == ATTN_I4)
        narrow_pv(rows, blocks, ATTN_I4, fetches, at->weight, at->lanes, w->v, w->scales, at->n,
                  first, at->keep, at->acc, w->stride, w->ahead, share.from, share.lines);
    else if (w->type == ATTN_E4M3)
        narrow_pv(rows, blocks, ATTN_E4M3, fetches, at->weight, at->lanes, w->v, w->scales, at->n,
                  first, at->keep, at->acc, w->stride, w->ahead, share.from, share.lines);
    else
        narrow_pv(rows, blocks, ATTN_E5M2, fetches, at->weight, at->lanes, w->v, w->scales, at->n,
                  first, at->keep, at->acc, w->stride, w->ahead, share.from, share.lines);
}

/* One pass over `count` blocks of `rows` rows: vectors of the head dim from `first` on, or blocks
 * of a narrow type. */
MICRO_INLINE void block_pv_each(const uint32_t rows, const bool narrow, const uint32_t vectors,
                                struct block_pv *w, uint32_t first, const struct block_rows *at,
                                uint32_t count)
{
    if (narrow ? rows > BLOCK_NARROW || vectors > NARROW_BLOCKS || vectors > narrow_blocks(rows)
               : vectors > micro_vectors(rows))
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct tile_share share = tile_spread_next(&w->spread);
        if (at[i].n && narrow && share.lines)
            block_pv_pass_narrow(rows, vectors, true, w, first, at + i, share);
        else if (at[i].n && narrow)
            block_pv_pass_narrow(rows, vectors, false, w, first, at + i, share);
        else if (at[i].n && share.lines)
            block_pv_pass(rows, vectors, true, w, (size_t)first * VF_LANES, at + i, share);
        else if (at[i].n)
            block_pv_pass(rows, vectors, false, w, (size_t)first * VF_LANES, at + i, share);
    }
}

static inline uint32_t block_pv_passes(uint32_t rows, bool narrow, uint32_t vectors)
{
    const uint32_t most = narrow ? narrow_blocks(rows) : micro_vectors(rows);
    return (vectors + most - 1) / most;
}

/*
 * All vectors of the head dim for `count` blocks of `rows` (constant) rows, in passes as even as
 * can be. What a pass reads of V is small, so all rows come to it before the next pass begins.
 */
MICRO_INLINE void block_pv_rows(const uint32_t rows, const bool narrow, struct block_pv *w,
                                uint32_t vectors, const struct block_rows *at, uint32_t count)
{
    const uint32_t passes = block_pv_passes(rows, narrow, vectors);
    for (uint32_t pass = 0, first = 0, end; pass < passes; pass++, first = end) {
        end = vectors * (pass + 1) / passes;
        switch (end - first) {
        case 1:
            block_pv_each(rows, narrow, 1, w, first, at, count);
            break;
        case 2:
            block_pv_each(rows, narrow, 2, w, first, at, count);
            break;
        case 3:
            block_pv_each(rows, narrow, 3, w, first, at, count);
            break;
        case 4:
            block_pv_each(rows, narrow, 4, w, first, at, count);
            break;
        case 5:
            block_pv_each(rows, narrow, 5, w, first, at, count);
            break;
        case 6:
            block_pv_each(rows, narrow, 6, w, first, at, count);
            break;
        case 7:
            block_pv_each(rows, narrow, 7, w, first, at, count);
            break;
        default:
            block_pv_each(rows, narrow, 8, w, first, at, count);
        }
    }
}

static inline void block_pv_of(uint32_t rows, bool narrow, struct block_pv *w, uint32_t vectors,
                               const struct block_rows *at, uint32_t count)
{
    switch (rows * 2 + narrow) {
    case 2:
        block_pv_rows(1, false, w, vectors, at, count);
        return;
    case 3:
        block_pv_rows(1, true, w, vectors, at, count);
        return;
    case 4:
        block_pv_rows(2, false, w, vectors, at, count);
        return;
    case 5:
        block_pv_rows(2, true, w, vectors, at, count);
        return;
    case 6:
        block_pv_rows(3, false, w, vectors, at, count);
        return;
    case 7:
        block_pv_rows(3, true, w, vectors, at, count);
        return;
    case 8:
        block_pv_rows(4, false, w, vectors, at, count);
        return;
    default:
        block_pv_rows(4, true, w, vectors, at, count);
    }
}

/* Weighted values of `count` blocks, neighbours of equal size together; `ahead_bytes` of each row
 * of w->ahead are asked for meanwhile. */
static inline void block_pv(struct block_pv *w, uint32_t dim_v, size_t ahead_bytes,
                            const struct block_rows *at, uint32_t count)
{
    const bool narrow = narrow_type(w->type);
    const uint32_t vectors = dim_v / (narrow ? (uint32_t)ATTN_QUANT_BLOCK : (uint32_t)VF_LANES);
    uint32_t steps = 0;
    for (uint32_t i = 0; i < count; i++)
        steps += block_pv_passes(at[i].rows, narrow, vectors);
    w->spread = tile_spread(ahead_bytes, steps);
    for (uint32_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && at[end].rows == at[first].rows; end++)
            ;
        block_pv_of(at[first].rows, narrow, w, vectors, at + first, end - first);
    }
}

#endif
