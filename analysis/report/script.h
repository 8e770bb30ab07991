/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What gnuplot is given: NAME.dat with the points and NAME.gp, a whole script made of variables
 * computed here, the shared style and the figure's own file. analysis/plots/style.gp lists the
 * variables a figure finds.
 */
#ifndef REPORT_SCRIPT_H
#define REPORT_SCRIPT_H

#include "analysis/report/figure.h"

/* 0 or -errno. */
int rep_script_write(const struct rep_plot *plot, const struct rep_query *query,
                     const struct rep_selection *selection, const struct rep_figure *figure,
                     const struct rep_machine *machine, const char *dir);

#endif
