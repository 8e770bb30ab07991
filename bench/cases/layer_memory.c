/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of an engine: sizes first, then everything at once. Slots are as large as the largest
 * layer of the mix and take an odd number of pages, for the reasons pool.h gives.
 */
#include "bench/cases/layer_memory.h"

#include "bench/cases/data.h"
#include "bench/cases/layer_vectors.h"
#include "bench/machine/memory.h"
#include "bench/machine/rotation.h"
#include "kernels/registry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, LINE = 64 };

static uint64_t odd_pages(uint64_t bytes)
{
    return bytes ? ((bytes + PAGE - 1) / PAGE | 1) * PAGE : 0;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static bool is_model(const struct attn_name *name)
{
    return name->problem.phase != ATTN_LAYER;
}

static bool generates(const struct attn_name *name)
{
    return name->problem.phase == ATTN_GENERATE;
}

uint32_t engine_page(const struct attn_problem *p, bool *whole)
{
    /* What a chunk of a prompt still sees. */
    const uint32_t ring = p->window + ENGINE_CHUNK - 1;
    *whole = p->layout != ATTN_PAGED;
    if (!*whole)
        return p->page;
    return p->layout == ATTN_RING && ring < p->context ? ring : p->context;
}

/* The cache of a layer as it lies in memory. */
static struct attn_kv_shape cache_shape(const struct attn_name *name, const struct attn_problem *p)
{
    struct attn_problem paged = *p;
    bool whole;
    if (!generates(name))
        return attn_kv_shape(p);
    paged.batch = name->problem.batch;
    paged.layout = ATTN_PAGED;
    paged.page = engine_page(p, &whole);
    paged.ragged = 0;
    if (whole)
        paged.context = paged.page;
    return attn_kv_shape(&paged);
}

/* The largest step there is, as one sequence. */
static struct layer_shape largest_step(const struct engine_size *s, const struct layer_shape *shape)
{
    struct layer_shape most = *shape;
    if (s->tokens != layer_tokens(shape)) {
        most.kind.problem.batch = 1;
        most.kind.problem.q_len = s->tokens;
    }
    return most;
}

static int shape_of(const struct attn_name *name, uint32_t layer, struct layer_shape *shape)
{
    *shape = (struct layer_shape){.config = name->layer};
    return layer_config_kind(&name->layer, &name->problem, layer, &shape->kind);
}

static uint32_t layers_of(const struct attn_name *name)
{
    return is_model(name) ? name->layer.layers : 1;
}

/* Bytes of one step of the engine that have to be out of the caches before the next. */
struct engine_cost engine_cost(const struct attn_name *name)
{
    struct engine_cost cost = {0};
    struct layer_shape shape;
    for (uint32_t l = 0; l < layers_of(name); l++) {
        if (shape_of(name, l, &shape))
            break;
        cost.bytes += layer_bytes(&shape);
        cost.projection_bytes += layer_projection_bytes(&shape);
        cost.flops += layer_flops(&shape);
        cost.kv_bytes += layer_kv_bytes(&shape);
        cost.attention_bytes += layer_bytes(&shape) - layer_projection_bytes(&shape);
        cost.attentions += name->layer.cross ? 2 : 1;
    }
    if (is_model(name)) {
        const uint64_t head =
            attn_row_bytes(&attn_types[name->layer.weights], name->layer.width) * name->layer.vocab;
        cost.bytes += head;
        cost.projection_bytes += head;
        cost.flops += 2ull * name->layer.width * name->layer.vocab * name->problem.batch;
    }
    return cost;
}

static uint64_t kernel_scratch(const struct attn_kernel *kernel, const struct attn_problem *p,
                               const struct attn_name *name)
{
    return kernel && kernel->scratch_bytes
               ? odd_pages(kernel->scratch_bytes(p, name->splits, (int)name->threads))
               : 0;
}

static uint64_t step_scratch(const struct attn_kernel *kernel, const struct layer_shape *shape,
                             const struct attn_name *name)
{
    const struct attn_problem cross = layer_cross_problem(shape);
    const uint64_t self = kernel_scratch(kernel, &shape->kind.problem, name);
    return name->layer.cross ? larger(self, kernel_scratch(kernel, &cross, name)) : self;
}

/* For every step there may be: less work need not want less memory. */
static uint64_t most_scratch(const struct engine_size *s, const struct attn_kernel *kernel,
                             struct layer_shape shape, const struct attn_name *name)
{
    struct attn_problem *const p = &shape.kind.problem;
    const uint32_t batch = p->batch;
    uint64_t most = step_scratch(kernel, &shape, name);
    if (!generates(name))
        return most;
    for (p->batch = p->q_len = 1; p->batch < batch; p->batch++)
        most = larger(most, step_scratch(kernel, &shape, name));
    for (p->batch = p->q_len = 1; p->q_len <= s->tokens; p->q_len++)
        most = larger(most, step_scratch(kernel, &shape, name));
    return most;
}

static void size_planes(uint64_t *plane, const struct attn_kv_shape *kv)
{
    const size_t bytes[] = {
        [ENGINE_K] = kv->k_bytes,
        [ENGINE_V] = kv->v_bytes,
        [ENGINE_K_SCALE] = kv->k_scale_bytes,
        [ENGINE_V_SCALE] = kv->v_scale_bytes,
    };
    for (int i = 0; i < ENGINE_CROSS; i++)
        plane[i] = larger(plane[i], odd_pages(bytes[i]));
}

/* Where a plane lies within a slot; the bytes of a slot for the one past the last. */
static uint64_t plane_at(const struct engine_size *s, int plane)
{
    uint64_t at = 0;
    for (int i = 0; i < plane; i++)
        at += s->plane[i];
    return at;
}

/* What the layers need at most, one by one. */
static int largest_layer(struct engine_size *s, const struct attn_name *name,
                         const struct attn_kernel *kernel, uint64_t *buffers, uint64_t *scratch)
{
    struct layer_shape shape;
    for (uint32_t l = 0; l < s->layers; l++) {
        if (shape_of(name, l, &shape))
            return -EINVAL;
        const struct attn_problem cross = layer_cross_problem(&shape);
        const struct attn_kv_shape kv = cache_shape(name, &shape.kind.problem);
        const struct layer_shape most = largest_step(s, &shape);
        s->slot_weights = larger(s->slot_weights, odd_pages(layer_weight_bytes(&shape)));
        s->slot_vectors =
            larger(s->slot_vectors, odd_pages(layer_vector_floats(&shape) * sizeof(float)));
        size_planes(s->plane, &kv);
        *buffers = larger(*buffers, odd_pages(layer_step_floats(&most) * sizeof(float)));
        *scratch = larger(*scratch, most_scratch(s, kernel, shape, name));
        if (!name->layer.cross)
            continue;
        const struct attn_kv_shape far = attn_kv_shape(&cross);
        size_planes(s->plane + ENGINE_CROSS, &far);
    }
    return 0;
}

static uint64_t bias_bytes(const struct attn_problem *p)
{
    return p->rel_bias ? (uint64_t)p->heads * ATTN_BIAS_SPAN * sizeof(float) : 0;
}

int engine_size(struct engine_size *s, const struct attn_name *name,
                const struct attn_kernel *kernel, uint64_t llc_bytes)
{
    const struct attn_problem *const p = &name->problem;
    const struct engine_cost cost = engine_cost(name);
    uint64_t buffers = 0, scratch = 0;
    *s = (struct engine_size){.layers = layers_of(name), .tokens = p->batch * p->q_len};
    if (generates(name) && s->tokens < ENGINE_CHUNK)
        s->tokens = ENGINE_CHUNK;
    const uint64_t tokens = s->tokens;
    s->slots = is_model(name) ? name->layer.layers_run : 1;
    /* Of a part of the layers a step comes by every slot more than once. */
    const uint64_t distinct = cost.bytes / s->layers * s->slots;
    const uint64_t copies = rotation_plan(distinct, llc_bytes, name->hot || generates(name)).copies;
    if (largest_layer(s, name, kernel, &buffers, &scratch) || copies > UINT32_MAX)
        return -EOVERFLOW;
    s->copies = (uint32_t)copies;
    const uint64_t slots = copies * s->slots;
    s->vectors = slots * s->slot_vectors;
    if (is_model(name)) {
        s->head = odd_pages(attn_row_bytes(&attn_types[name->layer.weights], name->layer.width) *
                            name->layer.vocab);
        s->vectors += odd_pages(layer_vectors_of_head(&name->layer, p->context) * sizeof(float));
    }
    const uint64_t slot_cache = plane_at(s, ENGINE_PLANES);
    s->work = buffers + scratch;
    s->work += 2 * odd_pages(tokens * name->layer.width * sizeof(float)); /* x */
    s->work += 2 * odd_pages(tokens * p->dim * sizeof(float));            /* turns */
    if (generates(name))
        s->work += 2 * odd_pages((uint64_t)p->context * p->dim * sizeof(float));
    s->work += 2 * odd_pages(p->heads * sizeof(float)); /* sinks, alibi */
    s->work += odd_pages(bias_bytes(p));
    s->work += 4 * odd_pages(tokens * sizeof(uint32_t)); /* lengths, tokens */
    s->work += odd_pages(tokens * sizeof(uint64_t));     /* tree */
    s->work += odd_pages(attn_kv_shape(p).table_entries * sizeof(uint32_t));
    s->work += odd_pages((uint64_t)name->threads * LAYER_BLAS_FLOATS * sizeof(float));
    s->work += 2 * odd_pages((uint64_t)name->threads * p->batch * sizeof(float));
    if (is_model(name))
        s->work += odd_pages((uint64_t)p->batch * name->layer.vocab * sizeof(float));
    if (__builtin_mul_overflow(slots, s->slot_weights, &s->pool) ||
        __builtin_mul_overflow(slots, slot_cache, &s->cache) ||
        __builtin_add_overflow(s->pool, s->cache + s->head, &s->total) ||
        __builtin_add_overflow(s->total, s->work + s->vectors, &s->total))
        return -EOVERFLOW;
    return 0;
}

/* ---- finding it */

void engine_pool_need(const struct engine_size *s, const struct attn_name *name,
                      size_t need[FILL_CONTENTS])
{
    memset(need, 0, FILL_CONTENTS * sizeof(*need));
    need[fill_content_of(name->layer.weights)] = s->pool + s->head;
}

/* Grows the pool by what matrices need; nobody writes there, so all cases share it. */
static int open_pool(struct engine *e, struct pool *pool, struct attn_message *why)
{
    const struct engine_size *const s = &e->size;
    char needed[32], free_text[32];
    struct pool_layout layout = {.copies = 1};
    engine_pool_need(s, &e->name, layout.need);
    const uint64_t need = pool_missing(pool, &layout) + s->cache + s->work + s->vectors;
    const uint64_t available = machine_memory_available("");
    if (available != UINT64_MAX && need > available / 10 * 9)
        return attn_refuse(why, -ENOMEM, "needs %s of memory for %" PRIu64 " layers, %s is free",
                           attn_bytes_text(need, needed, sizeof(needed)),
                           (uint64_t)s->copies * s->slots,
                           attn_bytes_text(available, free_text, sizeof(free_text)));
    const int error = pool_prepare(pool, &layout);
    return error ? attn_refuse(why, error, "cannot set up the weights on %s pages: %s",
                               arena_pages_name[pool->pages], strerror(-error))
                 : 0;
}

static int open_arena(struct arena *a, uint64_t bytes, enum arena_pages pages, const char *what,
                      struct attn_message *why)
{
    const int error = arena_reserve(a, bytes, pages);
    return error ? attn_refuse(why, error, "cannot set up the %s: %s", what, strerror(-error)) : 0;
}

static float *vectors_of(const struct engine *e, uint64_t slot)
{
    return (float *)(void *)(e->vectors.base + slot * e->size.slot_vectors);
}

/* Those of the head lie behind all slots. */
static float *head_vectors(const struct engine *e)
{
    return vectors_of(e, (uint64_t)e->size.copies * e->size.slots);
}

static int open_vectors(struct engine *e, enum arena_pages pages, uint64_t seed,
                        struct attn_message *why)
{
    const struct engine_size *const s = &e->size;
    const uint64_t slots = (uint64_t)s->copies * s->slots;
    const int error = open_arena(&e->vectors, s->vectors, pages, "norms and biases", why);
    /* The last layer first: of those that share a slot one may have more than the first has. */
    for (uint64_t slot = 0; !error && slot < slots; slot += s->slots)
        for (uint32_t l = s->layers; l-- > 0;)
            layer_vectors_fill(&e->shape[l], vectors_of(e, slot + l % s->slots),
                               seed + slot + l % s->slots);
    if (!error && is_model(&e->name))
        layer_vectors_fill_head(&e->name.layer, e->name.problem.context, head_vectors(e),
                                seed + slots);
    return error;
}

/* All caches lie in one arena: the same run of planes, slot after slot. */
static int open_cache(struct engine *e, enum arena_pages pages, uint64_t seed,
                      struct attn_message *why)
{
    const struct attn_problem *const p = &e->name.problem;
    const struct engine_size *const s = &e->size;
    const uint64_t slots = (uint64_t)s->copies * s->slots;
    const int content[] = {
        [ENGINE_K] = fill_content_of(p->k_type),
        [ENGINE_V] = fill_content_of(p->v_type),
        [ENGINE_K_SCALE] = fill_scales_of(p->k_type),
        [ENGINE_V_SCALE] = fill_scales_of(p->v_type),
    };
    const int error = open_arena(&e->cache, s->cache, pages, "cache", why);
    char *at = e->cache.base;
    for (uint64_t slot = 0; !error && slot < slots; slot++)
        for (int i = 0; i < ENGINE_PLANES; at += s->plane[i++]) {
            const struct fill fill = {.kind = FILL_UNIFORM,
                                      .seed = seed + ENGINE_PLANES * slot + (uint64_t)i};
            if (s->plane[i])
                fill_run(&fill, e->team, content[i % ENGINE_CROSS], at, 0,
                         fill_values(content[i % ENGINE_CROSS], s->plane[i]));
        }
    return error;
}

struct carver {
    char *next;
};

static void *carve(struct carver *c, uint64_t bytes)
{
    void *const at = c->next;
    c->next += odd_pages(bytes);
    return at;
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Pages in the order of an allocator that has been busy for a while; the same for every layer. */
static int fill_table(struct engine *e, uint64_t seed)
{
    const struct attn_kv_shape shape = attn_kv_shape(&e->name.problem);
    const uint32_t width = shape.view.pages_a_sequence, page = e->name.problem.page;
    uint32_t *const order = shape.pages ? malloc(shape.pages * sizeof(*order)) : NULL;
    size_t next = 0;
    if (!shape.pages || generates(&e->name)) {
        free(order);
        return 0;
    }
    if (!order)
        return -ENOMEM;
    for (size_t i = 0; i < shape.pages; i++) {
        const size_t j = next_random(&seed) % (i + 1);
        order[i] = order[j];
        order[j] = (uint32_t)i;
    }
    for (uint32_t b = 0; b < e->name.problem.batch; b++)
        for (uint32_t i = 0; i < (e->lengths[b] + page - 1) / page; i++)
            e->table[(size_t)b * width + i] = order[next++];
    free(order);
    return 0;
}

static void open_work(struct engine *e, uint64_t seed, struct carver *c)
{
    const struct attn_problem *const p = &e->name.problem;
    const struct fill x = {.kind = FILL_UNIFORM, .seed = seed ^ 0x78};
    const struct fill sinks = {.kind = FILL_UNIFORM, .seed = seed ^ 0x73696e6b};
    const uint64_t tokens = e->tokens, width = tokens * e->name.layer.width;
    e->x[0] = carve(c, width * sizeof(float));
    e->x[1] = carve(c, width * sizeof(float));
    fill_run(&x, NULL, ATTN_F32, e->x[0], 0, width);
    e->turns[0] = carve(c, tokens * p->dim * sizeof(float));
    e->turns[1] = carve(c, tokens * p->dim * sizeof(float));
    for (int i = 0; i < 2 && generates(&e->name); i++) {
        const struct layer_form *const form = layer_form_of(&e->shape[0]);
        e->all_turns[i] = carve(c, (uint64_t)p->context * p->dim * sizeof(float));
        for (uint32_t pos = 0; form->rope && pos < p->context; pos++)
            layer_turns(e->all_turns[i] + (size_t)pos * p->dim, pos, p->dim,
                        (double)(i ? form->local_theta : form->theta));
    }
    e->sinks = carve(c, p->heads * sizeof(float));
    e->alibi = carve(c, p->heads * sizeof(float));
    e->bias = carve(c, bias_bytes(p));
    e->lengths = carve(c, tokens * sizeof(uint32_t));
    e->cross_lengths = carve(c, tokens * sizeof(uint32_t));
    e->token = carve(c, tokens * sizeof(uint32_t));
    e->tree = carve(c, tokens * sizeof(uint64_t));
    e->best_token = carve(c, (uint64_t)e->name.threads * p->batch * sizeof(uint32_t));
    e->best = carve(c, (uint64_t)e->name.threads * p->batch * sizeof(float));
    e->table = carve(c, attn_kv_shape(p).table_entries * sizeof(uint32_t));
    e->tile = carve(c, (uint64_t)e->name.threads * LAYER_BLAS_FLOATS * sizeof(float));
    if (is_model(&e->name))
        e->logits = carve(c, (uint64_t)p->batch * e->name.layer.vocab * sizeof(float));
    for (uint32_t h = 0; h < p->heads; h++) {
        e->sinks[h] = fill_value(&sinks, h);
        e->alibi[h] = attn_alibi_slope(h, p->heads);
    }
    if (p->rel_bias) /* one for all layers: in T5 the first has it, the others take it from there */
        attn_fill_bias(p->heads, seed, e->bias);
    for (uint32_t b = 0; b < p->batch; b++) {
        e->lengths[b] = attn_problem_length(p, b);
        e->cross_lengths[b] = e->name.layer.cross;
    }
    /* A tree of drafts: every token sees itself, its parent and what that one sees. */
    for (uint32_t t = 0; t < tokens && p->mask == ATTN_TREE; t++) {
        const uint32_t i = t % p->q_len, parent = i ? (uint32_t)(next_random(&seed) % i) : 0;
        e->tree[t] = (i ? e->tree[t - i + parent] : 0) | UINT64_C(1) << i;
    }
    for (uint64_t t = 0; t < tokens; t++)
        e->token[t] =
            (uint32_t)(next_random(&seed) % (e->name.layer.vocab ? e->name.layer.vocab : 1));
}

/* ---- connecting it */

/* The layer whose cache layer l reads: itself, or the nearest before it that is of its kind. */
static uint32_t owner_of(const struct engine *e, uint32_t l)
{
    uint32_t any = l;
    if (!e->shape[l].kind.shares)
        return l;
    for (uint32_t i = l; i-- > 0;) {
        const struct layer_kind *const k = &e->shape[i].kind;
        if (k->shares)
            continue;
        if (attn_problem_equal(&k->problem, &e->shape[l].kind.problem))
            return i;
        any = any == l ? i : any;
    }
    return any;
}

static struct attn_args args_of(const struct engine *e, const struct attn_problem *p,
                                const uint32_t *lengths, const char *slot, int first)
{
    struct attn_args args = {
        .struct_size = sizeof(args),
        .problem = p,
        .kv = (first ? attn_kv_shape(p) : cache_shape(&e->name, p)).view,
        .lengths = lengths,
        .sinks = p->sinks ? e->sinks : NULL,
        .alibi = p->alibi ? e->alibi : NULL,
        .bias = p->rel_bias ? e->bias : NULL,
        .tree = p->mask == ATTN_TREE ? e->tree : NULL,
        .scratch = e->scratch,
        .splits = e->name.splits,
        .tile = e->name.tile,
        .prefetch = e->name.prefetch,
    };
    args.kv.k.base = slot + plane_at(&e->size, first + ENGINE_K);
    args.kv.v.base = slot + plane_at(&e->size, first + ENGINE_V);
    if (e->size.plane[first + ENGINE_K_SCALE])
        args.kv.k_scale.base = slot + plane_at(&e->size, first + ENGINE_K_SCALE);
    if (e->size.plane[first + ENGINE_V_SCALE])
        args.kv.v_scale.base = slot + plane_at(&e->size, first + ENGINE_V_SCALE);
    args.kv.table = p->layout == ATTN_PAGED && !generates(&e->name) ? e->table : NULL;
    return args;
}

static void connect(struct engine *e, uint32_t copy, uint32_t l)
{
    const struct pool *const pool = e->pool;
    const struct engine_size *const s = &e->size;
    const struct layer_shape *const shape = &e->shape[l];
    const uint64_t slot = (uint64_t)copy * s->slots + l % s->slots;
    const uint64_t owner = (uint64_t)copy * s->slots + owner_of(e, l) % s->slots;
    const uint64_t stride = plane_at(s, ENGINE_PLANES);
    const size_t index = (size_t)copy * s->layers + l;
    struct layer_step *const step = &e->step[index];
    const struct attn_kv looked_at = step->attention.kv; /* what generate.c has made of it */
    e->weights[index] = layer_weights_at(shape,
                                         pool->arena[fill_content_of(e->name.layer.weights)].base +
                                             s->head + slot * s->slot_weights,
                                         vectors_of(e, slot));
    *step = (struct layer_step){
        .shape = shape,
        .weights = &e->weights[index],
        .ops = e->ops,
        .kernel = e->kernel,
        .cross_kernel = e->kernel,
        .attention =
            args_of(e, &shape->kind.problem, e->lengths, e->cache.base + owner * stride, 0),
        .turns = e->turns[shape->kind.problem.window != 0],
        .in = e->x[l % 2],
        .out = e->x[1 - l % 2],
        .tile = e->tile,
        .blas = layer_uses_gemm(&e->name.layer, e->tokens) ? layer_blas() : NULL,
    };
    if (e->name.layer.cross)
        step->cross =
            args_of(e, &e->cross[l], e->cross_lengths, e->cache.base + slot * stride, ENGINE_CROSS);
    if (generates(&e->name) && looked_at.table)
        step->attention.kv = looked_at;
    const struct layer_shape most = largest_step(s, shape);
    step->shape = &most;
    layer_step_set(step, e->buffers);
    step->shape = shape;
}

/* The output matrix is the embedding too, as in models that tie them. */
static void connect_head(struct engine *e)
{
    const struct pool *const pool = e->pool;
    const enum attn_type weights = e->name.layer.weights;
    const float *const vectors = head_vectors(e);
    e->head = (struct layer_matrix){
        .type = weights,
        .rows = e->name.layer.vocab,
        .cols = e->name.layer.width,
        .data = pool->arena[fill_content_of(weights)].base,
        .scale = weights == ATTN_I8 ? 1 / 127.0f : 1,
    };
    e->head_norm = vectors;
    e->head_norm_bias =
        layer_form_of(&e->shape[0])->norm == LAYER_NORM_MEAN ? vectors + e->name.layer.width : NULL;
    e->positions =
        layer_form_of(&e->shape[0])->learned ? vectors + 2ull * e->name.layer.width : NULL;
}

void engine_memory_connect(struct engine *e)
{
    e->weights_base = e->pool->arena[fill_content_of(e->name.layer.weights)].base;
    for (uint32_t copy = 0; copy < e->size.copies; copy++)
        for (uint32_t l = 0; l < e->size.layers; l++)
            connect(e, copy, l);
    if (is_model(&e->name))
        connect_head(e);
}

bool engine_memory_moved(const struct engine *e)
{
    return e->weights_base != e->pool->arena[fill_content_of(e->name.layer.weights)].base;
}

/* Settings of a kernel; one that keeps the cache in a form of its own cannot follow what is
 * appended to it. */
static int prepare_kernel(struct engine *e, struct attn_message *why)
{
    const struct attn_kernel *const k = e->kernel;
    if (k->owns_threads)
        return attn_refuse(why, -ENOTSUP,
                           "%s brings threads of its own, which would fight those of the step",
                           k->rung);
    if (k->prepared_bytes && k->prepared_bytes(&e->shape[0].kind.problem))
        return attn_refuse(why, -ENOTSUP,
                           "%s repacks the cache before it is timed, and a step appends to it",
                           k->rung);
    const int error = k->prepare ? k->prepare(&e->step[0].attention, NULL) : 0;
    return error ? attn_refuse(why, error, "preparing the kernel failed: %s", strerror(-error)) : 0;
}

/* Every kind of layer must be one the kernel can do. */
static int open_shapes(struct engine *e, struct attn_message *why)
{
    char reason[256];
    for (uint32_t l = 0; l < e->size.layers; l++) {
        shape_of(&e->name, l, &e->shape[l]);
        e->cross[l] = layer_cross_problem(&e->shape[l]);
        const char *wrong =
            attn_kernel_unsupported(e->kernel, &e->shape[l].kind.problem, reason, sizeof(reason));
        if (!wrong && e->name.layer.cross)
            wrong = attn_kernel_unsupported(e->kernel, &e->cross[l], reason, sizeof(reason));
        if (wrong)
            return attn_refuse(why, -ENOTSUP, "layer %u: %s", l, wrong);
    }
    return 0;
}

int engine_memory_open(struct engine *e, struct attn_host *host, struct attn_message *why)
{
    const struct engine_size *const s = &e->size;
    const size_t steps = (size_t)s->copies * s->layers;
    struct pool *const pool = attn_host_pool(host, e->name.pages, e->team);
    if (!pool)
        return attn_refuse(why, -EINVAL, "no memory pages are called \"%s\"", e->name.pages);
    e->shape = calloc(s->layers, sizeof(*e->shape));
    e->cross = calloc(s->layers, sizeof(*e->cross));
    e->program = calloc(s->layers, sizeof(*e->program));
    e->weights = calloc(steps, sizeof(*e->weights));
    e->step = calloc(steps, sizeof(*e->step));
    if (!e->shape || !e->cross || !e->program || !e->weights || !e->step)
        return attn_refuse(why, -ENOMEM, "out of memory");
    int error = open_shapes(e, why);
    if (!error)
        error = open_pool(e, pool, why);
    if (!error)
        error = open_vectors(e, pool->pages, host->seed, why);
    if (!error)
        error = open_cache(e, pool->pages, host->seed, why);
    if (!error)
        error = open_arena(&e->work, s->work, ARENA_THP, "buffers", why);
    if (error)
        return error;
    memset(e->work.base, 0, s->work); /* touched now and not in the first call */
    struct carver carver = {.next = e->work.base};
    open_work(e, host->seed, &carver);
    if (fill_table(e, host->seed))
        return attn_refuse(why, -ENOMEM, "out of memory");
    e->buffers = (float *)(void *)carver.next;
    for (uint32_t l = 0; l < s->layers; l++) {
        const struct layer_shape most = largest_step(s, &e->shape[l]);
        const uint64_t bytes = odd_pages(layer_step_floats(&most) * sizeof(float));
        if (carver.next + bytes > (char *)e->scratch)
            e->scratch = carver.next + bytes;
    }
    e->pool = pool;
    engine_memory_connect(e);
    for (uint32_t l = 0; l < s->layers; l++)
        e->program[l] = layer_program(&e->step[l]);
    return prepare_kernel(e, why);
}
