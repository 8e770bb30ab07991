/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ggml's flash attention as a kernel from outside, so that one report holds it and us: same data,
 * same oracle, same cold cache. It is linked with a ggml that is installed already (ggml.sh finds
 * it) through that one's public headers. ggml walks a cache in place by strides, which is why
 * nothing is repacked; its threads are those of a pool of its own, kept from call to call.
 */
#include "kernels/kernel.h"

#include <ggml-cpu.h>
#include <ggml.h>
#include <stdlib.h>
#include <string.h>

/* With a cache of 16-bit floats it rounds queries, and sums of V, to that type as well. An eighth
 * of f16's unit roundoff over f32's: all of it would excuse an output of zeros, where weights are
 * even and outputs small. */
#define PEER_ERROR_FACTOR 1024.0

/* The graph of the problem last seen: calls differ in their addresses alone. */
static struct {
    struct attn_problem problem;
    uint32_t threads;
    struct ggml_context *context;
    struct ggml_threadpool *pool;
    struct ggml_cgraph *graph;
    struct ggml_cplan plan;
    struct ggml_tensor *q, *turned, *k, *v, *out;
    uint32_t first; /* position of the first token that is seen */
} peer;

static const char *supports(const struct attn_problem *p)
{
    if (p->phase != ATTN_DECODE || p->q_len != 1)
        return "this adapter passes one query token, which needs no mask";
    if (p->sinks || p->alibi || p->chunk || p->ragged || p->mask != ATTN_CAUSAL)
        return "this adapter builds no masks: no sinks, alibi, chunks, ragged batches nor trees";
    if (p->head_map != ATTN_MAP_BLOCK)
        return "ggml maps query heads to KV heads in blocks";
    if (p->v_is_k_prefix)
        return "this adapter passes V as a tensor of its own";
    return NULL;
}

static enum ggml_type type_of(enum attn_type type)
{
    return type == ATTN_F16 ? GGML_TYPE_F16 : type == ATTN_BF16 ? GGML_TYPE_BF16 : GGML_TYPE_F32;
}

/* [batch][kv_head][token][dim] of ggml's, in the places where the tokens lie. */
static struct ggml_tensor *cache_tensor(enum attn_type type, uint32_t dim, uint32_t tokens,
                                        const struct attn_problem *p, const struct attn_plane *at)
{
    struct ggml_tensor *const t =
        ggml_new_tensor_4d(peer.context, type_of(type), dim, tokens, p->kv_heads, p->batch);
    t->nb[1] = at->token_stride;
    t->nb[2] = at->head_stride;
    t->nb[3] = at->batch_stride;
    return t;
}

static void forget(void)
{
    ggml_threadpool_free(peer.pool);
    ggml_free(peer.context);
    free(peer.plan.work_data);
    memset(&peer, 0, sizeof(peer));
}

static void build(const struct attn_args *args)
{
    const struct attn_problem *const p = args->problem;
    const struct attn_span seen = attn_visible(p, p->context, 0);
    const struct ggml_init_params memory = {
        .mem_size = 16 * ggml_tensor_overhead() + ggml_graph_overhead(),
        .no_alloc = true,
    };
    struct ggml_threadpool_params threads = ggml_threadpool_params_default((int)args->threads);
    if (peer.context)
        forget();
    ggml_cpu_init();
    peer.problem = *p;
    peer.threads = args->threads;
    peer.first = seen.first;
    peer.context = ggml_init(memory);
    peer.pool = ggml_threadpool_new(&threads);
    peer.q = ggml_new_tensor_4d(peer.context, GGML_TYPE_F32, p->dim, p->heads, 1, p->batch);
    peer.turned = ggml_permute(peer.context, peer.q, 0, 2, 1, 3);
    peer.k = cache_tensor(p->k_type, p->dim, seen.end - seen.first, p, &args->kv.k);
    peer.v = cache_tensor(p->v_type, p->dim_v, seen.end - seen.first, p, &args->kv.v);
    peer.out = ggml_flash_attn_ext(peer.context, peer.turned, peer.k, peer.v, NULL, attn_scale(p),
                                   0, p->softcap);
    peer.graph = ggml_new_graph(peer.context);
    ggml_build_forward_expand(peer.graph, peer.out);
    peer.plan = ggml_graph_plan(peer.graph, (int)args->threads, peer.pool);
    peer.plan.work_data = malloc(peer.plan.work_size);
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    (void)rank;
    (void)ranks;
    if (!peer.context || peer.threads != args->threads ||
        memcmp(&peer.problem, args->problem, sizeof(peer.problem)) != 0)
        build(args);
    if (!peer.pool || (!peer.plan.work_data && peer.plan.work_size))
        return; /* the output stays as it is, and is found wrong */
    peer.q->data = peer.turned->data = (void *)(uintptr_t)args->q;
    peer.k->data = (char *)(uintptr_t)args->kv.k.base + peer.first * args->kv.k.token_stride;
    peer.v->data = (char *)(uintptr_t)args->kv.v.base + peer.first * args->kv.v.token_stride;
    peer.out->data = args->out;
    ggml_graph_compute(peer.graph, &peer.plan);
}

static const struct attn_kernel peer_ggml = {
    .struct_size = sizeof(peer_ggml),
    .rung = "peer_ggml",
    .isa = "",
    .summary = "peer: flash attention of the ggml this was linked with, in its own threads",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_STORED,
    .v_types = ATTN_TYPES_STORED,
    .layouts = 1u << ATTN_CONTIGUOUS | 1u << ATTN_TOKEN_MAJOR,
    .owns_threads = true,
    .error_factor = PEER_ERROR_FACTOR,
    .supports = supports,
    .phase = {attend},
    .phase_name = {"flash_attn_ext"},
};

ATTN_PLUGIN(&peer_ggml);
