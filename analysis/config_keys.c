/* SPDX-License-Identifier: Apache-2.0 */
/* See config_keys.h. */
#include "analysis/config_keys.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analysis/tame.h"

int ana_config_fail(struct ana_config *config, int status, const char *format, ...)
{
    if (config->status)
        return config->status;
    char what[384];
    va_list list;
    va_start(list, format);
    vsnprintf(what, sizeof(what), format, list);
    va_end(list);
    ana_tame(what); /* keys and what a parser quotes are the file's */
    snprintf(config->message, config->size, "%s: %s", config->path, what);
    config->status = status;
    return status;
}

const json_t *ana_config_get(const struct ana_config *config, const char *keys, char found[64])
{
    for (size_t level = 0; level < ANA_CONFIG_LEVELS; level++)
        for (const char *at = keys; config->levels[level] && *at;) {
            const size_t length = strcspn(at, " ");
            char key[64];
            snprintf(key, sizeof(key), "%.*s", (int)length, at);
            const json_t *const value = json_object_get(config->levels[level], key);
            if (value && !json_is_null(value)) {
                if (found)
                    memcpy(found, key, sizeof(key));
                return value;
            }
            at += length;
            at += *at == ' ';
        }
    return NULL;
}

uint32_t ana_config_count_of(struct ana_config *config, const json_t *value, const char *key,
                             uint32_t max)
{
    if (!json_is_integer(value)) {
        ana_config_fail(config, -EINVAL, "%s is %s; it must be a whole number", key,
                        json_is_string(value)   ? "a text"
                        : json_is_real(value)   ? "a fraction"
                        : json_is_array(value)  ? "a list"
                        : json_is_object(value) ? "an object"
                                                : "true or false");
        return 0;
    }
    const json_int_t number = json_integer_value(value);
    if (number < 1 || number > (json_int_t)max) {
        ana_config_fail(config, -EINVAL,
                        "%s is %" JSON_INTEGER_FORMAT "; it must lie between 1 and %u", key, number,
                        max);
        return 0;
    }
    return (uint32_t)number;
}

uint32_t ana_config_count(struct ana_config *config, const char *keys, uint32_t max)
{
    char key[64];
    const json_t *const value = ana_config_get(config, keys, key);
    return value ? ana_config_count_of(config, value, key, max) : 0;
}

double ana_config_real(const struct ana_config *config, const char *keys)
{
    return json_number_value(ana_config_get(config, keys, NULL));
}

bool ana_config_flag(const struct ana_config *config, const char *key, bool otherwise)
{
    const json_t *const value = ana_config_get(config, key, NULL);
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

const char *ana_config_text(const struct ana_config *config, const char *key)
{
    const json_t *const value = ana_config_get(config, key, NULL);
    return json_is_string(value) ? json_string_value(value) : "";
}

struct ana_config ana_config_inside(const struct ana_config *config, const char *key)
{
    struct ana_config inside = *config;
    const json_t *const value = ana_config_get(config, key, NULL);
    memset(inside.levels, 0, sizeof(inside.levels));
    inside.levels[0] = json_is_object(value) ? value : NULL;
    return inside;
}
