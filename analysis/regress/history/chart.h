/* SPDX-License-Identifier: Apache-2.0 */
/* A gnuplot script that draws one series: its points, their levels, and where they changed. */
#ifndef REG_HISTORY_CHART_H
#define REG_HISTORY_CHART_H

#include <stdio.h>

#include "analysis/regress/history/finding.h"

/* A name of at most 100 letters, digits and the like, from those of case, metric and class; the
 * same for the same series. */
void reg_chart_name(const struct reg_series *series, char name[128]);

/* The script draws NAME.svg in the folder gnuplot is started in. 0 or -EIO. */
int reg_chart_write(const struct reg_series *series, const struct reg_findings *found,
                    const char *name, FILE *out);

#endif
