/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What our stand-in for ggml computes: attention by its definition, row by row and in double. It
 * walks tensors by their strides and reads blocks as ggml stores them, so that a wrong stride,
 * place of a code, scale or cap is a wrong result, which the project's oracle has to find.
 * STANDIN_THREADS is a file that it writes to how many threads each call was given; STANDIN_LIES
 * lets it read another KV head than it should or, if that is "ends", end the process.
 */
#include <ggml.h>
#if __has_include(<ggml-cpu.h>)
#include <ggml-cpu.h>
#define OLD 0
#else
#define OLD 1
#endif
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/dtype.h"

enum { WORK = 4096, DIM_MAX = 1024 };

static void demand(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "stand-in for ggml: %s\n", what);
    abort();
}

#if OLD
struct ggml_cplan ggml_graph_plan(const struct ggml_cgraph *graph, int threads)
{
    demand(graph->last, "a graph has an end");
    return (struct ggml_cplan){.work_size = WORK, .n_threads = threads};
}
#else
struct ggml_threadpool {
    int threads;
};

static bool ready;

void ggml_cpu_init(void)
{
    ready = true;
}

struct ggml_threadpool_params ggml_threadpool_params_default(int threads)
{
    return (struct ggml_threadpool_params){.n_threads = threads};
}

struct ggml_threadpool *ggml_threadpool_new(struct ggml_threadpool_params *params)
{
    struct ggml_threadpool *const pool = malloc(sizeof(*pool));
    demand(pool, "memory for a pool");
    pool->threads = params->n_threads;
    return pool;
}

void ggml_threadpool_free(struct ggml_threadpool *pool)
{
    free(pool);
}

struct ggml_cplan ggml_graph_plan(const struct ggml_cgraph *graph, int threads,
                                  struct ggml_threadpool *pool)
{
    demand(graph->last, "a graph has an end");
    demand(ready && pool && pool->threads == threads, "a pool of as many threads as are planned");
    return (struct ggml_cplan){.work_size = WORK, .n_threads = threads, .threadpool = pool};
}
#endif

static const char *row_of(const struct ggml_tensor *t, int64_t i1, int64_t i2, int64_t i3)
{
    return (const char *)t->data + (size_t)i1 * t->nb[1] + (size_t)i2 * t->nb[2] +
           (size_t)i3 * t->nb[3];
}

static uint16_t half_at(const char *at)
{
    uint16_t half;
    memcpy(&half, at, sizeof(half));
    return half;
}

/* A block of 32 codes follows its scale; q4_0 keeps the second half of them in the upper bits. */
static float element(const struct ggml_tensor *t, const char *row, int64_t i)
{
    const char *const block = row + (size_t)(i / 32) * t->nb[0], *const codes = block + 2;
    float value;
    switch (t->type) {
    case GGML_TYPE_F16:
        return attn_f16_to_f32(half_at(row + 2 * i));
    case GGML_TYPE_BF16:
        return attn_bf16_to_f32(half_at(row + 2 * i));
    case GGML_TYPE_Q8_0:
        return attn_f16_to_f32(half_at(block)) * (float)(signed char)codes[i % 32];
    case GGML_TYPE_Q4_0:
        return attn_f16_to_f32(half_at(block)) *
               (float)(((unsigned char)codes[i % 16] >> (i % 32 < 16 ? 0 : 4) & 15) - 8);
    default:
        memcpy(&value, row + 4 * i, sizeof(value));
        return value;
    }
}

static double weight(const struct ggml_tensor *out, const char *query, const char *key, int64_t t)
{
    const struct ggml_tensor *const q = out->src[0], *const k = out->src[1], *const m = out->src[3];
    double logit = 0;
    for (int64_t d = 0; d < k->ne[0]; d++)
        logit += (double)element(q, query, d) * (double)element(k, key, d);
    logit *= (double)out->scale;
    if (out->softcap > 0)
        logit = (double)out->softcap * tanh(logit / (double)out->softcap);
    return exp(logit + (m ? (double)element(m, m->data, t) : 0));
}

static void attend(const struct ggml_tensor *out, int64_t h, int64_t b)
{
    const struct ggml_tensor *const q = out->src[0], *const k = out->src[1], *const v = out->src[2];
    const int64_t g = getenv("STANDIN_LIES") ? h % k->ne[2] : h / (q->ne[2] / k->ne[2]);
    float *const to = (float *)(uintptr_t)row_of(out, h, 0, b);
    double sum = 0, acc[DIM_MAX] = {0};
    for (int64_t t = 0; t < k->ne[1]; t++) {
        const double w = weight(out, row_of(q, 0, h, b), row_of(k, t, g, b), t);
        sum += w;
        for (int64_t d = 0; d < v->ne[0]; d++)
            acc[d] += w * (double)element(v, row_of(v, t, g, b), d);
    }
    for (int64_t d = 0; d < v->ne[0]; d++)
        to[d] = (float)(acc[d] / sum);
}

static void tell_threads(const struct ggml_cplan *plan)
{
    const char *const path = getenv("STANDIN_THREADS");
    FILE *const to = path ? fopen(path, "a") : NULL;
    if (!to)
        return;
    fprintf(to, "%d\n", plan->n_threads);
    fclose(to);
}

int ggml_graph_compute(struct ggml_cgraph *graph, struct ggml_cplan *plan)
{
    const struct ggml_tensor *const out = graph->last, *const q = out->src[0];
    const char *const lie = getenv("STANDIN_LIES");
    demand(q->ne[1] == 1 && out->ne[0] <= DIM_MAX, "one query");
    demand(!lie || strcmp(lie, "ends") != 0, "ends, as it was told to");
    tell_threads(plan);
#if OLD
    const struct ggml_tensor *const mask = out->src[3];
    demand(mask && mask->type == GGML_TYPE_F16 && mask->ne[0] == out->src[1]->ne[1] &&
               mask->ne[1] >= GGML_KQ_MASK_PAD && mask->ne[0] % 32 == 0,
           "a mask of whole blocks");
#endif
    memset(plan->work_data, 0x5a, plan->work_size);
    for (int64_t b = 0; b < out->ne[3]; b++)
        for (int64_t h = 0; h < out->ne[1]; h++)
            attend(out, h, b);
    return 0;
}
