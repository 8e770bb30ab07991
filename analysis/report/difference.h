/* SPDX-License-Identifier: Apache-2.0 */
/* What measurements allow to say of a difference; sentences that compare ask here first. */
#ifndef REPORT_DIFFERENCE_H
#define REPORT_DIFFERENCE_H

#include "analysis/report/point.h"

enum { REP_CALLS_LEAST = 3 }; /* with fewer nothing is known of how much calls vary */

/* Was the case timed by fewer calls than that? */
bool rep_few_calls(const struct rep_point *point);

/* Do the intervals of both meet, or does the factor between them read as 1? */
bool rep_within_noise(const struct rep_point *a, const struct rep_point *b);

#endif
