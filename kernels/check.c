/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle and the comparison. The oracle is slow, obvious and double throughout: two passes
 * over the visible positions of one row, nothing shared with any kernel but the element reader.
 */
#include "kernels/check.h"

#include "kernels/quant.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#define F32_ROUNDOFF 0x1p-24

enum { DIM_MAX = 1024 };

/* A row as stored, or as the source knows it, in double. */
static void read_row(const struct attn_source *source, enum attn_type type, const void *row,
                     const void *scales, uint32_t dim, double *values)
{
    float stored[DIM_MAX];
    assert(dim <= DIM_MAX);
    if (source) {
        source->read(source->context, type, row, scales, dim, values);
        return;
    }
    attn_widen_row(type, row, scales, dim, stored);
    for (uint32_t d = 0; d < dim; d++)
        values[d] = (double)stored[d];
}

/* A row of K; where it lies across, its elements are picked up first, or asked for one by one. */
static void read_k(const struct attn_args *args, const struct attn_source *source, const void *k,
                   const void *scales, double *values)
{
    const struct attn_problem *const p = args->problem;
    const size_t step = attn_k_step(p, &args->kv);
    float picked[DIM_MAX];
    if (step && !source) {
        for (uint32_t d = 0; d < p->dim; d++)
            if (p->k_type == ATTN_F32)
                memcpy((char *)picked + d * 4, (const char *)k + d * step, 4);
            else
                memcpy((char *)picked + d * 2, (const char *)k + d * step, 2);
        k = picked;
    }
    if (!step || !source)
        read_row(source, p->k_type, k, scales, p->dim, values);
    for (uint32_t d = 0; step && source && d < p->dim; d++)
        read_row(source, p->k_type, (const char *)k + d * step, NULL, 1, &values[d]);
}

struct logit {
    double value;     /* after softcap and bias */
    double magnitude; /* scale * sum |q_d k_d| + |bias|: what f32 rounding is relative to */
    bool visible;
};

/* What all logits of one output row share. */
struct query {
    const struct attn_args *args;
    const struct attn_source *source;
    const float *q;
    uint32_t batch, i, head, at; /* at: its position */
};

/* Leaves the row of K it is about in values[]. */
static struct logit logit_at(const struct query *query, const void *k, const void *scales,
                             uint32_t pos, double *values)
{
    const struct attn_args *const args = query->args;
    const struct attn_problem *const p = args->problem;
    const uint32_t newest = args->lengths[query->batch] - p->q_len;
    struct logit l = {.visible = true};
    if (p->mask == ATTN_TREE && pos >= newest)
        l.visible = args->tree[(size_t)query->batch * p->q_len + query->i] >> (pos - newest) & 1;
    read_k(args, query->source, k, scales, values);
    for (uint32_t d = 0; d < p->dim; d++) {
        const double product = (double)query->q[d] * values[d];
        l.value += product;
        l.magnitude += fabs(product);
    }
    l.value *= (double)attn_scale(p);
    l.magnitude *= (double)attn_scale(p);
    if (p->softcap > 0)
        l.value = (double)p->softcap * tanh(l.value / (double)p->softcap);
    if (args->alibi) {
        const double bias = (double)args->alibi[query->head] * ((double)query->at - (double)pos);
        l.value -= bias;
        l.magnitude += fabs(bias);
    }
    if (args->bias) {
        const size_t distance = query->at - pos, last = ATTN_BIAS_SPAN - 1;
        const size_t entry = query->head * (last + 1) + (distance < last ? distance : last);
        l.value += (double)args->bias[entry];
        l.magnitude += fabs((double)args->bias[entry]);
    }
    return l;
}

/* Largest of what bounds are made of, over the positions a row sees. */
struct extent {
    double magnitude, value; /* sum |q k| of a logit, |v| */
    double k_logit, v_step;  /* what narrowing did to a logit, to a value */
    double q_logit, v_code;  /* one level of q in a logit; the largest code times its scale */
    double q_variance;       /* one level of q in a logit, as squares add */
    double max, sum;         /* of all weights, the sink's too */
    double heaviest, tokens; /* largest logit of a token; how many there are */
    double p_squares;        /* sum of the squares of weights */
    double spread;           /* of the squares of weighted values */
};

