/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aggregate rows: each statistic applied to real time, CPU time and every counter that all
 * successful repetitions have. Failed repetitions are left out rather than counted as zero.
 */
#include "bench/harness/rows.h"
#include "bench/harness/statistics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The repetitions that have times, and room for one number of each. */
struct group {
    const struct benchmark_row **rows;
    double *values;
    size_t count;
};

static double over_counter(struct group *g, const char *name, const struct benchmark_statistic *s,
                           bool *complete)
{
    *complete = true;
    for (size_t i = 0; i < g->count; i++) {
        const struct benchmark_counter *const c = benchmark_row_counter(g->rows[i], name);
        if (!c) {
            *complete = false;
            return 0;
        }
        g->values[i] = c->value;
    }
    return s->compute(g->values, g->count);
}

static const char *common_label(const struct group *g)
{
    const char *const label = g->rows[0]->label;
    for (size_t i = 1; label && i < g->count; i++)
        if (!g->rows[i]->label || strcmp(g->rows[i]->label, label) != 0)
            return NULL;
    return label;
}

static int aggregate(struct rows *out, struct group *g, const struct instance *instance,
                     const struct benchmark_statistic *s)
{
    const struct benchmark_row *const first = g->rows[0];
    const char *const label = common_label(g);
    struct benchmark_row row;
    int rc = bm_row_init(&row, instance, first->unit);
    if (rc)
        return rc;
    free(row.name);
    row.name = NULL;
    row.kind = BENCHMARK_ROW_AGGREGATE;
    row.percentage = s->percentage;
    row.repetitions = first->repetitions;
    row.iterations = (int64_t)g->count;
    row.aggregate_name = strdup(s->name);
    row.label = label ? strdup(label) : NULL;
    if (asprintf(&row.name, "%s_%s", row.run_name, s->name) < 0)
        row.name = NULL;
    if (!row.name || !row.aggregate_name || (label && !row.label))
        rc = -ENOMEM;

    for (size_t i = 0; i < g->count; i++)
        g->values[i] = g->rows[i]->real_time;
    row.real_time = s->compute(g->values, g->count);
    for (size_t i = 0; i < g->count; i++)
        g->values[i] = g->rows[i]->cpu_time;
    row.cpu_time = s->compute(g->values, g->count);
    for (size_t i = 0; !rc && i < first->counter_count; i++) {
        const struct benchmark_counter *const c = &first->counters[i];
        bool complete;
        const double value = over_counter(g, c->name, s, &complete);
        if (complete)
            rc = bm_row_counter_set(&row, c->name, value, c->flags);
    }
    if (rc) {
        bm_row_free(&row);
        return rc;
    }
    return bm_rows_add(out, &row);
}

int bm_rows_aggregate(struct rows *rows, const struct instance *instance)
{
    struct rows made = {0};
    struct group g = {.rows = calloc(rows->count + 1, sizeof(*g.rows)),
                      .values = calloc(rows->count + 1, sizeof(*g.values))};
    int rc = g.rows && g.values ? 0 : -ENOMEM;

    for (size_t i = 0; !rc && i < rows->count; i++)
        if (rows->items[i].kind == BENCHMARK_ROW_ITERATION &&
            rows->items[i].status == BENCHMARK_ROW_OK)
            g.rows[g.count++] = &rows->items[i];
    if (rc || g.count < 2)
        goto out;
    for (size_t s = 0; !rc && s < bm_statistic_count; s++)
        rc = aggregate(&made, &g, instance, &bm_statistics[s]);
    for (size_t s = 0; !rc && s < BENCHMARK_MAX_STATISTICS; s++)
        if (instance->family->statistics[s].compute)
            rc = aggregate(&made, &g, instance, &instance->family->statistics[s]);
    for (size_t i = 0; !rc && i < made.count; i++)
        rc = bm_rows_add(rows, &made.items[i]);
out:
    bm_rows_free(&made);
    free(g.rows);
    free(g.values);
    return rc;
}
