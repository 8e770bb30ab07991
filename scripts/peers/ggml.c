/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ggml's flash attention as kernels from outside, so that one report holds it and us: same data,
 * same oracle, same cold cache. They are linked with a ggml that is installed already (ggml.sh
 * finds it) through that one's public headers. ggml walks a cache of floats in place by strides;
 * its q8_0 and q4_0 hold the values of our i8 and i4, but each scale before its codes, so these are
 * repacked once, untimed. Its threads are those of a pool of its own, kept from call to call.
 *
 * ik_llama.cpp's ggml is an older one, without a header for the CPU and without pools (OpenMP keeps
 * its threads), and only takes its fast way with a mask and whole blocks of 32 tokens. It gets a
 * mask that hides nothing, as its own programs pass one.
 */
#include "kernels/kernel.h"

#if __has_include(<ggml-cpu.h>)
#include <ggml-cpu.h>
#define PEER_IQK 0
#else
#define PEER_IQK 1
#endif
#include <ggml.h>
#include <stdlib.h>
#include <string.h>

#ifndef PEER_NAME
#define PEER_NAME "peer_ggml"
#endif

/* Types a cache may have; those of integers are read with queries rounded to bytes. */
#if PEER_IQK
#define PEER_TYPES_FLOAT ATTN_TYPE_BIT(ATTN_F16)
enum { PEER_TOKENS = 32, PEER_MASK_ROWS = GGML_KQ_MASK_PAD };
#else
#define PEER_TYPES_FLOAT ATTN_TYPES_STORED
enum { PEER_TOKENS = 1, PEER_MASK_ROWS = 0 };
#endif
#define PEER_TYPES_INTEGER (ATTN_TYPE_BIT(ATTN_I8) | ATTN_TYPE_BIT(ATTN_I4))

enum { BLOCK = ATTN_QUANT_BLOCK, BLOCK_I8 = 2 + BLOCK, BLOCK_I4 = 2 + BLOCK / 2 };

/* With a cache of 16-bit floats it rounds queries, and sums of V, to that type as well. An eighth
 * of f16's unit roundoff over f32's: all of it would excuse an output of zeros, where weights are
 * even and outputs small. */
#define PEER_ERROR_FACTOR 1024.0

/* The graph of the problem last seen: calls differ in their addresses alone. */
static struct {
    struct attn_problem problem;
    uint32_t threads;
    struct ggml_context *context;
#if !PEER_IQK
    struct ggml_threadpool *pool;
#endif
    struct ggml_cgraph *graph;
    struct ggml_cplan plan;
    struct ggml_tensor *q, *turned, *k, *v, *mask, *out;
    void *shown;    /* what the mask holds: zeros */
    uint32_t first; /* position of the first token that is seen */
} peer;

static bool is_integer(enum attn_type type)
{
    return type == ATTN_I8 || type == ATTN_I4;
}

static const char *supports(const struct attn_problem *p)
{
    const struct attn_span seen = attn_visible(p, p->context, 0);
    if (p->phase != ATTN_DECODE || p->q_len != 1)
        return "this adapter passes one query token, which needs no mask";
    if (p->sinks || p->alibi || p->rel_bias || p->chunk || p->ragged || p->mask != ATTN_CAUSAL)
        return "this adapter builds no masks: no sinks, biases, chunks, ragged batches nor trees";
    if (p->head_map != ATTN_MAP_BLOCK)
        return "ggml maps query heads to KV heads in blocks";
    if (p->v_is_k_prefix)
        return "this adapter passes V as a tensor of its own";
    if ((is_integer(p->k_type) && p->dim % BLOCK) || (is_integer(p->v_type) && p->dim_v % BLOCK))
        return "ggml cuts a head into whole blocks of 32 elements";
    if ((seen.end - seen.first) % PEER_TOKENS)
        return "ik_llama.cpp's fast way takes a multiple of 32 tokens";
    return NULL;
}

static enum ggml_type type_of(enum attn_type type)
{
    static const enum ggml_type types[ATTN_TYPES] = {
        [ATTN_F32] = GGML_TYPE_F32, [ATTN_F16] = GGML_TYPE_F16, [ATTN_BF16] = GGML_TYPE_BF16,
        [ATTN_I8] = GGML_TYPE_Q8_0, [ATTN_I4] = GGML_TYPE_Q4_0,
    };
    return types[type];
}

