/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns that a table has only where they tell its rows apart, or say what is unusual of them
 * all: most tables need few of the many axes of a case, and one with all of them is read by nobody.
 */
#ifndef REPORT_TELLING_H
#define REPORT_TELLING_H

#include "analysis/axis.h"
#include "analysis/report/point.h"

enum { REP_TELLING_MAX = 28 };

struct rep_telling_column {
    const char *axis, *head;
    const char *usual; /* what goes without saying; NULL: whatever all rows have */
    bool number, tokens;
};

struct rep_telling {
    const struct rep_telling_column *columns[REP_TELLING_MAX];
    size_t count;
};

/* Those that `rows` need beside the columns in `shown`, axes by name up to a NULL. */
void rep_telling_find(const struct rep_points *rows, const char *const *shown,
                      struct rep_telling *telling);

/* What a cell says, not escaped. */
const char *rep_telling_text(const struct rep_point *row, const struct rep_telling_column *column,
                             char buf[ANA_AXIS_MAX]);

#endif
