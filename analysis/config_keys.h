/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking things up in a config.json whose writers never agreed on names: a quantity has a list
 * of keys and the first that is there wins; null counts as absent; the nested configuration of a
 * multimodal card goes before the card itself.
 */
#ifndef ANA_CONFIG_KEYS_H
#define ANA_CONFIG_KEYS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ANA_CONFIG_LEVELS = 2 };

struct ana_config {
    const json_t *levels[ANA_CONFIG_LEVELS]; /* nested first; NULL where there is none */
    const char *path;
    int status; /* 0, or -errno once something failed; later failures do not overwrite it */
    char *message;
    size_t size;
};

/* One sentence, the path put before it. Returns status. */
__attribute__((format(printf, 3, 4))) int ana_config_fail(struct ana_config *config, int status,
                                                          const char *format, ...);

/* The first key of a blank-separated list that is there and not null; *found is which. */
const json_t *ana_config_get(const struct ana_config *config, const char *keys, char found[64]);

/* A whole number from 1 to max; 0 if absent. Anything else fails, naming key and value. */
uint32_t ana_config_count(struct ana_config *config, const char *keys, uint32_t max);

/* The same of one value that was found already under `key`. */
uint32_t ana_config_count_of(struct ana_config *config, const json_t *value, const char *key,
                             uint32_t max);

double ana_config_real(const struct ana_config *config, const char *keys); /* 0 if absent */
bool ana_config_flag(const struct ana_config *config, const char *key, bool otherwise);
const char *ana_config_text(const struct ana_config *config, const char *key); /* "" if absent */

/* A configuration that is one object of this one, such as attn_config; levels NULL if absent. */
struct ana_config ana_config_inside(const struct ana_config *config, const char *key);

#endif
