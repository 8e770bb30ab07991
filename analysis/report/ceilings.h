/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The survey of a machine that a result file carries (`attn-bench --machine`), as points that
 * figures ask for with from=machine, and as a table of the page.
 */
#ifndef REPORT_CEILINGS_H
#define REPORT_CEILINGS_H

#include <stdio.h>

#include "analysis/report/point.h"

/*
 * One point a ceiling: the label says of what ("L1", "memory", "avx2"), threads by how many, and
 * one of bytes_per_second, flops_per_second and time_ns (a load's) is known. Points of bandwidth
 * also carry both roofs of the machine. 0 or -ENOMEM; a file without a survey gives no points.
 */
int rep_ceilings_read(const struct ana_result *result, struct rep_points *points);

/* The table and the words around it; nothing if there are no points. */
void rep_ceilings_write(const struct rep_points *points, const struct ana_result *result,
                        FILE *out);

#endif
