/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thousands of marks cover each other and make a page of many megabytes. Above 2,000 points a
 * figure is a density: one mark a series and place of the picture, which knows how many cases it
 * stands for and is the fuller the more they are.
 */
#ifndef REPORT_DENSITY_H
#define REPORT_DENSITY_H

#include "analysis/report/query.h"

/* Merges the points of a crowded selection, in place, and sets `most`. Sentences are to be said
 * before: afterwards a point is a mark and no longer a case. */
void rep_density_make(const struct rep_query *query, struct rep_selection *selection);

#endif
