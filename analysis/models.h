/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes of models, as far as attention and its cache are concerned. Three sources: the table of
 * presets (models_preset.c, one line a model with where its numbers come from), any Hugging Face
 * config.json (models_config.c), any GGUF header (models_gguf.c).
 *
 * A model is reduced to kinds of layers: layers that are alike in KV heads, widths and reach share
 * one entry, whatever their order. Uniform models have one kind, Gemma-3 two, DeciLM three.
 */
#ifndef ANA_MODELS_H
#define ANA_MODELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/problem.h"

enum { ANA_KINDS_MAX = 16, ANA_LAYERS_MAX = 4096 };

/* Layers with a KV cache of their own, all alike. */
struct ana_layers {
    uint32_t layers;
    uint32_t heads, kv_heads;
    uint32_t dim, dim_v;
    uint32_t window; /* tokens a query sees, itself included; 0: all */
    uint32_t chunk;  /* tokens of an attention chunk; 0: off */
    bool v_in_k;     /* V is read from K's memory: absorbed MLA, shared K = V */
    uint32_t shared; /* elements a token keeps once for all KV heads: a rotary part beside them */
};

struct ana_model {
    char name[96];
    char source[96];       /* who published the shape, or the file it was read from */
    char note[96];         /* "" or what to know about it */
    uint32_t layers;       /* decoder layers in all */
    uint32_t reuse_layers; /* of them: attend to the cache of another layer */
    uint32_t plain_layers; /* of them: no attention cache at all (linear, recurrent, no-op) */
    uint32_t heads;        /* query heads; of the first kind, where kinds differ */
    uint32_t latent, rope; /* MLA: widths of the cached latent and of its rotary part; else 0 */
    bool sinks, alibi, rel_bias;
    float softcap;        /* 0: off */
    float scale_dim;      /* logits are scaled by 1/sqrt(this); 0: by the head dim */
    uint32_t max_context; /* 0 if not said */
    struct ana_layers kinds[ANA_KINDS_MAX];
    size_t kind_count;
};

/*
 * A preset's name, or the path of a config.json, of a directory with one, or of a GGUF file.
 * 0, or -errno and one sentence in `message` (-ENOENT: no such preset or file, with the nearest
 * name; -EBADMSG: not JSON, not GGUF, cut off; -EINVAL: keys missing or impossible, which ones;
 * -ENOTSUP: layers of a kind whose cache is not known here).
 */
int ana_model_load(const char *spec, struct ana_model *model, char *message, size_t size);

/*
 * Sets heads, widths, window, softcap, sinks, bias and scale of p to the model's layer. 0, or
 * -ENOTSUP and a sentence if its layers differ, so that no one layer stands for the model.
 */
int ana_model_problem(const struct ana_model *model, struct attn_problem *p, char *message,
                      size_t size);

/* The same for one kind of its layers. */
void ana_model_problem_of(const struct ana_model *model, const struct ana_layers *kind,
                          struct attn_problem *p);

/* "MHA", "GQA-8", "MQA", "MLA", or "mixed"; length needed, as snprintf. */
int ana_model_attention(const struct ana_model *model, char *buf, size_t size);

/* Adds `kind` to the model, to an equal kind if there is one. -E2BIG if there are too many. */
int ana_model_add(struct ana_model *model, const struct ana_layers *kind);

/* Presets in table order; false past the last. */
bool ana_preset(size_t index, struct ana_model *model);

/* The preset of that name or alias. 0, or -ENOENT and a sentence naming the nearest. */
int ana_preset_find(const char *name, struct ana_model *model, char *message, size_t size);

/* Does the preset have a name or alias that contains or matches `pattern` (with * and ?)? */
bool ana_preset_matches(size_t index, const char *pattern);

/* The readers behind ana_model_load(); the same errors. */
int ana_model_read_config(const char *path, struct ana_model *model, char *message, size_t size);
int ana_model_read_gguf(const char *path, struct ana_model *model, char *message, size_t size);

#endif
