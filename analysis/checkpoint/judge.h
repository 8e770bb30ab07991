/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a conversion does to the output of attention, before any further training: a layer is run
 * on activations as the checkpoint has it and as each method would leave it, and the difference is
 * given relative to the original, |O' - O| / |O| (Frobenius), behind the output projection where
 * there is one. Self-attention is causal; positions enter as the family's do.
 */
#ifndef ANA_CHECKPOINT_JUDGE_H
#define ANA_CHECKPOINT_JUDGE_H

#include "analysis/checkpoint/card.h"
#include "analysis/checkpoint/pool.h"

struct ana_judgement {
    const struct ana_card *card;
    const struct ana_store *activations; /* NULL: drawn, normal */
    struct ana_place position;           /* T5's bias, kept by its first layer */
    uint32_t tokens;                     /* at most, 1 to 65536 */
    uint32_t kv_heads;
    uint64_t seed;
};

/*
 * errors[method] of a layer. Given activations are a tensor [tokens, width] (or [1, tokens,
 * width]) named "layer.N", or one named "activations" for all layers; "encoder" is what cross
 * attention reads. 0 or -errno and a sentence.
 */
int ana_judge(const struct ana_judgement *judgement, const struct ana_attention *layer,
              double errors[ANA_METHODS], struct ana_fault *fault);

#endif
