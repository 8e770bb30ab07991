/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Result files: Google Benchmark JSON of ours or of any other program, as rows.
 *
 * The file is read as a stream, one row at a time, so its size costs time and not memory; what
 * stays is the rows themselves. Two habits of other writers are forgiven, since refusing a whole
 * night's results for them helps nobody: NaN and Infinity, which are not JSON, become missing
 * values, and bytes that are not UTF-8 become '?'. Everything else that is not JSON is an error
 * with its line and column.
 *
 * A missing number is NAN, a missing text is "" (never NULL).
 */
#ifndef ANA_RECORD_H
#define ANA_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/column.h"
#include "kernels/name.h"

/* A number of a row beyond the ones below: a column of ours or somebody's counter. */
struct ana_counter {
    const char *name; /* one copy a file: rows of a file compare names by pointer or text */
    double value;
};

struct ana_row {
    const char *name;           /* with "_median" and the like */
    const char *run_name;       /* the case; equal to name in files of before 1.5 */
    const char *aggregate_name; /* "mean", "median", "stddev", "cv" ...; "" for iteration rows */
    const char *label;
    const char *time_unit; /* as written */
    const char *message;   /* of an error or skip */
    bool aggregate;        /* run_type */
    bool percentage;       /* an aggregate whose times are fractions, "cv" */
    bool error, skipped;
    uint32_t line;            /* where the row begins in the file */
    int64_t repetitions;      /* 0 if not said */
    int64_t repetition_index; /* -1 if not said */
    int64_t threads;          /* 1 if not said */
    double iterations;
    double real_time, cpu_time; /* as written */
    double real_ns, cpu_ns;     /* in ns a call; NAN for percentages and errors */
    struct ana_counter *counters;
    size_t counter_count;
    const struct attn_name *attn; /* run_name parsed, or NULL: not one of our rows */
};

/* One line of the context. Nested values are flattened: "caches.0.size", "load_avg.1". */
struct ana_context {
    const char *key, *value;
};

struct ana_result {
    const char *path;
    struct ana_context *context;
    size_t context_count;
    struct ana_row *rows;
    size_t row_count;
    size_t attn_rows;       /* how many of them are ours */
    size_t missing_numbers; /* NaN and Infinity tokens met */
    void *arena;            /* owns every string above */
};

/*
 * 0 and *result (ana_result_free() it), or -errno and one sentence in `message`: -ENOENT and the
 * like if the file cannot be read, -EBADMSG if it is not JSON, is cut off, or has no "benchmarks"
 * array. "-" is standard input.
 */
int ana_result_read(const char *path, struct ana_result **result, char *message, size_t size);
void ana_result_free(struct ana_result *result);

/* NULL if the context has no such key. */
const char *ana_result_context(const struct ana_result *result, const char *key);

/* A counter, or one of iterations, threads, real_time, cpu_time, real_ns, cpu_ns; NAN if absent. */
double ana_row_figure(const struct ana_row *row, const char *name);

#endif
