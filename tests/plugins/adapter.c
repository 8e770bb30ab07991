/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How to put a library of somebody else beside our kernels, one that has a layout and threads of
 * its own (lanes.h stands for it). The cache is repacked by prepare(), untimed, once a copy; the
 * library is called on rank 0 alone and told how many threads the row is about.
 */
#include "kernels/kernel.h"
#include "tests/plugins/lanes.h"

static const char *supports(const struct attn_problem *p)
{
    if (p->phase != ATTN_DECODE || p->q_len != 1)
        return "lanes takes one query token";
    if (p->softcap != 0 || p->alibi || p->rel_bias || p->sinks || p->window || p->chunk)
        return "lanes knows neither windows, softcap, biases nor sinks";
    if (p->head_map != ATTN_MAP_BLOCK || p->ragged)
        return "lanes knows neither cyclic head maps nor ragged batches";
    return NULL;
}

/* All of K, then all of V, each [batch][token][kv_head][dim]. */
static size_t k_floats(const struct attn_problem *p)
{
    return (size_t)p->batch * p->context * p->kv_heads * p->dim;
}

static size_t prepared_bytes(const struct attn_problem *p)
{
    return (k_floats(p) + (size_t)p->batch * p->context * p->kv_heads * p->dim_v) * sizeof(float);
}

static void widen(enum attn_type type, const void *row, uint32_t n, float *to)
{
    for (uint32_t d = 0; d < n; d++)
        to[d] = type == ATTN_F16    ? attn_f16_to_f32(((const uint16_t *)row)[d])
                : type == ATTN_BF16 ? attn_bf16_to_f32(((const uint16_t *)row)[d])
                                    : ((const float *)row)[d];
}

static int prepare(const struct attn_args *args, void *prepared)
{
    const struct attn_problem *const p = args->problem;
    float *const k = prepared, *const v = k + k_floats(p);
    struct attn_rows rows;
    for (uint32_t b = 0; b < p->batch; b++)
        for (uint32_t t = 0; t < p->context; t++)
            for (uint32_t g = 0; g < p->kv_heads; g++) {
                const size_t row = ((size_t)b * p->context + t) * p->kv_heads + g;
                attn_kv_rows(&args->kv, b, g, t, 1, &rows);
                widen(p->k_type, rows.k[0], p->dim, k + row * p->dim);
                widen(p->v_type, rows.v[0], p->dim_v, v + row * p->dim_v);
            }
    return 0;
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    static struct lanes *lanes;
    static uint32_t started;
    const struct attn_problem *const p = args->problem;
    const float *const k = args->prepared, *const v = k + k_floats(p);
    if (rank || ranks != 1)
        return; /* never: owns_threads says so */
    if (started != args->threads) {
        lanes_stop(lanes);
        lanes = lanes_start((int)args->threads);
        started = args->threads;
    }
    for (uint32_t b = 0; lanes && b < p->batch; b++) {
        const size_t first = (size_t)b * p->context * p->kv_heads;
        struct lanes_tensor keys = {k + first * p->dim, (int)p->context, (int)p->kv_heads,
                                    (int)p->dim};
        struct lanes_tensor values = {v + first * p->dim_v, (int)p->context, (int)p->kv_heads,
                                      (int)p->dim_v};
        lanes_attend(lanes, args->q + (size_t)b * p->heads * p->dim, (int)p->heads, keys, values,
                     attn_scale(p), args->out + (size_t)b * p->heads * p->dim_v);
    }
}

static const struct attn_kernel adapter = {
    .struct_size = sizeof(adapter),
    .rung = "peer_lanes",
    .isa = "",
    .summary = "example of an adapter: a library with a layout and threads of its own",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_STORED,
    .v_types = ATTN_TYPES_STORED,
    .layouts = ATTN_LAYOUTS_ALL,
    .owns_threads = true,
    .supports = supports,
    .prepared_bytes = prepared_bytes,
    .prepare = prepare,
    .phase = {attend},
    .phase_name = {"attend"},
};

ATTN_PLUGIN(&adapter);
