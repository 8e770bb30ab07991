/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rung: OpenBLAS per KV head, the rows of its group as one matrix: Q K' and P V are matrix products
 * with H/G rows, so K and V are walked once a *group*. The library's answer to grouped heads, and
 * what hand-written kernels must beat: it packs K and V into its own buffers on every call, and a
 * few rows are too few to pay for that. Split over the context with the same cut as `online`.
 */
#include "kernels/ladder/blas.h"
#include "kernels/ladder/pieces.h"
#include "kernels/ladder/tmpl.h"

enum { TILE = 128, ROWS = 128 };

/* A tile widened (K, then V), the logits of all rows, their values over the tile, their factors. */
static size_t wide_floats(const struct attn_problem *p)
{
    return (size_t)TILE * (p->dim > p->dim_v ? p->dim : p->dim_v);
}

static size_t own_floats(const struct attn_problem *p)
{
    return wide_floats(p) + (size_t)attn_cut_rows(p, ROWS) * (TILE + p->dim_v + 1);
}

static void absorb(const struct attn_args *args, const struct pieces_workspace *w, uint32_t rows,
                   const struct step *step, const struct attn_rows *next)
{
    (void)next; /* nothing is asked of memory ahead of its use */
    const struct attn_piece *const piece = &step->piece;
    const struct attn_rows *const tile = &step->rows;
    const struct attn_problem *const p = args->problem;
    const int m = (int)rows, n = (int)tile->n, dk = (int)p->dim, dv = (int)p->dim_v;
    float *const wide = w->own, *const logit = wide + wide_floats(p);
    float *const total = logit + (size_t)rows * TILE, *const keep = total + (size_t)rows * p->dim_v;
    int lda;

    const float *const k =
        blas_matrix(p->k_type, tile->k, tile->k_scale, tile->k_step, tile->n, p->dim, wide, &lda);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, dk, 1, w->q, dk, k, lda, 0, logit,
                TILE);
    for (uint32_t r = 0; r < rows; r++) {
        keep[r] =
            plain_softmax(args, piece, &w->run, r, tile->pos[0], tile->n, logit + (size_t)r * TILE);
        if (keep[r] < 0)
            memset(logit + (size_t)r * TILE, 0, tile->n * sizeof(*logit));
    }
    const float *const v =
        blas_matrix(p->v_type, tile->v, tile->v_scale, tile->v_step, tile->n, p->dim_v, wide, &lda);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, dv, n, 1, logit, TILE, v, lda, 0,
                total, dv);
    for (uint32_t r = 0; r < rows; r++) {
        float *const acc = w->run.acc + r * w->run.stride;
        if (keep[r] < 0)
            continue;
        for (uint32_t d = 0; d < p->dim_v; d++)
            acc[d] = acc[d] * keep[r] + total[(size_t)r * p->dim_v + d];
    }
}

static const struct pieces_rung gemm = {
    .rows = ROWS,
    .tile = TILE,
    .own_floats = own_floats,
    .absorb = absorb,
};

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    return pieces_scratch_bytes(&gemm, p, splits, ranks);
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    pieces_attend(&gemm, args, rank, ranks);
}

static void merge(const struct attn_args *args, int rank, int ranks)
{
    attn_pieces_merge(args, ROWS, rank, ranks);
}

ATTN_DEFINE_KERNEL = {
    ATTN_KERNEL_IDENTITY,
    .summary = "OpenBLAS gemm per KV head: the group's rows share one walk of K and V",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_K,
    .v_types = ATTN_TYPES_V,
    .layouts = ATTN_LAYOUTS_ALL,
    .splits_most = ATTN_SPLITS_ANY,
    .cut_rows = ROWS,
    .scratch_bytes = scratch_bytes,
    .prepare = blas_prepare,
    .phase = {attend, merge},
    .phase_name = {"attend", "merge"},
};
