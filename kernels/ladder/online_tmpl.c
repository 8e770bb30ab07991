/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rung 2, one pass in portable C: a tile of K and V is widened to f32 once and then serves every
 * row of the group (online softmax), and the cache is cut among ranks along the context with a
 * merge at the end. The algorithm of the SIMD rungs without a single intrinsic: built with the
 * vectoriser off it shows what the algorithm alone is worth, built with it on what a compiler
 * makes of it.
 */
#include "kernels/ladder/pieces.h"
#include "kernels/ladder/tmpl.h"

enum { TILE = 64, ROWS = 64 };

/* The tile of K and of V widened, the logits of one row, and its values over the tile. */
static size_t own_floats(const struct attn_problem *p)
{
    return (size_t)TILE * (p->dim + p->dim_v + 1) + p->dim_v;
}

static void absorb_row(const struct attn_args *args, const struct attn_piece *piece,
                       const struct pieces_workspace *w, uint32_t r, uint32_t first, uint32_t n)
{
    const struct attn_problem *const p = args->problem;
    const float *const k = w->own, *const v = k + (size_t)TILE * p->dim;
    float *const logit = w->own + (size_t)TILE * (p->dim + p->dim_v), *const total = logit + TILE;
    const float *const q = w->q + (size_t)r * p->dim;
    float *const acc = w->run.acc + r * w->run.stride;

    for (uint32_t j = 0; j < n; j++)
        logit[j] = plain_dot(q, k + (size_t)j * p->dim, p->dim);
    const float keep = plain_softmax(args, piece, &w->run, r, first, n, logit);
    if (keep < 0)
        return;
    memset(total, 0, p->dim_v * sizeof(*total));
    for (uint32_t j = 0; j < n; j++) {
        const float weight = logit[j], *const row = v + (size_t)j * p->dim_v;
        for (uint32_t d = 0; d < p->dim_v; d++)
            total[d] += weight * row[d];
    }
    for (uint32_t d = 0; d < p->dim_v; d++)
        acc[d] = acc[d] * keep + total[d];
}

static void absorb(const struct attn_args *args, const struct pieces_workspace *w, uint32_t rows,
                   const struct step *step, const struct attn_rows *next)
{
    (void)next; /* nothing is asked of memory ahead of its use */
    const struct attn_piece *const piece = &step->piece;
    const struct attn_rows *const tile = &step->rows;
    const struct attn_problem *const p = args->problem;
    float *const k = w->own, *const v = k + (size_t)TILE * p->dim;
    for (uint32_t j = 0; j < tile->n; j++) {
        attn_widen_row(p->k_type, tile->k[j], tile->k_scale[j], p->dim, k + (size_t)j * p->dim);
        attn_widen_row(p->v_type, tile->v[j], tile->v_scale[j], p->dim_v, v + (size_t)j * p->dim_v);
    }
    for (uint32_t r = 0; r < rows; r++)
        absorb_row(args, piece, w, r, tile->pos[0], tile->n);
}

static const struct pieces_rung online = {
    .rows = ROWS,
    .tile = TILE,
    .own_floats = own_floats,
    .absorb = absorb,
};

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    return pieces_scratch_bytes(&online, p, splits, ranks);
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    pieces_attend(&online, args, rank, ranks);
}

static void merge(const struct attn_args *args, int rank, int ranks)
{
    attn_pieces_merge(args, ROWS, rank, ranks);
}

ATTN_DEFINE_KERNEL = {
    ATTN_KERNEL_IDENTITY,
    .summary = "one pass, online softmax, split-KV, portable C",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_K,
    .v_types = ATTN_TYPES_V,
    .layouts = ATTN_LAYOUTS_ALL,
    .phases = 1u << ATTN_DECODE | 1u << ATTN_PREFILL,
    .splits_most = ATTN_SPLITS_ANY,
    .cut_rows = ROWS,
    .scratch_bytes = scratch_bytes,
    .phase = {attend, merge},
    .phase_name = {"attend", "merge"},
};
