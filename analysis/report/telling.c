/* SPDX-License-Identifier: Apache-2.0 */
/* See telling.h. */
#include "analysis/report/telling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct rep_telling_column every[] = {
    {"phase", "phase", NULL, false, false},
    {"heads", "heads", NULL, true, false},
    {"dim", "dim", NULL, true, false},
    {"kv", "cache", NULL, false, false},
    {"weights", "weights", NULL, false, false},
    {"batch", "batch", "1", true, false},
    {"threads", "threads", NULL, true, false},
    {"q_len", "query tokens", "1", true, false},
    {"layout", "layout", "contiguous", false, false},
    {"window", "window", "0", true, true},
    {"chunk", "chunk", "0", true, true},
    {"mask", "mask", "causal", false, false},
    {"prefix", "shared prefix", "0", true, true},
    {"mix", "layers differ", "", false, false},
    {"ragged", "ragged, %", "0", true, false},
    {"head_map", "head map", "block", false, false},
    {"sinks", "sinks", "0", true, false},
    {"alibi", "ALiBi", "0", true, false},
    {"rel_bias", "relative bias", "0", true, false},
    {"softcap", "softcap", "0", true, false},
    {"scale", "scale", "0", true, false},
    {"cross", "encoder", "0", true, true},
    {"projection", "products", NULL, false, false},
    {"pages", "pages", "default", false, false},
    {"placement", "placement", "compact", false, false},
    {"cache", "caches are", "cold", false, false},
};
_Static_assert(sizeof(every) / sizeof(*every) <= REP_TELLING_MAX, "a table may need them all");

static bool is_shown(const char *const *shown, const char *axis)
{
    for (; *shown; shown++)
        if (strcmp(*shown, axis) == 0)
            return true;
    return false;
}

static bool tells(const struct rep_points *rows, const struct rep_telling_column *column)
{
    char first[ANA_AXIS_MAX], text[ANA_AXIS_MAX];
    const struct ana_axis *const axis = ana_axis_find(column->axis);
    if (!rows->count)
        return false;
    ana_axis_of(axis, rows->points[0].name, first);
    if (column->usual && strcmp(first, column->usual) != 0)
        return true;
    for (size_t i = 1; i < rows->count; i++)
        if (strcmp(ana_axis_of(axis, rows->points[i].name, text), first) != 0)
            return true;
    return false;
}

void rep_telling_find(const struct rep_points *rows, const char *const *shown,
                      struct rep_telling *telling)
{
    telling->count = 0;
    for (size_t i = 0; i < sizeof(every) / sizeof(*every); i++)
        if (!is_shown(shown, every[i].axis) && tells(rows, &every[i]))
            telling->columns[telling->count++] = &every[i];
}

const char *rep_telling_text(const struct rep_point *row, const struct rep_telling_column *column,
                             char buf[ANA_AXIS_MAX])
{
    ana_axis_of(ana_axis_find(column->axis), row->name, buf);
    if (!*buf || (column->usual && *column->usual == '0' && strcmp(buf, "0") == 0))
        strcpy(buf, "-");
    else if (column->tokens)
        rep_write(REP_TOKENS, strtod(buf, NULL), buf);
    return buf;
}
