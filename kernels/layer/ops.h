/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a decoder layer does besides attention, as pure functions, compiled once per instruction
 * set like the kernels of the ladder. Vectors are f32; only weights and cache are stored narrow.
 *
 * Formulas: RMSNorm x / sqrt(mean(x^2) + eps) * w (Zhang & Sennrich 2019, arXiv 1910.07467);
 * LayerNorm (x - mean) / sqrt(var + eps) * w + b (Ba et al. 2016, arXiv 1607.06450); rotary
 * positions (Su et al. 2021, arXiv 2104.09864) on halves, as the published Llama checkpoints have
 * it; GELU (Hendrycks & Gimpel 2016, arXiv 1606.08415) exact and by tanh; gated units (Shazeer
 * 2020, arXiv 2002.05202).
 */
#ifndef ATTN_LAYER_OPS_H
#define ATTN_LAYER_OPS_H

#include "kernels/layer/matrix.h"

enum layer_norm {
    LAYER_NORM_RMS,
    LAYER_NORM_RMS_PLUS, /* the stored weight is w - 1 (Gemma) */
    LAYER_NORM_MEAN,     /* LayerNorm */
};

enum layer_act {
    LAYER_ACT_SWIGLU,    /* silu(gate) * up */
    LAYER_ACT_GEGLU,     /* gelu_tanh(gate) * up */
    LAYER_ACT_GELU_TANH, /* GPT-2 */
    LAYER_ACT_GELU,      /* by erf (Falcon) */
    LAYER_ACTS
};

/* Does it take a gate besides its input? */
static inline int layer_act_gated(enum layer_act act)
{
    return act == LAYER_ACT_SWIGLU || act == LAYER_ACT_GEGLU;
}

struct layer_ops {
    const char *isa;
    uint64_t cpu; /* features needed, bits of kernels/cpu.h */

    /* n elements; bias is read by LAYER_NORM_MEAN only and may be NULL. x and out may be equal. */
    void (*norm)(enum layer_norm kind, float *out, const float *x, const float *weight,
                 const float *bias, uint32_t n, float eps);
    void (*add)(float *out, const float *a, const float *b, uint32_t n);
    /* One head of `dim` elements; turns[] holds dim/2 cosines, then dim/2 sines. */
    void (*rope)(float *out, const float *x, const float *turns, uint32_t dim);
    /* up may be NULL for an activation that has no gate; then gate is its input. */
    void (*act)(enum layer_act act, float *out, const float *gate, const float *up, uint32_t n);
    /* n elements of a type of ATTN_TYPES_STORED or of i8 (as the integers they are). */
    void (*widen)(enum attn_type type, float *out, const void *x, uint32_t n);
    /* Rows [first, end): bound by reading the matrix once, whatever the number of vectors. */
    void (*gemv)(const struct layer_product *p, uint32_t first, uint32_t end);
};

/* All that were compiled, portable first. */
const struct layer_ops *const *layer_ops_all(size_t *count);

/* The last of them that this CPU (as masked) can run; never NULL. */
const struct layer_ops *layer_ops_best(void);

/* Cosines, then sines, of position `pos` at every pair of a head: pos * theta^(-2i/dim). */
void layer_turns(float *turns, uint32_t pos, uint32_t dim, double theta);

/*
 * The same product through OpenBLAS, for many vectors: narrow weights are widened a tile at a time
 * into `tile` (LAYER_BLAS_FLOATS of a rank's own). One BLAS thread a rank.
 */
enum { LAYER_BLAS_ROWS = 96, LAYER_BLAS_COLS = 1024 };
enum { LAYER_BLAS_FLOATS = LAYER_BLAS_ROWS * LAYER_BLAS_COLS };
typedef void layer_blas_fn(const struct layer_product *p, const struct layer_ops *ops,
                           uint32_t first, uint32_t end, float *tile);

/* NULL in a build without OpenBLAS. */
layer_blas_fn *layer_blas(void);

#endif