/* The row of K whose values are given, block by block, as q is rounded; a channel is its own. */
static void extend_k(const struct query *query, const void *scales, const double *values,
                     struct extent *e)
{
    const struct attn_problem *const p = query->args->problem;
    const struct attn_type_info *const info = &attn_types[p->k_type];
    double step = 0, levels = 0, variance = 0;
    for (uint32_t first = 0; first < p->dim; first += ATTN_QUANT_BLOCK) {
        const uint32_t end = p->dim - first < ATTN_QUANT_BLOCK ? p->dim : first + ATTN_QUANT_BLOCK;
        double scale = (double)attn_element_scale(info, scales, first);
        double largest = 0, sum = 0, squares = 0;
        for (uint32_t d = first; d < end; d++) {
            const double q = fabs((double)query->q[d]), value = fabs(values[d]);
            if (info->channel)
                scale = (double)attn_element_scale(info, scales, d);
            step += q * attn_quant_step(info, value, scale);
            /* A channel's scale goes with q, a block's with k. */
            largest = fmax(largest, info->channel ? q * scale : q);
            const double k = !info->channel ? value : scale > 0 ? value / scale : 0;
            sum += k;
            squares += k * k;
        }
        levels += largest / 2 * sum;
        variance += largest * largest / 12 * squares;
    }
    e->q_variance = fmax(e->q_variance, variance * (double)attn_scale(p) * (double)attn_scale(p));
    e->k_logit = fmax(e->k_logit, step * (double)attn_scale(p));
    e->q_logit = fmax(e->q_logit, levels * (double)attn_scale(p));
}

static void extend_v(const struct query *query, const void *scales, const double *values,
                     struct extent *e)
{
    const struct attn_problem *const p = query->args->problem;
    const struct attn_type_info *const info = &attn_types[p->v_type];
    double value = 0;
    for (uint32_t d = 0; d < p->dim_v; d++)
        value = fmax(value, fabs(values[d]));
    e->value = fmax(e->value, value);
    for (uint32_t d = 0; d < p->dim_v; d += ATTN_QUANT_BLOCK) {
        const double scale = (double)attn_element_scale(info, scales, d);
        e->v_step = fmax(e->v_step, attn_quant_step(info, value, scale));
        /* One more than the quantiser's own codes: -128 and -8 exist. */
        e->v_code = fmax(e->v_code, scale * (info->top + 1));
    }
}

static double squares_of(const double *values, uint32_t n)
{
    double sum = 0;
    for (uint32_t d = 0; d < n; d++)
        sum += values[d] * values[d];
    return sum;
}

/* Two passes over what a row sees: the maximum, then weights and the values they weigh. */
static struct extent attend(const struct query *query, double *out)
{
    const struct attn_args *const args = query->args;
    const struct attn_problem *const p = args->problem;
    const struct attn_span span = attn_visible(p, args->lengths[query->batch], query->i);
    const uint32_t kv_head = attn_kv_head_of(p, query->head);
    struct extent e = {.max = args->sinks ? (double)args->sinks[query->head] : -INFINITY,
                       .heaviest = -INFINITY};
    double values[DIM_MAX];
    struct attn_rows rows;

    for (uint32_t pos = span.first; pos < span.end; pos += rows.n) {
        const uint32_t left = span.end - pos;
        attn_kv_rows(&args->kv, query->batch, kv_head, pos, left < 64 ? left : 64, &rows);
        for (uint32_t j = 0; j < rows.n; j++) {
            const struct logit l = logit_at(query, rows.k[j], rows.k_scale[j], rows.pos[j], values);
            if (!l.visible)
                continue;
            extend_k(query, rows.k_scale[j], values, &e);
            e.heaviest = fmax(e.heaviest, l.value);
            e.magnitude = fmax(e.magnitude, l.magnitude);
            if (isnan(l.value))
                e.sum = NAN;
        }
    }
    e.max = fmax(e.max, e.heaviest);
    memset(out, 0, p->dim_v * sizeof(*out));
    if (args->sinks)
        e.sum += exp((double)args->sinks[query->head] - e.max);
    for (uint32_t pos = span.first; pos < span.end; pos += rows.n) {
        const uint32_t left = span.end - pos;
        attn_kv_rows(&args->kv, query->batch, kv_head, pos, left < 64 ? left : 64, &rows);
        for (uint32_t j = 0; j < rows.n; j++) {
            const struct logit l = logit_at(query, rows.k[j], rows.k_scale[j], rows.pos[j], values);
            if (!l.visible)
                continue;
            const double weight = exp(l.value - e.max);
            e.sum += weight;
            e.p_squares += weight * weight;
            e.tokens++;
            read_row(query->source, p->v_type, rows.v[j], rows.v_scale[j], p->dim_v, values);
            for (uint32_t d = 0; d < p->dim_v; d++)
                out[d] += weight * values[d];
            e.spread += weight * weight * squares_of(values, p->dim_v);
            extend_v(query, rows.v_scale[j], values, &e);
        }
    }
    for (uint32_t d = 0; d < p->dim_v; d++)
        out[d] /= e.sum;
    e.p_squares /= e.sum * e.sum;
    e.spread /= e.sum * e.sum;
    return e;
}

