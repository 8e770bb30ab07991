/* SPDX-License-Identifier: Apache-2.0 */
/* See names.h. */
#include "analysis/regress/names.h"

#include <stdio.h>
#include <string.h>

bool reg_pattern_add(const char *name, char *text, size_t size, size_t spare)
{
    size_t n = strlen(text);
    for (; *name && n + 2 + spare < size; name++) {
        if (strchr("\\^$.[]|()*+?{}", *name))
            text[n++] = '\\';
        text[n++] = *name;
    }
    text[n] = '\0';
    return !*name;
}

static bool has_part(const char *name, const char *part, size_t length)
{
    while (*name) {
        const size_t n = strcspn(name, "/");
        if (n == length && memcmp(name, part, n) == 0)
            return true;
        name += n + (name[n] == '/');
    }
    return false;
}

static void append(char *text, size_t size, size_t *used, const char *part, size_t length)
{
    const int n =
        snprintf(text + *used, size - *used, "%s%.*s", *used ? "/" : "", (int)length, part);
    *used += n > 0 && (size_t)n < size - *used ? (size_t)n : 0;
    text[*used] = '\0';
}

void reg_common_parts(const struct reg_report *report, char *common, size_t size)
{
    size_t used = 0;
    *common = '\0';
    if (report->count < 2)
        return;
    for (const char *part = report->cases[0].name; *part;) {
        const size_t length = strcspn(part, "/");
        size_t with = 0;
        while (with < report->count && has_part(report->cases[with].name, part, length))
            with++;
        if (with == report->count)
            append(common, size, &used, part, length);
        part += length + (part[length] == '/');
    }
}

const char *reg_short_name(const char *name, const char *common, char *buf, size_t size)
{
    size_t used = 0;
    *buf = '\0';
    for (const char *part = name; *part;) {
        const size_t length = strcspn(part, "/");
        if (!has_part(common, part, length))
            append(buf, size, &used, part, length);
        part += length + (part[length] == '/');
    }
    return used ? buf : name;
}
