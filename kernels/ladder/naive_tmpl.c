/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rung 1, the textbook: per query head, all scores are stored, then softmax, then the weighted sum
 * of V. Three passes over the scores and one over K and V *per query head*, so grouped heads buy
 * nothing but what the caches happen to keep. Work is cut by output row, and its scratch grows
 * with the context: both are what the later rungs do away with.
 *
 * Sums over positions are kept in blocks that are added up in double; a plain f32 sum over a long
 * context of equal weights would leave the error bound.
 */
#include "kernels/ladder/plain.h"
#include "kernels/ladder/tmpl.h"

enum { BLOCK = 64 };

/* Floats of a rank: scores, one widened row of K or V, the block's values. */
static size_t widest(const struct attn_problem *p)
{
    return p->dim > p->dim_v ? p->dim : p->dim_v;
}

static size_t rank_floats(const struct attn_problem *p)
{
    return ((size_t)p->context + widest(p) + p->dim_v + 15) / 16 * 16;
}

/* And the totals, in double. */
static size_t rank_bytes(const struct attn_problem *p)
{
    return rank_floats(p) * sizeof(float) + (p->dim_v + 7) / 8 * 8 * sizeof(double);
}

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    (void)splits;
    return (size_t)ranks * rank_bytes(p);
}

static void scores(const struct attn_args *args, uint32_t batch, uint32_t i, uint32_t head,
                   struct attn_span span, float *score, float *row)
{
    const struct attn_problem *const p = args->problem;
    const float *const q = args->q + attn_row_index(p, batch, i, head) * p->dim;
    const float scale = attn_scale(p);
    struct attn_rows rows;
    for (uint32_t pos = span.first; pos < span.end; pos += rows.n) {
        const uint32_t left = span.end - pos;
        attn_kv_rows(&args->kv, batch, attn_kv_head_of(p, head), pos, left < BLOCK ? left : BLOCK,
                     &rows);
        for (uint32_t j = 0; j < rows.n; j++) {
            attn_widen_row(p->k_type, rows.k[j], rows.k_scale[j], p->dim, row);
            score[pos - span.first + j] = plain_dot(q, row, p->dim) * scale;
        }
    }
    plain_adjust(args, batch, i, head, span.first, span.end - span.first, score);
}

static void weigh(const struct attn_args *args, uint32_t batch, uint32_t head,
                  struct attn_span span, const float *weight, float *row, double *total)
{
    const struct attn_problem *const p = args->problem;
    float *const block = row + widest(p);
    struct attn_rows rows;
    for (uint32_t pos = span.first; pos < span.end; pos += rows.n) {
        const uint32_t left = span.end - pos;
        attn_kv_rows(&args->kv, batch, attn_kv_head_of(p, head), pos, left < BLOCK ? left : BLOCK,
                     &rows);
        memset(block, 0, p->dim_v * sizeof(*block));
        for (uint32_t j = 0; j < rows.n; j++) {
            const float w = weight[pos - span.first + j];
            attn_widen_row(p->v_type, rows.v[j], rows.v_scale[j], p->dim_v, row);
            for (uint32_t d = 0; d < p->dim_v; d++)
                block[d] += w * row[d];
        }
        for (uint32_t d = 0; d < p->dim_v; d++)
            total[d] += (double)block[d];
    }
}

static void attend_row(const struct attn_args *args, size_t index, float *score)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t head = (uint32_t)(index % p->heads);
    const uint32_t i = (uint32_t)(index / p->heads % p->q_len);
    const uint32_t batch = (uint32_t)(index / p->heads / p->q_len);
    const struct attn_span span = attn_visible(p, args->lengths[batch], i);
    const uint32_t n = span.end - span.first;
    float *const row = score + p->context;
    double *const total = (double *)(score + rank_floats(p));
    float max = args->sinks ? args->sinks[head] : -INFINITY;

    scores(args, batch, i, head, span, score, row);
    for (uint32_t j = 0; j < n; j++)
        max = score[j] > max ? score[j] : max;
    double sum = args->sinks ? (double)plain_exp(args->sinks[head] - max) : 0;
    for (uint32_t j = 0; j < n; j++) {
        score[j] = plain_exp(score[j] - max);
        sum += (double)score[j];
    }
    memset(total, 0, p->dim_v * sizeof(*total));
    weigh(args, batch, head, span, score, row, total);
    for (uint32_t d = 0; d < p->dim_v; d++)
        args->out[index * p->dim_v + d] = (float)(total[d] / sum);
    if (args->lse)
        args->lse[index] = (float)((double)max + log(sum));
}

static void run(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    float *const scratch = (float *)((char *)args->scratch + (size_t)rank * rank_bytes(p));
    const size_t rows = (size_t)p->batch * p->q_len * p->heads;
    const size_t end = rows * ((size_t)rank + 1) / (size_t)ranks;
    for (size_t index = rows * (size_t)rank / (size_t)ranks; index < end; index++)
        attend_row(args, index, scratch);
}

ATTN_DEFINE_KERNEL = {
    ATTN_KERNEL_IDENTITY,
    .summary = "textbook: per query head, all scores stored",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_K,
    .v_types = ATTN_TYPES_V,
    .layouts = ATTN_LAYOUTS_ALL,
    .scratch_bytes = scratch_bytes,
    .phase = {run},
    .phase_name = {"attend"},
};
