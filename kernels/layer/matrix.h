/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A weight matrix and its product with a few vectors. Rows are outputs and lie one after another
 * without padding, as checkpoints store them, so the rows of one rank are one run of memory.
 *
 * The value of an element is scale * row_scale[row] * stored: `scale` is one number for the whole
 * matrix (what a benchmark needs to keep sums of random weights in range), row_scale is there for
 * i8, whose rows are quantised one by one (weight-only, symmetric, per output channel).
 */
#ifndef ATTN_LAYER_MATRIX_H
#define ATTN_LAYER_MATRIX_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/dtype.h"

/* Types a matrix may be stored in. */
#define LAYER_WEIGHT_TYPES                                                          \
    (ATTN_TYPE_BIT(ATTN_F32) | ATTN_TYPE_BIT(ATTN_F16) | ATTN_TYPE_BIT(ATTN_BF16) | \
     ATTN_TYPE_BIT(ATTN_I8))

struct layer_matrix {
    enum attn_type type; /* one of LAYER_WEIGHT_TYPES */
    uint32_t rows, cols;
    const void *data;       /* [rows][cols] */
    const float *row_scale; /* [rows], or NULL for 1 */
    float scale;
};

static inline size_t layer_matrix_row_bytes(const struct layer_matrix *m)
{
    return attn_row_bytes(&attn_types[m->type], m->cols);
}

/* Bytes one pass over the matrix reads. */
static inline uint64_t layer_matrix_bytes(const struct layer_matrix *m)
{
    return (uint64_t)m->rows * (layer_matrix_row_bytes(m) + (m->row_scale ? sizeof(float) : 0));
}

/* out[v][row] = W x[v] + bias[row] + add[v][row] for the vectors v < n. */
struct layer_product {
    const struct layer_matrix *matrix;
    uint32_t n; /* vectors, at least 1 */
    const float *x;
    size_t x_stride;   /* floats from one vector to the next */
    const float *bias; /* [rows] or NULL */
    const float *add;  /* as out, but not out itself; or NULL */
    float *out;
    size_t out_stride; /* of out and add */
};

/* What the row of one vector becomes from its plain sum of stored * x. */
static inline void layer_product_store(const struct layer_product *p, uint32_t v, uint32_t row,
                                       float sum)
{
    const struct layer_matrix *const m = p->matrix;
    const size_t at = v * p->out_stride + row;
    float y = sum * (m->row_scale ? m->scale * m->row_scale[row] : m->scale);
    if (p->bias)
        y += p->bias[row];
    p->out[at] = p->add ? p->add[at] + y : y;
}

#endif
