/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One tile of tokens against all rows of a segment: logits, softmax, weighted values. This is what
 * stands behind every SIMD rung; a rung decides which rows and tokens meet when. Memory and
 * packing are here, the arithmetic is core_tmpl.c.
 *
 * Up to CORE_DIRECT rows read the cache directly, in blocks of up to four as even as can be, and
 * widen on the way into the multiply-adds. More rows would widen too often, so a tile of K is
 * widened once into L1 and serves them all, and the rows lie across the lanes: 29 of them are three
 * blocks of 8, one of 4 and one of 4 with three lanes idle. V is widened by the first block of four
 * rows that needs it, which leaves the values it had in registers to the others. Where the two ways
 * meet was measured: at 14 rows the direct one is the faster by a tenth, at 16 they are equal. No
 * group size is special and none takes a second pass over the cache.
 */
#ifndef ATTN_LADDER_CORE_H
#define ATTN_LADDER_CORE_H

#include <string.h>

#include "kernels/cpu.h"
#include "kernels/ladder/block.h"
#include "kernels/state.h"

/* Compiled once per instruction set; the build hands in the name it has there. */
#define core_absorb ATTN_CORE_SYMBOL

enum { CORE_TILE_BYTES = 24 << 10, CORE_DIRECT = 15, CORE_SPARE = 24, CORE_BLOCKS = 64 };

/* Memory of one rank, and what is fixed for one call. */
struct core {
    const struct attn_args *args;
    const struct attn_problem *p;
    uint32_t dim, dim_v;      /* rounded up to whole vectors; dim, with `lanes`, to whole lines */
    bool lanes;               /* rows lie across the lanes, K is widened by lines */
    bool wide_k, wide_v;      /* rows of K, of V are widened or padded into `tile` first */
    bool ordered;             /* positions of a tile ascend: blocks of rows may end at their own */
    bool plain;               /* neither softcap nor bias: logits go straight to the softmax */
    bool silent;              /* nothing is asked of memory ahead of its use */
    uint32_t burst;           /* lines that are asked for at once (kernels/cpu.h) */
    const void *const *later; /* rows of V to ask for while K is multiplied; NULL: the tile's own */
    float *q;                 /* [rows][dim], or by blocks as micro_qk_lanes() has it; scaled */
    float *tile;              /* [tokens][max(dim, dim_v)] */
    float *logit;             /* [rows and what pads their blocks][TILE_MAX] */
    float *keep;              /* [rows] */
    float *k_scale, *v_scale; /* [tokens][blocks], of integer types */
};

/* Rows that are taken together, and the lanes of a token in their logits. */
struct core_block {
    uint32_t rows, lanes;
};

static inline struct core_block core_block(const struct core *c, uint32_t left)
{
    if (c->lanes) {
        uint32_t lanes = VF_LANES;
        while (lanes > MICRO_ROWS && left + MICRO_ROWS <= lanes)
            lanes /= 2;
        return (struct core_block){.rows = left < lanes ? left : lanes, .lanes = lanes};
    }
    const uint32_t blocks = (left + MICRO_ROWS - 1) / MICRO_ROWS;
    const uint32_t rows = blocks <= 1 ? left : (left + blocks - 1) / blocks;
    return (struct core_block){.rows = rows, .lanes = micro_lanes(rows)};
}

static inline uint32_t core_round(uint32_t n, uint32_t to)
{
    return (n + to - 1) / to * to;
}

static inline size_t core_pad(size_t floats)
{
    return (floats + 15) / 16 * 16;
}

/* Rows with the idle lanes of the last block. */
static inline uint32_t core_rows(uint32_t rows)
{
    return core_round(rows, MICRO_ROWS);
}

static inline uint32_t core_tile_dim(const struct attn_problem *p)
{
    return core_round(p->dim > p->dim_v ? p->dim : p->dim_v, MICRO_LINE);
}

/* Are rows of a plane widened (or just padded) before the multiply-adds read them, with `rows`
 * together that do not lie across the lanes? */
static inline bool core_widens(enum attn_type type, uint32_t dim, uint32_t rows)
{
    if (attn_types[type].bits > 8)
        return dim % VF_LANES;
    return rows > BLOCK_NARROW || dim % ATTN_QUANT_BLOCK || VF_LANES == 1;
}

static inline bool core_is_wide(const struct attn_problem *p, uint32_t rows)
{
    return rows > CORE_DIRECT || core_widens(p->k_type, p->dim, rows) ||
           core_widens(p->v_type, p->dim_v, rows);
}

/*
 * Tokens a tile: few enough that K, V and what is being fetched stay together in a first-level
 * cache, unless they are widened, where fewer cost more than they save; a multiple of every step of
 * the inner loops; or what was asked for.
 */
