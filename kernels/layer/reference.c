/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/layer/reference.h"

#include <math.h>

#include "kernels/check.h"

static double element(const struct layer_matrix *m, uint32_t row, uint32_t col)
{
    const void *const at = (const char *)m->data + row * layer_matrix_row_bytes(m);
    switch (m->type) {
    case ATTN_F32:
        return (double)((const float *)at)[col];
    case ATTN_F16:
        return (double)attn_f16_to_f32(((const uint16_t *)at)[col]);
    case ATTN_BF16:
        return (double)attn_bf16_to_f32(((const uint16_t *)at)[col]);
    default:
        return (double)((const int8_t *)at)[col];
    }
}

void layer_ref_norm(enum layer_norm kind, const double *x, const float *weight, const float *bias,
                    uint32_t n, double eps, double *out)
{
    double mean = 0, square = 0;
    for (uint32_t i = 0; i < n && kind == LAYER_NORM_MEAN; i++)
        mean += x[i] / n;
    for (uint32_t i = 0; i < n; i++)
        square += (x[i] - mean) * (x[i] - mean) / n;
    for (uint32_t i = 0; i < n; i++)
        out[i] = (x[i] - mean) / sqrt(square + eps) *
                     ((double)weight[i] + (kind == LAYER_NORM_RMS_PLUS ? 1 : 0)) +
                 (kind == LAYER_NORM_MEAN && bias ? (double)bias[i] : 0);
}

double layer_ref_product(const struct layer_matrix *m, const float *bias, uint32_t row,
                         const double *x, double *magnitude)
{
    const double scale = (double)m->scale * (m->row_scale ? (double)m->row_scale[row] : 1);
    double sum = 0, total = 0;
    for (uint32_t c = 0; c < m->cols; c++) {
        const double product = element(m, row, c) * x[c];
        sum += product;
        total += fabs(product);
    }
    *magnitude = total * fabs(scale) + (bias ? fabs((double)bias[row]) : 0);
    return sum * scale + (bias ? (double)bias[row] : 0);
}

void layer_ref_rope(const double *x, const float *turns, uint32_t dim, double *out)
{
    const uint32_t half = dim / 2;
    for (uint32_t i = 0; i < half; i++) {
        const double c = (double)turns[i], s = (double)turns[half + i];
        out[i] = x[i] * c - x[half + i] * s;
        out[half + i] = x[half + i] * c + x[i] * s;
    }
}

double layer_ref_act(enum layer_act act, double gate, double up)
{
    const double root = 0.7978845608028654; /* sqrt(2 / pi) */
    switch (act) {
    case LAYER_ACT_SWIGLU:
        return gate / (1 + exp(-gate)) * up;
    case LAYER_ACT_GEGLU:
        return 0.5 * gate * (1 + tanh(root * (gate + 0.044715 * gate * gate * gate))) * up;
    case LAYER_ACT_GELU_TANH:
        return 0.5 * gate * (1 + tanh(root * (gate + 0.044715 * gate * gate * gate)));
    default:
        return 0.5 * gate * (1 + erf(gate * 0.7071067811865476));
    }
}

static void multiply(const struct layer_step *step, enum layer_matrix_id id, const double *x,
                     double *out)
{
    double magnitude;
    for (uint32_t row = 0; row < step->weights->matrix[id].rows; row++)
        out[row] = layer_ref_product(&step->weights->matrix[id], step->weights->bias[id], row, x,
                                     &magnitude);
}

static void norm(const struct layer_step *step, enum layer_norm_id id, const double *x, uint32_t n,
                 double *out)
{
    const struct layer_form *const form = layer_form_of(step->shape);
    layer_ref_norm(form->norm, x, step->weights->norm[id],
                   n == step->shape->config.width ? step->weights->norm_bias[id] : NULL, n,
                   (double)form->eps, out);
}

/* out += x, or its norm where the form has one behind. */
static void add_back(const struct layer_step *step, enum layer_norm_id id, const double *x,
                     double *out, double *memory)
{
    const uint32_t width = step->shape->config.width;
    if (step->weights->norm[id]) {
        norm(step, id, x, width, memory);
        x = memory;
    }
    for (uint32_t i = 0; i < width; i++)
        out[i] += x[i];
}

