/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/layer/shape.h"

#include <math.h>

enum { LINE = 64, LOGIT_DEVIATION = 4 };

static uint64_t whole_lines(uint64_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

void layer_matrix_size(const struct layer_shape *s, enum layer_matrix_id id, uint32_t *rows,
                       uint32_t *cols)
{
    const struct attn_problem *const p = &s->kind.problem;
    const struct layer_form *const form = layer_form_of(s);
    const uint32_t width = s->config.width, ffn = s->config.ffn;
    const uint32_t q = p->heads * p->dim, kv = p->kv_heads * (p->dim + p->dim_v);
    const uint32_t attended = p->heads * p->dim_v;
    const struct {
        uint32_t rows, cols;
    } size[LAYER_MATRICES] = {
        [LAYER_QKV] = {q + (s->kind.shares ? 0 : kv), width},
        [LAYER_OUT] = {width, attended},
        [LAYER_CROSS_Q] = {form->cross ? q : 0, width},
        [LAYER_CROSS_OUT] = {form->cross ? width : 0, attended},
        [LAYER_UP] = {layer_act_gated(form->act) ? 2 * ffn : ffn, width},
        [LAYER_DOWN] = {width, ffn},
    };
    *rows = size[id].rows;
    *cols = size[id].cols;
}

uint32_t layer_norm_size(const struct layer_shape *s, enum layer_norm_id id)
{
    const struct layer_form *const form = layer_form_of(s);
    const bool has[LAYER_NORMS] = {
        [LAYER_NORM_IN] = true,
        [LAYER_NORM_BEHIND_ATTENTION] = form->post_norm,
        [LAYER_NORM_CROSS] = form->cross,
        [LAYER_NORM_FFN] = !form->parallel,
        [LAYER_NORM_BEHIND_FFN] = form->post_norm,
        [LAYER_NORM_Q] = form->qk_norm,
        [LAYER_NORM_K] = form->qk_norm,
    };
    const bool head = id == LAYER_NORM_Q || id == LAYER_NORM_K;
    return !has[id] ? 0 : head ? s->kind.problem.dim : s->config.width;
}

struct attn_problem layer_cross_problem(const struct layer_shape *s)
{
    struct attn_problem p = s->kind.problem;
    p.mask = ATTN_FULL;
    p.context = s->config.cross;
    p.layout = ATTN_CONTIGUOUS;
    p.page = p.window = p.chunk = p.ragged = 0;
    p.rel_bias = false;
    return p;
}

static bool has_bias(const struct layer_shape *s, enum layer_matrix_id id)
{
    const struct layer_form *const form = layer_form_of(s);
    return form->bias || (form->qkv_bias && id == LAYER_QKV);
}

uint64_t layer_weight_bytes(const struct layer_shape *s)
{
    uint64_t bytes = 0;
    for (int id = 0; id < LAYER_MATRICES; id++) {
        uint32_t rows, cols;
        layer_matrix_size(s, (enum layer_matrix_id)id, &rows, &cols);
        bytes += whole_lines(rows * attn_row_bytes(&attn_types[s->config.weights], cols));
    }
    return bytes;
}

/* Hands out vectors one after another, or only counts them when there is no memory yet. */
struct vectors {
    const float *base;
    size_t used;
};

static const float *take(struct vectors *v, uint32_t n)
{
    const float *const at = v->base ? v->base + v->used : NULL;
    v->used += (n + 15u) / 16 * 16;
    return n ? at : NULL;
}

static void place_vectors(const struct layer_shape *s, struct vectors *v, struct layer_weights *w)
{
    for (int id = 0; id < LAYER_MATRICES; id++) {
        uint32_t rows, cols;
        layer_matrix_size(s, (enum layer_matrix_id)id, &rows, &cols);
        w->matrix[id].row_scale = take(v, s->config.weights == ATTN_I8 ? rows : 0);
        w->bias[id] = take(v, has_bias(s, (enum layer_matrix_id)id) ? rows : 0);
    }
    for (int id = 0; id < LAYER_NORMS; id++) {
        const uint32_t n = layer_norm_size(s, (enum layer_norm_id)id);
        w->norm[id] = take(v, n);
        w->norm_bias[id] = take(v, layer_form_of(s)->norm == LAYER_NORM_MEAN ? n : 0);
    }
}

size_t layer_vector_floats(const struct layer_shape *s)
{
    struct vectors v = {0};
    struct layer_weights w = {0};
    place_vectors(s, &v, &w);
    return v.used;
}

float layer_qk_gain(const struct layer_shape *s)
{
    const struct attn_problem *const p = &s->kind.problem;
    return sqrtf(LOGIT_DEVIATION / (sqrtf((float)p->dim) * attn_scale(p)));
}

/* The encoder's K are uniform in [-1, 1): a third of unit variance. */
static float gain_of(const struct layer_shape *s, enum layer_matrix_id id)
{
    const float gain = layer_qk_gain(s);
    const float gains[LAYER_MATRICES] = {
        [LAYER_QKV] = gain,    [LAYER_OUT] = 1 / gain, [LAYER_CROSS_Q] = sqrtf(3) * gain * gain,
        [LAYER_CROSS_OUT] = 1, [LAYER_UP] = 1,         [LAYER_DOWN] = 1,
    };
    return gains[id];
}

struct layer_weights layer_weights_at(const struct layer_shape *s, const void *matrices,
                                      const float *vectors)
{
    struct layer_weights w = {0};
    struct vectors v = {.base = vectors};
    const char *at = matrices;
    place_vectors(s, &v, &w);
    for (int id = 0; id < LAYER_MATRICES; id++) {
        struct layer_matrix *const m = &w.matrix[id];
        layer_matrix_size(s, (enum layer_matrix_id)id, &m->rows, &m->cols);
        m->type = s->config.weights;
        m->data = at;
        m->scale = gain_of(s, (enum layer_matrix_id)id) * sqrtf(3.0f / (float)m->cols) /
                   (m->type == ATTN_I8 ? 127 : 1);
        at += whole_lines(m->rows * layer_matrix_row_bytes(m));
    }
    return w;
}

uint64_t layer_projection_bytes(const struct layer_shape *s)
{
    const struct layer_weights w = layer_weights_at(s, NULL, NULL);
    uint64_t bytes = 0;
    for (int id = 0; id < LAYER_MATRICES; id++)
        bytes += layer_matrix_bytes(&w.matrix[id]) +
                 (s->config.weights == ATTN_I8 ? w.matrix[id].rows * sizeof(float) : 0);
    return bytes;
}

/* Bytes of K and V a call reads; attn_bytes() counts q and out besides. */
static uint64_t visible_bytes(const struct attn_problem *p)
{
    const uint64_t rows = attn_items(p) * p->heads;
    return attn_bytes(p) - rows * sizeof(float) * (p->dim + p->dim_v);
}

uint64_t layer_bytes(const struct layer_shape *s)
{
    const struct attn_problem cross = layer_cross_problem(s);
    return layer_projection_bytes(s) + visible_bytes(&s->kind.problem) +
           (s->config.cross ? visible_bytes(&cross) : 0);
}

uint64_t layer_flops(const struct layer_shape *s)
{
    const struct attn_problem cross = layer_cross_problem(s);
    uint64_t flops = attn_flops(&s->kind.problem);
    if (s->config.cross)
        flops += attn_flops(&cross);
    for (int id = 0; id < LAYER_MATRICES; id++) {
        uint32_t rows, cols;
        layer_matrix_size(s, (enum layer_matrix_id)id, &rows, &cols);
        flops += 2 * (uint64_t)rows * cols * layer_tokens(s);
    }
    return flops;
}

uint64_t layer_kv_bytes(const struct layer_shape *s)
{
    const struct attn_problem cross = layer_cross_problem(s);
    return (s->kind.shares ? 0 : attn_kv_bytes(&s->kind.problem)) +
           (s->config.cross ? attn_kv_bytes(&cross) : 0);
}