/* Bytes of a row of ours as ggml has it, and of all rows; 0 for types that are not repacked. */
static size_t packed_row(enum attn_type type, uint32_t dim)
{
    return is_integer(type) ? (size_t)dim / BLOCK * (type == ATTN_I8 ? BLOCK_I8 : BLOCK_I4) : 0;
}

static size_t packed_plane(const struct attn_problem *p, enum attn_type type, uint32_t dim)
{
    return packed_row(type, dim) * p->batch * p->kv_heads * p->context;
}

static size_t prepared_bytes(const struct attn_problem *p)
{
    return packed_plane(p, p->k_type, p->dim) + packed_plane(p, p->v_type, p->dim_v);
}

/* A block of q8_0 or q4_0: the scale, then codes; which in q4_0 are 8 above their value and in
 * the same halves of bytes as ours. */
static void pack_row(enum attn_type type, const void *row, const uint16_t *scales, uint32_t dim,
                     unsigned char *to)
{
    for (uint32_t b = 0; b < dim / BLOCK; b++) {
        memcpy(to, &scales[b], sizeof(*scales));
        to += sizeof(*scales);
        if (type == ATTN_I8) {
            memcpy(to, (const char *)row + (size_t)b * BLOCK, BLOCK);
            to += BLOCK;
            continue;
        }
        for (uint32_t i = 0; i < BLOCK / 2; i++)
            *to++ = ((const unsigned char *)row)[b * (BLOCK / 2) + i] ^ 0x88;
    }
}

static int prepare(const struct attn_args *args, void *prepared)
{
    const struct attn_problem *const p = args->problem;
    unsigned char *k = prepared;
    unsigned char *v = k ? k + packed_plane(p, p->k_type, p->dim) : NULL;
    struct attn_rows rows;
    if (!prepared)
        return 0;
    for (uint32_t b = 0; b < p->batch; b++)
        for (uint32_t g = 0; g < p->kv_heads; g++)
            for (uint32_t t = 0; t < p->context; t++) {
                attn_kv_rows(&args->kv, b, g, t, 1, &rows);
                if (is_integer(p->k_type))
                    pack_row(p->k_type, rows.k[0], rows.k_scale[0], p->dim, k);
                if (is_integer(p->v_type))
                    pack_row(p->v_type, rows.v[0], rows.v_scale[0], p->dim_v, v);
                k += packed_row(p->k_type, p->dim);
                v += packed_row(p->v_type, p->dim_v);
            }
    return 0;
}

/* [batch][kv_head][token][dim] of ggml's, in the places where the tokens lie. */
static struct ggml_tensor *cache_tensor(enum attn_type type, uint32_t dim, uint32_t tokens,
                                        const struct attn_problem *p, const struct attn_plane *at)
{
    struct ggml_tensor *const t =
        ggml_new_tensor_4d(peer.context, type_of(type), dim, tokens, p->kv_heads, p->batch);
    const size_t row = packed_row(type, dim);
    t->nb[1] = row ? row : at->token_stride;
    t->nb[2] = row ? row * p->context : at->head_stride;
    t->nb[3] = row ? row * p->context * p->kv_heads : at->batch_stride;
    return t;
}

/* Where the first token that is seen lies, in the cache or behind `packed`. */
static void *cache_data(const struct attn_plane *at, const void *packed, size_t row)
{
    const char *const begin = row ? packed : at->base;
    return (char *)(uintptr_t)begin + peer.first * (row ? row : at->token_stride);
}

static void forget(void)
{
#if !PEER_IQK
    ggml_threadpool_free(peer.pool);
#endif
    ggml_free(peer.context);
    free(peer.plan.work_data);
    free(peer.shown);
    memset(&peer, 0, sizeof(peer));
}

/* False when there is no memory. */
static bool plan(uint32_t threads)
{
#if PEER_IQK
    peer.plan = ggml_graph_plan(peer.graph, (int)threads);
#else
    struct ggml_threadpool_params params = ggml_threadpool_params_default((int)threads);
    peer.pool = ggml_threadpool_new(&params);
    peer.plan = ggml_graph_plan(peer.graph, (int)threads, peer.pool);
    if (!peer.pool)
        return false;
#endif
    peer.plan.work_data = peer.plan.work_size ? malloc(peer.plan.work_size) : NULL;
    return peer.plan.work_data || !peer.plan.work_size;
}

