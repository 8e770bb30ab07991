/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small ordered list; a few dozen keys need no hashing. Values come from firmware tables and
 * kernel files, so they are cleaned before they can reach a JSON writer.
 */
#include "bench/machine/context.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void context_free(struct machine_context *c)
{
    for (size_t i = 0; i < c->items; i++) {
        free(c->item[i].key);
        free(c->item[i].value);
    }
    for (size_t i = 0; i < c->warnings; i++)
        free(c->warning[i]);
    free(c->item);
    free(c->warning);
    *c = (struct machine_context){0};
}

/* Blanks for control characters, '?' for what is not ASCII, no blanks at the ends. */
static void clean(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p; p++)
        *p = *p > 0x7e ? '?' : *p < ' ' ? ' ' : *p;
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == ' ')
        n--;
    text[n] = '\0';
    memmove(text, text + strspn(text, " "), n - strspn(text, " ") + 1);
}

__attribute__((format(printf, 1, 0))) static char *formatted(const char *format, va_list args)
{
    char *text;
    if (vasprintf(&text, format, args) < 0)
        return NULL;
    clean(text);
    return text;
}

/* Room for one more element; the array, moved if need be, or NULL. */
static void *room(void *array, size_t used, size_t *max, size_t size)
{
    if (used < *max)
        return array;
    const size_t more = *max ? *max * 2 : 32;
    void *const moved = realloc(array, more * size);
    if (moved)
        *max = more;
    return moved;
}

static struct context_item *find(const struct machine_context *c, const char *key)
{
    for (size_t i = 0; i < c->items; i++) {
        if (strcmp(c->item[i].key, key) == 0)
            return &c->item[i];
    }
    return NULL;
}

static int append(struct machine_context *c, const char *key, char *value)
{
    struct context_item *const item = room(c->item, c->items, &c->items_max, sizeof(*item));
    if (!item)
        return -ENOMEM;
    c->item = item;
    char *const copy = strdup(key);
    if (!copy)
        return -ENOMEM;
    item[c->items++] = (struct context_item){.key = copy, .value = value};
    return 0;
}

int context_set(struct machine_context *c, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *value = formatted(format, args);
    va_end(args);
    if (value && !*value) {
        free(value);
        value = strdup("unknown");
    }
    if (!value)
        return -ENOMEM;
    struct context_item *const old = find(c, key);
    if (old) {
        free(old->value);
        old->value = value;
        return 0;
    }
    const int err = append(c, key, value);
    if (err)
        free(value);
    return err;
}

const char *context_get(const struct machine_context *c, const char *key)
{
    const struct context_item *const item = find(c, key);
    return item ? item->value : NULL;
}

int context_warn(struct machine_context *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *const text = formatted(format, args);
    va_end(args);
    char **const warning =
        text ? room(c->warning, c->warnings, &c->warnings_max, sizeof(*warning)) : NULL;
    if (!warning) {
        free(text);
        return -ENOMEM;
    }
    c->warning = warning;
    for (size_t i = 0; i < c->warnings; i++) {
        if (strcmp(warning[i], text) == 0) {
            free(text);
            return 0;
        }
    }
    warning[c->warnings++] = text;
    return 0;
}
