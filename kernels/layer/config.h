/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a row of the phases layer, model and generate says beside its attention problem: the form
 * of the layer, the width of the residual stream and of the FFN, how weights are stored, and how
 * many layers of which kinds there are. Like a problem, a config and its part of the name are
 * inverse.
 *
 * A mix is a sequence of runs, repeated until there are enough layers: "5w512+1" is five layers
 * with a window of 512, then one as the problem says. A run is a count and what differs:
 *
 *     k4    KV heads        w512   window (0: none)
 *     c8192 attention chunk s      reads the cache of the layer before it and has none of its own
 */
#ifndef ATTN_LAYER_CONFIG_H
#define ATTN_LAYER_CONFIG_H

#include "kernels/layer/ops.h"
#include "kernels/problem.h"

enum layer_form_id {
    LAYER_LLAMA,
    LAYER_QWEN2,
    LAYER_GPT2,
    LAYER_GEMMA,
    LAYER_GEMMA2,
    LAYER_GEMMA3,
    LAYER_FALCON,
    LAYER_T5,
    LAYER_FORMS
};

struct layer_form {
    const char *name, *summary;
    enum layer_norm norm;
    enum layer_act act;
    bool rope;      /* rotary positions */
    bool learned;   /* positions are added to the embedding: a model's business, not a layer's */
    bool qkv_bias;  /* of the fused projection */
    bool bias;      /* of all projections and norms */
    bool post_norm; /* a norm behind attention and FFN too, before the residual */
    bool qk_norm;   /* RMSNorm over each head of q and k before they are turned */
    bool parallel;  /* attention and FFN read the same norm and add up (Falcon) */
    bool cross;     /* attends to an encoder's output as well */
    float eps;
    float theta, local_theta; /* rotary bases of layers without and with a window */
};

/* Indexed by enum layer_form_id. */
extern const struct layer_form layer_forms[LAYER_FORMS];

/* How projections are computed. */
enum layer_projection { LAYER_AUTO, LAYER_GEMV, LAYER_GEMM, LAYER_PROJECTIONS };
extern const char *const layer_projection_names[LAYER_PROJECTIONS];

enum { LAYER_MIX_MAX = 64, LAYER_LAYERS_MAX = 1024 };

struct layer_config {
    enum layer_form_id form;
    enum attn_type weights;
    enum layer_projection projection;
    uint32_t width, ffn;
    uint32_t cross; /* tokens of the encoder; 0 unless the form has cross-attention */
    /* Of the phases model and generate only; else 0 and "". */
    uint32_t layers, layers_run; /* layers_run: how many distinct ones there are in memory */
    uint32_t vocab;
    char mix[LAYER_MIX_MAX]; /* "" is uniform */
    uint32_t prompt;         /* generate: tokens before the first that is generated */
    uint32_t trace;          /* generate: identity of the trace (a hash of it), or 0 */
};

/* All zero: an attention row has none. */
static inline bool layer_config_none(const struct layer_config *c)
{
    return c->width == 0;
}

/* Llama 3.1 8B: the tool's defaults. */
struct layer_config layer_config_default(enum attn_phase phase);

/* NULL if it is well formed for this problem and its phase, else what is wrong. */
const char *layer_config_invalid(const struct layer_config *c, const struct attn_problem *p,
                                 char *buf, size_t size);

/* "form:llama/weights:bf16/width:4096/ffn:14336" and, where it applies, the rest. Length needed. */
int layer_config_name(const struct layer_config *c, enum attn_phase phase, char *buf, size_t size);

/* As attn_problem_set(). */
int layer_config_set(struct layer_config *c, const char *part, size_t len);

/* One layer of a mix as its own problem, of the phase decode or prefill: what a kernel is asked. */
struct layer_kind {
    struct attn_problem problem;
    bool shares; /* reads the cache of the nearest layer before it that has one */
};

/* Layer `index` of the config. 0, or -EINVAL if the mix cannot be read. */
int layer_config_kind(const struct layer_config *c, const struct attn_problem *p, uint32_t index,
                      struct layer_kind *kind);

#endif
