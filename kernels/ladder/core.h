/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One tile of tokens against all rows of a segment: logits, softmax, weighted values. This is the
 * text behind every SIMD rung; a rung decides which rows and tokens meet when.
 *
 * Few rows (two blocks of the register file) read the narrow cache directly and widen on the way
 * into the multiply-adds. More rows would widen again for each block, so a tile of K, then of V,
 * is widened once into L1 and serves them all; K is transposed on the way, which spares every
 * block its horizontal sums. Rows go in blocks of up to four, as even as can be:
 * 5 is 3 + 2, 7 is 4 + 3, 29 is five of 4 and three of 3; no group size is special and none takes
 * a second pass over the cache.
 */
#ifndef ATTN_LADDER_CORE_H
#define ATTN_LADDER_CORE_H

#include "kernels/ladder/block.h"
#include "kernels/ladder/softmax.h"

enum { CORE_TILE_BYTES = 24 << 10, CORE_DIRECT = 8 };

/* Memory of one rank, and what is fixed for one call. */
struct core {
    const struct attn_args *args;
    const struct attn_problem *p;
    uint32_t dim, dim_v; /* rounded up to whole vectors */
    bool wide;           /* tiles are widened into `tile` first */
    bool plain;          /* neither softcap nor bias: logits go straight to the softmax */
    float *q;            /* [rows][dim], scaled, zero padded */
    float *tile;         /* [tokens][max(dim, dim_v)] */
    float *logit;        /* [blocks][TILE_MAX + spare][4] */
    float *keep;         /* [rows] */
};

/* Entries past a tile that a step may read: a whole step of tokens across the lanes. */
enum { CORE_SPARE = TILE_MAX, CORE_LOGIT_TOKENS = TILE_MAX + CORE_SPARE };

static inline uint32_t core_blocks(uint32_t rows)
{
    return (rows + MICRO_ROWS - 1) / MICRO_ROWS;
}

static inline size_t core_pad(size_t floats)
{
    return (floats + 15) / 16 * 16;
}

static inline uint32_t core_vectors(uint32_t dim)
{
    return (dim + VF_LANES - 1) / VF_LANES * VF_LANES;
}

/* Must a tile be widened (or just padded) before the multiply-adds can read it? */
static inline bool core_is_wide(const struct attn_problem *p, uint32_t rows)
{
    const bool narrow = p->k_type != ATTN_F32 || p->v_type != ATTN_F32;
    const bool ragged = p->dim % VF_LANES || p->dim_v % VF_LANES;
    return ragged || (narrow && rows > CORE_DIRECT);
}

/*
 * Tokens a tile: few enough that K, V and what is being fetched stay together in a first-level
 * cache, a multiple of every step of the inner loops.
 */
static inline uint32_t core_tile(const struct attn_problem *p, uint32_t rows)
{
    const uint32_t widest = p->dim > p->dim_v ? p->dim : p->dim_v;
    const uint32_t bits = core_is_wide(p, rows) ? 32 : attn_types[p->k_type].bits;
    if (core_is_wide(p, rows) && VF_LANES > 8)
        return TILE_MAX; /* a whole step of tokens across the lanes */
    return widest * bits / 8 <= CORE_TILE_BYTES / 48 ? 48 : 24;
}

static inline size_t core_floats(const struct attn_problem *p, uint32_t rows)
{
    const uint32_t dim = core_vectors(p->dim), dim_v = core_vectors(p->dim_v);
    return core_pad((size_t)rows * dim) + core_pad((size_t)TILE_MAX * (dim > dim_v ? dim : dim_v)) +
           core_pad((size_t)core_blocks(rows) * CORE_LOGIT_TOKENS * 4) + core_pad(rows);
}

static inline struct core core_at(const struct attn_args *args, uint32_t rows, float *memory)
{
    const struct attn_problem *const p = args->problem;
    struct core c = {
        .args = args,
        .p = p,
        .dim = core_vectors(p->dim),
        .dim_v = core_vectors(p->dim_v),
        .wide = core_is_wide(p, rows),
        .plain = p->softcap == 0 && !args->alibi,
        .q = memory,
    };
    c.tile = c.q + core_pad((size_t)rows * c.dim);
    c.logit = c.tile + core_pad((size_t)TILE_MAX * (c.dim > c.dim_v ? c.dim : c.dim_v));
    c.keep = c.logit + core_pad((size_t)core_blocks(rows) * CORE_LOGIT_TOKENS * 4);
    return c;
}

