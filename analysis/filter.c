/* SPDX-License-Identifier: Apache-2.0 */
/* See filter.h. Filters stay text: they are few and short, and rows are what there is much of. */
#include "analysis/filter.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/nearest.h"
#include "analysis/number.h"

/* Cuts "key!=a,b" into key, whether it is negated, and where the values begin. */
static bool cut(const char *filter, char key[ANA_AXIS_MAX], bool *negated, const char **values)
{
    const size_t length = strcspn(filter, "=:!");
    *negated = filter[length] == '!';
    const char separator = filter[length + *negated];
    if (length == 0 || length >= ANA_AXIS_MAX || (separator != '=' && separator != ':'))
        return false;
    snprintf(key, ANA_AXIS_MAX, "%.*s", (int)length, filter);
    for (char *p = key; *p; p++)
        if (*p == '-')
            *p = '_';
    *values = filter + length + *negated + 1;
    return true;
}

bool ana_axis_known(const struct ana_summary *summary, const char *key, char best[ANA_AXIS_MAX])
{
    struct ana_nearest near = {.word = key};
    char name[ANA_AXIS_MAX];
    *best = '\0';
    if (strcmp(key, "name") == 0 || ana_axis_find(key))
        return true;
    for (size_t i = 0; i < ana_axis_count; i++)
        ana_nearest_offer(&near, ana_axes[i].name);
    if (ana_nearest_best(&near))
        snprintf(best, ANA_AXIS_MAX, "%s", near.best);
    for (size_t c = 0; c < summary->case_count; c++)
        for (size_t i = 0; ana_axis_foreign(summary->cases[c].row, i, name); i++)
            if (strcmp(name, key) == 0)
                return true;
    return false;
}

int ana_filter_check(const struct ana_texts *filters, const struct ana_summary *summary,
                     char *message, size_t size)
{
    for (size_t i = 0; i < filters->count; i++) {
        char key[ANA_AXIS_MAX], best[ANA_AXIS_MAX];
        bool negated;
        const char *values;
        if (!cut(filters->text[i], key, &negated, &values)) {
            snprintf(message, size, "\"%s\" is no filter; one looks like context=512,1024",
                     filters->text[i]);
            return -EINVAL;
        }
        if (!ana_axis_known(summary, key, best)) {
            snprintf(message, size, "no axis \"%s\"%s%s%s", key, *best ? "; did you mean " : "",
                     best, *best ? "?" : " in these results");
            return -EINVAL;
        }
    }
    return 0;
}

static bool matches(const struct ana_row *row, const char *key, const char *values)
{
    char found[ANA_AXIS_MAX], wanted[ANA_AXIS_MAX];
    ana_axis_text(row, key, found);
    for (;;) {
        const size_t length = strcspn(values, ",");
        uint64_t number, other;
        snprintf(wanted, sizeof(wanted), "%.*s", (int)length, values);
        if (fnmatch(wanted, found, 0) == 0)
            return true;
        if (ana_parse_count(wanted, strlen(wanted), UINT64_MAX, &number) == 0 &&
            ana_parse_count(found, strlen(found), UINT64_MAX, &other) == 0 && number == other)
            return true;
        if (!values[length])
            return false;
        values += length + 1;
    }
}

bool ana_filter_passes(const struct ana_texts *filters, const struct ana_row *row)
{
    for (size_t i = 0; i < filters->count; i++) {
        char key[ANA_AXIS_MAX];
        bool negated;
        const char *values;
        if (cut(filters->text[i], key, &negated, &values) && matches(row, key, values) == negated)
            return false;
    }
    return true;
}
