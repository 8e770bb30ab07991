/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of presets: one line a model, with where its numbers were published. A new model is
 * one more line. What kv_bytes comes to for each is checked against an independent list in
 * tests/test_models.c.
 *
 * Sources:
 *   LG    Lightning-AI/litgpt, litgpt/config.py             LL1  Lightning-AI/lit-llama, model.py
 *   MLC   mlc-ai/mlc-llm, model_preset.py                   AIC  ai-dynamo/aiconfigurator, configs
 *   GEM   google-deepmind/gemma, _gemma.py, _gemma3n.py     DS   deepseek-ai/DeepSeek-V3, configs
 *   OSS   openai/gpt-oss, torch/model.py                    T5X  google-research/t5x, t5_1_1 gin
 *   LLMA  cli99/llm-analysis, model_configs                 MPT  mosaicml/llm-foundry, mpt yamls
 *   TF    huggingface/transformers, defaults                HFD  config.json on the hub of models
 *   GENZ  abhibambhaniya/GenZ-LLM-Analyzer, Model_sets
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/models.h"
#include "analysis/nearest.h"

struct preset {
    const char *names; /* the name, then aliases */
    const char *source;
    uint32_t layers, heads, kv_heads, dim;
    const char *note;
    uint32_t dim_v;      /* 0: as dim */
    uint32_t window;     /* of the S and C layers; without a pattern of all */
    const char *pattern; /* repeated over the layers: Full, Sliding, Chunked, Linear */
    const char *kv_list; /* KV heads layer by layer, "4*5 2" is five layers of 4 and one of 2 */
    uint32_t reuse;      /* last layers, which read the cache of others */
    uint32_t plain;      /* layers without any cache, whose places are not told */
    uint32_t latent, rope;
    struct {
        uint32_t layers; /* how many there are, where no pattern says */
        uint32_t kv_heads, dim;
        bool v_in_k;
    } full; /* full layers, where they differ from the others */
    bool sinks, alibi, rel_bias;
    float softcap, scale_dim;
};

