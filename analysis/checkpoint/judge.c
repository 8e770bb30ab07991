/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activations and everything made of them are [feature][token], so that the inner loops run over
 * tokens and each weight is read once.
 */
#include "analysis/checkpoint/judge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/checkpoint/activation.h"
#include "analysis/checkpoint/draw.h"
#include "kernels/problem.h"

enum { ROWS = 64 };

/* A layer at work: query activations x, key and value activations y (the same but for cross). */
struct run {
    const struct ana_judgement *judgement;
    const struct ana_attention *layer;
    struct ana_activations x, y;
    float *q;       /* [heads][dim][x tokens] */
    float *k, *v;   /* of one group: [dim][y tokens] */
    float *heads;   /* [heads][dim_v][x tokens] */
    float *weights; /* of one group: [dim or dim_v][in] */
    float *bias, *logits, *norms[2], *position;
    struct ana_fault *fault;
};

/* out[r][t] = sum over i of w[r][i] x[i][t], plus bias[r]. */
static void multiply(const float *w, const float *bias, uint64_t rows,
                     const struct ana_activations *x, float *out)
{
    const uint32_t tokens = x->tokens;
    for (uint64_t r = 0; r < rows; r++, out += tokens) {
        for (uint32_t t = 0; t < tokens; t++)
            out[t] = bias[r];
        for (uint64_t i = 0; i < x->width; i++) {
            const float weight = w[r * x->width + i];
            const float *const row = x->values + i * tokens;
            for (uint32_t t = 0; t < tokens; t++)
                out[t] += weight * row[t];
        }
    }
}

static void normalise(const struct run *run, const float *scale, float *head, uint32_t tokens)
{
    const struct ana_card *const card = run->judgement->card;
    const uint32_t dim = run->layer->dim;
    for (uint32_t t = 0; scale && t < tokens; t++) {
        double sum = 0;
        for (uint32_t d = 0; d < dim; d++)
            sum += (double)head[d * tokens + t] * head[d * tokens + t];
        const double factor = 1 / sqrt(sum / dim + card->norm_eps);
        for (uint32_t d = 0; d < dim; d++)
            head[d * tokens + t] *= (float)(factor * (scale[d] + (card->unit_norm ? 1 : 0)));
    }
}

/* Pairs are dim/2 apart, as checkpoints of this family have them. */
static void rotate(const struct run *run, float *head, uint32_t tokens)
{
    const struct ana_card *const card = run->judgement->card;
    const uint32_t half = (uint32_t)(run->layer->dim * fmin(card->rotary_part, 1)) / 2;
    for (uint32_t d = 0; run->layer->family->rotary && d < half; d++)
        for (uint32_t t = 0; t < tokens; t++) {
            const double angle = t * pow(card->theta, -(double)d / half);
            float *const a = &head[d * tokens + t], *const b = a + (size_t)half * tokens;
            const double x = *a, y = *b;
            *a = (float)(x * cos(angle) - y * sin(angle));
            *b = (float)(y * cos(angle) + x * sin(angle));
        }
}

static double logit(const struct run *run, double product, uint32_t head, uint32_t distance)
{
    const struct ana_card *const card = run->judgement->card;
    const double scale_dim = card->scale_dim > 0 ? card->scale_dim : run->layer->dim;
    double x = run->layer->family->unscaled ? product : product / sqrt(scale_dim);
    if (card->softcap > 0)
        x = card->softcap * tanh(x / card->softcap);
    return run->position
               ? x + run->position[attn_relative_bucket(distance) * run->layer->heads + head]
               : x;
}

