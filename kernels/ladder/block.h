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
    for (uint32_t begin = 0; begin < dim; begin += MICRO_CHAIN) {
        for (uint32_t j = 0; j < n; j += step) {
            if (begin == 0)
                tile_fetch(ahead, j, step < n - j ? step : n - j, share);
            micro_qk_lanes(vectors, dims, q, k + j * MICRO_LINE, dim, begin,
                           logit + (size_t)j * (VF_LANES / dims));
        }
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

/* Logits of a block; a share of the rows in `ahead` is asked for step by step, or spread: as many
 * lines as K has over its multiply-adds, what is left over before them. */
MICRO_INLINE void block_qk_typed(const uint32_t rows, const bool spread, enum attn_type type,
                                 const float *q, uint32_t dim, const void *const *k, uint32_t n,
                                 float *logit, const void *const *ahead, struct tile_share share)
{
    const uint32_t tokens = micro_tokens(rows), lanes = micro_lanes(rows);
    const uint32_t most = spread ? dim / VF_LANES / micro_line_vectors(type) : 0;
    struct micro_ahead over = {.from = share.from, .lines = share.lines};
    if (over.lines > most)
        over.lines = most;
    over.dims = over.lines ? dim / VF_LANES / over.lines * VF_LANES : 0;
    share.from += (size_t)over.lines * TILE_LINE;
    share.lines -= over.lines;
    for (uint32_t j = 0; j < n; j += tokens) {
        float *const to = logit + (size_t)j * lanes;
        tile_fetch(ahead, j, tokens, share);
        over.row = ahead + j;
        if (type == ATTN_F16)
            micro_qk(rows, tokens, spread, ATTN_F16, q, dim, k + j, dim, over, to);
        else if (type == ATTN_BF16)
            micro_qk(rows, tokens, spread, ATTN_BF16, q, dim, k + j, dim, over, to);
        else
            micro_qk(rows, tokens, spread, ATTN_F32, q, dim, k + j, dim, over, to);
    }
}

/* Functions of their own have registers of their own: in one, each loop ran 3 to 7 % longer for
 * what the others wanted to keep. */
#define BLOCK_APART static __attribute__((noinline, unused))

BLOCK_APART void block_qk_spread(uint32_t rows, enum attn_type type, const float *q, uint32_t dim,
                                 const void *const *k, uint32_t n, float *logit,
                                 const void *const *ahead, struct tile_share share)
{
    if (rows == 1)
        block_qk_typed(1, true, type, q, dim, k, n, logit, ahead, share);
    else if (rows == 2)
        block_qk_typed(2, true, type, q, dim, k, n, logit, ahead, share);
    else if (rows == 3)
        block_qk_typed(3, true, type, q, dim, k, n, logit, ahead, share);
    else
        block_qk_typed(4, true, type, q, dim, k, n, logit, ahead, share);
}

/* Logits of a block of `rows` (constant) rows; asks for a share of the rows in `ahead`. */
MICRO_INLINE void block_qk_rows(const uint32_t rows, enum attn_type type, const float *q,
                                uint32_t dim, const void *const *k, struct narrow_scales scales,
                                uint32_t n, float *logit, const void *const *ahead,
                                struct tile_share share)
{
    if (narrow_type(type))
        block_qk_narrow(rows, narrow_codes(type), q, dim, k, scales, n, logit, ahead, share);
    else
        block_qk_typed(rows, false, type, q, dim, k, n, logit, ahead, share);
}

/* Logits of a block of rows; up to `burst` lines are asked for at once. Where there are 32
 * registers sums fill them, and what spreading needs would spill one. */
static inline void block_qk(uint32_t rows, enum attn_type type, const float *q, uint32_t dim,
                            const void *const *k, struct narrow_scales scales, uint32_t n,
                            float *logit, const void *const *ahead, struct tile_share share,
                            uint32_t burst)
{
    if (VF_REGISTERS < 32 && !narrow_type(type) && micro_tokens(rows) * share.lines > burst) {
        block_qk_spread(rows, type, q, dim, k, n, logit, ahead, share);
        return;
    }
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
    float *wide; /* instead of v: rows as f32, `wide_stride` floats apart */
    size_t wide_stride;
    float *slice; /* NULL, or memory for what one pass reads of a tile */
    float *kept;  /* of the pass at hand */
    size_t kept_stride;
    struct narrow_scales scales;
    size_t stride;
    struct tile_spread spread; /* over all passes of all rows */
};

/* Full blocks from which on one leaves its widened values of a pass for the others. */
enum { BLOCK_LEAVES = VF_REGISTERS >= 32 ? 3 : 4 };

MICRO_INLINE void block_pv_pass(const uint32_t rows, const uint32_t vectors,
                                const enum micro_source source, const enum micro_lines some,
                                const struct block_pv *w, size_t d, const struct block_rows *at,
                                struct tile_share share)
{
    const struct micro_values v = {
        .row = w->v,
        .d = d,
        .kept = w->kept,
        .stride = source == MICRO_CACHE_KEPT ? vectors * VF_LANES : w->kept_stride,
    };
    if (source == MICRO_KEPT)
        micro_pv(rows, vectors, ATTN_F32, source, some, at->weight, at->lanes, v, at->n, at->keep,
                 at->acc + d, w->stride, w->ahead, share.from, share.lines);
    else if (w->type == ATTN_F16)
        micro_pv(rows, vectors, ATTN_F16, source, some, at->weight, at->lanes, v, at->n, at->keep,
                 at->acc + d, w->stride, w->ahead, share.from, share.lines);
    else if (w->type == ATTN_BF16)
        micro_pv(rows, vectors, ATTN_BF16, source, some, at->weight, at->lanes, v, at->n, at->keep,
                 at->acc + d, w->stride, w->ahead, share.from, share.lines);
    else if (source == MICRO_CACHE)
        micro_pv(rows, vectors, ATTN_F32, source, some, at->weight, at->lanes, v, at->n, at->keep,
                 at->acc + d, w->stride, w->ahead, share.from, share.lines);
}

/* One pass over `count` blocks of `rows` rows: vectors of the head dim from element d on. */
MICRO_INLINE void block_pv_run(const uint32_t rows, const uint32_t vectors,
                               const enum micro_source source, struct block_pv *w, size_t d,
                               const struct block_rows *at, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct tile_share share = tile_spread_next(&w->spread);
        if (!at[i].n)
            continue;
        if (share.lines > 2)
            block_pv_pass(rows, vectors, source, MICRO_LINES, w, d, at + i, share);
        else if (share.lines)
            block_pv_pass(rows, vectors, source, MICRO_FEW_LINES, w, d, at + i, share);
        else
            block_pv_pass(rows, vectors, source, MICRO_NO_LINES, w, d, at + i, share);
    }
}