static struct query query_of(const struct attn_args *args, const struct attn_source *source,
                             const struct attn_expected *row)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t length = args->lengths[row->batch];
    return (struct query){
        .args = args,
        .source = source,
        .q = args->q + attn_row_index(p, row->batch, row->i, row->head) * p->dim,
        .batch = row->batch,
        .i = row->i,
        .head = row->head,
        .at = p->mask == ATTN_FULL ? length - 1 : length - p->q_len + row->i,
    };
}

void attn_check_expect(const struct attn_args *args, struct attn_expected *row)
{
    const struct query query = query_of(args, NULL, row);
    const struct extent e = attend(&query, row->out);
    const double heaviest = exp(e.heaviest - e.max) / e.sum;
    row->lse = e.max + log(e.sum);
    row->bound = ATTN_CHECK_C * F32_ROUNDOFF * (1 + e.magnitude) * e.value;
    row->lse_bound = ATTN_CHECK_C * F32_ROUNDOFF * (1 + e.magnitude + fabs(row->lse));
    row->q_logit = e.q_logit;
    row->largest = e.value;
    row->p_term = e.v_code / 2;
    row->p_spread = e.tokens * heaviest;
    row->norm = sqrt(squares_of(row->out, args->problem->dim_v));
    row->spread = sqrt(e.spread + row->norm * row->norm);
    row->arithmetic = F32_ROUNDOFF * (1 + e.magnitude) * sqrt(e.tokens);
    row->q_spread = sqrt(e.q_variance);
    row->p_norm = e.v_code * sqrt(args->problem->dim_v / 12.0);
    row->p_squares = e.p_squares;
    row->p_even = e.tokens * heaviest * heaviest;
    row->quant_bound = e.k_logit * e.value + e.v_step;
}

void attn_check_original(const struct attn_args *args, const struct attn_source *source,
                         struct attn_expected *row)
{
    const struct query query = query_of(args, source, row);
    attend(&query, row->original);
}

/* What a kernel's own rounding of q and of the weights may add to a row, and to its lse. */
struct rounding {
    double out, lse;
};

static struct rounding rounding_of(const struct attn_kernel *kernel,
                                   const struct attn_expected *row)
{
    struct rounding r = {0};
    if (kernel->q_levels) {
        r.lse = row->q_logit / kernel->q_levels;
        r.out = r.lse * row->largest;
    }
    if (kernel->p_levels)
        r.out += row->p_term * fmin(kernel->p_tokens, row->p_spread) / kernel->p_levels;
    return r;
}

/* Levels of a byte, from which data and no kernel may raise the most a row may be off by. */
enum { BYTE_LEVELS = 127 };

/* Of |difference| of a row; see the header. */
static double norm_limit(const struct attn_kernel *kernel, const struct attn_expected *row,
                         double factor, uint32_t dim_v)
{
    const double arithmetic = factor * row->arithmetic * row->spread;
    const double q = kernel->q_levels ? (1 + row->q_spread) / kernel->q_levels * row->spread : 0;
    const double tiles = fmin(kernel->p_tokens * row->p_squares, row->p_even);
    const double w = kernel->p_levels ? row->p_norm * sqrt(tiles) / kernel->p_levels : 0;
    const double independent = ATTN_CHECK_NORM_C * sqrt(arithmetic * arithmetic + q * q + w * w);
    const double derived = fmax(independent, factor > 1 ? factor * row->bound : 0);
    const double most = fmax(ATTN_CHECK_NORM_MOST, ATTN_CHECK_NORM_C * row->q_spread / BYTE_LEVELS);
    return fmax(fmin(derived, most * row->norm), row->bound * sqrt(dim_v));
}

static void check_whole(const float *found, const struct attn_expected *row, double limit,
                        uint32_t dim_v, struct attn_check *c)
{
    double squares = 0;
    for (uint32_t d = 0; d < dim_v; d++) {
        const double difference = (double)found[d] - row->out[d];
        squares += difference * difference;
    }
    const double distance = sqrt(squares);
    const double ratio = distance == 0 ? 0 : isfinite(distance) ? distance / limit : INFINITY;
    if (ratio < c->norm_worst)
        return;
    c->norm_worst = ratio;
    c->norm_error = row->norm > 0 ? distance / row->norm : 0;
    c->norm_limit = row->norm > 0 ? limit / row->norm : 0;
}

