/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of list.h. Every message names the item at fault and the range of right ones; an
 * item that overflows is told apart from one that is no number, since the remedies differ.
 */
#include "bench/cases/list.h"

#include "analysis/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int append(struct attn_list *list, const char *text, size_t len, struct attn_message *why)
{
    if (list->n == ATTN_LIST_MAX)
        return attn_refuse(why, -EINVAL, "the list has more than %d values", ATTN_LIST_MAX);
    if ((list->n & (list->n - 1)) == 0) { /* grows at powers of two */
        const size_t room = list->n ? 2 * list->n : 1;
        char **const grown = realloc(list->item, room * sizeof(*grown));
        if (!grown)
            return attn_refuse(why, -ENOMEM, "out of memory");
        list->item = grown;
    }
    list->item[list->n] = strndup(text, len);
    if (!list->item[list->n])
        return attn_refuse(why, -ENOMEM, "out of memory");
    list->n++;
    return 0;
}

void attn_list_free(struct attn_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->item[i]);
    free(list->item);
    *list = (struct attn_list){0};
}

static int number(const char *text, size_t len, const struct attn_bounds *bounds, uint64_t *value,
                  struct attn_message *why)
{
    const int error = ana_parse_count(text, len, UINT64_MAX, value);
    if (error == -EINVAL)
        return attn_refuse(why, -EINVAL,
                           "\"%.*s\" is not a whole number from %" PRIu64 " to %" PRIu64 "%s%s",
                           (int)len, text, bounds->min, bounds->max, bounds->word ? " nor " : "",
                           bounds->word ? bounds->word : "");
    if (!error && *value < bounds->min)
        return attn_refuse(why, -EINVAL, "%.*s is too small, the smallest is %" PRIu64, (int)len,
                           text, bounds->min);
    if (error || *value > bounds->max)
        return attn_refuse(why, -EINVAL, "%.*s is too large, the largest is %" PRIu64, (int)len,
                           text, bounds->max);
    return 0;
}

static int append_number(struct attn_list *list, uint64_t value, struct attn_message *why)
{
    char text[24];
    const int n = snprintf(text, sizeof(text), "%" PRIu64, value);
    return append(list, text, (size_t)n, why);
}

/* "first-last*step", "first-lastxstep" or "first-last+step". */
static int range(const char *text, size_t len, const char *dash, const struct attn_bounds *bounds,
                 struct attn_list *list, struct attn_message *why)
{
    const char *const end = text + len;
    const char *op = dash + 1;
    while (op < end && *op != '*' && *op != 'x' && *op != 'X' && *op != '+')
        op++;
    if (op == dash + 1)
        return attn_refuse(why, -EINVAL,
                           "the range \"%.*s\" has no end; write it as 1-8+1 or 1-8*2", (int)len,
                           text);

    uint64_t first, last, step = 0;
    int error = number(text, (size_t)(dash - text), bounds, &first, why);
    if (!error)
        error = number(dash + 1, (size_t)(op - dash - 1), bounds, &last, why);
    if (error)
        return error;
    if (op == end)
        return attn_refuse(why, -EINVAL,
                           "the range \"%.*s\" does not say its step; write %.*s+1 or %.*s*2",
                           (int)len, text, (int)len, text, (int)len, text);
    const uint64_t least = *op == '+' ? 1 : 2;
    error = ana_parse_count(op + 1, (size_t)(end - op - 1), UINT64_MAX, &step);
    if (error == -ERANGE)
        return attn_refuse(why, -EINVAL, "the step of the range \"%.*s\" is too large", (int)len,
                           text);
    if (error || step < least)
        return attn_refuse(
            why, -EINVAL,
            "the step of the range \"%.*s\" must be a whole number, at least %" PRIu64, (int)len,
            text, least);
    if (first > last)
        return attn_refuse(why, -EINVAL,
                           "the range \"%.*s\" is empty, its end is below its beginning", (int)len,
                           text);
    if (*op != '+' && first == 0)
        return attn_refuse(why, -EINVAL, "the range \"%.*s\" never leaves 0", (int)len, text);

    for (uint64_t v = first; v <= last;) {
        error = append_number(list, v, why);
        if (error)
            return error;
        if (*op == '+' ? __builtin_add_overflow(v, step, &v) : __builtin_mul_overflow(v, step, &v))
            break;
    }
    return 0;
}

static int number_item(const char *text, size_t len, const struct attn_bounds *bounds,
                       struct attn_list *list, struct attn_message *why)
{
    if (bounds->word && strlen(bounds->word) == len && strncmp(text, bounds->word, len) == 0)
        return append(list, text, len, why);
    const char *const dash = len > 1 ? memchr(text + 1, '-', len - 1) : NULL;
    if (dash && text[0] != '-')
        return range(text, len, dash, bounds, list, why);

    const char *const plus = bounds->pairs ? memchr(text, '+', len) : NULL;
    if (plus && (plus == text || plus + 1 == text + len))
        return attn_refuse(why, -EINVAL, "\"%.*s\" lacks a number beside its +; write 192+128",
                           (int)len, text);
    uint64_t k, v;
    int error = number(text, plus ? (size_t)(plus - text) : len, bounds, &k, why);
    if (error || !plus)
        return error ? error : append_number(list, k, why);
    error = number(plus + 1, len - (size_t)(plus + 1 - text), bounds, &v, why);
    if (error)
        return error;
    char pair[48];
    const int n = snprintf(pair, sizeof(pair), "%" PRIu64 "+%" PRIu64, k, v);
    return append(list, pair, (size_t)n, why);
}

/* Calls for every comma-separated item, trimmed; `bounds` NULL means words. */
static int walk(const char *text, const struct attn_bounds *bounds, struct attn_list *list,
                struct attn_message *why)
{
    *list = (struct attn_list){0};
    int error = 0;
    for (const char *at = text; !error; at++) {
        size_t len = strcspn(at, ",");
        const char *item = at;
        at += len;
        while (len && (*item == ' ' || *item == '\t'))
            item++, len--;
        while (len && (item[len - 1] == ' ' || item[len - 1] == '\t'))
            len--;
        if (!len)
            error = *text ? attn_refuse(why, -EINVAL, "\"%s\" has an empty place", text)
                          : attn_refuse(why, -EINVAL, "the value is empty");
        else if (bounds)
            error = number_item(item, len, bounds, list, why);
        else
            error = append(list, item, len, why);
        if (!*at)
            break;
    }
    if (error)
        attn_list_free(list);
    return error;
}

int attn_list_numbers(const char *text, const struct attn_bounds *bounds, struct attn_list *list,
                      struct attn_message *why)
{
    return walk(text, bounds, list, why);
}

int attn_list_words(const char *text, struct attn_list *list, struct attn_message *why)
{
    return walk(text, NULL, list, why);
}
