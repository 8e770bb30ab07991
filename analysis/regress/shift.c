/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See shift.h. The pairs' logarithms, sorted, hold the whole of the test: U is how many of them
 * lie above a hypothesis, so an interval is a pair of their order statistics (Moses).
 */
#include "analysis/regress/shift.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/stats.h"

double reg_shift_floor(size_t n, size_t m)
{
    return ana_mann_whitney_floor(n, m) / 2;
}

size_t reg_shift_needed(double level)
{
    size_t n = 1;
    while (n < 1000 && reg_shift_floor(n, n) > level)
        n++;
    return n;
}

/* Head against base times (1 + effect), both as logarithms. */
static double greater_by(const double *base, size_t n, const double *head, size_t m, double effect,
                         double *work)
{
    for (size_t i = 0; i < n; i++)
        work[i] = base[i] + effect;
    return ana_mann_whitney_greater(work, n, head, m);
}

static int take_logarithms(const double *times, size_t n, double *logarithms)
{
    for (size_t i = 0; i < n; i++) {
        if (!(times[i] > 0) || !isfinite(times[i]))
            return -EINVAL;
        logarithms[i] = log(times[i]);
    }
    return n ? 0 : -EINVAL;
}

int reg_shift(const double *base, size_t n, const double *head, size_t m,
              const struct reg_shift_question *question, struct reg_shift *shift)
{
    double *const memory = malloc((2 * n + 2 * m + n * m + 1) * sizeof(*memory));
    if (!memory)
        return -ENOMEM;
    double *const a = memory, *const b = a + n, *const work = b + m, *const pair = work + n + m;
    int status = take_logarithms(base, n, a);
    if (!status)
        status = take_logarithms(head, m, b);
    if (status)
        goto out;
    const size_t pairs = n * m;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++)
            pair[i * m + j] = b[j] - a[i];
    ana_sort(pair, pairs);
    const double centre = ana_median(pair, pairs);
    const double effect = log1p(question->effect);
    /* U from which on p <= level; above n m if the samples are too small for it. */
    const size_t outer = ana_mann_whitney_critical(n, m, 0.025);
    const size_t least = ana_mann_whitney_critical(n, m, question->level);
    *shift = (struct reg_shift){
        .ratio = exp(centre),
        .low = outer <= pairs ? exp(pair[pairs - outer]) : 0,
        .high = outer <= pairs ? exp(pair[outer - 1]) : (double)INFINITY,
        .slower = greater_by(a, n, b, m, effect, work),
        .faster = greater_by(b, m, a, n, effect, work),
        .visible = least <= pairs ? exp(effect + centre - pair[pairs - least]) : (double)INFINITY,
    };
    for (size_t i = 0; i < n; i++)
        work[i] = a[i] + log1p(question->bound);
    shift->bounded = ana_mann_whitney_greater(b, m, work, n);
out:
    free(memory);
    return status;
}
