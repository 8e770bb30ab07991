/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What integer dot products read: q rounded to bytes, a tile of K and of V laid out so that four
 * bytes of a lane are four neighbours of the head dim (K) or four tokens (V). All of it is memory
 * of a rank and its caches.
 */
#ifndef ATTN_LADDER_IDOT_TILE_H
#define ATTN_LADDER_IDOT_TILE_H

#include "kernels/ladder/bytes.h"
#include "kernels/ladder/idot.h"
#include "kernels/ladder/pieces.h"
#include "kernels/ladder/tile.h"

#include <float.h>

enum {
    IDOT_TILE = 64,
    IDOT_BLOCK = ATTN_QUANT_BLOCK,
    IDOT_LANES = (int)VF_LANES,
    IDOT_ROWS_MIN = 4,                       /* the fewest that share the lanes */
    IDOT_GROUP = IDOT_LANES / IDOT_ROWS_MIN, /* blocks that lie woven in a row of K */
    IDOT_FOURS = IDOT_BLOCK / 4,
    IDOT_TOKENS = (int)VF_REGISTERS >= 32 ? 8 : 4, /* of K a step takes */
};

/* Memory of a rank beside the states: everything below lies one after the other. */
struct idot_tile {
    float *q_scale;      /* [row block][block / across][IDOT_LANES]; `across` are side by side */
    int32_t *q_bias;     /* the same: -IDOT_ABOVE times the sum of a lane's bytes */
    int8_t *q;           /* [row block][block / across][IDOT_FOURS][IDOT_LANES][4] */
    float *k_scale;      /* [IDOT_TILE][block] */
    float *v_scale;      /* [block of V][IDOT_TILE] */
    float *row_scale;    /* of K or V as they lie, [IDOT_TILE][block] */
    float *logit, *keep; /* [row block][IDOT_TILE][rows], [rows] */
    float *weight;       /* [IDOT_LANES][IDOT_TILE] of one row block */
    float *factor;       /* [IDOT_LANES]: what a level of each row's weights is worth */
    uint8_t *k;          /* [IDOT_TILE][blocks / IDOT_GROUP][IDOT_FOURS][IDOT_GROUP][4] */
    uint8_t *p;          /* [IDOT_LANES][IDOT_TILE] */
    int8_t *v;           /* [IDOT_TILE / 4][dim_v][4] */
};

static inline uint32_t idot_round(uint32_t n, uint32_t to)
{
    return (n + to - 1) / to * to;
}

/* Blocks of K and q, whole groups. */
static inline uint32_t idot_k_blocks(const struct attn_problem *p)
{
    return idot_round(p->dim, IDOT_BLOCK * IDOT_GROUP) / IDOT_BLOCK;
}

static inline float *idot_part(float **at, size_t floats)
{
    float *const memory = *at;
    *at += pieces_align(floats);
    return memory;
}

static inline uint32_t idot_v_blocks(const struct attn_problem *p)
{
    return idot_round(p->dim_v, IDOT_BLOCK) / IDOT_BLOCK;
}

/* Lays out the memory from `at`; returns its end. Sizes are those of `rows` rows. */
static inline float *idot_lay_out(struct idot_tile *own, const struct attn_problem *p,
                                  uint32_t rows, float *at)
{
    const size_t blocks = idot_k_blocks(p), dim = blocks * IDOT_BLOCK;
    const size_t blocks_v = idot_v_blocks(p), dim_v = blocks_v * IDOT_BLOCK;
    const size_t padded = idot_round(rows, IDOT_LANES);
    own->q_scale = idot_part(&at, padded * blocks);
    own->q_bias = (int32_t *)(void *)idot_part(&at, padded * blocks);
    own->q = (int8_t *)idot_part(&at, padded * dim / 4);
    own->k_scale = idot_part(&at, IDOT_TILE * blocks);
    own->v_scale = idot_part(&at, IDOT_TILE * blocks_v);
    own->row_scale = idot_part(&at, IDOT_TILE * (blocks > blocks_v ? blocks : blocks_v));
    own->logit = idot_part(&at, padded * IDOT_TILE + IDOT_LANES);
    own->keep = idot_part(&at, padded);
    own->weight = idot_part(&at, (size_t)IDOT_LANES * IDOT_TILE);
    own->factor = idot_part(&at, IDOT_LANES);
    own->k = (uint8_t *)idot_part(&at, IDOT_TILE * dim / 4);
    own->p = (uint8_t *)idot_part(&at, IDOT_LANES * IDOT_TILE / 4);
    own->v = (int8_t *)idot_part(&at, IDOT_TILE * dim_v / 4);
    return at;
}

