/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows become cases: one case a run_name and file, with the median of its repetitions. This is
 * what tables, plots and the report are made of, and what summary.csv holds: one row a case, one
 * column an axis or figure.
 *
 * If the file has a `median` aggregate of a case it is taken, else the median over its iteration
 * rows is; a figure is the median over those rows of its own. The interval comes from iteration
 * rows only, see ana_median_interval().
 */
#ifndef ANA_SUMMARY_H
#define ANA_SUMMARY_H

#include <stdio.h>

#include "analysis/axis.h"
#include "analysis/csv.h"
#include "analysis/record.h"

struct ana_case {
    const struct ana_result *result;
    size_t file;               /* index of its result file */
    const struct ana_row *row; /* one of its rows: names, label, axes */
    const char *error;         /* sentence of an error or skip row without any good one, or NULL */
    bool skipped;              /* it was a skip */
    size_t samples;            /* iteration rows that went in; 0 if there was only a median row */
    double real_ns, cpu_ns;    /* NAN for errors */
    double low_ns, high_ns;    /* interval of real_ns; NAN without samples */
    double coverage;           /* of the interval: 0.95 or more, or what the samples allow */
    double *figures;           /* [figure_count] of the summary, NAN where the case has none */
    double *times;             /* [samples] real ns, ascending */
};

/* Foreign counters beyond this many are left out: a file may invent a new one in every row. */
enum { ANA_FOREIGN_MAX = 512 };

struct ana_summary {
    struct ana_case *cases; /* in order of first appearance */
    size_t case_count;
    const char **figures; /* names: our columns in their order, then foreign ones by name */
    size_t figure_count;
    size_t file_count;
    bool ours; /* every case is one of our own names */
    void *arena;
};

/* Borrows the results, which must outlive the summary. 0 or -ENOMEM. */
int ana_summarise(struct ana_result *const *results, size_t count, struct ana_summary **summary);
void ana_summary_free(struct ana_summary *summary);

/* A figure by name, or one of real_ns, cpu_ns, low_ns, high_ns, samples; NAN if absent. */
double ana_case_figure(const struct ana_summary *summary, const struct ana_case *c,
                       const char *name);

/* The tidy table. 0, or -errno of the stream. */
int ana_summary_csv(const struct ana_summary *summary, FILE *out);

/* The same as JSON: an array of an object a case, keys as the columns, without those that are
 * missing. */
int ana_summary_json(const struct ana_summary *summary, FILE *out);

#endif
