/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attention layers of a checkpoint: which tensors belong together and where each projection
 * lies in them, so that everything behind sees Q, K, V and O as [out, in] matrices, whether the
 * file keeps them apart, fused or transposed.
 */
#ifndef ANA_CHECKPOINT_LAYERS_H
#define ANA_CHECKPOINT_LAYERS_H

#include "analysis/checkpoint/naming.h"
#include "analysis/checkpoint/store.h"

/* A projection x -> W x + b. Absent: weight.tensor is NULL. */
struct ana_projection {
    struct ana_place weight, bias;
    uint64_t in, out;
    uint64_t first; /* its first output in a fused tensor */
    uint64_t fused; /* outputs of the tensor in all */
    bool transposed;
};

struct ana_attention {
    uint32_t layer;
    bool cross;
    const struct ana_family *family;
    uint32_t heads, kv_heads; /* as in the checkpoint */
    uint32_t dim, dim_v;
    struct ana_projection q, k, v, o;
    struct ana_place q_norm, k_norm, position;
    struct ana_place parts[ANA_PARTS][2]; /* by role: weights and biases */
};

struct ana_attentions {
    struct ana_attention *layers; /* self before cross, each by number */
    size_t count;
};

/*
 * Finds the layers; `heads` is the number of query heads and `dim` the head dim, or 0 for width
 * over heads. 0, -ENOENT if there is no attention under a name known here, -EINVAL if shapes do
 * not fit each other, -ENOTSUP for a type or a norm that cannot be pooled; then a sentence.
 */
int ana_attentions_find(const struct ana_store *store, uint32_t heads, uint32_t dim,
                        struct ana_attentions *found, struct ana_fault *fault);
void ana_attentions_free(struct ana_attentions *found);

/* Rows first..first + rows of W as values[rows][in]. 0 or -errno and a sentence. */
int ana_projection_read(const struct ana_projection *projection, uint64_t first, uint64_t rows,
                        float *values, struct ana_fault *fault);

/* The biases of the same rows; zeros if there are none. */
int ana_projection_bias(const struct ana_projection *projection, uint64_t first, uint64_t rows,
                        float *values, struct ana_fault *fault);

#endif