/* Rows that share the lanes when `left` are left: 4, 8 or 16. */
static inline uint32_t idot_rows(uint32_t left)
{
    uint32_t rows = IDOT_LANES;
    while (rows > IDOT_ROWS_MIN && left <= rows / 2)
        rows /= 2;
    return rows;
}

/* The largest magnitude; NaN if one is not finite, so that no rounding hides it. */
static inline float idot_largest(const float *x, uint32_t n)
{
    float most = 0;
    for (uint32_t i = 0; i < n; i++)
        most = !isfinite(x[i]) ? NAN : fabsf(x[i]) > most ? fabsf(x[i]) : most;
    return most;
}

/* Row r of a block of `rows` that begins at row `begin`: its bytes, scales and biases. */
static inline void idot_round_q(const struct idot_tile *own, const struct attn_problem *p,
                                uint32_t begin, uint32_t r, uint32_t rows, const float *q)
{
    const uint32_t across = IDOT_LANES / rows, blocks = idot_k_blocks(p);
    int8_t *const to = own->q + (size_t)begin * blocks * IDOT_BLOCK;
    float *const scale = own->q_scale + (size_t)begin * blocks;
    int32_t *const bias = own->q_bias + (size_t)begin * blocks;
    for (uint32_t b = 0; b * IDOT_BLOCK < p->dim; b++) {
        const uint32_t left = p->dim - b * IDOT_BLOCK, n = left < IDOT_BLOCK ? left : IDOT_BLOCK;
        const uint32_t step = b / across * IDOT_FOURS, lane = r * across + b % across;
        const float level = idot_largest(q + b * IDOT_BLOCK, n) / IDOT_SIGNED;
        const bool rounds = level >= FLT_MIN; /* neither NaN nor too small to divide by */
        const float inverse = rounds ? 1 / level : 0;
        scale[b / across * IDOT_LANES + lane] = level;
        for (uint32_t i = 0; i < n; i++) {
            const int32_t code = rounds ? (int32_t)rintf(q[b * IDOT_BLOCK + i] * inverse) : 0;
            to[((size_t)(step + i / 4) * IDOT_LANES + lane) * 4 + i % 4] = (int8_t)code;
            bias[b / across * IDOT_LANES + lane] -= IDOT_ABOVE * code;
        }
    }
}

/* Block b of a row's codes as bytes. */
MICRO_INLINE vb idot_block(const bool bytes, const void *row, uint32_t b)
{
    const uint8_t *const at = row;
    return bytes ? vb_load(at + b * IDOT_BLOCK) : vb_load_i4(at + b * (IDOT_BLOCK / 2));
}

/* The part block a row ends with, zeros behind its end. */
static inline vb idot_block_end(enum attn_type type, const void *row, uint32_t dim)
{
    int8_t code[IDOT_BLOCK];
    for (uint32_t i = 0, d = dim / IDOT_BLOCK * IDOT_BLOCK; i < IDOT_BLOCK; i++, d++)
        code[i] = d < dim ? (int8_t)(int)attn_element(type, row, d, dim) : 0;
    return vb_load(code);
}

/* Rows of K as bytes, IDOT_ABOVE above, groups of blocks woven. `whole` blocks are those of groups
 * that a row fills. */
MICRO_INLINE void idot_weave_rows(const bool bytes, const uint32_t whole,
                                  const struct attn_problem *p, const struct attn_rows *tile,
                                  uint8_t *to)
{
    static const int8_t none[IDOT_BLOCK];
    const uint32_t blocks = idot_k_blocks(p);
    for (uint32_t j = 0; j < tile->n; j++) {
        const void *const row = tile->k[j];
        vb x[IDOT_GROUP];
        MICRO_UNROLL_4
        for (uint32_t b = 0; b < whole; b += IDOT_GROUP, to += IDOT_GROUP * IDOT_BLOCK) {
            MICRO_UNROLL
            for (uint32_t i = 0; i < IDOT_GROUP; i++)
                x[i] = idot_block(bytes, row, b + i);
            vb_weave(x, to, IDOT_ABOVE);
        }
        for (uint32_t b = whole; b < blocks; b += IDOT_GROUP, to += IDOT_GROUP * IDOT_BLOCK) {
            for (uint32_t i = b; i < b + IDOT_GROUP; i++)
                x[i - b] = (i + 1) * IDOT_BLOCK <= p->dim ? idot_block(bytes, row, i)
                           : i * IDOT_BLOCK < p->dim      ? idot_block_end(p->k_type, row, p->dim)
                                                          : vb_load(none);
            vb_weave(x, to, IDOT_ABOVE);
        }
    }
}

