/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV, clean: a header, then rows that all have its cells. The header names the counters of every
 * row, which is known only when all rows are; so a file is rewritten with its header at each flush,
 * and the display is written when the run ends. The text context never gets into the data.
 */
#include "bench/harness/human.h"
#include "bench/harness/reporter.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void put_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void begin(struct reporter *reporter)
{
    if (reporter->err)
        bm_print_context(reporter->err, reporter->context, reporter->runner);
}

static bool fixed_column(const char *name)
{
    return strcmp(name, "bytes_per_second") == 0 || strcmp(name, "items_per_second") == 0;
}

static void put_header(struct reporter *reporter)
{
    fputs("name,iterations,real_time,cpu_time,time_unit,bytes_per_second,items_per_second,label,"
          "error_occurred,error_message",
          reporter->out);
    for (size_t i = 0; i < reporter->columns.count; i++) {
        if (fixed_column(reporter->columns.items[i].name))
            continue;
        fputc(',', reporter->out);
        put_quoted(reporter->out, reporter->columns.items[i].name);
    }
    fputc('\n', reporter->out);
}

static void put_counter(FILE *out, const struct benchmark_row *row, const char *name)
{
    const struct benchmark_counter *const c = benchmark_row_counter(row, name);
    fputc(',', out);
    if (c)
        fprintf(out, "%g", c->value);
}

/* iterations,real_time,cpu_time,time_unit: each ends with its comma but the last. */
static void put_times(FILE *out, const struct benchmark_row *row)
{
    const double scale = row->percentage ? 1 : bm_unit_scale(row->unit);
    if (row->kind == BENCHMARK_ROW_ITERATION || row->kind == BENCHMARK_ROW_AGGREGATE)
        fprintf(out, "%" PRId64, row->iterations);
    fprintf(out, ",%g,%g,", row->real_time * scale, row->cpu_time * scale);
    if (row->kind == BENCHMARK_ROW_BIG_O)
        fputs(row->big_o, out);
    else if (!row->percentage)
        fputs(bm_unit_name(row->unit), out);
}

static void put_row(struct reporter *reporter, const struct benchmark_row *row)
{
    FILE *const out = reporter->out;
    if (!reporter->rows_written++)
        put_header(reporter);
    put_quoted(out, row->name);
    fputc(',', out);
    if (row->status == BENCHMARK_ROW_OK) {
        put_times(out, row);
        put_counter(out, row, "bytes_per_second");
        put_counter(out, row, "items_per_second");
        fputc(',', out);
        if (row->label && *row->label)
            put_quoted(out, row->label);
        fputs(",,", out);
    } else {
        fprintf(out, ",,,,,,,%s,", row->status == BENCHMARK_ROW_ERROR ? "true" : "false");
        put_quoted(out, row->message);
    }
    for (size_t i = 0; i < reporter->columns.count; i++)
        if (!fixed_column(reporter->columns.items[i].name))
            put_counter(out, row, reporter->columns.items[i].name);
    fputc('\n', out);
}

static void end(struct reporter *reporter)
{
    if (!reporter->rows_written)
        put_header(reporter);
}

static void list(struct reporter *reporter, const struct instances *instances)
{
    fputs("name\n", reporter->out);
    for (size_t i = 0; i < instances->count; i++) {
        put_quoted(reporter->out, instances->items[i].name);
        fputc('\n', reporter->out);
    }
}

const struct reporter_kind bm_csv_reporter = {
    .whole = true, .begin = begin, .row = put_row, .end = end, .list = list};