static bool build(const struct attn_args *args)
{
    const struct attn_problem *const p = args->problem;
    const struct attn_span seen = attn_visible(p, p->context, 0);
    const uint32_t tokens = seen.end - seen.first;
    const struct ggml_init_params memory = {
        .mem_size = 16 * ggml_tensor_overhead() + ggml_graph_overhead(),
        .no_alloc = true,
    };
    if (peer.context)
        forget();
#if !PEER_IQK
    ggml_cpu_init();
#endif
    peer.first = seen.first;
    peer.context = ggml_init(memory);
    peer.q = ggml_new_tensor_4d(peer.context, GGML_TYPE_F32, p->dim, p->heads, 1, p->batch);
    peer.turned = ggml_permute(peer.context, peer.q, 0, 2, 1, 3);
    peer.k = cache_tensor(p->k_type, p->dim, tokens, p, &args->kv.k);
    peer.v = cache_tensor(p->v_type, p->dim_v, tokens, p, &args->kv.v);
    if (PEER_MASK_ROWS) {
        peer.mask = ggml_new_tensor_2d(peer.context, GGML_TYPE_F16, tokens, PEER_MASK_ROWS);
        peer.shown = peer.mask->data = calloc(tokens, PEER_MASK_ROWS * sizeof(uint16_t));
        if (!peer.shown)
            return false;
    }
    peer.out = ggml_flash_attn_ext(peer.context, peer.turned, peer.k, peer.v, peer.mask,
                                   attn_scale(p), 0, p->softcap);
    peer.graph = ggml_new_graph(peer.context);
    ggml_build_forward_expand(peer.graph, peer.out);
    if (!plan(args->threads))
        return false;
    peer.problem = *p;
    peer.threads = args->threads;
    return true;
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const char *const packed = args->prepared;
    const bool same = peer.threads == args->threads && memcmp(&peer.problem, p, sizeof(*p)) == 0;
    (void)rank;
    (void)ranks;
    if (!same && !build(args))
        return; /* the output stays as it is, and is found wrong */
    peer.q->data = peer.turned->data = (void *)(uintptr_t)args->q;
    peer.k->data = cache_data(&args->kv.k, packed, packed_row(p->k_type, p->dim));
    peer.v->data =
        cache_data(&args->kv.v, packed ? packed + packed_plane(p, p->k_type, p->dim) : NULL,
                   packed_row(p->v_type, p->dim_v));
    peer.out->data = args->out;
    ggml_graph_compute(peer.graph, &peer.plan);
}

static const struct attn_kernel floats = {
    .struct_size = sizeof(floats),
    .rung = PEER_NAME,
    .isa = "",
    .summary = "peer: flash attention of the ggml this was linked with, in its own threads",
    .kind = ATTN_RUNG,
    .k_types = PEER_TYPES_FLOAT,
    .v_types = PEER_TYPES_FLOAT | PEER_TYPES_INTEGER,
    .layouts = 1u << ATTN_CONTIGUOUS | 1u << ATTN_TOKEN_MAJOR,
    .owns_threads = true,
    .error_factor = PEER_ERROR_FACTOR,
    .supports = supports,
    .prepared_bytes = prepared_bytes,
    .prepare = prepare,
    .phase = {attend},
    .phase_name = {"flash_attn_ext"},
};

/* The same beside K in integers, for which queries are rounded as well. */
static const struct attn_kernel integers = {
    .struct_size = sizeof(integers),
    .rung = PEER_NAME "_q",
    .isa = "",
    .summary = "peer: the same with K in its q8_0 or q4_0, our i8 and i4",
    .kind = ATTN_RUNG,
    .k_types = PEER_TYPES_INTEGER,
    .v_types = PEER_TYPES_FLOAT | PEER_TYPES_INTEGER,
    .layouts = 1u << ATTN_CONTIGUOUS | 1u << ATTN_TOKEN_MAJOR,
    .owns_threads = true,
    .error_factor = PEER_ERROR_FACTOR,
    .q_levels = 127,
    .supports = supports,
    .prepared_bytes = prepared_bytes,
    .prepare = prepare,
    .phase = {attend},
    .phase_name = {"flash_attn_ext"},
};

ATTN_PLUGIN(&floats, &integers);
