/* SPDX-License-Identifier: Apache-2.0 */
/* See activation.h. */
#include "analysis/checkpoint/activation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/checkpoint/draw.h"

enum { TENSOR_NAME = 32 };

static struct ana_place find(const struct ana_store *given, const struct ana_attention *layer,
                             bool encoder, char name[TENSOR_NAME])
{
    snprintf(name, TENSOR_NAME, encoder ? "encoder" : "layer.%u", layer->layer);
    const struct ana_place place = ana_store_find(given, name);
    return place.tensor ? place : ana_store_find(given, "activations");
}

static int read_given(const struct ana_place *place, struct ana_activations *made,
                      struct ana_fault *fault)
{
    const struct ana_tensor *const tensor = place->tensor;
    const uint32_t rank = tensor->rank;
    const uint64_t tokens = rank >= 2 ? tensor->shape[rank - 2] : 0;
    if (!ana_tensor_is_real(tensor) || !tensor->elements || rank < 2 ||
        tensor->shape[rank - 1] != made->width || tensor->elements != tokens * made->width)
        return ana_fault(fault, -EINVAL,
                         "activations %.80s must be [tokens, %llu] of F32, F16 or BF16",
                         tensor->name, (unsigned long long)made->width);
    made->tokens = tokens < made->tokens ? (uint32_t)tokens : made->tokens;
    float *const row = malloc(made->width * sizeof(*row));
    int status = row ? 0 : -ENOMEM;
    for (uint32_t t = 0; !status && t < made->tokens; t++) {
        status = ana_place_read(place, t * made->width, made->width, row, fault);
        for (uint64_t i = 0; !status && i < made->width; i++)
            made->values[i * made->tokens + t] = row[i];
    }
    free(row);
    return status;
}

int ana_activations_make(const struct ana_store *given, const struct ana_attention *layer,
                         bool encoder, uint32_t tokens, uint64_t seed, struct ana_activations *made,
                         struct ana_fault *fault)
{
    *made =
        (struct ana_activations){.width = encoder ? layer->k.in : layer->q.in, .tokens = tokens};
    made->values = malloc(made->width * tokens * sizeof(*made->values));
    if (!made->values)
        return ana_fault(fault, -ENOMEM, "not enough memory for activations");
    if (given) {
        char name[TENSOR_NAME];
        const struct ana_place place = find(given, layer, encoder, name);
        if (place.tensor)
            return read_given(&place, made, fault);
        return ana_fault(fault, -ENOENT,
                         "%.300s has no tensor \"%s\" and none called \"activations\"",
                         given->shards[0].path, name);
    }
    seed = ana_draw_seed(seed, encoder ? "encoder" : layer->cross ? "cross" : "self");
    seed = ana_draw_bits(seed, layer->layer);
    for (uint64_t i = 0; i < made->width * tokens; i++)
        made->values[i] = ana_draw_normal(seed, i);
    return 0;
}
