/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME.dat: the points of a figure as gnuplot reads them, one block a series, one column a word,
 * an axis or a field. Nothing is left out, so that a figure can be changed without this program.
 */
#ifndef REPORT_DATA_H
#define REPORT_DATA_H

#include <stdio.h>

#include "analysis/report/query.h"

/* Columns before those of the fields: words first, then what the query made of the point. */
enum { REP_DATA_COLUMNS = 19 };
extern const char *const rep_data_columns[REP_DATA_COLUMNS];

/* The values of a field on a grid: distinct and ascending, for heat maps. */
struct rep_ranks {
    double *at;
    size_t n;
};

/* The values are to be freed; without memory there are none. */
struct rep_ranks rep_rank(const struct rep_selection *selection, const struct rep_field *field);

/* The interval of a field that follows from the time; of any other field its value twice. */
void rep_interval(const struct rep_point *point, const struct rep_field *field, double *low,
                  double *high);

/* `ranks` are those of x and y. */
void rep_data_write(FILE *out, const struct rep_query *query, const struct rep_selection *selection,
                    const struct rep_ranks ranks[2]);

#endif