static inline uint32_t core_tile(const struct attn_args *args, uint32_t rows)
{
    const struct attn_problem *const p = args->problem;
    if (args->tile)
        return args->tile < TILE_MAX ? args->tile : TILE_MAX;
    const uint32_t widest = p->dim > p->dim_v ? p->dim : p->dim_v;
    const uint32_t bits = attn_types[p->k_type].bits;
    if (bits < 32 && core_is_wide(p, rows))
        return TILE_MAX;
    return widest * bits / 8 <= CORE_TILE_BYTES / TILE_MAX ? TILE_MAX : TILE_MAX / 2;
}

/* Scales of a tile of K or V, and of the tokens that fill up its last step. */
static inline size_t core_scales(const struct attn_problem *p)
{
    return (size_t)(TILE_MAX + CORE_SPARE) * core_tile_dim(p) / MICRO_LINE;
}

static inline size_t core_q_floats(const struct attn_problem *p, uint32_t rows)
{
    return core_pad((size_t)core_rows(rows) * core_round(p->dim, MICRO_LINE));
}

/* Memory for up to `rows` rows in all. */
static inline size_t core_floats(const struct attn_problem *p, uint32_t rows)
{
    return core_q_floats(p, rows) + core_pad((size_t)TILE_MAX * core_tile_dim(p)) +
           core_pad((size_t)core_rows(rows) * TILE_MAX) + core_pad(rows) +
           2 * core_pad(core_scales(p));
}

/* For up to `rows` rows in all, `together` of them in every step. */
static inline struct core core_at(const struct attn_args *args, uint32_t rows, uint32_t together,
                                  float *memory)
{
    const struct attn_problem *const p = args->problem;
    struct core c = {
        .args = args,
        .p = p,
        .dim = core_round(p->dim, together > CORE_DIRECT ? MICRO_LINE : VF_LANES),
        .dim_v = core_round(p->dim_v, VF_LANES),
        .lanes = together > CORE_DIRECT,
        .wide_k = core_widens(p->k_type, p->dim, together),
        .wide_v = core_widens(p->v_type, p->dim_v, together),
        .plain = !attn_adjusts(args),
        .silent = args->prefetch == ATTN_PREFETCH_NONE,
        .burst = attn_cpu_reading().burst,
        .q = memory,
    };
    c.tile = c.q + core_pad((size_t)core_rows(rows) * c.dim);
    c.logit = c.tile + core_pad((size_t)TILE_MAX * core_tile_dim(p));
    c.keep = c.logit + core_pad((size_t)core_rows(rows) * TILE_MAX);
    c.k_scale = c.keep + core_pad(rows);
    c.v_scale = c.k_scale + core_pad(core_scales(p));
    return c;
}

/* The scales of K's channels, or NULL when it has none. */
static inline const uint16_t *core_channels(const struct core *c, const struct attn_piece *piece)
{
    const struct attn_plane *const plane = &c->args->kv.k_scale;
    const size_t offset = attn_plane_offset(plane, piece->batch, 0, piece->kv_head, 0);
    if (!attn_types[c->p->k_type].channel)
        return NULL;
    return (const uint16_t *)(const void *)((const char *)plane->base + offset);
}

/* q of a piece's rows, scaled, by K's channels too; zeros where the head dim ends within a vector
 * and in idle lanes. */
static inline void core_pack_q(const struct core *c, const struct attn_piece *piece, uint32_t rows)
{
    const struct attn_problem *const p = c->p;
    const float scale = attn_scale(p);
    const uint16_t *const channel = core_channels(c, piece);
    struct core_block block;
    for (uint32_t begin = 0; begin < rows; begin += block.rows) {
        block = c->lanes ? core_block(c, rows - begin) : (struct core_block){1, 1};
        const uint32_t dims = c->lanes ? VF_LANES / block.lanes : 1;
        float *const to = c->q + (size_t)begin * c->dim;
        memset(to, 0, (size_t)block.lanes * c->dim * sizeof(*to));
        for (uint32_t r = 0; r < block.rows; r++) {
            const size_t index =
                attn_row_index(p, piece->batch, attn_piece_query(p, piece, begin + r),
                               attn_piece_head(p, piece, begin + r));
            const float *const from = c->args->q + index * p->dim;
            for (uint32_t d = 0; d < p->dim; d++) {
                const float x = channel ? from[d] * attn_f16_to_f32(channel[d]) : from[d];
                to[(size_t)(d / dims * block.lanes + r) * dims + d % dims] = x * scale;
            }
        }
    }
}

/*
 * The tile step: the tokens of `tile` against rows [row, row + rows) of a piece, into `state`,
 * whose first row is `row`. `next` is what will be needed after it, or the tile itself at the end
 * of the line.
 */
void core_absorb(const struct core *c, const struct attn_piece *piece, uint32_t row, uint32_t rows,
                 struct attn_rows *tile, const struct attn_rows *next,
                 const struct attn_state *state);

#endif