static const struct preset presets[] = {
    /* clang-format off */
    {"gpt2 gpt2-124m gpt-2", "LLMA MLC", 12, 12, 12, 64},
    {"gpt2-xl", "LLMA", 48, 25, 25, 64},
    {"gpt3-175b gpt-3", "LLMA", 96, 96, 96, 128},
    {"gpt-j-6b", "LLMA MLC", 28, 16, 16, 256, .note = "rotary on 64 of 256"},
    {"opt-125m", "LLMA", 12, 12, 12, 64},
    {"opt-1.3b", "LLMA", 24, 32, 32, 64},
    {"opt-6.7b", "LLMA", 32, 32, 32, 128},
    {"opt-13b", "LLMA", 40, 40, 40, 128},
    {"opt-66b", "LLMA", 64, 72, 72, 128},
    {"opt-175b", "LLMA", 96, 96, 96, 128},
    {"bloom-7b1", "LLMA", 30, 32, 32, 128, .alibi = true},
    {"t5-v1.1-large", "T5X", 24, 16, 16, 64,
     .note = "decoder self-attention; cross-attention comes on top", .rel_bias = true,
     .scale_dim = 1},
    {"t5-v1.1-xxl t5-xxl", "T5X HFD(google/t5-v1_1-xxl)", 24, 64, 64, 64,
     .note = "decoder self-attention; the model of the GQA paper", .rel_bias = true,
     .scale_dim = 1},
    {"palm-540b", "Pope et al. 2022", 118, 48, 1, 256, .note = "served with heads padded to 64"},
    {"llama-1-7b", "LL1", 32, 32, 32, 128},
    {"llama-1-13b", "LL1", 40, 40, 40, 128},
    {"llama-1-33b", "LL1 GENZ", 60, 52, 52, 128},
    {"llama-1-65b", "LL1", 80, 64, 64, 128},
    {"llama-2-7b", "LG MLC", 32, 32, 32, 128},
    {"llama-2-13b", "LG MLC", 40, 40, 40, 128},
    {"llama-2-70b", "LG MLC", 80, 64, 8, 128},
    {"codellama-34b", "LG MLC", 48, 64, 8, 128},
    {"llama-3.1-8b llama-3-8b", "LG MLC AIC", 32, 32, 8, 128},
    {"llama-3.1-70b llama-3-70b", "LG MLC AIC", 80, 64, 8, 128},
    {"llama-3.1-405b", "LG AIC", 126, 128, 8, 128},
    {"llama-3.2-1b", "LG MLC", 16, 32, 8, 64},
    {"llama-3.2-3b", "LG MLC", 28, 24, 8, 128},
    {"llama-4-scout llama-4-maverick", "AIC TF(llama4)", 48, 40, 8, 128, .window = 8192,
     .pattern = "CCCF"},
    {"tinyllama-1.1b tinyllama", "LG MLC", 22, 32, 4, 64},
    {"mistral-7b-v0.1", "LG", 32, 32, 8, 128, .window = 4096},
    {"mistral-7b-v0.3 mistral-7b-v0.2", "LG MLC", 32, 32, 8, 128},
    {"mistral-nemo-12b mistral-nemo", "GENZ", 40, 32, 8, 128,
     .note = "head dim is not hidden/heads"},
    {"mistral-large-2407", "LG", 88, 96, 8, 128},
    {"mixtral-8x7b", "LG MLC AIC", 32, 32, 8, 128},
    {"mixtral-8x22b", "LG AIC", 56, 48, 8, 128},
    {"falcon-7b", "LG TF(falcon)", 32, 71, 1, 64},
    {"falcon-40b", "LG", 60, 128, 8, 64},
    {"falcon-180b", "LG", 80, 232, 8, 64},
    {"falcon3-7b", "LG", 28, 12, 4, 256},
    {"santacoder-1.1b santacoder", "MLC LLMA", 24, 16, 1, 128},
    {"starcoder-15.5b starcoder", "HFD(bigcode/starcoder*)", 40, 48, 1, 128},
    {"starcoder2-3b", "TF(starcoder2)", 30, 24, 2, 128,
     .note = "window of the shipped configuration not counted"},
    {"starcoder2-7b", "MLC", 32, 36, 4, 128, .window = 4096},
    {"mpt-7b", "MPT", 32, 32, 32, 128, .alibi = true},
    {"mpt-30b", "MPT", 48, 56, 56, 128,
     .note = "training recipe; the released checkpoint splits into 64 heads of 112",
     .alibi = true},
    {"phi-1.5", "LG MLC", 24, 32, 32, 64},
    {"phi-2", "LG MLC", 32, 32, 32, 80},
    {"phi-3-mini-3.8b phi-3-mini", "LG MLC", 32, 32, 32, 96,
     .note = "long-context version; the 4k version has a window of 2047"},
    {"phi-3-small-7b phi-3-small", "GENZ", 32, 32, 8, 128,
     .note = "block-sparse layers counted as full"},
    {"phi-3-medium-14b phi-3-medium", "GENZ", 40, 40, 10, 128, .note = "long-context version"},
    {"phi-4-14b", "LG", 40, 40, 10, 128},
    {"phi-4-mini-3.8b phi-4-mini", "LG MLC", 32, 24, 8, 128},
    {"qwen1.5-1.8b", "MLC", 24, 16, 16, 128},
    {"qwen2.5-0.5b qwen2-0.5b", "LG MLC", 24, 14, 2, 64},
    {"qwen2.5-1.5b qwen2-1.5b", "LG MLC", 28, 12, 2, 128},
    {"qwen2.5-3b", "LG MLC", 36, 16, 2, 128},
    {"qwen2.5-7b qwen2-7b", "LG MLC", 28, 28, 4, 128},
    {"qwen2.5-14b", "LG", 48, 40, 8, 128},
    {"qwen2.5-32b", "LG", 64, 40, 8, 128},
    {"qwen2.5-72b qwen2-72b", "LG", 80, 64, 8, 128},
    {"qwen3-0.6b", "LG MLC AIC", 28, 16, 8, 128},
    {"qwen3-1.7b", "LG MLC AIC", 28, 16, 8, 128},
    {"qwen3-4b", "LG", 36, 32, 8, 128},
    {"qwen3-8b", "LG AIC", 36, 32, 8, 128},
    {"qwen3-14b", "LG", 40, 40, 8, 128},
    {"qwen3-32b", "LG AIC", 64, 64, 8, 128},
    {"qwen3-30b-a3b", "LG AIC", 48, 32, 4, 128},
    {"qwen3-235b-a22b", "LG AIC", 94, 64, 4, 128},
    {"qwen3-coder-480b-a35b", "AIC", 62, 96, 8, 128},
    {"qwen3.5-27b", "AIC", 64, 24, 4, 256, .note = "linear attention in 3 of 4 layers",
     .pattern = "LLLF"},
    {"qwen3.5-35b-a3b", "AIC", 40, 16, 2, 256, .note = "linear attention in 3 of 4 layers",
     .pattern = "LLLF"},
    {"gemma-2b", "LG MLC", 18, 8, 1, 256},
    {"gemma-7b", "LG", 28, 16, 16, 256},
    {"gemma-2-2b", "LG MLC GEM", 26, 8, 4, 256, .window = 4096, .pattern = "SF", .softcap = 50},
    {"gemma-2-9b", "LG MLC GEM", 42, 16, 8, 256, .window = 4096, .pattern = "SF", .softcap = 50},
    {"gemma-2-27b", "LG MLC GEM", 46, 32, 16, 128, .window = 4096, .pattern = "SF", .softcap = 50,
     .scale_dim = 144},
    {"gemma-3-270m", "GEM", 18, 4, 1, 256, .window = 512, .pattern = "SSSSSF"},
    {"gemma-3-1b", "LG MLC GEM", 26, 4, 1, 256, .window = 512, .pattern = "SSSSSF"},
    {"gemma-3-4b", "LG GEM", 34, 8, 4, 256, .window = 1024, .pattern = "SSSSSF"},
    {"gemma-3-12b", "LG GEM", 48, 16, 8, 256, .window = 1024, .pattern = "SSSSSF"},
    {"gemma-3-27b", "LG GEM", 62, 32, 16, 128, .window = 1024, .pattern = "SSSSSF",
     .scale_dim = 168},
    {"gemma-3n-e4b", "GEM", 35, 8, 2, 256, .note = "the last 15 layers read the caches of others",
     .window = 512, .pattern = "SSSSF", .reuse = 15},
    {"gpt-oss-20b", "AIC OSS", 24, 64, 8, 64, .window = 128, .pattern = "SF", .sinks = true},
    {"gpt-oss-120b", "AIC OSS", 36, 64, 8, 64, .window = 128, .pattern = "SF", .sinks = true},
    {"decilm-6b", "HFD(Deci/DeciLM-6b-instruct)", 32, 32, 0, 128, .kv_list = "4 2*9 1*20 4 4"},
    {"decilm-7b", "HFD(Deci/DeciLM-7B)", 32, 32, 0, 128, .kv_list = "4*5 2*5 4 2*9 1*11 4"},
    {"nemotron-super-49b", "AIC", 80, 64, 8, 128, .note = "49 attention layers", .plain = 31},
    {"deepseek-v2-lite-16b deepseek-v2-lite", "DS MLC", 27, 16, 1, 192, .latent = 512, .rope = 64},
    {"deepseek-v2-236b deepseek-v2", "DS", 60, 128, 1, 192, .latent = 512, .rope = 64},
    {"deepseek-v3-671b deepseek-v3 deepseek-r1", "DS AIC", 61, 128, 1, 192,
     .note = "its config.json says 128 KV heads; the cache is one latent", .latent = 512,
     .rope = 64},
    {"kimi-k2-1t kimi-k2", "AIC", 61, 64, 1, 192, .latent = 512, .rope = 64},
    {"glm-5", "AIC", 78, 64, 1, 256, .note = "sparse: attends to the 2048 best tokens",
     .latent = 512, .rope = 64},
    {"chatglm3-6b", "MLC", 28, 32, 2, 128},
    {"glm-4-9b", "GENZ", 40, 32, 2, 128},
    {"glm-4.5-air-106b glm-4.5-air", "TF(glm4_moe)", 46, 96, 8, 128},
    {"olmo-1b", "LG", 16, 16, 16, 128},
    {"olmo-7b", "LG", 32, 32, 32, 128},
    {"olmo-2-7b", "LG MLC", 32, 32, 32, 128},
    {"olmo-2-13b", "LG MLC", 40, 40, 40, 128},
    {"olmo-2-32b", "MLC", 64, 40, 8, 128},
    {"smollm2-135m", "LG MLC", 30, 9, 3, 64},
    {"smollm2-360m", "LG MLC", 32, 15, 5, 64},
    {"smollm2-1.7b", "LG", 24, 32, 32, 64},
    {"smollm3-3b", "TF(smollm3)", 36, 16, 4, 128},
    {"minimax-m2.5", "AIC", 62, 48, 8, 128},
    {"mimo-v2-flash", "AIC", 48, 64, 8, 192, .dim_v = 128, .window = 128,
     .full = {.layers = 9, .kv_heads = 4}},
    {"gemma-4-26b-a4b", "AIC", 30, 16, 8, 256, .note = "full layers read V from K",
     .window = 1024, .pattern = "SSSSSF", .full = {.kv_heads = 2, .dim = 512, .v_in_k = true}},
    /* clang-format on */
};
enum { PRESETS = sizeof(presets) / sizeof(presets[0]) };

