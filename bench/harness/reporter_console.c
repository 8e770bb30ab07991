/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console table: name, times, iterations, then counters as name=value or, tabular, in columns
 * of their own under a header that is printed again whenever the set of counters changes.
 */
#include "bench/harness/colour.h"
#include "bench/harness/human.h"
#include "bench/harness/reporter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void begin(struct reporter *reporter)
{
    if (reporter->err)
        bm_print_context(reporter->err, reporter->context, reporter->runner);
    if (reporter->common_name)
        fprintf(reporter->out, "In every name: %s\n", reporter->common_name);
}

static void put_header(struct reporter *reporter, const struct benchmark_row *row)
{
    char *header = NULL;
    size_t length;
    FILE *const line = open_memstream(&header, &length);
    if (!line)
        return;
    fprintf(line, "%-*s %13s %15s %12s", reporter->name_width, "Benchmark", "Time", "CPU",
            "Iterations");
    for (size_t i = 0; reporter->tabular && i < row->counter_count; i++)
        fprintf(line, " %10s", row->counters[i].name);
    if (!reporter->tabular && row->counter_count)
        fputs(" UserCounters...", line);
    fclose(line);
    for (int rule = 0; rule < 3; rule++) {
        for (size_t i = 0; rule != 1 && i < length; i++)
            fputc('-', reporter->out);
        fprintf(reporter->out, "%s\n", rule == 1 ? header : "");
    }
    free(header);
}

static bool same_columns(const struct reporter *reporter, const struct benchmark_row *row)
{
    if (reporter->columns.count != row->counter_count)
        return false;
    for (size_t i = 0; i < row->counter_count; i++)
        if (strcmp(reporter->columns.items[i].name, row->counters[i].name) != 0)
            return false;
    return true;
}

static void put_times(struct reporter *reporter, const struct benchmark_row *row)
{
    const bool on = reporter->colour;
    const double scale = row->percentage ? 100 : bm_unit_scale(row->unit);
    const double real = row->real_time * scale, cpu = row->cpu_time * scale;
    char real_text[BM_HUMAN_BYTES], cpu_text[BM_HUMAN_BYTES];

    if (row->kind == BENCHMARK_ROW_BIG_O) {
        bm_colour_printf(reporter->out, on, COLOUR_YELLOW, "%10.2f %-4s %10.2f %-4s ", real,
                         row->big_o, cpu, row->big_o);
    } else if (row->kind == BENCHMARK_ROW_RMS) {
        bm_colour_printf(reporter->out, on, COLOUR_YELLOW, "%10.0f %-4s %10.0f %-4s ", real, "%",
                         cpu, "%");
    } else if (row->percentage) {
        bm_colour_printf(reporter->out, on, COLOUR_YELLOW, "%10.2f %-4s %10.2f %-4s ", real, "%",
                         cpu, "%");
    } else {
        const char *const unit = bm_unit_name(row->unit);
        bm_human_time(real_text, real);
        bm_human_time(cpu_text, cpu);
        bm_colour_printf(reporter->out, on, COLOUR_YELLOW, "%s %-4s %s %-4s ", real_text, unit,
                         cpu_text, unit);
    }
    if (row->kind == BENCHMARK_ROW_ITERATION || row->kind == BENCHMARK_ROW_AGGREGATE)
        bm_colour_printf(reporter->out, on, COLOUR_CYAN, "%10" PRId64, row->iterations);
}

static void put_counter(struct reporter *reporter, const struct benchmark_row *row,
                        const struct benchmark_counter *counter)
{
    char value[BM_HUMAN_BYTES];
    const char *unit = "";
    if (row->percentage) {
        snprintf(value, sizeof(value), "%.2f", 100 * counter->value);
        unit = "%";
    } else {
        bm_human(value, counter->value, counter->flags & BENCHMARK_COUNTER_BASE_1024);
        if (counter->flags & BENCHMARK_COUNTER_RATE)
            unit = counter->flags & BENCHMARK_COUNTER_INVERT ? "s" : "/s";
    }
    if (reporter->tabular) {
        const size_t name = strlen(counter->name), units = strlen(unit);
        const int width = (int)((name > 10 ? name : 10) - units);
        bm_colour_printf(reporter->out, reporter->colour, COLOUR_NONE, " %*s%s", width, value,
                         unit);
    } else {
        bm_colour_printf(reporter->out, reporter->colour, COLOUR_NONE, " %s=%s%s", counter->name,
                         value, unit);
    }
}

static void put_name(struct reporter *reporter, const struct benchmark_row *row)
{
    const bool fit = row->kind == BENCHMARK_ROW_BIG_O || row->kind == BENCHMARK_ROW_RMS;
    char *const run_name =
        reporter->common_name ? bm_short_name(&reporter->short_names, row->run_name, false) : NULL;
    char *shown = NULL;
    /* Behind the run's name stands what the row is an aggregate of. */
    if (run_name && asprintf(&shown, "%s%s", run_name, row->name + strlen(row->run_name)) < 0)
        shown = NULL;
    bm_colour_printf(reporter->out, reporter->colour, fit ? COLOUR_BLUE : COLOUR_GREEN, "%-*s ",
                     reporter->name_width, shown ? shown : row->name);
    free(run_name);
    free(shown);
}

static void put_row(struct reporter *reporter, const struct benchmark_row *row)
{
    FILE *const out = reporter->out;
    const bool on = reporter->colour;
    const bool ok = row->status == BENCHMARK_ROW_OK;

    if (!reporter->rows_written++ ||
        (reporter->tabular && ok && row->counter_count && !same_columns(reporter, row))) {
        put_header(reporter, row);
        bm_counters_free(&reporter->columns);
        (void)bm_reporter_note_columns(reporter, row);
    }
    put_name(reporter, row);
    if (row->status == BENCHMARK_ROW_ERROR) {
        bm_colour_printf(out, on, COLOUR_RED, "ERROR OCCURRED: '%s'", row->message);
    } else if (row->status == BENCHMARK_ROW_SKIPPED) {
        bm_colour_printf(out, on, COLOUR_WHITE, "SKIPPED: '%s'", row->message);
    } else {
        put_times(reporter, row);
        for (size_t i = 0; i < row->counter_count; i++)
            put_counter(reporter, row, &row->counters[i]);
        if (row->label && *row->label)
            bm_colour_printf(out, on, COLOUR_NONE, " %s", row->label);
    }
    bm_colour_printf(out, on, COLOUR_NONE, "\n");
}

static void end(struct reporter *reporter)
{
    (void)reporter;
}

static void list(struct reporter *reporter, const struct instances *instances)
{
    for (size_t i = 0; i < instances->count; i++)
        fprintf(reporter->out, "%s\n", instances->items[i].name);
}

const struct reporter_kind bm_console_reporter = {
    .begin = begin, .row = put_row, .end = end, .list = list};
