/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any axis against any figure. Without a column axis a row is one case and the columns are
 * figures; with one, rows are what is left of the name, columns its values, cells one figure.
 */
#ifndef ANA_PIVOT_H
#define ANA_PIVOT_H

#include "analysis/filter.h"
#include "analysis/summary.h"
#include "analysis/table.h"

enum { ANA_PIVOT_AXES = 48, ANA_PIVOT_FIGURES = 32 };

struct ana_pivot {
    const char *rows[ANA_PIVOT_AXES]; /* axes down the side */
    size_t row_count;                 /* 0: every axis that varies */
    const char *column;               /* axis along the top, or NULL */
    const char *figures[ANA_PIVOT_FIGURES];
    size_t figure_count; /* at least 1; exactly 1 with a column axis */
    const struct ana_texts *filters;
};

struct ana_pivot_story {
    size_t cases;   /* that passed the filters */
    size_t errors;  /* of them without a time */
    size_t crowded; /* cells that are the median of several cases */
};

/* Fills a new table. 0, or -ENOMEM, or -E2BIG if the column axis has more than 64 values. */
int ana_pivot(const struct ana_summary *summary, const struct ana_pivot *pivot,
              struct ana_table **table, struct ana_pivot_story *story);

#endif