int attn_check_rows(const struct attn_args *args, const struct attn_kernel *kernel,
                    const struct attn_expected *rows, size_t n, struct attn_check *result)
{
    const struct attn_problem *const p = args->problem;
    const double factor = kernel->error_factor > 0 ? kernel->error_factor : 1;
    struct attn_check c = {0};

    for (size_t r = 0; r < n; r++) {
        const size_t index = attn_row_index(p, rows[r].batch, rows[r].i, rows[r].head);
        const struct rounding rounding = rounding_of(kernel, &rows[r]);
        check_whole(args->out + index * p->dim_v, &rows[r],
                    norm_limit(kernel, &rows[r], factor, p->dim_v), p->dim_v, &c);
        for (uint32_t d = 0; d <= p->dim_v; d++) {
            const bool is_lse = d == p->dim_v;
            if (is_lse && !args->lse)
                break;
            const double expected = is_lse ? rows[r].lse : rows[r].out[d];
            const double found =
                (double)(is_lse ? args->lse[index] : args->out[index * p->dim_v + d]);
            const double allowed = is_lse ? rows[r].lse_bound * factor + rounding.lse
                                          : rows[r].bound * factor + rounding.out;
            const bool finite = isfinite(found) && isfinite(expected) && isfinite(allowed);
            const double error = finite ? fabs(found - expected) : INFINITY;
            const double ratio = error == 0 ? 0 : error / allowed;
            if (!is_lse && error > c.max_abs_error)
                c.max_abs_error = error;
            if (!is_lse && rows[r].original) {
                const double distance = fabs(found - rows[r].original[d]);
                const double bound = allowed + rows[r].quant_bound;
                c.quant_error = fmax(c.quant_error, distance);
                if (distance >= c.quant_worst * bound) {
                    c.quant_worst = distance / bound;
                    c.quant_bound = bound;
                }
            }
            if (!finite || ratio > c.worst || (c.error_bound == 0 && ratio >= c.worst)) {
                c.worst = finite ? ratio : INFINITY;
                c.error_bound = allowed;
                c.batch = rows[r].batch;
                c.i = rows[r].i;
                c.head = rows[r].head;
                c.column = d;
                c.expected = expected;
                c.found = found;
            }
        }
    }
    *result = c;
    return c.worst <= 1 && c.norm_worst <= 1 ? 0 : -EDOM;
}

/* splitmix64 of a counter: the k-th draw needs no state. */
static uint64_t draw(uint64_t seed, uint64_t k)
{
    uint64_t z = seed + (k + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

enum { SAMPLE_ROWS = 24, SAMPLE_WORK = 1 << 22 };

size_t attn_check_sample_size(const struct attn_problem *p)
{
    const uint64_t rows = (uint64_t)p->batch * p->q_len * p->heads;
    const uint64_t row_work = (uint64_t)p->context * (p->dim + p->dim_v);
    const uint64_t affordable = SAMPLE_WORK * 8ull / (row_work ? row_work : 1);
    uint64_t n = affordable < 4 ? 4 : affordable < SAMPLE_ROWS ? affordable : SAMPLE_ROWS;
    return (size_t)(rows < n ? rows : n);
}

void attn_check_sample(const struct attn_problem *p, uint64_t seed, size_t k,
                       struct attn_expected *row)
{
    const uint64_t rows = (uint64_t)p->batch * p->q_len * p->heads;
    const size_t n = attn_check_sample_size(p);
    /* One row from each n-th part of the outputs, so that no region goes unlooked at. */
    const uint64_t low = rows * k / n, high = rows * (k + 1) / n;
    const uint64_t index = low + draw(seed, k) % (high - low);
    row->head = (uint32_t)(index % p->heads);
    row->i = (uint32_t)(index / p->heads % p->q_len);
    row->batch = (uint32_t)(index / p->heads / p->q_len);
}

void attn_poison(const struct attn_args *args)
{
    const struct attn_problem *const p = args->problem;
    const size_t rows = (size_t)p->batch * p->q_len * p->heads;
    memset(args->out, 0xff, rows * p->dim_v * sizeof(float));
    if (args->lse)
        memset(args->lse, 0xff, rows * sizeof(float));
}
