/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table behind attn_model_layers_find(): one line a model. Of a mixture of experts `ffn` is the
 * width of all experts one token goes through, as if they were one: that is what is read for it.
 */
#include "bench/cases/layer_shape.h"

#include <string.h>

static const struct attn_model_layers table[] = {
    /* clang-format off */
    {"gpt2", LAYER_GPT2, 768, 3072, 50257, 12, ""},
    {"gpt2-xl", LAYER_GPT2, 1600, 6400, 50257, 48, ""},
    {"t5-v1.1-large", LAYER_T5, 1024, 2816, 32128, 24, "", .cross = 2048},
    {"t5-v1.1-xxl", LAYER_T5, 4096, 10240, 32128, 24, "", .cross = 2048},
    {"llama-1-7b", LAYER_LLAMA, 4096, 11008, 32000, 32, ""},
    {"llama-2-7b", LAYER_LLAMA, 4096, 11008, 32000, 32, ""},
    {"llama-2-13b", LAYER_LLAMA, 5120, 13824, 32000, 40, ""},
    {"llama-2-70b", LAYER_LLAMA, 8192, 28672, 32000, 80, ""},
    {"codellama-34b", LAYER_LLAMA, 8192, 22016, 32000, 48, ""},
    {"llama-3.1-8b", LAYER_LLAMA, 4096, 14336, 128256, 32, ""},
    {"llama-3.1-70b", LAYER_LLAMA, 8192, 28672, 128256, 80, ""},
    {"llama-3.1-405b", LAYER_LLAMA, 16384, 53248, 128256, 126, ""},
    {"llama-3.2-1b", LAYER_LLAMA, 2048, 8192, 128256, 16, ""},
    {"llama-3.2-3b", LAYER_LLAMA, 3072, 8192, 128256, 28, ""},
    {"llama-4-scout", LAYER_LLAMA, 5120, 16384, 202048, 48, "3c8192+1",
     .note = "one routed and the shared expert"},
    {"tinyllama-1.1b", LAYER_LLAMA, 2048, 5632, 32000, 22, ""},
    {"mistral-7b-v0.1", LAYER_LLAMA, 4096, 14336, 32000, 32, ""},
    {"mistral-7b-v0.3", LAYER_LLAMA, 4096, 14336, 32768, 32, ""},
    {"falcon-7b", LAYER_FALCON, 4544, 18176, 65024, 32, ""},
    {"qwen2.5-0.5b", LAYER_QWEN2, 896, 4864, 151936, 24, ""},
    {"qwen2.5-1.5b", LAYER_QWEN2, 1536, 8960, 151936, 28, ""},
    {"qwen2.5-3b", LAYER_QWEN2, 2048, 11008, 151936, 36, ""},
    {"qwen2.5-7b", LAYER_QWEN2, 3584, 18944, 152064, 28, ""},
    {"qwen2.5-14b", LAYER_QWEN2, 5120, 13824, 152064, 48, ""},
    {"qwen2.5-32b", LAYER_QWEN2, 5120, 27648, 152064, 64, ""},
    {"qwen2.5-72b", LAYER_QWEN2, 8192, 29568, 152064, 80, ""},
    {"gemma-2b", LAYER_GEMMA, 2048, 16384, 256000, 18, ""},
    {"gemma-7b", LAYER_GEMMA, 3072, 24576, 256000, 28, ""},
    {"gemma-2-2b", LAYER_GEMMA2, 2304, 9216, 256000, 26, "1w4096+1"},
    {"gemma-2-9b", LAYER_GEMMA2, 3584, 14336, 256000, 42, "1w4096+1"},
    {"gemma-2-27b", LAYER_GEMMA2, 4608, 36864, 256000, 46, "1w4096+1"},
    {"gemma-3-1b", LAYER_GEMMA3, 1152, 6912, 262144, 26, "5w512+1"},
    {"gemma-3-4b", LAYER_GEMMA3, 2560, 10240, 262144, 34, "5w1024+1"},
    {"gemma-3-12b", LAYER_GEMMA3, 3840, 15360, 262144, 48, "5w1024+1"},
    {"gemma-3-27b", LAYER_GEMMA3, 5376, 21504, 262144, 62, "5w1024+1"},
    {"gemma-3n-e4b", LAYER_GEMMA3, 2048, 16384, 262144, 35,
     "4w512+1+4w512+1+4w512+1+4w512+1+4w512s+1s+4w512s+1s+4w512s+1s",
     .note = "the last 15 layers read the caches of earlier ones"},
    {"gpt-oss-20b", LAYER_LLAMA, 2880, 11520, 201088, 24, "1w128+1",
     .note = "four experts of 2880"},
    {"decilm-6b", LAYER_LLAMA, 4096, 11008, 32000, 32, "1k4+9k2+20k1+2k4"},
    {"decilm-7b", LAYER_LLAMA, 4096, 14336, 32000, 32, "5k4+5k2+1k4+9k2+11k1+1k4"},
    {"mimo-v2-flash", LAYER_LLAMA, 4096, 16384, 152576, 48, "1k4+5k8w128",
     .note = "eight experts of 2048"},
    /* clang-format on */
};

const struct attn_model_layers *attn_model_layers_find(const char *name)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}
