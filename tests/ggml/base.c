/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tensors of our stand-in for ggml. Memory is what was asked for and no more: who counts his
 * tensors wrong ends here. So does who keeps a context for every problem.
 */
#include <ggml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 32 }; /* bytes beside a tensor or a graph, as there */

struct ggml_context {
    size_t size, used;
    char memory[];
};

static int contexts;

static void demand(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "stand-in for ggml: %s\n", what);
    abort();
}

size_t ggml_tensor_overhead(void)
{
    return HEAD + sizeof(struct ggml_tensor);
}

size_t ggml_graph_overhead(void)
{
    return HEAD + sizeof(struct ggml_cgraph);
}

struct ggml_context *ggml_init(struct ggml_init_params params)
{
    struct ggml_context *const context = calloc(1, sizeof(*context) + params.mem_size);
    demand(params.no_alloc && !params.mem_buffer, "data is the caller's");
    demand(context && contexts++ == 0, "one context at a time");
    context->size = params.mem_size;
    return context;
}

void ggml_free(struct ggml_context *context)
{
    contexts -= context != NULL;
    free(context);
}

static void *take(struct ggml_context *context, size_t bytes)
{
    void *const at = context->memory + context->used;
    context->used += bytes;
    demand(context->used <= context->size, "a context is too small");
    return at;
}

struct ggml_tensor *ggml_new_tensor_4d(struct ggml_context *context, enum ggml_type type,
                                       int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3)
{
    static const struct {
        size_t block, bytes;
    } sizes[] = {
        [GGML_TYPE_F32] = {1, 4},    [GGML_TYPE_F16] = {1, 2},    [GGML_TYPE_BF16] = {1, 2},
        [GGML_TYPE_Q8_0] = {32, 34}, [GGML_TYPE_Q4_0] = {32, 18},
    };
    struct ggml_tensor *const t = take(context, ggml_tensor_overhead());
    *t = (struct ggml_tensor){.type = type, .ne = {ne0, ne1, ne2, ne3}};
    demand((size_t)ne0 % sizes[type].block == 0, "rows are whole blocks");
    t->nb[0] = sizes[type].bytes;
    t->nb[1] = (size_t)ne0 / sizes[type].block * t->nb[0];
    t->nb[2] = (size_t)ne1 * t->nb[1];
    t->nb[3] = (size_t)ne2 * t->nb[2];
    return t;
}

struct ggml_tensor *ggml_new_tensor_2d(struct ggml_context *context, enum ggml_type type,
                                       int64_t ne0, int64_t ne1)
{
    return ggml_new_tensor_4d(context, type, ne0, ne1, 1, 1);
}

/* Axis i of `of` becomes the axis that is named for it. */
struct ggml_tensor *ggml_permute(struct ggml_context *context, struct ggml_tensor *of, int axis0,
                                 int axis1, int axis2, int axis3)
{
    const int axes[4] = {axis0, axis1, axis2, axis3};
    struct ggml_tensor *const t = take(context, ggml_tensor_overhead());
    *t = *of;
    for (int i = 0; i < 4; i++) {
        t->ne[axes[i]] = of->ne[i];
        t->nb[axes[i]] = of->nb[i];
    }
    return t;
}

/* q [dim, queries, heads, batch], k and v [dim, tokens, KV heads, batch], the mask [tokens, rows];
 * the output is [dim of v, heads, queries, batch]. */
struct ggml_tensor *ggml_flash_attn_ext(struct ggml_context *context, struct ggml_tensor *q,
                                        struct ggml_tensor *k, struct ggml_tensor *v,
                                        struct ggml_tensor *mask, float scale, float max_bias,
                                        float logit_softcap)
{
    demand(q->type == GGML_TYPE_F32 && q->ne[0] == k->ne[0], "q and k have rows of one length");
    demand(k->ne[1] == v->ne[1] && k->ne[2] == v->ne[2], "as many rows of k as of v");
    demand(q->ne[2] % k->ne[2] == 0, "KV heads divide heads");
    demand(q->ne[3] == k->ne[3] && q->ne[3] == v->ne[3], "one batch");
    demand(max_bias <= 0, "no slopes");
    struct ggml_tensor *const out =
        ggml_new_tensor_4d(context, GGML_TYPE_F32, v->ne[0], q->ne[2], q->ne[1], q->ne[3]);
    struct ggml_tensor *const src[4] = {q, k, v, mask};
    memcpy(out->src, src, sizeof(src));
    out->scale = scale;
    out->softcap = logit_softcap;
    return out;
}

struct ggml_cgraph *ggml_new_graph(struct ggml_context *context)
{
    return take(context, ggml_graph_overhead());
}

void ggml_build_forward_expand(struct ggml_cgraph *graph, struct ggml_tensor *tensor)
{
    graph->last = tensor;
}