/* Scales of a tile of K, of blocks past a row's end and rows past the tile's 0. */
static inline void idot_take_k_scales(const struct idot_tile *own, const struct attn_problem *p,
                                      const struct attn_rows *tile, const struct attn_rows *next)
{
    const struct attn_type_info *const info = &attn_types[p->k_type];
    const uint32_t blocks = idot_k_blocks(p), there = idot_round(p->dim, IDOT_BLOCK) / IDOT_BLOCK;
    float *const to = blocks == there ? own->k_scale : own->row_scale;
    tile_scales(p->k_type, p->dim, tile->k_scale, tile->n, next->k_scale, next->n, to);
    for (uint32_t i = 0; info->channel && i < tile->n * blocks; i++)
        own->k_scale[i] = 1;
    for (uint32_t j = 0; !info->channel && blocks != there && j < tile->n; j++)
        for (uint32_t b = 0; b < blocks; b++)
            own->k_scale[j * blocks + b] = b < there ? own->row_scale[j * there + b] : 0;
    memset(own->k_scale + tile->n * blocks, 0,
           (idot_round(tile->n, IDOT_TOKENS) - tile->n) * blocks * sizeof(float));
}

/* K of a tile as bytes. Rows past the end hold nothing. The usual head dim has loops of its own,
 * here and for V. */
static inline void idot_take_k(const struct idot_tile *own, const struct attn_problem *p,
                               const struct attn_rows *tile)
{
    const bool bytes = attn_types[p->k_type].bits == 8;
    const uint32_t dim = idot_k_blocks(p) * IDOT_BLOCK,
                   whole = p->dim / (IDOT_BLOCK * IDOT_GROUP) * IDOT_GROUP;
    if (bytes && p->dim == 128)
        idot_weave_rows(true, 4, p, tile, own->k);
    else if (bytes)
        idot_weave_rows(true, whole, p, tile, own->k);
    else
        idot_weave_rows(false, whole, p, tile, own->k);
    memset(own->k + (size_t)tile->n * dim, IDOT_ABOVE,
           (size_t)(idot_round(tile->n, IDOT_TOKENS) - tile->n) * dim);
}

/* Four rows of V, four tokens together. */
MICRO_INLINE void idot_interleave(const bool bytes, const uint32_t whole,
                                  const struct attn_problem *p, const void *const row[4],
                                  int8_t *to)
{
    vb x[4];
    MICRO_UNROLL_4
    for (uint32_t b = 0; b < whole; b++) {
        MICRO_UNROLL
        for (uint32_t i = 0; i < 4; i++)
            x[i] = idot_block(bytes, row[i], b);
        vb_interleave(x, to + (size_t)b * IDOT_BLOCK * 4);
    }
    if (p->dim_v % IDOT_BLOCK) {
        for (uint32_t i = 0; i < 4; i++)
            x[i] = idot_block_end(p->v_type, row[i], p->dim_v);
        vb_interleave(x, to + (size_t)whole * IDOT_BLOCK * 4);
    }
}

/* V of a tile, four tokens interleaved; its scales by blocks, 0 past the end. */
static inline void idot_take_v(const struct idot_tile *own, const struct attn_problem *p,
                               const struct attn_rows *tile, const struct attn_rows *next)
{
    const struct attn_type_info *const info = &attn_types[p->v_type];
    const uint32_t blocks = idot_v_blocks(p), dim = blocks * IDOT_BLOCK;
    tile_scales(p->v_type, p->dim_v, tile->v_scale, tile->n, next->v_scale, next->n,
                own->row_scale);
    memset(own->row_scale + tile->n * blocks, 0, (IDOT_TILE - tile->n) * blocks * sizeof(float));
    for (uint32_t j = 0; j < IDOT_TILE; j += 4) {
        const float *const scale = own->row_scale + j * blocks;
        uint32_t b = 0;
        for (; b + 4 <= blocks; b += 4)
            vb_transpose4(scale + b, blocks, own->v_scale + b * IDOT_TILE + j, IDOT_TILE);
        for (; b < blocks; b++)
            for (uint32_t i = 0; i < 4; i++)
                own->v_scale[b * IDOT_TILE + j + i] = scale[i * blocks + b];
    }
    for (uint32_t j = 0; j < tile->n; j += 4) {
        int8_t *const to = own->v + (size_t)j * dim;
        const void *const *row = tile->v + j, *end[4];
        for (uint32_t i = 0; j + 4 > tile->n && i < 4; i++, row = end)
            end[i] = tile->v[j + i < tile->n ? j + i : tile->n - 1];
        if (info->bits == 8 && p->dim_v == 128)
            idot_interleave(true, 4, p, row, to);
        else if (info->bits == 8)
            idot_interleave(true, p->dim_v / IDOT_BLOCK, p, row, to);
        else
            idot_interleave(false, p->dim_v / IDOT_BLOCK, p, row, to);
    }
}

#endif