/* The attention of one token: `q` and `attended` are its heads, `rounded` has room for a head. */
static void attend(const struct attn_args *given, uint32_t token, const double *q, float *rounded,
                   double *attended)
{
    const struct attn_problem *const p = given->problem;
    struct attn_args args = *given;
    for (uint32_t head = 0; head < p->heads; head++) {
        struct attn_expected row = {.batch = token / p->q_len,
                                    .i = token % p->q_len,
                                    .head = head,
                                    .out = attended + (size_t)head * p->dim_v};
        for (uint32_t d = 0; d < p->dim; d++)
            rounded[d] = (float)q[(size_t)head * p->dim + d];
        /* The oracle looks for the row where it stands among all queries. */
        args.q = (const float *)((uintptr_t)rounded - attn_row_index(p, row.batch, row.i, head) *
                                                          p->dim * sizeof(*rounded));
        attn_check_expect(&args, &row);
    }
}

static uint32_t largest(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* The widest vector of the layer. */
static uint32_t widest(const struct layer_shape *s)
{
    uint32_t most = s->config.width;
    for (int id = 0; id < LAYER_MATRICES; id++) {
        uint32_t rows, cols;
        layer_matrix_size(s, (enum layer_matrix_id)id, &rows, &cols);
        most = largest(most, largest(rows, cols));
    }
    return largest(most, s->kind.problem.heads * s->kind.problem.dim);
}

size_t layer_reference_doubles(const struct layer_shape *shape)
{
    return 5 * (size_t)widest(shape) + 1024;
}

void layer_reference(const struct layer_step *step, uint32_t token, double *memory, double *out)
{
    const struct layer_shape *const s = step->shape;
    const struct layer_form *const form = layer_form_of(s);
    const struct attn_problem *const p = &s->kind.problem;
    const uint32_t width = s->config.width, ffn = s->config.ffn;
    const size_t room = widest(s);
    double *const normed = memory, *const a = normed + room, *const b = a + room;
    double *const spare = b + room, *const projected = spare + room;
    float *const rounded = (float *)(projected + room);

    for (uint32_t i = 0; i < width; i++)
        out[i] = (double)step->in[(size_t)token * width + i];
    norm(step, LAYER_NORM_IN, out, width, normed);
    multiply(step, LAYER_QKV, normed, a);
    for (uint32_t head = 0; head < p->heads; head++) {
        const double *q = a + (size_t)head * p->dim;
        if (form->qk_norm) {
            norm(step, LAYER_NORM_Q, q, p->dim, spare);
            q = spare;
        }
        if (form->rope)
            layer_ref_rope(q, step->turns + (size_t)token * p->dim, p->dim,
                           b + (size_t)head * p->dim);
        else
            for (uint32_t d = 0; d < p->dim; d++)
                b[(size_t)head * p->dim + d] = q[d];
    }
    attend(&step->attention, token, b, rounded, a);
    multiply(step, LAYER_OUT, a, projected);
    add_back(step, LAYER_NORM_BEHIND_ATTENTION, projected, out, spare);
    if (form->cross) {
        norm(step, LAYER_NORM_CROSS, out, width, b);
        multiply(step, LAYER_CROSS_Q, b, a);
        attend(&step->cross, token, a, rounded, b);
        multiply(step, LAYER_CROSS_OUT, b, projected);
        add_back(step, LAYER_NORM_BEHIND_ATTENTION, projected, out, spare);
    }
    if (!form->parallel)
        norm(step, LAYER_NORM_FFN, out, width, normed);
    multiply(step, LAYER_UP, normed, a);
    for (uint32_t i = 0; i < ffn; i++)
        b[i] = layer_ref_act(form->act, a[i], layer_act_gated(form->act) ? a[ffn + i] : 0);
    multiply(step, LAYER_DOWN, b, projected);
    add_back(step, LAYER_NORM_BEHIND_FFN, projected, out, spare);
}