/* Does the last of `count` blocks leave its values? It must see all that the others see, as the
 * newest query does. */
static inline bool block_leaves(const struct block_pv *w, const struct block_rows *at,
                                uint32_t count)
{
    if (!w->slice || at->rows < MICRO_ROWS || count < BLOCK_LEAVES)
        return false;
    for (uint32_t i = 0; i + 1 < count; i++)
        if (at[i].n > at[count - 1].n)
            return false;
    return true;
}

MICRO_INLINE void block_pv_pass_narrow(const uint32_t rows, const uint32_t blocks,
                                       const enum micro_lines some, const struct block_pv *w,
                                       uint32_t first, const struct block_rows *at,
                                       struct tile_share share)
{
    if (w->type == ATTN_I8)
        narrow_pv(rows, blocks, ATTN_I8, some, at->weight, at->lanes, w->v, w->scales, at->n, first,
                  at->keep, at->acc, w->stride, w->ahead, share.from, share.lines);
    else if (w->type == ATTN_I4)
        narrow_pv(rows, blocks, ATTN_I4, some, at->weight, at->lanes, w->v, w->scales, at->n, first,
                  at->keep, at->acc, w->stride, w->ahead, share.from, share.lines);
    else if (w->type == ATTN_E4M3)
        narrow_pv(rows, blocks, ATTN_E4M3, some, at->weight, at->lanes, w->v, w->scales, at->n,
                  first, at->keep, at->acc, w->stride, w->ahead, share.from, share.lines);
    else
        narrow_pv(rows, blocks, ATTN_E5M2, some, at->weight, at->lanes, w->v, w->scales, at->n,
                  first, at->keep, at->acc, w->stride, w->ahead, share.from, share.lines);
}

/* What passes read: rows of 16 bits an element or more; codes of fewer; f32 that somebody widened,
 * if need be the last block itself, which then goes first. */
enum block_source { BLOCK_ROWS, BLOCK_CODES, BLOCK_KEPT };

MICRO_INLINE void block_pv_kept(const uint32_t rows, const uint32_t vectors, struct block_pv *w,
                                size_t d, const struct block_rows *at, uint32_t count)
{
    if (w->wide) {
        w->kept = w->wide + d;
        w->kept_stride = w->wide_stride;
    } else if (rows == MICRO_ROWS) {
        w->kept = w->slice;
        w->kept_stride = vectors * VF_LANES;
        block_pv_run(rows, vectors, MICRO_CACHE_KEPT, w, d, at + --count, 1);
    }
    block_pv_run(rows, vectors, MICRO_KEPT, w, d, at, count);
}

MICRO_INLINE void block_pv_codes(const uint32_t rows, const uint32_t blocks, struct block_pv *w,
                                 uint32_t first, const struct block_rows *at, uint32_t count)
{
    if (rows > BLOCK_NARROW || blocks > NARROW_BLOCKS || blocks > narrow_blocks(rows))
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct tile_share share = tile_spread_next(&w->spread);
        if (!at[i].n)
            continue;
        if (share.lines > 2)
            block_pv_pass_narrow(rows, blocks, MICRO_LINES, w, first, at + i, share);
        else if (share.lines)
            block_pv_pass_narrow(rows, blocks, MICRO_FEW_LINES, w, first, at + i, share);
        else
            block_pv_pass_narrow(rows, blocks, MICRO_NO_LINES, w, first, at + i, share);
    }
}

