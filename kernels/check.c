/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle and the comparison. The oracle is slow, obvious and double throughout: two passes
 * over the visible positions of one row, nothing shared with any kernel but the element reader.
 */
#include "kernels/check.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#define F32_ROUNDOFF 0x1p-24

enum { DIM_MAX = 1024 };

/* A row exactly as stored, in double. */
static void read_row(enum attn_type type, const void *row, uint32_t dim, double *values)
{
    assert(dim <= DIM_MAX);
    switch (type) {
    case ATTN_F32:
        for (uint32_t d = 0; d < dim; d++)
            values[d] = (double)((const float *)row)[d];
        return;
    case ATTN_F16:
        for (uint32_t d = 0; d < dim; d++)
            values[d] = (double)attn_f16_to_f32(((const uint16_t *)row)[d]);
        return;
    case ATTN_BF16:
        for (uint32_t d = 0; d < dim; d++)
            values[d] = (double)attn_bf16_to_f32(((const uint16_t *)row)[d]);
        return;
    default:
        assert(!"a type without a reader");
    }
}

struct logit {
    double value;     /* after softcap and bias */
    double magnitude; /* scale * sum |q_d k_d| + |bias|: what f32 rounding is relative to */
    bool visible;
};

static struct logit logit_at(const struct attn_args *args, const struct attn_expected *row,
                             const float *q, const void *k, uint32_t pos, uint32_t at)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t newest = args->lengths[row->batch] - p->q_len;
    struct logit l = {.visible = true};
    double values[DIM_MAX];
    if (p->mask == ATTN_TREE && pos >= newest)
        l.visible = args->tree[(size_t)row->batch * p->q_len + row->i] >> (pos - newest) & 1;
    read_row(p->k_type, k, p->dim, values);
    for (uint32_t d = 0; d < p->dim; d++) {
        const double product = (double)q[d] * values[d];
        l.value += product;
        l.magnitude += fabs(product);
    }
    l.value *= (double)attn_scale(p);
    l.magnitude *= (double)attn_scale(p);
    if (p->softcap > 0)
        l.value = (double)p->softcap * tanh(l.value / (double)p->softcap);
    if (args->alibi) {
        const double bias = (double)args->alibi[row->head] * ((double)at - (double)pos);
        l.value -= bias;
        l.magnitude += fabs(bias);
    }
    return l;
}

void attn_check_expect(const struct attn_args *args, struct attn_expected *row)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t kv_head = attn_kv_head_of(p, row->head), length = args->lengths[row->batch];
    const struct attn_span span = attn_visible(p, length, row->i);
    const uint32_t at = p->mask == ATTN_FULL ? length - 1 : length - p->q_len + row->i;
    const float *const q = args->q + attn_row_index(p, row->batch, row->i, row->head) * p->dim;
    double max = args->sinks ? (double)args->sinks[row->head] : -INFINITY;
    double sum = 0, magnitude = 0, largest = 0, values[DIM_MAX];
    struct attn_rows rows;

    /* First pass: the maximum. */
    for (uint32_t pos = span.first; pos < span.end; pos += rows.n) {
        const uint32_t left = span.end - pos;
        attn_kv_rows(&args->kv, row->batch, kv_head, pos, left < 64 ? left : 64, &rows);
        for (uint32_t j = 0; j < rows.n; j++) {
            const struct logit l = logit_at(args, row, q, rows.k[j], rows.pos[j], at);
            if (!l.visible)
                continue;
            max = fmax(max, l.value);
            magnitude = fmax(magnitude, l.magnitude);
        }
    }
    /* Second pass: weights, and the values they weigh. */
    memset(row->out, 0, p->dim_v * sizeof(*row->out));
    if (args->sinks)
        sum = exp((double)args->sinks[row->head] - max);
    for (uint32_t pos = span.first; pos < span.end; pos += rows.n) {
        const uint32_t left = span.end - pos;
        attn_kv_rows(&args->kv, row->batch, kv_head, pos, left < 64 ? left : 64, &rows);
        for (uint32_t j = 0; j < rows.n; j++) {
            const struct logit l = logit_at(args, row, q, rows.k[j], rows.pos[j], at);
            if (!l.visible)
                continue;
            const double weight = exp(l.value - max);
            sum += weight;
            read_row(p->v_type, rows.v[j], p->dim_v, values);
            for (uint32_t d = 0; d < p->dim_v; d++) {
                row->out[d] += weight * values[d];
                largest = fmax(largest, fabs(values[d]));
            }
        }
    }
    for (uint32_t d = 0; d < p->dim_v; d++)
        row->out[d] /= sum;
    row->lse = max + log(sum);
    row->bound = ATTN_CHECK_C * F32_ROUNDOFF * (1 + magnitude) * largest;
    row->lse_bound = ATTN_CHECK_C * F32_ROUNDOFF * (1 + magnitude + fabs(row->lse));
}

int attn_check_rows(const struct attn_args *args, const struct attn_kernel *kernel,
                    const struct attn_expected *rows, size_t n, struct attn_check *result)
{
    const struct attn_problem *const p = args->problem;
    const double factor = kernel->error_factor > 0 ? kernel->error_factor : 1;
    struct attn_check c = {0};

    for (size_t r = 0; r < n; r++) {
        const size_t index = attn_row_index(p, rows[r].batch, rows[r].i, rows[r].head);
        for (uint32_t d = 0; d <= p->dim_v; d++) {
            const bool is_lse = d == p->dim_v;
            if (is_lse && !args->lse)
                break;
            const double expected = is_lse ? rows[r].lse : rows[r].out[d];
            const double found =
                (double)(is_lse ? args->lse[index] : args->out[index * p->dim_v + d]);
            const double allowed = (is_lse ? rows[r].lse_bound : rows[r].bound) * factor;
            const double error = isfinite(found) ? fabs(found - expected) : INFINITY;
            const double ratio = error == 0 ? 0 : error / allowed;
            if (!is_lse && error > c.max_abs_error)
                c.max_abs_error = error;
            if (ratio < c.worst || (ratio == 0 && c.error_bound > 0))
                continue;
            c.worst = ratio;
            c.error_bound = allowed;
            c.batch = rows[r].batch;
            c.i = rows[r].i;
            c.head = rows[r].head;
            c.column = d;
            c.expected = expected;
            c.found = found;
        }
    }
    *result = c;
    return c.worst <= 1 ? 0 : -EDOM;
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