/* The i-th blank-separated name; its length, 0 past the last. */
static size_t name_at(const struct preset *preset, size_t i, const char **name)
{
    const char *at = preset->names;
    for (; i > 0 && *at; i--) {
        at += strcspn(at, " ");
        at += *at == ' ';
    }
    *name = at;
    return strcspn(at, " ");
}

static char letter_of(const struct preset *preset, uint32_t layer)
{
    if (preset->full.layers)
        return layer < preset->full.layers ? 'F' : 'S';
    if (preset->pattern)
        return preset->pattern[layer % strlen(preset->pattern)];
    return preset->window ? 'S' : 'F';
}

static void add_layer(const struct preset *preset, char letter, struct ana_model *model)
{
    struct ana_layers kind = {
        .layers = 1,
        .heads = preset->heads,
        .kv_heads = preset->kv_heads,
        .dim = preset->dim,
        .dim_v = preset->dim_v ? preset->dim_v : preset->dim,
        .window = letter == 'S' ? preset->window : 0,
        .chunk = letter == 'C' ? preset->window : 0,
    };
    if (preset->latent) {
        kind.kv_heads = 1;
        kind.dim = preset->latent + preset->rope;
        kind.dim_v = preset->latent;
        kind.v_in_k = true;
    }
    if (letter == 'F' && preset->full.kv_heads) {
        kind.kv_heads = preset->full.kv_heads;
        kind.dim = preset->full.dim ? preset->full.dim : kind.dim;
        kind.dim_v = preset->full.dim ? preset->full.dim : kind.dim_v;
        kind.v_in_k = preset->full.v_in_k;
    }
    ana_model_add(model, &kind);
}

