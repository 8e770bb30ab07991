/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammars of flag values. Where Google Benchmark takes a malformed value for something else
 * (a minimum time of "abc" is no seconds, hence one iteration) these refuse it.
 */
#include "bench/harness/settings.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int bm_parse_bool(const char *text, void *target)
{
    static const char *const no[] = {"0", "f", "n", "no", "off", "false"};
    bool value = true;
    for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
        value = value && strcasecmp(text, no[i]) != 0;
    /* One character that is no letter and no digit is false, any longer word true: odd, but what
     * programs passing such words have come to rely on. */
    if (text[0] && !text[1] && !isalnum((unsigned char)text[0]))
        value = false;
    *(bool *)target = value;
    return 0;
}

int bm_parse_int(const char *text, void *target)
{
    char *end;
    errno = 0;
    const long value = strtol(text, &end, 10);
    if (end == text || *end)
        return -EINVAL;
    if (errno == ERANGE || value < INT32_MIN || value > INT32_MAX)
        return -ERANGE;
    *(int *)target = (int)value;
    return 0;
}

int bm_parse_count(const char *text, void *target)
{
    int value;
    const int rc = bm_parse_int(text, &value);
    if (rc)
        return rc;
    if (value < 0)
        return -EDOM;
    *(int *)target = value;
    return 0;
}

int bm_parse_seconds(const char *text, void *target)
{
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end)
        return -EINVAL;
    if (!isfinite(value) || value < 0)
        return -EDOM;
    *(double *)target = value;
    return 0;
}

int bm_parse_min_time(const char *text, void *target)
{
    const size_t length = strlen(text);
    struct min_time *const min_time = target;
    char *end;

    if (length && text[length - 1] == 'x') {
        errno = 0;
        const long long value = strtoll(text, &end, 10);
        if (end != text + length - 1 || !isdigit((unsigned char)text[0]) || value < 1)
            return -EINVAL;
        if (errno == ERANGE)
            return -ERANGE;
        *min_time = (struct min_time){.iterations = value};
        return 0;
    }
    const double value = strtod(text, &end);
    if (end == text || (strcmp(end, "s") != 0 && *end))
        return -EINVAL;
    if (!isfinite(value) || value < 0)
        return -EDOM;
    *min_time = (struct min_time){.seconds = value};
    return 0;
}

int bm_parse_string(const char *text, void *target)
{
    char *const copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    free(*(char **)target);
    *(char **)target = copy;
    return 0;
}

/* k=v,k=v: every piece exactly one key and one value, no key twice. */
int bm_parse_context(const char *text, void *target)
{
    struct key_values pieces = {0};
    char *const copy = strdup(text);
    int rc = copy ? 0 : -ENOMEM;

    char *rest = copy;
    while (!rc && *text && rest) {
        char *const piece = strsep(&rest, ",");
        char *const equals = strchr(piece, '=');
        if (!equals || equals == piece || strchr(equals + 1, '=')) {
            rc = -EINVAL;
            break;
        }
        *equals = '\0';
        rc = bm_key_values_set(&pieces, piece, equals + 1, false);
    }
    for (size_t i = 0; !rc && i < pieces.count; i++)
        rc = bm_key_values_set(target, pieces.items[i].key, pieces.items[i].value, true);
    bm_key_values_free(&pieces);
    free(copy);
    return rc;
}

static int parse_word(const char *text, const char *const words[], size_t count, int *target)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            *target = (int)i;
            return 0;
        }
    }
    return -EINVAL;
}

int bm_parse_format(const char *text, void *target)
{
    static const char *const words[] = {"console", "json", "csv"};
    return parse_word(text, words, 3, target);
}

int bm_parse_color(const char *text, void *target)
{
    bool always;
    if (!*text)
        return -EINVAL;
    if (strcasecmp(text, "auto") == 0) {
        *(int *)target = COLOR_AUTO;
        return 0;
    }
    bm_parse_bool(text, &always);
    *(int *)target = always ? COLOR_ALWAYS : COLOR_NEVER;
    return 0;
}

int bm_parse_unit(const char *text, void *target)
{
    static const char *const words[] = {"", "ns", "us", "ms", "s"};
    return parse_word(text, words, 5, target);
}

int bm_parse_cache_mode(const char *text, void *target)
{
    static const char *const words[] = {"hot", "cold"};
    return parse_word(text, words, 2, target);
}

int bm_parse_fraction(const char *text, void *target)
{
    double value;
    const int rc = bm_parse_seconds(text, &value);
    if (rc)
        return rc;
    if (value >= 1)
        return -EDOM;
    *(double *)target = value;
    return 0;
}

/* A fraction that may be 0 and may be absent. */
int bm_parse_threshold(const char *text, void *target)
{
    if (*text)
        return bm_parse_seconds(text, target);
    *(double *)target = -1;
    return 0;
}

static int append(struct numbers *list, double value)
{
    double *const items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (!items)
        return -ENOMEM;
    list->items = items;
    items[list->count++] = value;
    return 0;
}

static int replace(struct numbers *target, struct numbers *list, int rc)
{
    if (rc) {
        free(list->items);
        return rc;
    }
    free(target->items);
    *target = *list;
    return 0;
}

/* 50,99,99.9 */
int bm_parse_percentiles(const char *text, void *target)
{
    struct numbers list = {0};
    int rc = 0;
    for (char *end; !rc && *text; text = *end ? end + 1 : end) {
        const double value = strtod(text, &end);
        if (end == text || (*end && *end != ',') || (*end && !end[1]))
            rc = -EINVAL;
        else if (!(value >= 0 && value <= 100))
            rc = -EDOM;
        else
            rc = append(&list, value);
    }
    return replace(target, &list, rc);
}

/* 0,2-5 */
int bm_parse_cpus(const char *text, void *target)
{
    enum { MOST = 65536 };
    struct numbers list = {0};
    int rc = 0;
    for (char *end; !rc && *text; text = *end ? end + 1 : end) {
        const long first = strtol(text, &end, 10);
        const char *const dash = end != text && *end == '-' ? end : NULL;
        const long last = dash ? strtol(dash + 1, &end, 10) : first;
        if (end == (dash ? dash + 1 : text) || (*end && *end != ',') || (*end && !end[1]))
            rc = -EINVAL;
        else if (first < 0 || last < first || last >= MOST)
            rc = -EDOM;
        for (long cpu = first; !rc && cpu <= last; cpu++)
            rc = append(&list, (double)cpu);
    }
    return replace(target, &list, rc);
}

int bm_key_values_set(struct key_values *list, const char *key, const char *value, bool replace)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].key, key) != 0)
            continue;
        return replace ? bm_parse_string(value, &list->items[i].value) : -EEXIST;
    }
    struct key_value *const items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (!items)
        return -ENOMEM;
    list->items = items;
    struct key_value item = {.key = strdup(key), .value = strdup(value)};
    if (!item.key || !item.value) {
        free(item.key);
        free(item.value);
        return -ENOMEM;
    }
    items[list->count++] = item;
    return 0;
}

void bm_key_values_free(struct key_values *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].key);
        free(list->items[i].value);
    }
    free(list->items);
    *list = (struct key_values){0};
}
