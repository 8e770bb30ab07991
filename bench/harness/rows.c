/* SPDX-License-Identifier: Apache-2.0 */
/* A row is plain data that owns its strings; the same struct goes to callbacks and reporters. */
#include "bench/harness/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int bm_rows_add(struct rows *rows, struct benchmark_row *row)
{
    if ((rows->count & (rows->count - 1)) == 0) {
        const size_t capacity = rows->count ? 2 * rows->count : 1;
        struct benchmark_row *const items = realloc(rows->items, capacity * sizeof(*items));
        if (!items) {
            bm_row_free(row);
            return -ENOMEM;
        }
        rows->items = items;
    }
    rows->items[rows->count++] = *row;
    *row = (struct benchmark_row){0};
    return 0;
}

void bm_rows_free(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        bm_row_free(&rows->items[i]);
    free(rows->items);
    *rows = (struct rows){0};
}

void bm_row_free(struct benchmark_row *row)
{
    struct counters counters = {row->counters, row->counter_count};
    bm_counters_free(&counters);
    free(row->name);
    free(row->run_name);
    free(row->aggregate_name);
    free(row->message);
    free(row->label);
    *row = (struct benchmark_row){0};
}

static int copy_string(char **target, const char *source)
{
    *target = source ? strdup(source) : NULL;
    return source && !*target ? -ENOMEM : 0;
}

int bm_row_copy(struct benchmark_row *copy, const struct benchmark_row *row)
{
    struct counters counters = {0};
    const struct counters source = {row->counters, row->counter_count};
    *copy = *row;
    int rc = copy_string(&copy->name, row->name) | copy_string(&copy->run_name, row->run_name) |
             copy_string(&copy->aggregate_name, row->aggregate_name) |
             copy_string(&copy->message, row->message) | copy_string(&copy->label, row->label) |
             bm_counters_replace(&counters, &source);
    copy->counters = counters.items;
    copy->counter_count = counters.count;
    if (!rc)
        return 0;
    bm_row_free(copy);
    return -ENOMEM;
}

int bm_row_init(struct benchmark_row *row, const struct instance *instance,
                enum benchmark_unit unit)
{
    *row = (struct benchmark_row){
        .name = strdup(instance->name),
        .run_name = strdup(instance->name),
        .family_index = instance->family_index,
        .instance_index = instance->instance_index,
        .repetitions = 1,
        .threads = instance->reported_threads,
        .unit = unit,
    };
    if (row->name && row->run_name)
        return 0;
    bm_row_free(row);
    return -ENOMEM;
}

int bm_row_from_pass(struct benchmark_row *row, struct pass_result *result,
                     const struct instance *instance)
{
    const struct benchmark_family *const family = instance->family;
    const char *const label = result->label ? result->label : family->label;
    row->status = result->status;
    row->iterations = result->iterations;
    row->complexity_n = result->complexity_n;
    if (result->status != BENCHMARK_ROW_OK)
        return copy_string(&row->message, result->message ? result->message : "");

    const double real = family->use_manual_time ? result->manual : result->real;
    const bool by_wall = family->use_manual_time || family->use_real_time;
    row->real_time = real / (double)result->iterations;
    row->cpu_time = result->cpu / (double)result->iterations;
    /* Rates are those of all threads together: the sum over the time one thread took. */
    bm_counters_finish(&result->counters, (by_wall ? real : result->cpu) / instance->threads,
                       instance->threads, result->iterations);
    row->counters = result->counters.items;
    row->counter_count = result->counters.count;
    result->counters = (struct counters){0};
    return label && *label ? copy_string(&row->label, label) : 0;
}

int bm_row_counter_set(struct benchmark_row *row, const char *name, double value, unsigned flags)
{
    struct counters counters = {row->counters, row->counter_count};
    const int rc = bm_counters_set(&counters, name, value, flags);
    row->counters = counters.items;
    row->counter_count = counters.count;
    return rc;
}

void bm_row_counter_drop(struct benchmark_row *row, size_t index)
{
    free(row->counters[index].name);
    row->counter_count--;
    memmove(row->counters + index, row->counters + index + 1,
            (row->counter_count - index) * sizeof(*row->counters));
}

const struct benchmark_counter *benchmark_row_counter(const struct benchmark_row *row,
                                                      const char *name)
{
    const struct counters counters = {row->counters, row->counter_count};
    return bm_counters_find(&counters, name);
}

void benchmark_row_set_counter(struct benchmark_row *row, const char *name, double value,
                               unsigned flags)
{
    /* A row without one of its extras is still a row; the reserved ones would break it. */
    if (!bm_counter_name_reserved(name))
        (void)bm_row_counter_set(row, name, value, flags);
}