/* q of a piece's rows, scaled, padded with zeros to whole vectors. */
static inline void core_pack_q(const struct core *c, const struct attn_piece *piece, uint32_t rows)
{
    const struct attn_problem *const p = c->p;
    const float scale = attn_scale(p);
    for (uint32_t r = 0; r < rows; r++) {
        const size_t index = attn_row_index(p, piece->batch, attn_piece_query(p, piece, r),
                                            attn_piece_head(p, piece, r));
        float *const to = c->q + (size_t)r * c->dim;
        for (uint32_t d = 0; d < p->dim; d++)
            to[d] = c->args->q[index * p->dim + d] * scale;
        for (uint32_t d = p->dim; d < c->dim; d++)
            to[d] = 0;
    }
}

/*
 * The tile step: the tokens of `tile` against rows [row, row + rows) of a piece, into `state`,
 * whose first row is `row`. `next` is what will be needed after it, or the tile itself at the end
 * of the line: its K rows are asked for while the values are summed up, this tile's V rows while
 * the logits are.
 */
static inline void core_absorb(const struct core *c, const struct attn_piece *piece, uint32_t row,
                               uint32_t rows, struct attn_rows *tile, const struct attn_rows *next,
                               const struct attn_state *state)
{
    const uint32_t blocks = core_blocks(rows), n = tile->n;
    const size_t k_bytes = attn_row_bytes(&attn_types[c->p->k_type], c->p->dim);
    const size_t v_bytes = attn_row_bytes(&attn_types[c->p->v_type], c->p->dim_v);
    const void *wide[TILE_MAX];
    const void *const *v = tile->v;
    enum attn_type v_type = c->p->v_type;
    const bool hides = softmax_hides(c->args, piece, tile);

    /* Steps may want more tokens than there are: let them see the last one again. */
    for (uint32_t j = n; j < n + CORE_SPARE; j++) {
        tile->k[j] = tile->k[n - 1];
        tile->v[j] = tile->v[n - 1];
    }
    if (c->wide)
        tile_turn(c->p->k_type, tile->k, n, c->p->dim, c->tile);
    for (uint32_t b = 0; b < blocks; b++) {
        const uint32_t begin = rows * b / blocks, count = rows * (b + 1) / blocks - begin;
        float *const logit = c->logit + (size_t)b * CORE_LOGIT_TOKENS * 4;
        const float *const q = c->q + (size_t)(row + begin) * c->dim;
        const struct tile_share share = tile_share_of(v_bytes, b, blocks);
        if (c->wide)
            block_across(count, q, c->dim, c->tile, c->p->dim, n, logit, tile->v, share);
        else
            block_qk(count, c->p->k_type, q, c->dim, tile->k, n, logit, tile->v, share);
        if (!c->plain)
            softmax_adjust(c->args, piece, row + begin, count, tile, logit);
        if (hides)
            softmax_hide(c->args, piece, row + begin, count, tile, logit);
        softmax_block(logit, count, n, state->m + begin, state->l + begin, c->keep + begin);
    }
    if (c->wide) {
        tile_widen(v_type, tile->v, n, c->p->dim_v, c->dim_v, c->tile, wide);
        v = wide;
        v_type = ATTN_F32;
    }
    for (uint32_t b = 0; b < blocks; b++) {
        const uint32_t begin = rows * b / blocks, count = rows * (b + 1) / blocks - begin;
        const struct block_pv w = {
            .type = v_type,
            .weight = c->logit + (size_t)b * CORE_LOGIT_TOKENS * 4,
            .keep = c->keep + begin,
            .v = v,
            .ahead = next->k,
            .n = n,
            .acc = state->acc + begin * state->stride,
            .stride = state->stride,
        };
        block_pv(count, &w, c->dim_v, k_bytes, b, blocks);
    }
}

#endif
