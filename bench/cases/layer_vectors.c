/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/cases/layer_vectors.h"

#include "bench/machine/fill.h"

#include <math.h>

/* Beside an embedding in [-1, 1). */
static const float bias_reach = 0.125f;

static void fill_stream(float *vectors, uint64_t n, uint64_t seed)
{
    const struct fill fill = {.kind = FILL_UNIFORM, .seed = seed ^ 0x766563};
    fill_run(&fill, NULL, ATTN_F32, vectors, 0, n);
}

/* What lies in [-1, 1), to [middle - reach, middle + reach); nothing where there is no vector. */
static void spread(float *x, uint64_t n, float middle, float reach)
{
    for (uint64_t i = 0; x && i < n; i++)
        x[i] = middle + reach * x[i];
}

/* Weights of unit variance about 0: a word is as far from itself as from any other when embedding
 * and output matrix are one. */
static void spread_norm(enum layer_norm kind, float *x, uint32_t n, float gain)
{
    spread(x, n, kind == LAYER_NORM_RMS_PLUS ? -1 : 0, gain * sqrtf(3));
}

void layer_vectors_fill(const struct layer_shape *s, float *vectors, uint64_t seed)
{
    const struct layer_weights w = layer_weights_at(s, NULL, vectors);
    const enum layer_norm kind = layer_form_of(s)->norm;
    fill_stream(vectors, layer_vector_floats(s), seed);
    for (int id = 0; id < LAYER_MATRICES; id++) {
        spread((float *)(uintptr_t)w.matrix[id].row_scale, w.matrix[id].rows, 1, 0.5f);
        spread((float *)(uintptr_t)w.bias[id], w.matrix[id].rows, 0, bias_reach);
    }
    for (int id = 0; id < LAYER_NORMS; id++) {
        const uint32_t n = layer_norm_size(s, (enum layer_norm_id)id);
        const bool head = id == LAYER_NORM_Q || id == LAYER_NORM_K;
        spread_norm(kind, (float *)(uintptr_t)w.norm[id], n, head ? layer_qk_gain(s) : 1);
        spread((float *)(uintptr_t)w.norm_bias[id], n, 0, bias_reach);
    }
}

static uint64_t positions(const struct layer_config *config, uint32_t context)
{
    return layer_forms[config->form].learned ? (uint64_t)context * config->width : 0;
}

uint64_t layer_vectors_of_head(const struct layer_config *config, uint32_t context)
{
    return 2ull * config->width + positions(config, context);
}

void layer_vectors_fill_head(const struct layer_config *config, uint32_t context, float *vectors,
                             uint64_t seed)
{
    const uint32_t width = config->width;
    fill_stream(vectors, layer_vectors_of_head(config, context), seed);
    spread_norm(layer_forms[config->form].norm, vectors, width, 1);
    spread(vectors + width, width, 0, bias_reach); /* positions stay in [-1, 1) */
}
