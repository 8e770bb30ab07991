/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stages. What is large (products) is cut among ranks by rows of the matrix, what is small by
 * tokens, heads or columns; nothing is cut so finely that two ranks write the same cache line of
 * something that matters.
 */
#include "kernels/layer/step.h"

#include <string.h>

#include "kernels/layer/append.h"

const char *const layer_part_names[LAYER_PARTS] = {"norm",  "qkv", "rope", "append", "attention",
                                                   "cross", "out", "ffn",  "head"};

bool layer_uses_gemm(const struct layer_config *config, uint32_t tokens)
{
    return config->projection == LAYER_GEMM ||
           (config->projection == LAYER_AUTO && tokens >= LAYER_GEMM_TOKENS);
}

static float *take(float *memory, size_t *used, size_t floats)
{
    float *const at = memory ? memory + *used : NULL;
    *used += (floats + 15) / 16 * 16;
    return floats ? at : NULL;
}

static size_t place(const struct layer_shape *s, float *memory, struct layer_buffers *b)
{
    const struct attn_problem *const p = &s->kind.problem;
    const struct layer_form *const form = layer_form_of(s);
    const size_t tokens = layer_tokens(s), width = tokens * s->config.width;
    const size_t queries = tokens * p->heads * p->dim, outputs = tokens * p->heads * p->dim_v;
    size_t used = 0;
    uint32_t fused, up, cols;
    layer_matrix_size(s, LAYER_QKV, &fused, &cols);
    layer_matrix_size(s, LAYER_UP, &up, &cols);
    *b = (struct layer_buffers){
        .normed = take(memory, &used, width),
        .fused = take(memory, &used, tokens * fused),
        .q = take(memory, &used, queries),
        .k = take(memory, &used, s->kind.shares ? 0 : tokens * p->kv_heads * p->dim),
        .attended = take(memory, &used, outputs),
        .projected = take(memory, &used, form->post_norm ? width : 0),
        .mid = take(memory, &used, width),
        .cross_normed = take(memory, &used, form->cross ? width : 0),
        .cross_q = take(memory, &used, form->cross ? queries : 0),
        .cross_attended = take(memory, &used, form->cross ? outputs : 0),
        .crossed = take(memory, &used, form->cross ? width : 0),
        .ffn_normed = take(memory, &used, form->parallel ? 0 : width),
        .up = take(memory, &used, tokens * up),
        .hidden = take(memory, &used, tokens * s->config.ffn),
        .ffn_out = take(memory, &used, form->post_norm ? width : 0),
    };
    return used;
}

size_t layer_step_floats(const struct layer_shape *shape)
{
    struct layer_buffers b;
    return place(shape, NULL, &b);
}

void layer_step_set(struct layer_step *step, float *memory)
{
    place(step->shape, memory, &step->buffer);
    step->attention.q = step->buffer.q;
    step->attention.out = step->buffer.attended;
    step->cross.q = step->buffer.cross_q;
    step->cross.out = step->buffer.cross_attended;
}

void layer_multiply(const struct layer_step *step, const struct layer_product *product, int rank,
                    int ranks)
{
    const uint64_t rows = product->matrix->rows, r = (uint64_t)rank, n = (uint64_t)ranks;
    const uint32_t first = (uint32_t)(rows * r / n), end = (uint32_t)(rows * (r + 1) / n);
    if (step->blas)
        step->blas(product, step->ops, first, end, step->tile + r * LAYER_BLAS_FLOATS);
    else
        step->ops->gemv(product, first, end);
}

/* out = W x (+ bias) (+ add), all rows packed. */
static void multiply(const struct layer_step *step, enum layer_matrix_id id, const float *x,
                     const float *add, float *out, int rank, int ranks)
{
    const struct layer_matrix *const m = &step->weights->matrix[id];
    const struct layer_product product = {
        .matrix = m,
        .n = layer_tokens(step->shape),
        .x = x,
        .x_stride = m->cols,
        .bias = step->weights->bias[id],
        .add = add,
        .out = out,
        .out_stride = m->rows,
    };
    layer_multiply(step, &product, rank, ranks);
}

static void norm(const struct layer_step *step, enum layer_norm_id id, const float *x, float *out,
                 int rank, int ranks)
{
    const struct layer_form *const form = layer_form_of(step->shape);
    const uint32_t width = step->shape->config.width;
    for (uint32_t t = (uint32_t)rank; t < layer_tokens(step->shape); t += (uint32_t)ranks)
        step->ops->norm(form->norm, out + (size_t)t * width, x + (size_t)t * width,
                        step->weights->norm[id], step->weights->norm_bias[id], width, form->eps);
}

