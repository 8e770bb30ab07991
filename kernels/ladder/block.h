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

/* What a P V step needs besides its block size. */
struct block_pv {
    enum attn_type type;
    const float *weight, *keep;
    uint32_t lanes; /* of a token in weight[] */
    const void *const *v, *const *ahead;
    struct narrow_scales scales;
    uint32_t n;
    float *acc;
    size_t stride;
};

MICRO_INLINE void block_pv_pass(const uint32_t rows, const uint32_t vectors,
                                const struct block_pv *w, uint32_t d, struct tile_share share)
{
    if (vectors > micro_vectors(rows))
        return;
    if (w->type == ATTN_F16)
        micro_pv(rows, vectors, ATTN_F16, w->weight, w->lanes, w->v, w->n, d, w->keep, w->acc,
                 w->stride, w->ahead, share.from, share.lines);
    else if (w->type == ATTN_BF16)
        micro_pv(rows, vectors, ATTN_BF16, w->weight, w->lanes, w->v, w->n, d, w->keep, w->acc,
                 w->stride, w->ahead, share.from, share.lines);
    else
        micro_pv(rows, vectors, ATTN_F32, w->weight, w->lanes, w->v, w->n, d, w->keep, w->acc,
                 w->stride, w->ahead, share.from, share.lines);
}

MICRO_INLINE void block_pv_pass_narrow(const uint32_t rows, const uint32_t blocks,
                                       const struct block_pv *w, uint32_t first,
                                       struct tile_share share)
{
    if (blocks > narrow_blocks(rows))
        return;
    if (w->type == ATTN_I8)
        narrow_pv(rows, blocks, ATTN_I8, w->weight, w->lanes, w->v, w->scales, w->n, first, w->keep,
                  w->acc, w->stride, w->ahead, share.from, share.lines);
    else if (w->type == ATTN_I4)
        narrow_pv(rows, blocks, ATTN_I4, w->weight, w->lanes, w->v, w->scales, w->n, first, w->keep,
                  w->acc, w->stride, w->ahead, share.from, share.lines);
    else if (w->type == ATTN_E4M3)
        narrow_pv(rows, blocks, ATTN_E4M3, w->weight, w->lanes, w->v, w->scales, w->n, first,
                  w->keep, w->acc, w->stride, w->ahead, share.from, share.lines);
    else
        narrow_pv(rows, blocks, ATTN_E5M2, w->weight, w->lanes, w->v, w->scales, w->n, first,
                  w->keep, w->acc, w->stride, w->ahead, share.from, share.lines);
}

/* Passes over whole blocks of the head dim, as even as can be. */
MICRO_INLINE void block_pv_narrow(const uint32_t rows, const struct block_pv *w, uint32_t dim_v,
                                  size_t ahead_bytes, uint32_t slot, uint32_t slots)
{
    const uint32_t blocks = dim_v / ATTN_QUANT_BLOCK, most = narrow_blocks(rows);
    if (rows > BLOCK_NARROW)
        return;
    const uint32_t passes = (blocks + most - 1) / most;
    for (uint32_t pass = 0; pass < passes; pass++) {
        const uint32_t first = blocks * pass / passes, end = blocks * (pass + 1) / passes;
        const struct tile_share share = tile_share_of(ahead_bytes, slot * passes + pass,
                                                      slot * passes + pass + 1, slots * passes);
        switch (end - first) {
        case 1:
            block_pv_pass_narrow(rows, 1, w, first, share);
            break;
        case 2:
            block_pv_pass_narrow(rows, 2, w, first, share);
            break;
        case 3:
            block_pv_pass_narrow(rows, 3, w, first, share);
            break;
        default:
            block_pv_pass_narrow(rows, 4, w, first, share);
        }
    }
}

/* All vectors of the head dim for a block of `rows` (constant) rows, in passes as even as can be.
 */
MICRO_INLINE void block_pv_rows(const uint32_t rows, const struct block_pv *w, uint32_t dim_v,
                                size_t ahead_bytes, uint32_t slot, uint32_t slots)
{
    if (narrow_type(w->type)) {
        block_pv_narrow(rows, w, dim_v, ahead_bytes, slot, slots);
        return;
    }
    const uint32_t vectors = dim_v / VF_LANES, most = micro_vectors(rows);
    const uint32_t passes = (vectors + most - 1) / most;
    for (uint32_t pass = 0; pass < passes; pass++) {
        const uint32_t first = vectors * pass / passes, end = vectors * (pass + 1) / passes;
        const struct tile_share share = tile_share_of(ahead_bytes, slot * passes + pass,
                                                      slot * passes + pass + 1, slots * passes);
        const uint32_t d = first * VF_LANES;
        switch (end - first) {
        case 1:
            block_pv_pass(rows, 1, w, d, share);
            break;
        case 2:
            block_pv_pass(rows, 2, w, d, share);
            break;
        case 3:
            block_pv_pass(rows, 3, w, d, share);
            break;
        case 4:
            block_pv_pass(rows, 4, w, d, share);
            break;
        case 5:
            block_pv_pass(rows, 5, w, d, share);
            break;
        case 6:
            block_pv_pass(rows, 6, w, d, share);
            break;
        case 7:
            block_pv_pass(rows, 7, w, d, share);
            break;
        default:
            block_pv_pass(rows, 8, w, d, share);
        }
    }
}

static inline void block_pv(uint32_t rows, const struct block_pv *w, uint32_t dim_v,
                            size_t ahead_bytes, uint32_t slot, uint32_t slots)
{
    switch (rows) {
    case 1:
        block_pv_rows(1, w, dim_v, ahead_bytes, slot, slots);
        return;
    case 2:
        block_pv_rows(2, w, dim_v, ahead_bytes, slot, slots);
        return;
    case 3:
        block_pv_rows(3, w, dim_v, ahead_bytes, slot, slots);
        return;
    default:
        block_pv_rows(4, w, dim_v, ahead_bytes, slot, slots);
    }
}

#endif
