/* SPDX-License-Identifier: Apache-2.0 */
/* What the reporters share: the table of them, widths and columns. */
#include "bench/harness/reporter.h"

#include "bench/harness/statistics.h"

#include <stdlib.h>
#include <string.h>

const struct reporter_kind *const bm_reporters[3] = {
    [FORMAT_CONSOLE] = &bm_console_reporter,
    [FORMAT_JSON] = &bm_json_reporter,
    [FORMAT_CSV] = &bm_csv_reporter,
};

void bm_reporter_free(struct reporter *reporter)
{
    bm_counters_free(&reporter->columns);
    bm_short_names_free(&reporter->short_names);
    free(reporter->common_name);
    reporter->common_name = NULL;
}

int bm_reporter_note_columns(struct reporter *reporter, const struct benchmark_row *row)
{
    const struct counters counters = {row->counters, row->counter_count};
    return bm_counters_replace(&reporter->columns, &counters);
}

static size_t longest_statistic(const struct benchmark_family *family)
{
    size_t longest = 0;
    for (size_t s = 0; s < bm_statistic_count; s++)
        if (strlen(bm_statistics[s].name) > longest)
            longest = strlen(bm_statistics[s].name);
    for (size_t s = 0; s < BENCHMARK_MAX_STATISTICS && family->statistics[s].compute; s++)
        if (family->statistics[s].name && strlen(family->statistics[s].name) > longest)
            longest = strlen(family->statistics[s].name);
    return longest;
}

static size_t shown_length(const struct short_names *short_names, const char *name)
{
    char *const shown = bm_short_name(short_names, name, false);
    const size_t length = strlen(shown ? shown : name);
    free(shown);
    return length;
}

int bm_name_width(const struct instances *instances, const struct settings *settings,
                  const struct short_names *short_names)
{
    size_t width = 10, suffix = 0;
    for (size_t i = 0; i < instances->count; i++) {
        const struct benchmark_family *const family = instances->items[i].family;
        const size_t length = shown_length(short_names, instances->items[i].name);
        const int repetitions = family->repetitions ? family->repetitions : settings->repetitions;
        if (length > width)
            width = length;
        if (repetitions > 1 && longest_statistic(family) + 1 > suffix)
            suffix = longest_statistic(family) + 1;
    }
    return (int)(width + suffix);
}

const struct key_value *bm_context_item(const struct benchmark_runner *runner, size_t index)
{
    /* Selection by rank: a context has a few dozen keys and is printed a few times. */
    const struct key_values *const list = &runner->context;
    for (size_t i = 0; i < list->count; i++) {
        size_t rank = 0;
        for (size_t j = 0; j < list->count; j++)
            rank += strcmp(list->items[j].key, list->items[i].key) < 0;
        if (rank == index)
            return &list->items[i];
    }
    return NULL;
}

static void print_caches(FILE *stream, const struct context *context)
{
    if (context->cache_count)
        fputs("CPU Caches:\n", stream);
    for (size_t i = 0; i < context->cache_count; i++) {
        const struct cache_level *const c = &context->caches[i];
        fprintf(stream, "  L%d %s %lld KiB", c->level, c->type, (long long)(c->size_bytes / 1024));
        if (c->num_sharing)
            fprintf(stream, " (x%d)", context->num_cpus / c->num_sharing);
        fputc('\n', stream);
    }
}

void bm_print_context(FILE *stream, const struct context *context,
                      const struct benchmark_runner *runner)
{
    fprintf(stream, "%s\n", context->date);
    if (runner->program)
        fprintf(stream, "Running %s\n", runner->program);
    fprintf(stream, "Run on (%d X %g MHz CPU %s)\n", context->num_cpus,
            context->cycles_per_second / 1e6, context->num_cpus > 1 ? "s" : "");
    print_caches(stream, context);
    for (int i = 0; i < context->load_count; i++)
        fprintf(stream, "%s%.2f", i ? ", " : "Load Average: ", context->load[i]);
    if (context->load_count)
        fputc('\n', stream);
    for (size_t i = 0; i < runner->context.count; i++) {
        const struct key_value *const item = bm_context_item(runner, i);
        fprintf(stream, "%s: %s\n", item->key, item->value);
    }
    if (context->cpu_scaling == YES)
        fputs("***WARNING*** CPU frequency scaling is on: times depend on what the governor makes "
              "of the load.\n",
              stream);
    if (context->aslr == YES)
        fputs("***WARNING*** ASLR is on: addresses, and so times, differ a little between runs.\n",
              stream);
#ifndef NDEBUG
    fputs("***WARNING*** The benchmark library was built without NDEBUG.\n", stream);
#endif
}
