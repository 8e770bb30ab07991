/* SPDX-License-Identifier: Apache-2.0 */
/* The config.json beside a checkpoint: what attention needs of it, and its text for fewer KV
 * heads. */
#ifndef ANA_CHECKPOINT_CARD_H
#define ANA_CHECKPOINT_CARD_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/checkpoint/fault.h"

struct ana_card {
    uint32_t heads, dim; /* 0 dim: not said */
    double theta;        /* of rotary positions */
    double rotary_part;  /* of the head dim that is rotated */
    double norm_eps;
    double scale_dim; /* logits are divided by the square root of this; 0: of the head dim */
    double softcap;   /* 0: off */
    bool unit_norm;   /* norms scale by 1 + weight (Gemma) */
};

/* What holds where no card says otherwise. */
void ana_card_default(struct ana_card *card);

/* 0, or -errno and a sentence (-ENOENT: no such file). */
int ana_card_read(const char *path, struct ana_card *card, struct ana_fault *fault);

/* Its text with kv_heads KV heads in every layer; NULL and a sentence; to be freed. */
char *ana_card_text(const char *path, uint32_t kv_heads, struct ana_fault *fault);

#endif
