/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of a tile step, compiled once per instruction set whatever the number of rungs:
 * every combination of rows, vectors and types is a loop of its own, and repeating them for each
 * rung once took most of the time of a build.
 */
#include "kernels/ladder/core.h"

#include "kernels/ladder/softmax.h"

/* Tokens of a tile that the rows up to `last` (of the piece) may see any of. */
static uint32_t core_seen(const struct core *c, const struct attn_piece *piece, uint32_t last,
                          const struct attn_rows *tile)
{
    if (!c->ordered)
        return tile->n;
    const uint32_t query = attn_piece_query(c->p, piece, last);
    const uint32_t end = attn_visible(c->p, c->args->lengths[piece->batch], query).end;
    const uint32_t seen = end > tile->pos[0] ? end - tile->pos[0] : 0;
    return seen < tile->n ? seen : tile->n;
}

/* Logits of `vectors` blocks of rows from `begin` against n tokens; this tile's V rows are asked
 * for meanwhile. */
static void core_qk(const struct core *c, uint32_t row, uint32_t begin, uint32_t rows,
                    const struct core_block *block, uint32_t vectors, uint32_t n,
                    const struct attn_rows *tile, const void *const *k, struct narrow_scales scales,
                    float *logit)
{
    const float *const q = c->q + (size_t)(row + begin) * c->dim;
    const uint32_t end = begin + vectors * block->rows;
    const size_t v_bytes = c->silent ? 0 : attn_row_bytes(&attn_types[c->p->v_type], c->p->dim_v);
    const void *const *const later = c->later ? c->later : tile->v;
    const struct tile_share share = tile_share_of(v_bytes, begin, end < rows ? end : rows, rows);
    if (c->lanes)
        block_lanes(vectors, block->lanes, q, c->tile, c->dim, n, logit, later, share);
    else
        block_qk(block->rows, c->wide_k ? ATTN_F32 : c->p->k_type, q, c->dim, k, scales, n, logit,
                 later, share, c->burst);
}

/* Logits of all rows to weights. */
static void core_weigh(const struct core *c, const struct attn_piece *piece, uint32_t row,
                       uint32_t rows, const struct attn_rows *tile, const void *const *k,
                       struct narrow_scales scales, const struct attn_state *state)
{
    const bool hides = softmax_hides(c->args, piece, tile);
    float *logit = c->logit;
    struct core_block block;
    uint32_t ready = 0; /* blocks whose logits are there already */
    for (uint32_t begin = 0; begin < rows; begin += block.rows) {
        block = core_block(c, rows - begin);
        if (!ready) {
            ready = c->lanes && rows - begin >= 2 * VF_LANES ? 2 : 1;
            const uint32_t most = core_seen(c, piece, row + begin + ready * block.rows - 1, tile);
            core_qk(c, row, begin, rows, &block, ready, most, tile, k, scales, logit);
        }
        const uint32_t n = core_seen(c, piece, row + begin + block.rows - 1, tile);
        if (!c->plain)
            softmax_adjust(c->args, piece, row + begin, block.rows, block.lanes, tile, logit);
        if (hides)
            softmax_hide(c->args, piece, row + begin, block.rows, block.lanes, tile, logit);
        softmax_block(logit, block.rows, block.lanes, n, state->m + begin, state->l + begin,
                      c->keep + begin);
        logit += (size_t)block.lanes * TILE_MAX;
        ready--;
    }
}

/* Weighted values of all rows; the next tile's K rows are asked for meanwhile. */
static void core_sum(const struct core *c, const struct attn_piece *piece, uint32_t row,
                     uint32_t rows, const struct attn_rows *tile, struct narrow_scales scales,
                     const void *const *ahead, const struct attn_state *state)
{
    const enum attn_type type = c->p->v_type;
    size_t k_bytes = c->silent ? 0 : attn_row_bytes(&attn_types[c->p->k_type], c->p->dim);
    struct block_pv w = {
        .type = type,
        .v = tile->v,
        .slice = type == ATTN_F16 || type == ATTN_BF16 ? c->tile : NULL,
        .scales = scales,
        .ahead = ahead,
        .stride = state->stride,
    };
    struct block_rows at[CORE_BLOCKS];
    const float *weight = c->logit;
    struct core_block block;
    uint32_t count = 0;
    if (c->wide_v) {
        w.wide_stride = tile_widen(type, tile->v, scales, tile->n, c->p->dim_v, c->tile);
        w.wide = c->tile;
        w.slice = NULL;
    }
    for (uint32_t begin = 0; begin < rows; begin += block.rows) {
        block = core_block(c, rows - begin);
        const uint32_t n = core_seen(c, piece, row + begin + block.rows - 1, tile);
        for (uint32_t r = 0; r < block.rows; r += at[count++].rows) {
            at[count] = (struct block_rows){
                .weight = weight + r,
                .lanes = block.lanes,
                .rows = block.rows - r < MICRO_ROWS ? block.rows - r : MICRO_ROWS,
                .keep = c->keep + begin + r,
                .acc = state->acc + (begin + r) * state->stride,
                .n = n,
            };
        }
        weight += (size_t)block.lanes * TILE_MAX;
        if (count + VF_LANES > CORE_BLOCKS) { /* a group beyond any model's */
            block_pv(&w, c->dim_v, k_bytes, at, count);
            k_bytes = 0;
            count = 0;
        }
    }
    block_pv(&w, c->dim_v, k_bytes, at, count);
}

void core_absorb(const struct core *c, const struct attn_piece *piece, uint32_t row, uint32_t rows,
                 struct attn_rows *tile, const struct attn_rows *next,
                 const struct attn_state *state)
{
    const void *wide[TILE_MAX + CORE_SPARE];
    const void *const *k = tile->k;
    const uint32_t n = tile->n, steps = core_round(n, CORE_SPARE);
    const uint32_t ahead = c->silent ? 0 : next->n;

    /* Steps may want more tokens than there are: let them see the last one again. */
    for (uint32_t j = n; j < steps; j++) {
        tile->k[j] = tile->k[n - 1];
        tile->v[j] = tile->v[n - 1];
        tile->k_scale[j] = tile->k_scale[n - 1];
    }
    const struct narrow_scales k_scales = tile_scales(c->p->k_type, c->p->dim, tile->k_scale, steps,
                                                      next->k_scale, ahead, c->k_scale);
    const struct narrow_scales v_scales =
        tile_scales(c->p->v_type, c->p->dim_v, tile->v_scale, n, next->v_scale, ahead, c->v_scale);
    if (c->lanes) {
        tile_widen_lines(c->p->k_type, tile->k, k_scales, steps, c->p->dim, c->tile);
    } else if (c->wide_k) {
        const size_t stride =
            tile_widen(c->p->k_type, tile->k, k_scales, steps, c->p->dim, c->tile);
        for (uint32_t j = 0; j < steps; j++)
            wide[j] = c->tile + j * stride;
        k = wide;
    }
    core_weigh(c, piece, row, rows, tile, k, k_scales, state);
    core_sum(c, piece, row, rows, tile, v_scales, next->k, state);
}
