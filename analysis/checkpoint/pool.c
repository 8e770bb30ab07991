/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mean is taken in double and rounded once. What starts from scratch is drawn as wide as the
 * heads it replaces, so that only direction is lost, and its biases are zero.
 */
#include "analysis/checkpoint/pool.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/checkpoint/draw.h"

const char *const ana_method_names[ANA_METHODS] = {"mean", "first", "random"};

typedef int reader(const struct ana_projection *, uint64_t first, uint64_t rows, float *values,
                   struct ana_fault *);

static int measure(struct ana_pool *pool, uint32_t heads, struct ana_fault *fault)
{
    const uint64_t count = pool->width * pool->from->in;
    double sum = 0;
    for (uint32_t h = 0; h < heads; h++) {
        const int status = ana_projection_read(pool->from, (uint64_t)h * pool->width, pool->width,
                                               pool->head, fault);
        if (status)
            return status;
        for (uint64_t i = 0; i < count; i++)
            sum += (double)pool->head[i] * pool->head[i];
    }
    pool->deviation = sqrt(sum / ((double)count * heads));
    return 0;
}

int ana_pool_open(const struct ana_projection *from, uint32_t heads, uint32_t groups,
                  enum ana_method method, uint64_t seed, struct ana_pool *pool,
                  struct ana_fault *fault)
{
    *pool = (struct ana_pool){
        .from = from,
        .method = method,
        .share = heads / groups,
        .width = (uint32_t)(from->out / heads),
        .seed = ana_draw_seed(seed, from->weight.tensor->name) + from->first,
    };
    const uint64_t count = pool->width * from->in;
    pool->head = malloc(count * sizeof(*pool->head));
    pool->sum = method == ANA_MEAN ? malloc(count * sizeof(*pool->sum)) : NULL;
    int status = 0;
    if (!pool->head || (method == ANA_MEAN && !pool->sum))
        status = ana_fault(fault, -ENOMEM, "not enough memory for a head of %.80s",
                           from->weight.tensor->name);
    else if (method == ANA_RANDOM)
        status = measure(pool, heads, fault);
    if (status)
        ana_pool_close(pool);
    return status;
}

void ana_pool_close(struct ana_pool *pool)
{
    free(pool->head);
    free(pool->sum);
    *pool = (struct ana_pool){0};
}

/* To the type of the tensor and back: what a reader of the converted file will see. */
static void settle(const struct ana_pool *pool, const struct ana_tensor *tensor, float *values,
                   uint64_t count)
{
    if (tensor->bits == 32)
        return;
    ana_tensor_narrow(tensor, values, count, pool->head);
    ana_tensor_widen(tensor, pool->head, count, values);
}

static int mean(const struct ana_pool *pool, uint64_t first, uint64_t in, reader *read,
                float *values, struct ana_fault *fault)
{
    const uint64_t count = pool->width * in;
    memset(pool->sum, 0, count * sizeof(*pool->sum));
    for (uint32_t j = 0; j < pool->share; j++) {
        const int status =
            read(pool->from, first + (uint64_t)j * pool->width, pool->width, pool->head, fault);
        if (status)
            return status;
        for (uint64_t i = 0; i < count; i++)
            pool->sum[i] += pool->head[i];
    }
    for (uint64_t i = 0; i < count; i++)
        values[i] = (float)(pool->sum[i] / pool->share);
    return 0;
}

int ana_pool_weights(const struct ana_pool *pool, uint32_t group, float *values,
                     struct ana_fault *fault)
{
    const uint64_t in = pool->from->in, count = pool->width * in;
    const uint64_t first = (uint64_t)group * pool->share * pool->width;
    int status = 0;
    if (pool->method == ANA_MEAN)
        status = mean(pool, first, in, ana_projection_read, values, fault);
    else if (pool->method == ANA_FIRST)
        status = ana_projection_read(pool->from, first, pool->width, values, fault);
    else
        for (uint64_t i = 0; i < count; i++)
            values[i] = (float)(pool->deviation * ana_draw_normal(pool->seed, group * count + i));
    if (!status)
        settle(pool, pool->from->weight.tensor, values, count);
    return status;
}

int ana_pool_biases(const struct ana_pool *pool, uint32_t group, float *values,
                    struct ana_fault *fault)
{
    const uint64_t first = (uint64_t)group * pool->share * pool->width;
    int status = 0;
    if (pool->method == ANA_MEAN)
        status = mean(pool, first, 1, ana_projection_bias, values, fault);
    else if (pool->method == ANA_FIRST)
        status = ana_projection_bias(pool->from, first, pool->width, values, fault);
    else
        memset(values, 0, pool->width * sizeof(*values));
    if (!status && pool->from->bias.tensor)
        settle(pool, pool->from->bias.tensor, values, pool->width);
    return status;
}