/* out = in + norm(x) */
static void norm_behind(const struct layer_step *step, enum layer_norm_id id, const float *in,
                        const float *x, float *out, int rank, int ranks)
{
    const uint32_t width = step->shape->config.width;
    norm(step, id, x, out, rank, ranks);
    for (uint32_t t = (uint32_t)rank; t < layer_tokens(step->shape); t += (uint32_t)ranks)
        step->ops->add(out + (size_t)t * width, out + (size_t)t * width, in + (size_t)t * width,
                       width);
}

void layer_stage_norm(const struct layer_step *step, int rank, int ranks)
{
    norm(step, LAYER_NORM_IN, step->in, step->buffer.normed, rank, ranks);
}

void layer_stage_qkv(const struct layer_step *step, int rank, int ranks)
{
    multiply(step, LAYER_QKV, step->buffer.normed, NULL, step->buffer.fused, rank, ranks);
}

/* One head of q or k on its way out of the fused projection. */
static void turn_head(const struct layer_step *step, enum layer_norm_id id, uint32_t token,
                      const float *from, float *to)
{
    const struct layer_form *const form = layer_form_of(step->shape);
    const uint32_t dim = step->shape->kind.problem.dim;
    float normed[1024]; /* the widest head there is, see attn_problem_invalid() */
    if (form->qk_norm) {
        step->ops->norm(form->norm, normed, from, step->weights->norm[id], NULL, dim, form->eps);
        from = normed;
    }
    if (form->rope)
        step->ops->rope(to, from, step->turns + (size_t)token * dim, dim);
    else
        memcpy(to, from, dim * sizeof(*to));
}

void layer_stage_rope(const struct layer_step *step, int rank, int ranks)
{
    const struct attn_problem *const p = &step->shape->kind.problem;
    const uint32_t fused = step->weights->matrix[LAYER_QKV].rows;
    const uint32_t keys = step->shape->kind.shares ? 0 : p->kv_heads, heads = p->heads + keys;
    const uint64_t all = (uint64_t)layer_tokens(step->shape) * heads;
    const uint64_t end = all * ((uint64_t)rank + 1) / (uint64_t)ranks;
    for (uint64_t i = all * (uint64_t)rank / (uint64_t)ranks; i < end; i++) {
        const uint32_t token = (uint32_t)(i / heads), head = (uint32_t)(i % heads);
        const float *const from = step->buffer.fused + (size_t)token * fused + head * p->dim;
        if (head < p->heads)
            turn_head(step, LAYER_NORM_Q, token, from,
                      step->buffer.q + ((size_t)token * p->heads + head) * p->dim);
        else
            turn_head(step, LAYER_NORM_K, token, from,
                      step->buffer.k + ((size_t)token * keys + head - p->heads) * p->dim);
    }
}

void layer_stage_append(const struct layer_step *step, int rank, int ranks)
{
    const struct attn_problem *const p = &step->shape->kind.problem;
    const uint32_t fused = step->weights->matrix[LAYER_QKV].rows;
    const uint32_t all = layer_tokens(step->shape) * p->kv_heads;
    for (uint32_t i = (uint32_t)rank; i < all; i += (uint32_t)ranks) {
        const uint32_t token = i / p->kv_heads, head = i % p->kv_heads;
        const float *const values = step->buffer.fused + (size_t)token * fused +
                                    (p->heads + p->kv_heads) * p->dim + head * p->dim_v;
        layer_append(&step->attention, token / p->q_len, token % p->q_len, head,
                     step->buffer.k + (size_t)i * p->dim, values);
    }
}

void layer_stage_out(const struct layer_step *step, int rank, int ranks)
{
    const bool behind = layer_form_of(step->shape)->post_norm;
    multiply(step, LAYER_OUT, step->buffer.attended, behind ? NULL : step->in,
             behind ? step->buffer.projected : step->buffer.mid, rank, ranks);
}

void layer_stage_behind(const struct layer_step *step, int rank, int ranks)
{
    norm_behind(step, LAYER_NORM_BEHIND_ATTENTION, step->in, step->buffer.projected,
                step->buffer.mid, rank, ranks);
}

void layer_stage_cross_norm(const struct layer_step *step, int rank, int ranks)
{
    norm(step, LAYER_NORM_CROSS, step->buffer.mid, step->buffer.cross_normed, rank, ranks);
}

void layer_stage_cross_q(const struct layer_step *step, int rank, int ranks)
{
    multiply(step, LAYER_CROSS_Q, step->buffer.cross_normed, NULL, step->buffer.cross_q, rank,
             ranks);
}

