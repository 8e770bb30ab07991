/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of the table of runs that generate: one list for the page and for Markdown. */
#ifndef REPORT_RUNS_H
#define REPORT_RUNS_H

#include "analysis/report/point.h"

struct rep_run_column {
    const char *name; /* a field of a point, or an axis */
    const char *head;
    bool number; /* a field */
};

extern const struct rep_run_column rep_run_columns[];
extern const size_t rep_run_column_count;
extern const char *const rep_run_shown[]; /* the axes among them, up to a NULL */

/* "llama", "gpt2 × 12", "llama × 32, 8 of them run": what stands around attention. */
const char *rep_form(const struct rep_point *point, char buf[REP_TEXT]);

/* What a cell says, not escaped. */
const char *rep_run_text(const struct rep_point *run, const struct rep_run_column *column,
                         char buf[REP_TEXT]);

#endif
