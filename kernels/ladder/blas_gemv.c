/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rung: OpenBLAS per query head, one matrix-vector product with K and one with V for each. This is
 * how attention looks when grouped heads are treated as ordinary ones: K and V are walked once per
 * *query* head. Narrow caches are widened a block at a time first, since BLAS knows only f32 and
 * f64; that too is done again for every head. One BLAS thread a rank: the ranks are the threads.
 */
#include "kernels/ladder/blas.h"
#include "kernels/ladder/tmpl.h"

enum { BLOCK = 128 };

/* Floats a rank needs: scores of a block, widened block of K or V, block sum, running output. */
static size_t rank_floats(const struct attn_problem *p)
{
    const size_t widest = p->dim > p->dim_v ? p->dim : p->dim_v;
    return (BLOCK + BLOCK * widest + p->dim_v + 15) / 16 * 16;
}

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    (void)splits;
    return (size_t)ranks * (rank_floats(p) * sizeof(float) + (p->dim_v + 7) / 8 * 64);
}

static void attend_row(const struct attn_args *args, size_t index, float *score, double *total)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t head = (uint32_t)(index % p->heads);
    const uint32_t i = (uint32_t)(index / p->heads % p->q_len);
    const uint32_t batch = (uint32_t)(index / p->heads / p->q_len);
    const uint32_t kv_head = attn_kv_head_of(p, head);
    const struct attn_span span = attn_visible(p, args->lengths[batch], i);
    const size_t widest = p->dim > p->dim_v ? p->dim : p->dim_v;
    float *const wide = score + BLOCK, *const sum = wide + BLOCK * widest;
    double l = args->sinks ? 1 : 0;
    float max = args->sinks ? args->sinks[head] : -INFINITY;
    struct attn_rows rows;
    int lda;

    memset(total, 0, p->dim_v * sizeof(*total));
    for (uint32_t pos = span.first; pos < span.end; pos += rows.n) {
        const uint32_t left = span.end - pos;
        const float before = max;
        attn_kv_rows(&args->kv, batch, kv_head, pos, left < BLOCK ? left : BLOCK, &rows);
        const float *const k =
            blas_matrix(p->k_type, rows.k, rows.k_scale, rows.k_step, rows.n, p->dim, wide, &lda);
        cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)rows.n, (int)p->dim, attn_scale(p), k, lda,
                    args->q + index * p->dim, 1, 0, score, 1);
        plain_adjust(args, batch, i, head, pos, rows.n, score);
        for (uint32_t j = 0; j < rows.n; j++)
            max = score[j] > max ? score[j] : max;
        if (max == -INFINITY)
            continue;
        const double keep = before == -INFINITY ? 0 : (double)plain_exp(before - max);
        l *= keep;
        for (uint32_t j = 0; j < rows.n; j++) {
            score[j] = plain_exp(score[j] - max);
            l += (double)score[j];
        }
        const float *const v =
            blas_matrix(p->v_type, rows.v, rows.v_scale, rows.v_step, rows.n, p->dim_v, wide, &lda);
        cblas_sgemv(CblasRowMajor, CblasTrans, (int)rows.n, (int)p->dim_v, 1, v, lda, score, 1, 0,
                    sum, 1);
        for (uint32_t d = 0; d < p->dim_v; d++)
            total[d] = total[d] * keep + (double)sum[d];
    }
    for (uint32_t d = 0; d < p->dim_v; d++)
        args->out[index * p->dim_v + d] = (float)(total[d] / l);
    if (args->lse)
        args->lse[index] = (float)((double)max + log(l));
}

static void run(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const size_t totals = (p->dim_v + 7) / 8 * 8;
    double *const total = (double *)args->scratch + (size_t)rank * totals;
    float *const score =
        (float *)((double *)args->scratch + (size_t)ranks * totals) + (size_t)rank * rank_floats(p);
    const size_t rows = (size_t)p->batch * p->q_len * p->heads;
    const size_t end = rows * ((size_t)rank + 1) / (size_t)ranks;
    for (size_t index = rows * (size_t)rank / (size_t)ranks; index < end; index++)
        attend_row(args, index, score, total);
}

ATTN_DEFINE_KERNEL = {
    ATTN_KERNEL_IDENTITY,
    .summary = "OpenBLAS gemv per query head: K and V walked once a head",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_K,
    .v_types = ATTN_TYPES_V,
    .layouts = ATTN_LAYOUTS_ALL,
    .scratch_bytes = scratch_bytes,
    .prepare = blas_prepare,
    .phase = {run},
    .phase_name = {"attend"},
};