/* One query head over the K and V of its group. */
static void attend(const struct run *run, uint32_t head)
{
    const struct ana_attention *const layer = run->layer;
    const uint32_t tokens = run->x.tokens, keys = run->y.tokens;
    const float *const q = run->q + (size_t)head * layer->dim * tokens;
    float *const out = run->heads + (size_t)head * layer->dim_v * tokens;
    for (uint32_t t = 0; t < tokens; t++) {
        const uint32_t seen = layer->cross || t + 1 > keys ? keys : t + 1;
        float *const p = run->logits;
        double sum = 0, most = -HUGE_VAL;
        memset(p, 0, seen * sizeof(*p));
        for (uint32_t d = 0; d < layer->dim; d++)
            for (uint32_t j = 0; j < seen; j++)
                p[j] += q[d * tokens + t] * run->k[d * keys + j];
        for (uint32_t j = 0; j < seen; j++) {
            p[j] = (float)logit(run, p[j], head, layer->cross ? 0 : t - j);
            most = fmax(most, p[j]);
        }
        for (uint32_t j = 0; j < seen; j++)
            sum += p[j] = (float)exp(p[j] - most);
        for (uint32_t d = 0; d < layer->dim_v; d++) {
            double o = 0;
            for (uint32_t j = 0; j < seen; j++)
                o += (double)p[j] * run->v[d * keys + j];
            out[d * tokens + t] = (float)(o / sum);
        }
    }
}

static int make_queries(struct run *run)
{
    const struct ana_attention *const layer = run->layer;
    const size_t head = (size_t)layer->dim * run->x.tokens;
    for (uint32_t h = 0; h < layer->heads; h++) {
        const uint64_t first = (uint64_t)h * layer->dim;
        int status = ana_projection_read(&layer->q, first, layer->dim, run->weights, run->fault);
        if (!status)
            status = ana_projection_bias(&layer->q, first, layer->dim, run->bias, run->fault);
        if (status)
            return status;
        multiply(run->weights, run->bias, layer->dim, &run->x, run->q + h * head);
        normalise(run, run->norms[0], run->q + h * head, run->x.tokens);
        rotate(run, run->q + h * head, run->x.tokens);
    }
    return 0;
}

static int make_group(struct run *run, const struct ana_pool *pool, uint32_t group, float *out)
{
    int status = ana_pool_weights(pool, group, run->weights, run->fault);
    if (!status)
        status = ana_pool_biases(pool, group, run->bias, run->fault);
    if (!status)
        multiply(run->weights, run->bias, pool->width, &run->y, out);
    return status;
}

static int attend_all(struct run *run, uint32_t groups, enum ana_method method)
{
    const struct ana_attention *const layer = run->layer;
    const uint32_t queries = layer->heads / groups;
    const uint64_t seed = run->judgement->seed;
    struct ana_pool k, v;
    int status = ana_pool_open(&layer->k, layer->kv_heads, groups, method, seed, &k, run->fault);
    if (status)
        return status;
    status = ana_pool_open(&layer->v, layer->kv_heads, groups, method, seed, &v, run->fault);
    for (uint32_t g = 0; !status && g < groups; g++) {
        status = make_group(run, &k, g, run->k);
        if (!status)
            status = make_group(run, &v, g, run->v);
        if (status)
            break;
        normalise(run, run->norms[1], run->k, run->y.tokens);
        rotate(run, run->k, run->y.tokens);
        for (uint32_t h = g * queries; h < (g + 1) * queries; h++)
            attend(run, h);
    }
    ana_pool_close(&k);
    ana_pool_close(&v);
    return status;
}

/* The heads of all variants through the output projection, a few rows at a time. */
static int compare(struct run *run, float *const variants[ANA_METHODS + 1],
                   double errors[ANA_METHODS])
{
    const struct ana_projection *const o = &run->layer->o;
    const bool projected = o->weight.tensor;
    const uint64_t width = (uint64_t)run->layer->heads * run->layer->dim_v;
    const uint64_t rows = projected ? o->out : width, tokens = run->x.tokens;
    double square[ANA_METHODS] = {0}, all = 0;
    float *const out = malloc((ANA_METHODS + 1) * ROWS * tokens * sizeof(*out));
    float *const weights = malloc(ROWS * width * sizeof(*weights));
    float bias[ROWS];
    int status =
        out && weights ? 0 : ana_fault(run->fault, -ENOMEM, "not enough memory to judge a layer");
    for (uint64_t first = 0; !status && first < rows; first += ROWS) {
        const uint64_t n = rows - first < ROWS ? rows - first : ROWS, size = n * tokens;
        if (projected)
            status = ana_projection_read(o, first, n, weights, run->fault);
        if (projected && !status)
            status = ana_projection_bias(o, first, n, bias, run->fault);
        for (int m = 0; !status && m <= ANA_METHODS; m++) {
            const struct ana_activations x = {variants[m], width, run->x.tokens};
            if (projected)
                multiply(weights, bias, n, &x, out + (size_t)m * size);
            else
                memcpy(out + (size_t)m * size, variants[m] + first * tokens, size * sizeof(*out));
        }
        for (uint64_t i = 0; !status && i < size; i++) {
            const double original = out[ANA_METHODS * size + i];
            all += original * original;
            for (int m = 0; m < ANA_METHODS; m++) {
                const double d = out[(size_t)m * size + i] - original;
                square[m] += d * d;
            }
        }
    }
    for (int m = 0; m < ANA_METHODS; m++)
        errors[m] = all > 0 ? sqrt(square[m] / all) : NAN;
    free(out);
    free(weights);
    return status;
}

