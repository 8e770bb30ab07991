/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which layers of a config.json attend how far. Newer cards list every layer by a word; older ones
 * say "every n-th", or nothing and mean what their model's code does.
 */
#include "analysis/config_layers.h"

#include <string.h>

static bool is_type(const struct ana_layer_rules *rules, const char *prefix)
{
    return strncmp(rules->type, prefix, strlen(prefix)) == 0;
}

const json_t *ana_layer_entry(const struct ana_config *config, const char *keys, uint32_t layer)
{
    const json_t *const list = ana_config_get(config, keys, NULL);
    return json_is_array(list) ? json_array_get(list, layer) : NULL;
}

const char *const ana_layer_lists = "layer_types layers_block_type";

static const struct {
    const char *word;
    char letter;
} layer_words[] = {
    {"full_attention", 'F'},
    {"attention", 'F'},
    {"deepseek_sparse_attention", 'F'},
    {"sliding_attention", 'S'},
    {"chunked_attention", 'C'},
    {"linear_attention", '-'},
    {"mamba", '-'},
    {"mamba2", '-'},
    {"recurrent", '-'},
    {"conv", '-'},
    {"mlp", '-'},
    {"moe", '-'},
};

static char letter_of_word(const char *word)
{
    for (size_t i = 0; i < sizeof(layer_words) / sizeof(layer_words[0]); i++)
        if (strcmp(layer_words[i].word, word) == 0)
            return layer_words[i].letter;
    return '?';
}

/* Is the layer, counted from 1, in the list of full layers a linear-attention card gives? */
static char letter_of_linear(const json_t *full_layers, uint32_t layer)
{
    for (size_t i = 0; i < json_array_size(full_layers); i++)
        if (json_integer_value(json_array_get(full_layers, i)) == (json_int_t)layer + 1)
            return 'F';
    return '-';
}

static uint32_t interval_of(const struct ana_config *config, const char *keys)
{
    const double value = ana_config_real(config, keys);
    return value >= 1 && value <= 1e6 ? (uint32_t)value : 0;
}

char ana_layer_letter(const struct ana_config *config, const struct ana_layer_rules *rules,
                      uint32_t layer)
{
    const json_t *const type = ana_layer_entry(config, ana_layer_lists, layer);
    if (json_is_string(type))
        return letter_of_word(json_string_value(type));
    const struct ana_config linear = ana_config_inside(config, "linear_attn_config");
    const json_t *const full_layers = ana_config_get(&linear, "full_attn_layers", NULL);
    if (json_is_array(full_layers))
        return letter_of_linear(full_layers, layer);
    const char *const letters = ana_config_text(config, "hybrid_override_pattern");
    if (*letters)
        return layer < strlen(letters) && letters[layer] == '*' ? 'F' : '-';
    const json_t *const hybrid = ana_layer_entry(config, "hybrid_layer_pattern", layer);
    if (json_is_integer(hybrid))
        return json_integer_value(hybrid) ? 'S' : 'F';
    const uint32_t interval = interval_of(config, "full_attention_interval");
    if (interval > 1)
        return (layer + 1) % interval ? '-' : 'F';
    if (rules->chunk) {
        const json_t *const rope = ana_layer_entry(config, "no_rope_layers", layer);
        return json_is_integer(rope) ? (json_integer_value(rope) ? 'C' : 'F')
               : (layer + 1) % 4     ? 'C'
                                     : 'F';
    }
    if (!rules->window)
        return 'F';
    uint32_t every = interval_of(config, "sliding_window_pattern _sliding_window_pattern");
    if (!every)
        every = is_type(rules, "gemma2") || is_type(rules, "gpt_oss") ? 2
                : is_type(rules, "gemma3")                            ? 6
                                                                      : 0;
    if (every)
        return (layer + 1) % every ? 'S' : 'F';
    const json_t *const full_until = ana_config_get(config, "max_window_layers", NULL);
    return json_is_integer(full_until) && layer < json_integer_value(full_until) ? 'F' : 'S';
}
