/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One decoder layer: its matrices and vectors, where they lie in memory, and what a decode step of
 * it costs. Symbols as in problem.h, and: R = batch * q_len tokens of a step, W width.
 *
 * Matrices as a checkpoint with fused projections has them, [outputs][inputs]:
 *   qkv    [H*Dk + G*Dk + G*Dv][W]   queries, keys, values; queries only if the cache is shared
 *   out    [W][H*Dv]
 *   cross_q [H*Dk][W], cross_out [W][H*Dv]   (K and V of the encoder are computed once a prompt)
 *   up     [F][W], or [2F][W] with the gate first
 *   down   [W][F]
 */
#ifndef ATTN_LAYER_SHAPE_H
#define ATTN_LAYER_SHAPE_H

#include "kernels/layer/config.h"

enum layer_matrix_id {
    LAYER_QKV,
    LAYER_OUT,
    LAYER_CROSS_Q,
    LAYER_CROSS_OUT,
    LAYER_UP,
    LAYER_DOWN,
    LAYER_MATRICES
};

enum layer_norm_id {
    LAYER_NORM_IN,
    LAYER_NORM_BEHIND_ATTENTION,
    LAYER_NORM_CROSS,
    LAYER_NORM_FFN,
    LAYER_NORM_BEHIND_FFN,
    LAYER_NORM_Q,
    LAYER_NORM_K,
    LAYER_NORMS
};

struct layer_shape {
    struct layer_config config;
    struct layer_kind kind; /* its attention */
};

static inline const struct layer_form *layer_form_of(const struct layer_shape *s)
{
    return &layer_forms[s->config.form];
}

/* R */
static inline uint32_t layer_tokens(const struct layer_shape *s)
{
    return s->kind.problem.batch * s->kind.problem.q_len;
}

/* Rows and columns; 0 rows for a matrix the form does not have. */
void layer_matrix_size(const struct layer_shape *s, enum layer_matrix_id id, uint32_t *rows,
                       uint32_t *cols);

/* Elements of a norm's weight; 0 for a norm the form does not have. */
uint32_t layer_norm_size(const struct layer_shape *s, enum layer_norm_id id);

/* The problem of the cross-attention of a layer that has one. */
struct attn_problem layer_cross_problem(const struct layer_shape *s);

struct layer_weights {
    struct layer_matrix matrix[LAYER_MATRICES];
    const float *bias[LAYER_MATRICES]; /* or NULL */
    const float *norm[LAYER_NORMS], *norm_bias[LAYER_NORMS];
};

/* What the weights take: matrices in their own type, each from a 64-byte line on, and f32 vectors
 * (norms, biases, row scales). */
uint64_t layer_weight_bytes(const struct layer_shape *s);
size_t layer_vector_floats(const struct layer_shape *s);

/*
 * What q and k, of unit variance, are multiplied by for logits that deviate by 4: softmax then
 * picks tokens, from long contexts too, and what a step computes is not their mean alone.
 */
float layer_qk_gain(const struct layer_shape *s);

/* The weights living in such memory. Scales keep products of random weights in [-1, 1) (i8: of all
 * integers) with vectors of unit variance at unit variance, but for the gain of q, k and v, which
 * the output matrix takes back. */
struct layer_weights layer_weights_at(const struct layer_shape *s, const void *matrices,
                                      const float *vectors);

/* Compulsory bytes of one step: weights, visible cache (own and cross) and nothing else. */
uint64_t layer_bytes(const struct layer_shape *s);
uint64_t layer_projection_bytes(const struct layer_shape *s); /* of the matrices alone */
uint64_t layer_flops(const struct layer_shape *s);            /* products and attention */

/* Bytes the cache of this layer holds: none if it shares, cross-attention included. */
uint64_t layer_kv_bytes(const struct layer_shape *s);

#endif
