/* SPDX-License-Identifier: Apache-2.0 */
/* What each layer of a config.json keeps and how far it sees, as one letter. */
#ifndef ANA_CONFIG_LAYERS_H
#define ANA_CONFIG_LAYERS_H

#include "analysis/config_keys.h"

struct ana_layer_rules {
    const char *type;       /* model_type */
    uint32_t window, chunk; /* 0: none */
};

/* Keys under which a card may list its layers by words. */
extern const char *const ana_layer_lists;

/* F full, S sliding, C chunked, - without a cache, ? a word nobody told us. */
char ana_layer_letter(const struct ana_config *config, const struct ana_layer_rules *rules,
                      uint32_t layer);

/* The layer's entry of the list under the first of `keys` that is there, or NULL. */
const json_t *ana_layer_entry(const struct ana_config *config, const char *keys, uint32_t layer);

#endif
