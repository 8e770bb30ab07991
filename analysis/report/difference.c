/* SPDX-License-Identifier: Apache-2.0 */
/* See difference.h. */
#include "analysis/report/difference.h"

#include <math.h>
#include <string.h>

bool rep_few_calls(const struct rep_point *point)
{
    return point->calls < REP_CALLS_LEAST; /* not where it is not known */
}

bool rep_within_noise(const struct rep_point *a, const struct rep_point *b)
{
    char times[REP_TEXT], one[REP_TEXT];
    const double factor = fmax(a->time_ns, b->time_ns) / fmin(a->time_ns, b->time_ns);
    if (strcmp(rep_write(REP_TIMES, factor, times), rep_write(REP_TIMES, 1, one)) == 0)
        return true;
    /* One repetition has an interval without a width. */
    const bool known = a->high_ns > a->low_ns && b->high_ns > b->low_ns;
    return known && a->low_ns <= b->high_ns && b->low_ns <= a->high_ns;
}
