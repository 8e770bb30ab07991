/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reporters: rows in, text out. A reporter is one file and one line in bm_reporters. It writes to
 * whatever stream it is given, so the display, the result file and a test all use it alike.
 */
#ifndef BENCHMARK_C_REPORTER_H
#define BENCHMARK_C_REPORTER_H

#include "bench/harness/cases.h"
#include "bench/harness/context.h"
#include "bench/harness/rows.h"
#include "bench/harness/runner.h"
#include "bench/harness/short_names.h"

struct reporter {
    const struct reporter_kind *kind;
    FILE *out;
    FILE *err; /* where the text context goes; NULL: nowhere */
    const struct context *context;
    const struct benchmark_runner *runner;
    bool colour, tabular;
    int name_width;
    struct short_names short_names; /* console: what rows leave out */
    char *common_name;              /* and what is said above them instead; NULL: nothing */
    /* Columns of counters, in byte order: for CSV those of all rows, known before the first. */
    struct counters columns;
    size_t rows_written;
};

struct reporter_kind {
    /* Needs every row before it can write the first (CSV: its header names all counters). */
    bool whole;
    void (*begin)(struct reporter *reporter);
    void (*row)(struct reporter *reporter, const struct benchmark_row *row);
    void (*end)(struct reporter *reporter);
    void (*list)(struct reporter *reporter, const struct instances *instances);
};

/* By enum format. */
extern const struct reporter_kind *const bm_reporters[3];
extern const struct reporter_kind bm_console_reporter, bm_json_reporter, bm_csv_reporter;

void bm_reporter_free(struct reporter *reporter);
/* Adds the row's counters to the columns. */
int bm_reporter_note_columns(struct reporter *reporter, const struct benchmark_row *row);
/* The context as lines of text. */
void bm_print_context(FILE *stream, const struct context *context,
                      const struct benchmark_runner *runner);
/* Wide enough for every name, as shortened, with its aggregates. */
int bm_name_width(const struct instances *instances, const struct settings *settings,
                  const struct short_names *short_names);
/* Custom context in byte order of its keys: the i-th. */
const struct key_value *bm_context_item(const struct benchmark_runner *runner, size_t index);

#define BM_LIBRARY_VERSION "0.1.0"

#endif