/* One pass over `count` blocks of `rows` rows: vectors of the head dim from `first` on, or blocks
 * of codes. */
MICRO_INLINE void block_pv_each(const uint32_t rows, const enum block_source source,
                                const uint32_t vectors, struct block_pv *w, uint32_t first,
                                const struct block_rows *at, uint32_t count)
{
    const size_t d = (size_t)first * VF_LANES;
    if (source != BLOCK_CODES && vectors > micro_vectors(rows))
        return;
    if (source == BLOCK_ROWS)
        block_pv_run(rows, vectors, MICRO_CACHE, w, d, at, count);
    else if (source == BLOCK_KEPT)
        block_pv_kept(rows, vectors, w, d, at, count);
    else
        block_pv_codes(rows, vectors, w, first, at, count);
}

static inline uint32_t block_pv_passes(uint32_t rows, enum block_source source, uint32_t vectors)
{
    const uint32_t most = source == BLOCK_CODES ? narrow_blocks(rows) : micro_vectors(rows);
    return (vectors + most - 1) / most;
}

/*
 * All vectors of the head dim for `count` blocks of `rows` (constant) rows, in passes as even as
 * can be. What a pass reads of V is small, so all rows come to it before the next pass begins.
 */
MICRO_INLINE void block_pv_passed(const uint32_t rows, const enum block_source source,
                                  struct block_pv *w, uint32_t vectors, const struct block_rows *at,
                                  uint32_t count)
{
    const uint32_t passes = block_pv_passes(rows, source, vectors);
    for (uint32_t pass = 0, first = 0, end; pass < passes; pass++, first = end) {
        end = vectors * (pass + 1) / passes;
        switch (end - first) {
        case 1:
            block_pv_each(rows, source, 1, w, first, at, count);
            break;
        case 2:
            block_pv_each(rows, source, 2, w, first, at, count);
            break;
        case 3:
            block_pv_each(rows, source, 3, w, first, at, count);
            break;
        case 4:
            block_pv_each(rows, source, 4, w, first, at, count);
            break;
        case 5:
            block_pv_each(rows, source, 5, w, first, at, count);
            break;
        case 6:
            block_pv_each(rows, source, 6, w, first, at, count);
            break;
        case 7:
            block_pv_each(rows, source, 7, w, first, at, count);
            break;
        default:
            block_pv_each(rows, source, 8, w, first, at, count);
        }
    }
}

MICRO_INLINE void block_pv_sized(const enum block_source source, struct block_pv *w,
                                 uint32_t vectors, const struct block_rows *at, uint32_t count)
{
    if (at->rows == 1)
        block_pv_passed(1, source, w, vectors, at, count);
    else if (at->rows == 2)
        block_pv_passed(2, source, w, vectors, at, count);
    else if (at->rows == 3)
        block_pv_passed(3, source, w, vectors, at, count);
    else
        block_pv_passed(4, source, w, vectors, at, count);
}

BLOCK_APART void block_pv_by_rows(struct block_pv *w, uint32_t vectors, const struct block_rows *at,
                                  uint32_t count)
{
    block_pv_sized(BLOCK_ROWS, w, vectors, at, count);
}

BLOCK_APART void block_pv_by_codes(struct block_pv *w, uint32_t vectors,
                                   const struct block_rows *at, uint32_t count)
{
    block_pv_sized(BLOCK_CODES, w, vectors, at, count);
}

BLOCK_APART void block_pv_by_kept(struct block_pv *w, uint32_t vectors, const struct block_rows *at,
                                  uint32_t count)
{
    block_pv_sized(BLOCK_KEPT, w, vectors, at, count);
}

/* Weighted values of `count` blocks, neighbours of equal size together; `ahead_bytes` of each row
 * of w->ahead are asked for meanwhile. */
static inline void block_pv(struct block_pv *w, uint32_t dim_v, size_t ahead_bytes,
                            const struct block_rows *at, uint32_t count)
{
    const enum block_source source = w->wide                ? BLOCK_KEPT
                                     : narrow_type(w->type) ? BLOCK_CODES
                                                            : BLOCK_ROWS;
    const uint32_t vectors =
        dim_v / (source == BLOCK_CODES ? (uint32_t)ATTN_QUANT_BLOCK : (uint32_t)VF_LANES);
    uint32_t steps = 0;
    for (uint32_t i = 0; i < count; i++)
        steps += block_pv_passes(at[i].rows, source, vectors);
    w->spread = tile_spread(ahead_bytes, steps);
    for (uint32_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && at[end].rows == at[first].rows; end++)
            ;
        if (source == BLOCK_CODES)
            block_pv_by_codes(w, vectors, at + first, end - first);
        else if (source == BLOCK_KEPT || block_leaves(w, at + first, end - first))
            block_pv_by_kept(w, vectors, at + first, end - first);
        else
            block_pv_by_rows(w, vectors, at + first, end - first);
    }
}

#endif