static void add_listed(const struct preset *preset, struct ana_model *model)
{
    struct ana_layers kind = {.heads = preset->heads, .dim = preset->dim, .dim_v = preset->dim};
    for (const char *at = preset->kv_list; *at;) {
        char *end;
        kind.kv_heads = (uint32_t)strtoul(at, &end, 10);
        kind.layers = *end == '*' ? (uint32_t)strtoul(end + 1, &end, 10) : 1;
        ana_model_add(model, &kind);
        at = end + (*end == ' ');
    }
}

bool ana_preset(size_t index, struct ana_model *model)
{
    if (index >= PRESETS)
        return false;
    const struct preset *const preset = &presets[index];
    const char *name;
    const size_t length = name_at(preset, 0, &name);
    *model = (struct ana_model){
        .layers = preset->layers,
        .heads = preset->heads,
        .reuse_layers = preset->reuse,
        .plain_layers = preset->plain,
        .latent = preset->latent,
        .rope = preset->rope,
        .sinks = preset->sinks,
        .alibi = preset->alibi,
        .rel_bias = preset->rel_bias,
        .softcap = preset->softcap,
        .scale_dim = preset->latent ? (float)preset->dim : preset->scale_dim,
    };
    snprintf(model->name, sizeof(model->name), "%.*s", (int)length, name);
    snprintf(model->source, sizeof(model->source), "%s", preset->source);
    snprintf(model->note, sizeof(model->note), "%s", preset->note ? preset->note : "");
    if (preset->kv_list) {
        add_listed(preset, model);
        return true;
    }
    for (uint32_t i = 0; i < preset->layers - preset->reuse - preset->plain; i++)
        if (letter_of(preset, i) != 'L')
            add_layer(preset, letter_of(preset, i), model);
        else
            model->plain_layers++;
    return true;
}

int ana_preset_find(const char *name, struct ana_model *model, char *message, size_t size)
{
    char word[64], best[64] = "";
    size_t best_distance = 0;
    for (size_t i = 0; i < PRESETS; i++) {
        const char *at;
        size_t length;
        for (size_t j = 0; (length = name_at(&presets[i], j, &at)) > 0; j++) {
            struct ana_nearest near = {.word = name};
            snprintf(word, sizeof(word), "%.*s", (int)length, at);
            ana_nearest_offer(&near, word);
            if (near.distance == 0) {
                ana_preset(i, model);
                return 0;
            }
            if (ana_nearest_best(&near) && (!*best || near.distance < best_distance)) {
                memcpy(best, word, sizeof(best));
                best_distance = near.distance;
            }
        }
    }
    if (*best)
        snprintf(message, size, "no model \"%s\"; did you mean %s?", name, best);
    else
        snprintf(message, size,
                 "no model \"%s\"; attn-stat models lists %d, and any config.json "
                 "or GGUF file will do",
                 name, PRESETS);
    return -ENOENT;
}

bool ana_preset_matches(size_t index, const char *pattern)
{
    char glob[128], word[64];
    if (index >= PRESETS)
        return false;
    const bool is_glob = strpbrk(pattern, "*?[") != NULL;
    snprintf(glob, sizeof(glob), is_glob ? "%s" : "*%s*", pattern);
    const char *at;
    size_t length;
    for (size_t j = 0; (length = name_at(&presets[index], j, &at)) > 0; j++) {
        snprintf(word, sizeof(word), "%.*s", (int)length, at);
        if (fnmatch(glob, word, FNM_CASEFOLD) == 0)
            return true;
    }
    return false;
}
