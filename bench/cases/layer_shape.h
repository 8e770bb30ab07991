/* SPDX-License-Identifier: Apache-2.0 */
/* Axis values -> what a row says of layers and models beside their attention. */
#ifndef ATTN_LAYER_SHAPE_H_CASES
#define ATTN_LAYER_SHAPE_H_CASES

#include "bench/cases/message.h"
#include "bench/cases/shape.h"

/*
 * What a model's layers are made of, for those of the presets that have one dense FFN a token can
 * be said to go through. Sources are those of analysis/models_preset.c.
 */
struct attn_model_layers {
    const char *name; /* of the preset */
    enum layer_form_id form;
    uint32_t width, ffn, vocab, layers;
    const char *mix; /* "" is uniform */
    uint32_t cross;  /* tokens of the encoder, where there is one */
    const char *note;
};

/* NULL if there is none of that name. */
const struct attn_model_layers *attn_model_layers_find(const char *name);

/*
 * Fills name->layer, whose problem is set already. `model` is what the label calls the model, or
 * "". 0, or -EINVAL with a sentence.
 */
int attn_layer_shape(const struct attn_values *values, const char *model, struct attn_name *name,
                     struct attn_message *why);

/* As the checks of words.h. */
int attn_check_form(const char *item, struct attn_message *why);
int attn_check_mix(const char *item, struct attn_message *why);
int attn_check_trace(const char *item, struct attn_message *why);

#endif