static int read_whole(const struct ana_place *place, uint64_t elements, float **values,
                      struct ana_fault *fault)
{
    if (!place->tensor)
        return 0;
    if (place->tensor->elements < elements)
        return ana_fault(fault, -EINVAL, "%.80s has %llu values and %llu are needed",
                         place->tensor->name, (unsigned long long)place->tensor->elements,
                         (unsigned long long)elements);
    *values = malloc(elements * sizeof(**values));
    return *values ? ana_place_read(place, 0, elements, *values, fault)
                   : ana_fault(fault, -ENOMEM, "not enough memory");
}

static int prepare(struct run *run)
{
    const struct ana_judgement *const judgement = run->judgement;
    const struct ana_attention *const layer = run->layer;
    const size_t widest = layer->dim > layer->dim_v ? layer->dim : layer->dim_v;
    const uint64_t in = layer->q.in > layer->k.in ? layer->q.in : layer->k.in;
    int status = ana_activations_make(judgement->activations, layer, false, judgement->tokens,
                                      judgement->seed, &run->x, run->fault);
    if (!status)
        status = ana_activations_make(judgement->activations, layer, layer->cross,
                                      judgement->tokens, judgement->seed, &run->y, run->fault);
    if (!status)
        status = read_whole(&layer->q_norm, layer->dim, &run->norms[0], run->fault);
    if (!status)
        status = read_whole(&layer->k_norm, layer->dim, &run->norms[1], run->fault);
    if (!status && !layer->cross)
        status = read_whole(&judgement->position, (uint64_t)ATTN_BIAS_BUCKETS * layer->heads,
                            &run->position, run->fault);
    if (status)
        return status;
    run->q = malloc((size_t)layer->heads * layer->dim * run->x.tokens * sizeof(float));
    run->k = malloc(widest * run->y.tokens * sizeof(float));
    run->v = malloc(widest * run->y.tokens * sizeof(float));
    run->weights = malloc(widest * in * sizeof(float));
    run->bias = malloc(widest * sizeof(float));
    run->logits = malloc(run->y.tokens * sizeof(float));
    return run->q && run->k && run->v && run->weights && run->bias && run->logits
               ? make_queries(run)
               : ana_fault(run->fault, -ENOMEM, "not enough memory to judge a layer");
}

int ana_judge(const struct ana_judgement *judgement, const struct ana_attention *layer,
              double errors[ANA_METHODS], struct ana_fault *fault)
{
    struct run run = {.judgement = judgement, .layer = layer, .fault = fault};
    float *variants[ANA_METHODS + 1] = {0};
    int status = prepare(&run);
    for (int m = 0; !status && m <= ANA_METHODS; m++) {
        variants[m] =
            malloc((size_t)layer->heads * layer->dim_v * run.x.tokens * sizeof(*variants[m]));
        if (!variants[m])
            status = ana_fault(fault, -ENOMEM, "not enough memory to judge a layer");
        run.heads = variants[m];
        /* The mean of one head is that head: the last variant is the original. */
        if (!status)
            status = m < ANA_METHODS ? attend_all(&run, judgement->kv_heads, (enum ana_method)m)
                                     : attend_all(&run, layer->kv_heads, ANA_MEAN);
    }
    if (!status)
        status = compare(&run, variants, errors);
    float *const made[] = {run.x.values, run.y.values, run.q,       run.k,
                           run.v,        run.weights,  run.bias,    run.logits,
                           run.norms[0], run.norms[1], run.position};
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        free(made[i]);
    for (int m = 0; m <= ANA_METHODS; m++)
        free(variants[m]);
    return status;
}
