/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prefixes are listed and not guessed: a vision tower inside a multimodal checkpoint names its
 * layers just as the language model does, and has no KV cache to shrink.
 */
#include "analysis/checkpoint/naming.h"

#include <string.h>

static const struct ana_family llama = {
    .name = "Llama",
    .rotary = true,
    .prefixes = ". model. language_model.model. model.language_model. transformer.",
};
static const struct ana_family gpt2 = {
    .name = "GPT-2",
    .transposed = true,
    .prefixes = ". transformer.",
};
static const struct ana_family t5 = {
    .name = "T5",
    .unscaled = true,
    .prefixes = ". model. transformer.",
};

/* '#' is the number of the layer. */
static const struct {
    const struct ana_family *family;
    const char *pattern;
    enum ana_part part;
    bool cross;
} names[] = {
    {&llama, "layers.#.self_attn.q_proj", ANA_PART_Q, false},
    {&llama, "layers.#.self_attn.k_proj", ANA_PART_K, false},
    {&llama, "layers.#.self_attn.v_proj", ANA_PART_V, false},
    {&llama, "layers.#.self_attn.o_proj", ANA_PART_O, false},
    {&llama, "layers.#.self_attn.qkv_proj", ANA_PART_QKV, false},
    {&llama, "layers.#.self_attn.q_norm", ANA_PART_Q_NORM, false},
    {&llama, "layers.#.self_attn.k_norm", ANA_PART_K_NORM, false},
    {&gpt2, "h.#.attn.c_attn", ANA_PART_QKV, false},
    {&gpt2, "h.#.attn.c_proj", ANA_PART_O, false},
    {&t5, "decoder.block.#.layer.0.SelfAttention.q", ANA_PART_Q, false},
    {&t5, "decoder.block.#.layer.0.SelfAttention.k", ANA_PART_K, false},
    {&t5, "decoder.block.#.layer.0.SelfAttention.v", ANA_PART_V, false},
    {&t5, "decoder.block.#.layer.0.SelfAttention.o", ANA_PART_O, false},
    {&t5, "decoder.block.#.layer.0.SelfAttention.relative_attention_bias", ANA_PART_POSITION,
     false},
    {&t5, "decoder.block.#.layer.1.EncDecAttention.q", ANA_PART_Q, true},
    {&t5, "decoder.block.#.layer.1.EncDecAttention.k", ANA_PART_K, true},
    {&t5, "decoder.block.#.layer.1.EncDecAttention.v", ANA_PART_V, true},
    {&t5, "decoder.block.#.layer.1.EncDecAttention.o", ANA_PART_O, true},
};

/* What stands behind the prefix that *next points at, or NULL; *next moves to the one after it. */
static const char *after_prefix(const char *name, const char **next)
{
    const char *const prefix = *next;
    const size_t length = strcspn(prefix, " ");
    *next = prefix + length + (prefix[length] == ' ');
    if (length == 1)
        return name;
    return strncmp(name, prefix, length) == 0 ? name + length : NULL;
}

/* Does `name` begin with the pattern? What stands behind it, or NULL. */
static const char *match(const char *name, const char *pattern, uint32_t *layer)
{
    for (; *pattern; pattern++) {
        if (*pattern != '#') {
            if (*name++ != *pattern)
                return NULL;
            continue;
        }
        const char *const first = name;
        for (*layer = 0; *name >= '0' && *name <= '9' && name - first < 5; name++)
            *layer = *layer * 10 + (uint32_t)(*name - '0');
        if (name == first)
            return NULL;
    }
    return name;
}

static bool fits(const char *name, size_t row, struct ana_role *role)
{
    uint32_t layer = 0;
    const char *const end = match(name, names[row].pattern, &layer);
    const bool bias = end && strcmp(end, ".bias") == 0;
    if (!end || (!bias && strcmp(end, ".weight") != 0))
        return false;
    *role = (struct ana_role){.family = names[row].family,
                              .part = names[row].part,
                              .layer = layer,
                              .cross = names[row].cross,
                              .bias = bias};
    return true;
}

bool ana_role_of(const char *name, struct ana_role *role)
{
    for (size_t row = 0; row < sizeof(names) / sizeof(names[0]); row++)
        for (const char *next = names[row].family->prefixes; *next;) {
            const char *const rest = after_prefix(name, &next);
            if (rest && fits(rest, row, role))
                return true;
        }
    return false;
}
