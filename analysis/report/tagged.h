/* SPDX-License-Identifier: Apache-2.0 */
/* Points on their way into a selection, with what they are sorted by; between select.c and thin.c.
 */
#ifndef REPORT_TAGGED_H
#define REPORT_TAGGED_H

#include "analysis/report/query.h"

struct rep_tagged {
    const struct rep_point *point;
    char *key; /* of the held axes */
    struct rep_series series;
    char row[REP_NAME];
    double x; /* negated where x falls */
};

/*
 * How many of n points, sorted by series and x, are drawn; those come first, in their order, and
 * the others behind them. Short series go, then all but an even choice of series, unless the query
 * wants what is beyond its number of series as one more.
 */
size_t rep_thin(struct rep_tagged *t, size_t n, const struct rep_query *query);

/* For qsort(): by series, then by x. */
int rep_by_series_x(const void *a, const void *b);

#endif
