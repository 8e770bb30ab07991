/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written once about a run: flat keys with string values, and warnings in words. Flat
 * strings are the one extension of a results' context that every reader of the format keeps.
 */
#ifndef MACHINE_CONTEXT_H
#define MACHINE_CONTEXT_H

#include <stddef.h>

struct machine_context {
    struct context_item {
        char *key, *value;
    } * item;
    size_t items, items_max;
    char **warning;
    size_t warnings, warnings_max;
};

/* All zeroes is an empty context. */
void context_free(struct machine_context *c);

/*
 * Sets a key to printf's text, made valid UTF-8 without control characters and trimmed; an empty
 * value becomes "unknown". 0 or -ENOMEM. Results may be ignored: a lost key is a lost key.
 */
int context_set(struct machine_context *c, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* NULL if there is no such key. */
const char *context_get(const struct machine_context *c, const char *key);

/* Appends a warning unless the same sentence is there already. */
int context_warn(struct machine_context *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
