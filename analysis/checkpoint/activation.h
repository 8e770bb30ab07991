/* SPDX-License-Identifier: Apache-2.0 */
/* What a layer of attention is fed with: given, or drawn. */
#ifndef ANA_CHECKPOINT_ACTIVATION_H
#define ANA_CHECKPOINT_ACTIVATION_H

#include "analysis/checkpoint/layers.h"

struct ana_activations {
    float *values; /* [width][tokens] */
    uint64_t width;
    uint32_t tokens;
};

/*
 * At most `tokens` of them, for the queries of a layer or, with `encoder`, for what cross
 * attention reads. From `given` (see judge.h), or normal and reproducible by seed if it is NULL.
 * 0 (free() the values) or -errno and a sentence.
 */
int ana_activations_make(const struct ana_store *given, const struct ana_attention *layer,
                         bool encoder, uint32_t tokens, uint64_t seed, struct ana_activations *made,
                         struct ana_fault *fault);

#endif