void layer_stage_cross_out(const struct layer_step *step, int rank, int ranks)
{
    multiply(step, LAYER_CROSS_OUT, step->buffer.cross_attended, step->buffer.mid,
             step->buffer.crossed, rank, ranks);
}

/* What the FFN adds to. */
static const float *before_ffn(const struct layer_step *step)
{
    return layer_form_of(step->shape)->cross ? step->buffer.crossed : step->buffer.mid;
}

void layer_stage_ffn_norm(const struct layer_step *step, int rank, int ranks)
{
    norm(step, LAYER_NORM_FFN, before_ffn(step), step->buffer.ffn_normed, rank, ranks);
}

void layer_stage_up(const struct layer_step *step, int rank, int ranks)
{
    const bool parallel = layer_form_of(step->shape)->parallel;
    multiply(step, LAYER_UP, parallel ? step->buffer.normed : step->buffer.ffn_normed, NULL,
             step->buffer.up, rank, ranks);
}

void layer_stage_act(const struct layer_step *step, int rank, int ranks)
{
    const enum layer_act act = layer_form_of(step->shape)->act;
    const uint32_t ffn = step->shape->config.ffn, rows = step->weights->matrix[LAYER_UP].rows;
    const uint32_t lines = (ffn + 15) / 16; /* ranks meet between lines of 16 floats */
    const uint32_t first = (uint32_t)((uint64_t)lines * (uint32_t)rank / (uint32_t)ranks) * 16;
    uint32_t end = (uint32_t)((uint64_t)lines * ((uint32_t)rank + 1) / (uint32_t)ranks) * 16;
    end = end < ffn ? end : ffn;
    for (uint32_t t = 0; first < end && t < layer_tokens(step->shape); t++) {
        const float *const gate = step->buffer.up + (size_t)t * rows;
        step->ops->act(act, step->buffer.hidden + (size_t)t * ffn + first, gate + first,
                       layer_act_gated(act) ? gate + ffn + first : NULL, end - first);
    }
}

void layer_stage_down(const struct layer_step *step, int rank, int ranks)
{
    const bool behind = layer_form_of(step->shape)->post_norm;
    multiply(step, LAYER_DOWN, step->buffer.hidden, behind ? NULL : before_ffn(step),
             behind ? step->buffer.ffn_out : step->out, rank, ranks);
}

void layer_stage_ffn_behind(const struct layer_step *step, int rank, int ranks)
{
    norm_behind(step, LAYER_NORM_BEHIND_FFN, before_ffn(step), step->buffer.ffn_out, step->out,
                rank, ranks);
}

static void add_stage(struct layer_program *program, enum layer_part part, layer_stage_fn *run)
{
    program->stage[program->n++] = (struct layer_stage){.part = part, .run = run};
}

static void add_kernel(struct layer_program *program, const struct attn_kernel *kernel, bool cross)
{
    for (int i = 0; i < ATTN_PHASES_MAX && kernel->phase[i]; i++)
        program->stage[program->n++] = (struct layer_stage){
            .part = cross ? LAYER_PART_CROSS : LAYER_PART_ATTENTION,
            .phase = kernel->phase[i],
            .cross = cross,
        };
}

struct layer_program layer_program(const struct layer_step *step)
{
    const struct layer_form *const form = layer_form_of(step->shape);
    struct layer_program p = {.n = 0};
    add_stage(&p, LAYER_PART_NORM, layer_stage_norm);
    add_stage(&p, LAYER_PART_QKV, layer_stage_qkv);
    add_stage(&p, LAYER_PART_ROPE, layer_stage_rope);
    if (!step->shape->kind.shares)
        add_stage(&p, LAYER_PART_APPEND, layer_stage_append);
    add_kernel(&p, step->kernel, false);
    add_stage(&p, LAYER_PART_OUT, layer_stage_out);
    if (form->post_norm)
        add_stage(&p, LAYER_PART_NORM, layer_stage_behind);
    if (form->cross) {
        add_stage(&p, LAYER_PART_NORM, layer_stage_cross_norm);
        add_stage(&p, LAYER_PART_QKV, layer_stage_cross_q);
        add_kernel(&p, step->cross_kernel, true);
        add_stage(&p, LAYER_PART_OUT, layer_stage_cross_out);
    }
    if (!form->parallel)
        add_stage(&p, LAYER_PART_NORM, layer_stage_ffn_norm);
    add_stage(&p, LAYER_PART_FFN, layer_stage_up);
    add_stage(&p, LAYER_PART_FFN, layer_stage_act);
    add_stage(&p, LAYER_PART_FFN, layer_stage_down);
    if (form->post_norm)
        add_stage(&p, LAYER_PART_NORM, layer_stage_ffn_behind);
    return p;
}
