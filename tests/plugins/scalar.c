/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel in a shared object of its own, in the fewest lines that do everything a kernel has to:
 * say what it can do, walk any layout, share rows among ranks. To start one of your own, copy it:
 *
 *     cc -O3 -march=native -shared -fPIC -I attnbench scalar.c -o scalar.so -lm
 *     attn-bench --load=./scalar.so --kernel=best,scalar --kv_type=f32 --context=1K
 */
#include "kernels/kernel.h"

#include <math.h>

static float element(enum attn_type type, const void *row, uint32_t d)
{
    if (type == ATTN_F16)
        return attn_f16_to_f32(((const uint16_t *)row)[d]);
    if (type == ATTN_BF16)
        return attn_bf16_to_f32(((const uint16_t *)row)[d]);
    return ((const float *)row)[d];
}

static const char *supports(const struct attn_problem *p)
{
    if (p->softcap != 0 || p->alibi || p->rel_bias || p->sinks)
        return "softcap, biases and sinks are left out of this example";
    if (p->mask == ATTN_TREE)
        return "tree masks are left out of this example";
    if (p->dim_v > 256)
        return "its row on the stack holds 256 elements of V";
    return NULL;
}

/* One output row by online softmax. In double, so that a long context adds up well. */
static void attend_row(const struct attn_args *args, uint32_t batch, uint32_t i, uint32_t head)
{
    const struct attn_problem *const p = args->problem;
    const size_t index = attn_row_index(p, batch, i, head);
    const struct attn_span seen = attn_visible(p, args->lengths[batch], i);
    const float *const q = args->q + index * p->dim;
    double acc[256] = {0}, sum = 0, max = -INFINITY;
    struct attn_rows rows;
    for (uint32_t pos = seen.first; pos < seen.end; pos += rows.n) {
        const uint32_t left = seen.end - pos;
        attn_kv_rows(&args->kv, batch, attn_kv_head_of(p, head), pos,
                     left < ATTN_TILE_MAX ? left : ATTN_TILE_MAX, &rows);
        for (uint32_t j = 0; j < rows.n; j++) {
            double logit = 0;
            for (uint32_t d = 0; d < p->dim; d++)
                logit += (double)q[d] * (double)element(p->k_type, rows.k[j], d);
            logit *= (double)attn_scale(p);
            const double shrink = logit > max ? exp(max - logit) : 1;
            max = logit > max ? logit : max;
            const double weight = exp(logit - max);
            sum = sum * shrink + weight;
            for (uint32_t d = 0; d < p->dim_v; d++)
                acc[d] = acc[d] * shrink + weight * (double)element(p->v_type, rows.v[j], d);
        }
    }
    for (uint32_t d = 0; d < p->dim_v; d++)
        args->out[index * p->dim_v + d] = (float)(acc[d] / sum);
    if (args->lse)
        args->lse[index] = (float)(max + log(sum));
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const size_t rows = (size_t)p->batch * p->q_len * p->heads;
    for (size_t r = (size_t)rank; r < rows; r += (size_t)ranks)
        attend_row(args, (uint32_t)(r / p->heads / p->q_len), (uint32_t)(r / p->heads % p->q_len),
                   (uint32_t)(r % p->heads));
}

static const struct attn_kernel scalar = {
    .struct_size = sizeof(scalar),
    .rung = "scalar",
    .isa = "",
    .summary = "example of a kernel from outside: one row after the other, in double",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_STORED,
    .v_types = ATTN_TYPES_STORED,
    .layouts = ATTN_LAYOUTS_ALL,
    .supports = supports,
    .phase = {attend},
    .phase_name = {"attend"},
};

ATTN_PLUGIN(&scalar);
