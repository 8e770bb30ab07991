/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every stage against the reference. Which stages there are is read from the step's own program,
 * so a stage without a check is a program that cannot be checked, and says so.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "kernels/check.h"
#include "kernels/layer/reference.h"
#include "kernels/quant.h"

#define ROUNDOFF 0x1p-24

struct checker {
    const struct layer_step *step;
    const struct layer_shape *shape;
    uint64_t seed;
    uint32_t samples;
    double *x, *y; /* rows in double */
    struct layer_check *result;
};

static uint64_t draw(struct checker *c)
{
    uint64_t z = c->seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void note(struct checker *c, const char *stage, uint32_t token, uint32_t index,
                 double expected, double bound, double found)
{
    struct layer_check *const r = c->result;
    /* What follows from a NaN is expected to be one, which is no excuse. */
    const bool sane = isfinite(found) && isfinite(expected) && isfinite(bound);
    const double error = sane ? fabs(found - expected) : INFINITY;
    const double ratio = error == 0 ? 0 : sane ? error / bound : INFINITY;
    if (error > r->max_abs_error)
        r->max_abs_error = error;
    if (ratio < r->worst || (ratio == 0 && r->stage))
        return;
    r->worst = ratio;
    r->error_bound = bound;
    r->stage = stage;
    r->token = token;
    r->index = index;
    r->expected = expected;
    r->found = found;
}

static double rounding(double magnitude)
{
    return LAYER_CHECK_C * ROUNDOFF * magnitude + 1e-37;
}

/* The k-th of the sampled columns: one of each n-th part, the last column among them. */
static uint32_t column(struct checker *c, uint32_t k, uint32_t cols)
{
    const uint32_t n = c->samples < cols ? c->samples : cols;
    const uint32_t low = (uint32_t)((uint64_t)cols * k / n);
    const uint32_t high = (uint32_t)((uint64_t)cols * (k + 1) / n);
    return k + 1 == n ? cols - 1 : low + (uint32_t)(draw(c) % (high - low));
}

static uint32_t columns(const struct checker *c, uint32_t cols)
{
    return c->samples < cols ? c->samples : cols;
}

/* Tokens that are looked at: the first, the last, and up to six in between. */
static uint32_t tokens(const struct checker *c)
{
    const uint32_t n = layer_tokens(c->shape);
    return n < 8 ? n : 8;
}

static uint32_t token_at(const struct checker *c, uint32_t k)
{
    const uint32_t n = layer_tokens(c->shape), looked = tokens(c);
    return k + 1 == looked ? n - 1 : (uint32_t)((uint64_t)n * k / looked);
}

static double *read_row(double *to, const float *from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        to[i] = (double)from[i];
    return to;
}

/* out = norm(x), or add + norm(x). */
static void check_norm(struct checker *c, const char *stage, enum layer_norm_id id, const float *x,
                       const float *add, const float *out)
{
    const struct layer_form *const form = layer_form_of(c->shape);
    const uint32_t width = c->shape->config.width;
    for (uint32_t t = 0; t < tokens(c); t++) {
        const uint32_t token = token_at(c, t);
        const size_t row = (size_t)token * width;
        double largest = 0;
        layer_ref_norm(form->norm, read_row(c->x, x + row, width), c->step->weights->norm[id],
                       c->step->weights->norm_bias[id], width, (double)form->eps, c->y);
        for (uint32_t i = 0; i < width; i++)
            largest = fmax(largest, fabs(c->y[i]));
        for (uint32_t k = 0; k < columns(c, width); k++) {
            const uint32_t i = column(c, k, width);
            const double more = add ? (double)add[row + i] : 0;
            note(c, stage, token, i, more + c->y[i], rounding(largest + fabs(more)),
                 (double)out[row + i]);
        }
    }
}

static void check_product(struct checker *c, const char *stage, enum layer_matrix_id id,
                          const float *x, const float *add, const float *out)
{
    const struct layer_matrix *const m = &c->step->weights->matrix[id];
    for (uint32_t t = 0; t < tokens(c); t++) {
        const uint32_t token = token_at(c, t);
        read_row(c->x, x + (size_t)token * m->cols, m->cols);
        for (uint32_t k = 0; k < columns(c, m->rows); k++) {
            const uint32_t row = column(c, k, m->rows);
            const size_t at = (size_t)token * m->rows + row;
            const double more = add ? (double)add[at] : 0;
            double magnitude;
            const double sum =
                layer_ref_product(m, c->step->weights->bias[id], row, c->x, &magnitude);
            note(c, stage, token, row, sum + more, rounding(magnitude + fabs(more)),
                 (double)out[at]);
        }
    }
}

/* One head of the fused projection as q or k should be; *largest is its largest element. */
static const double *turned(struct checker *c, uint32_t token, uint32_t head, double *largest)
{
    const struct layer_form *const form = layer_form_of(c->shape);
    const struct attn_problem *const p = &c->shape->kind.problem;
    const enum layer_norm_id id = head < p->heads ? LAYER_NORM_Q : LAYER_NORM_K;
    const float *const from = c->step->buffer.fused +
                              (size_t)token * c->step->weights->matrix[LAYER_QKV].rows +
                              (size_t)head * p->dim;
    double *x = read_row(c->x, from, p->dim), *y = c->y;
    if (form->qk_norm) {
        layer_ref_norm(form->norm, x, c->step->weights->norm[id], NULL, p->dim, (double)form->eps,
                       y);
        double *const swap = x;
        x = y;
        y = swap;
    }
    if (form->rope) {
        layer_ref_rope(x, c->step->turns + (size_t)token * p->dim, p->dim, y);
        x = y;
    }
    *largest = 0;
    for (uint32_t d = 0; d < p->dim; d++)
        *largest = fmax(*largest, fabs(x[d]));
    return x;
}

static void check_rope(struct checker *c)
{
    const struct attn_problem *const p = &c->shape->kind.problem;
    const uint32_t heads = p->heads + (c->shape->kind.shares ? 0 : p->kv_heads);
    for (uint32_t t = 0; t < tokens(c); t++)
        for (uint32_t k = 0; k < columns(c, heads); k++) {
            const uint32_t token = token_at(c, t), head = column(c, k, heads);
            double largest;
            const double *const x = turned(c, token, head, &largest);
            const float *const found =
                head < p->heads
                    ? c->step->buffer.q + ((size_t)token * p->heads + head) * p->dim
                    : c->step->buffer.k + ((size_t)token * p->kv_heads + head - p->heads) * p->dim;
            for (uint32_t d = 0; d < p->dim; d++)
                note(c, "rope", token, head * p->dim + d, x[d], rounding(2 * largest),
                     (double)found[d]);
        }
}

/* What scale element d of a row was stored with, in double; 0 for types without. */
static double scale_of(enum attn_type type, const void *scales, uint32_t d)
{
    const struct attn_type_info *const info = &attn_types[type];
    if (!info->top)
        return 0;
    return (double)attn_f16_to_f32(((const uint16_t *)scales)[info->channel ? d : d / info->block]);
}

static void check_row(struct checker *c, enum attn_type type, const void *row, const void *scales,
                      const float *from, uint32_t n, uint32_t token, uint32_t first)
{
    const struct attn_type_info *const info = &attn_types[type];
    float *const stored = (float *)c->x;
    attn_widen_row(type, row, scales, n, stored);
    /* A row that is rounded right says nothing about the step: it is always near its bound. */
    for (uint32_t d = 0; d < n; d++) {
        const double exact = (double)from[d], found = (double)stored[d];
        const double scale = scale_of(type, scales, d);
        const double beyond = info->channel ? fmax(0, fabs(exact) - info->top * scale) : 0;
        const double bound = (attn_quant_step(info, exact, scale) + beyond) * (1 + 1e-6);
        if (!(fabs(found - exact) <= bound))
            note(c, "append", token, first + d, exact, bound, found);
    }
}

/* The newest rows, found the way a kernel finds them. */
static void check_append(struct checker *c)
{
    const struct attn_args *const args = &c->step->attention;
    const struct attn_problem *const p = &c->shape->kind.problem;
    const uint32_t fused = c->step->weights->matrix[LAYER_QKV].rows;
    struct attn_rows rows;
    for (uint32_t t = 0; t < tokens(c); t++)
        for (uint32_t head = 0; head < p->kv_heads; head++) {
            const uint32_t token = token_at(c, t), batch = token / p->q_len;
            const uint32_t pos = args->lengths[batch] - p->q_len + token % p->q_len;
            rows.k_scale[0] = rows.v_scale[0] = NULL;
            attn_kv_rows(&args->kv, batch, head, pos, 1, &rows);
            check_row(c, p->k_type, rows.k[0], rows.k_scale[0],
                      c->step->buffer.k + ((size_t)token * p->kv_heads + head) * p->dim, p->dim,
                      token, head * p->dim);
            check_row(c, p->v_type, rows.v[0], rows.v_scale[0],
                      c->step->buffer.fused + (size_t)token * fused +
                          (p->heads + p->kv_heads) * p->dim + head * p->dim_v,
                      p->dim_v, token, head * p->dim_v);
        }
}

static void check_attention(struct checker *c, const char *stage, const struct attn_args *args,
                            const struct attn_kernel *kernel)
{
    const size_t n = attn_check_sample_size(args->problem);
    for (size_t k = 0; k < n && k < c->samples; k++) {
        struct attn_expected row = {.out = c->x};
        struct attn_check check;
        attn_check_sample(args->problem, c->seed, k, &row);
        attn_check_expect(args, &row);
        attn_check_rows(args, kernel, &row, 1, &check);
        double bound = check.error_bound > 0 ? check.error_bound : row.bound;
        if (check.worst <= 1 && check.norm_worst > 1) /* the worst element stands for its row */
            bound = fabs(check.found - check.expected) / check.norm_worst;
        note(c, stage, row.batch * args->problem->q_len + row.i,
             row.head * args->problem->dim_v + check.column, check.expected, bound, check.found);
    }
}

static void check_act(struct checker *c)
{
    const enum layer_act act = layer_form_of(c->shape)->act;
    const uint32_t ffn = c->shape->config.ffn;
    const uint32_t rows = c->step->weights->matrix[LAYER_UP].rows;
    for (uint32_t t = 0; t < tokens(c); t++)
        for (uint32_t k = 0; k < columns(c, ffn); k++) {
            const uint32_t token = token_at(c, t), i = column(c, k, ffn);
            const float *const at = c->step->buffer.up + (size_t)token * rows;
            const double gate = (double)at[i], up = layer_act_gated(act) ? (double)at[ffn + i] : 1;
            note(c, "activation", token, i, layer_ref_act(act, gate, up),
                 rounding(fabs(gate) * fabs(up) * (1 + fabs(gate))),
                 (double)c->step->buffer.hidden[(size_t)token * ffn + i]);
        }
}

/* Checks what stage `run` wrote; false if nobody knows how. */
static bool check_stage(struct checker *c, layer_stage_fn *run)
{
    const struct layer_step *const s = c->step;
    const struct layer_buffers *const b = &s->buffer;
    const struct layer_form *const form = layer_form_of(c->shape);
    const float *const before = form->cross ? b->crossed : b->mid;
    if (run == layer_stage_norm)
        check_norm(c, "norm", LAYER_NORM_IN, s->in, NULL, b->normed);
    else if (run == layer_stage_qkv)
        check_product(c, "qkv", LAYER_QKV, b->normed, NULL, b->fused);
    else if (run == layer_stage_rope)
        check_rope(c);
    else if (run == layer_stage_append)
        check_append(c);
    else if (run == layer_stage_out && form->post_norm)
        check_product(c, "out", LAYER_OUT, b->attended, NULL, b->projected);
    else if (run == layer_stage_out)
        check_product(c, "out", LAYER_OUT, b->attended, s->in, b->mid);
    else if (run == layer_stage_behind)
        check_norm(c, "norm behind attention", LAYER_NORM_BEHIND_ATTENTION, b->projected, s->in,
                   b->mid);
    else if (run == layer_stage_cross_norm)
        check_norm(c, "cross norm", LAYER_NORM_CROSS, b->mid, NULL, b->cross_normed);
    else if (run == layer_stage_cross_q)
        check_product(c, "cross q", LAYER_CROSS_Q, b->cross_normed, NULL, b->cross_q);
    else if (run == layer_stage_cross_out)
        check_product(c, "cross out", LAYER_CROSS_OUT, b->cross_attended, b->mid, b->crossed);
    else if (run == layer_stage_ffn_norm)
        check_norm(c, "FFN norm", LAYER_NORM_FFN, before, NULL, b->ffn_normed);
    else if (run == layer_stage_up)
        check_product(c, "up", LAYER_UP, form->parallel ? b->normed : b->ffn_normed, NULL, b->up);
    else if (run == layer_stage_act)
        check_act(c);
    else if (run == layer_stage_down && form->post_norm)
        check_product(c, "down", LAYER_DOWN, b->hidden, NULL, b->ffn_out);
    else if (run == layer_stage_down)
        check_product(c, "down", LAYER_DOWN, b->hidden, before, s->out);
    else if (run == layer_stage_ffn_behind)
        check_norm(c, "norm behind FFN", LAYER_NORM_BEHIND_FFN, b->ffn_out, before, s->out);
    else
        return false;
    return true;
}

/* Wherever a stage forgot an element, sampled or not, a NaN is left in what follows from it. */
static void check_finite(struct checker *c)
{
    const uint32_t width = c->shape->config.width;
    for (uint32_t t = 0; t < layer_tokens(c->shape); t++)
        for (uint32_t i = 0; i < width; i++)
            if (!isfinite(c->step->out[(size_t)t * width + i]))
                note(c, "output", t, i, 0, 1, NAN);
}

size_t layer_check_doubles(const struct layer_shape *shape)
{
    return 2 * layer_reference_doubles(shape);
}

int layer_check(const struct layer_step *step, uint64_t seed, uint32_t samples, double *memory,
                struct layer_check *result)
{
    const struct layer_program program = layer_program(step);
    struct checker c = {
        .step = step,
        .shape = step->shape,
        .seed = seed,
        .samples = samples,
        .x = memory,
        .y = memory + layer_reference_doubles(step->shape),
        .result = result,
    };
    *result = (struct layer_check){0};
    for (int i = 0; i < program.n; i++)
        if (program.stage[i].run && !check_stage(&c, program.stage[i].run))
            return -ENOSYS;
    check_attention(&c, "attention", &step->attention, step->kernel);
    if (layer_form_of(step->shape)->cross)
        check_attention(&c, "cross-attention", &step->cross, step->cross_kernel);
    check_finite(&c);
    return result->worst <= 1 ? 0 : -EDOM;
}

void layer_poison(const struct layer_step *step)
{
    float *const first = step->buffer.normed; /* the buffers are one run of memory */
    memset(first, 0xff, layer_step_floats(step->shape) * sizeof(*first));
    memset(step->out, 0xff,
           (size_t)layer_tokens(step->shape) * step->shape->config.width * sizeof(*step->out));
}
