/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a query line. A misspelt one is an error with its name and never ignored: a figure
 * that silently draws something else than it says is worse than none.
 */
#include "analysis/report/query.h"

#include "analysis/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const by_names[] = {
    [REP_BY_NONE] = "none",       [REP_BY_ATTENTION] = "attention", [REP_BY_KERNEL] = "kernel",
    [REP_BY_CONTEXT] = "context", [REP_BY_BATCH] = "batch",         [REP_BY_THREADS] = "threads",
    [REP_BY_KV_TYPE] = "kv",      [REP_BY_LABEL] = "label",         [REP_BY_WINDOW] = "window",
    [REP_BY_LAYOUT] = "layout",   [REP_BY_DESIGN] = "design",       [REP_BY_SETTING] = "setting",
};

static int read_by(const char *value, enum rep_by *by)
{
    for (size_t i = 0; i < sizeof(by_names) / sizeof(*by_names); i++)
        if (strcmp(by_names[i], value) == 0) {
            *by = (enum rep_by)i;
            return 0;
        }
    return -EINVAL;
}

static int read_from(const char *value, enum rep_from *from)
{
    static const char *const names[] = {"cases", "steps", "runs", "machine"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(names[i], value) == 0) {
            *from = (enum rep_from)i;
            return 0;
        }
    return -EINVAL;
}

static int read_field(const char *value, const struct rep_field **field)
{
    *field = rep_field_find(value);
    return *field ? 0 : -EINVAL;
}

static int read_axes(const char *value, unsigned *axes)
{
    while (*value) {
        const size_t len = strcspn(value, ",");
        const unsigned axis = rep_axis_find(value, len);
        if (!axis)
            return -EINVAL;
        *axes |= axis;
        value += len + (value[len] == ',');
    }
    return 0;
}

static int read_also(const char *value, struct rep_query *query)
{
    char name[64];
    for (size_t n = 0; *value; n++) {
        const size_t len = strcspn(value, ",");
        snprintf(name, sizeof(name), "%.*s", (int)len, value);
        if (n == 3 || read_field(name, &query->also[n]))
            return -EINVAL;
        value += len + (value[len] == ',');
    }
    return 0;
}

static int read_count(const char *value, unsigned *count)
{
    char *end;
    const unsigned long n = strtoul(value, &end, 10);
    if (end == value || *end || n < 1 || n > 64)
        return -EINVAL;
    *count = (unsigned)n;
    return 0;
}

static int read_word(const char *value, const char *yes, const char *no, bool *flag)
{
    if (strcmp(value, yes) != 0 && strcmp(value, no) != 0)
        return -EINVAL;
    *flag = strcmp(value, yes) == 0;
    return 0;
}

static int read_log(const char *value, struct rep_query *query)
{
    query->log_x = strchr(value, 'x');
    query->log_y = strchr(value, 'y');
    return strspn(value, "xy") == strlen(value) ? 0 : -EINVAL;
}

static int read_key(const char *key, const char *value, struct rep_query *q)
{
    if (strcmp(key, "x") == 0)
        return read_field(value, &q->x);
    if (strcmp(key, "y") == 0)
        return read_field(value, &q->y);
    if (strcmp(key, "z") == 0)
        return read_field(value, &q->z);
    if (strcmp(key, "begin") == 0)
        return ana_parse_real(value, strlen(value), &q->begin);
    if (strcmp(key, "same") == 0)
        return read_field(value, &q->same);
    if (strcmp(key, "some") == 0)
        return read_field(value, &q->some);
    if (strcmp(key, "also") == 0)
        return read_also(value, q);
    if (strcmp(key, "over") == 0)
        return read_axes(value, &q->over);
    if (strcmp(key, "by") == 0)
        return read_by(value, &q->by);
    if (strcmp(key, "rows") == 0)
        return read_by(value, &q->rows);
    if (strcmp(key, "from") == 0)
        return read_from(value, &q->from);
    if (strcmp(key, "kernel") == 0)
        return read_word(value, "best", "each", &q->best);
    if (strcmp(key, "label") == 0)
        return read_word(value, "yes", "no", &q->labelled);
    if (strcmp(key, "roofs") == 0)
        return read_word(value, "yes", "no", &q->roofs);
    if (strcmp(key, "flip") == 0)
        return read_word(value, "x", "no", &q->flip);
    if (strcmp(key, "rest") == 0)
        return read_word(value, "others", "none", &q->rest);
    if (strcmp(key, "log") == 0)
        return read_log(value, q);
    if (strcmp(key, "only") == 0)
        return snprintf(q->only, sizeof(q->only), "%s", value) < (int)sizeof(q->only) && *value
                   ? 0
                   : -EINVAL;
    if (strcmp(key, "need") == 0)
        return read_count(value, &q->need);
    if (strcmp(key, "least") == 0)
        return read_count(value, &q->least);
    if (strcmp(key, "series") == 0)
        return read_count(value, &q->series);
    return -EINVAL;
}

int rep_query_parse(const char *line, struct rep_query *query, char *message, size_t size)
{
    static const char start[] = "# query:";
    *query = (struct rep_query){.need = 1, .least = 1, .series = 8};
    if (strncmp(line, start, strlen(start)) != 0) {
        snprintf(message, size, "the first line must begin with \"%s\"", start);
        return -EINVAL;
    }
    const char *at = line + strlen(start);
    for (;;) {
        at += strspn(at, " \t\r");
        const size_t len = strcspn(at, " \t\r\n");
        if (!len)
            break;
        char word[256];
        snprintf(word, sizeof(word), "%.*s", (int)len, at);
        char *const value = strchr(word, '=');
        if (value)
            *value = '\0';
        if (!value || read_key(word, value + 1, query)) {
            snprintf(message, size, "the query does not know \"%.*s\"", (int)len, at);
            return -EINVAL;
        }
        at += len;
    }
    if (!query->x || (!query->y && !query->rows)) {
        snprintf(message, size, "the query needs x=FIELD, and y=FIELD or rows=NAME");
        return -EINVAL;
    }
    return 0;
}
