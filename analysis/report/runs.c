/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs that generate, cell by cell. Two of them may differ in nothing but how their caches lie, so
 * all that a name may say of cache and requests has a column, and what a user waits for.
 */
#include "analysis/report/runs.h"

#include "analysis/axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What is waited for stands where it is seen without scrolling. */
const struct rep_run_column rep_run_columns[] = {
    {"layout", "layout", false},       {"window", "window", false},
    {"weights", "weights", false},     {"requests", "requests", false},
    {"batch", "batch", true},          {"longest", "longest", true},
    {"prefill_ns", "prompt", true},    {"tpot_p50_ns", "a token, p50", true},
    {"tpot_p99_ns", "p99", true},      {"items_per_second", "tokens/s", true},
    {"kv_bytes", "KV cache", true},    {"kv_reserved_bytes", "set aside", true},
    {"attention", "attention", false}, {"kv", "cache", false},
    {"threads", "threads", true},
};
const size_t rep_run_column_count = sizeof(rep_run_columns) / sizeof(*rep_run_columns);

const char *const rep_run_shown[] = {"phase",     "layout", "window",  "weights", "batch",
                                     "attention", "kv",     "threads", NULL};

const char *rep_form(const struct rep_point *point, char buf[REP_TEXT])
{
    const struct layer_config *const c = &point->name->layer;
    const int at = snprintf(buf, REP_TEXT, "%s", layer_forms[c->form].name);
    if (c->layers && c->layers_run < c->layers)
        snprintf(buf + at, (size_t)(REP_TEXT - at), " \303\227 %u, %u of them run", c->layers,
                 c->layers_run);
    else if (c->layers)
        snprintf(buf + at, (size_t)(REP_TEXT - at), " \303\227 %u", c->layers);
    return buf;
}

static const char *requests(const struct layer_config *c, char buf[REP_TEXT])
{
    if (c->trace)
        snprintf(buf, REP_TEXT, "trace %08x", c->trace);
    else
        snprintf(buf, REP_TEXT, "prompts of %u", c->prompt);
    return buf;
}

const char *rep_run_text(const struct rep_point *run, const struct rep_run_column *column,
                         char buf[REP_TEXT])
{
    char text[ANA_AXIS_MAX];
    if (column->number) {
        const struct rep_field *const field = rep_field_find(column->name);
        return rep_write(field->unit, rep_value(run, field), buf);
    }
    if (strcmp(column->name, "requests") == 0)
        return requests(&run->name->layer, buf);
    if (strcmp(column->name, "window") == 0)
        return rep_write(REP_TOKENS, run->name->problem.window ? run->name->problem.window : NAN,
                         buf);
    ana_axis_find(column->name)->text(run->name, text);
    snprintf(buf, REP_TEXT, "%.*s", REP_TEXT - 1, text);
    return buf;
}
