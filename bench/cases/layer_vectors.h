/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What norms, biases, row scales and learned positions hold, so that a model of random weights
 * writes what its cache says: whatever is the same for every token stays small beside what is not.
 *
 * They are a stream of their own. All arenas of the pool hold the same numbers from the same place
 * on, so a vector out of it would be a row of the embedding, and as the bias of the last norm it
 * would make that row's word the answer to everything.
 */
#ifndef ATTN_LAYER_VECTORS_H
#define ATTN_LAYER_VECTORS_H

#include "kernels/layer/shape.h"

/* Fills the layer_vector_floats(shape) of one layer. */
void layer_vectors_fill(const struct layer_shape *shape, float *vectors, uint64_t seed);

/* Floats behind the layers of a model: the last norm, its bias, and learned positions, which a
 * form without them does not have. */
uint64_t layer_vectors_of_head(const struct layer_config *config, uint32_t context);
void layer_vectors_fill_head(const struct layer_config *config, uint32_t context, float *vectors,
                             uint64_t seed);

#endif
