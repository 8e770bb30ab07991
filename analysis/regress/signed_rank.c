/* SPDX-License-Identifier: Apache-2.0 */
/* See signed_rank.h. Ranks are doubled, so that mid-ranks are whole numbers and can be counted. */
#include "analysis/regress/signed_rank.h"

#include <math.h>

#include "analysis/stats.h"

enum { SUMS = REG_LAUNCHES_MAX * (REG_LAUNCHES_MAX + 1) + 1 };

/* Doubled mid-ranks of |x|, x without zeros and sorted by magnitude. */
static void rank(const double *magnitudes, size_t n, unsigned *ranks)
{
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && !(magnitudes[end] > magnitudes[i]); end++)
            ;
        for (size_t j = i; j < end; j++)
            ranks[j] = (unsigned)(i + 1 + end);
    }
}

/* Of all 2^n ways to give the ranks signs, the share whose positive ones reach `sum`. */
static double share_from(const unsigned *ranks, size_t n, unsigned sum)
{
    double ways[SUMS] = {1}, reached = 0;
    unsigned most = 0;
    for (size_t i = 0; i < n; i++) {
        most += ranks[i];
        for (unsigned s = most; s >= ranks[i]; s--)
            ways[s] += ways[s - ranks[i]];
    }
    for (unsigned s = most + 1; s-- > sum;)
        reached += ways[s];
    return ldexp(reached, -(int)n);
}

double reg_signed_rank(const double *differences, size_t n)
{
    double magnitudes[REG_LAUNCHES_MAX];
    unsigned ranks[REG_LAUNCHES_MAX], sum = 0;
    size_t used = 0;
    for (size_t i = 0; i < n && i < REG_LAUNCHES_MAX; i++)
        if (differences[i] != 0)
            magnitudes[used++] = fabs(differences[i]);
    ana_sort(magnitudes, used);
    rank(magnitudes, used, ranks);
    for (size_t i = 0; i < n && i < REG_LAUNCHES_MAX; i++) {
        size_t at = 0;
        while (differences[i] > 0 && magnitudes[at] < differences[i])
            at++;
        sum += differences[i] > 0 ? ranks[at] : 0;
    }
    return share_from(ranks, used, sum);
}

/* P(Bin(n, 1/2) <= k) */
static double binomial_tail(size_t n, size_t k)
{
    double term = ldexp(1, -(int)n), sum = 0;
    for (size_t i = 0; i <= k && i <= n; i++) {
        sum += term;
        term = term * (double)(n - i) / (double)(i + 1);
    }
    return fmin(sum, 1);
}

double reg_sign(const double *differences, size_t n)
{
    size_t used = 0, below = 0;
    for (size_t i = 0; i < n; i++) {
        used += differences[i] != 0;
        below += differences[i] < 0;
    }
    return used ? binomial_tail(used, below) : 1;
}

double reg_least_p(size_t n)
{
    return ldexp(1, -(int)n);
}

double reg_upper_bound(const double *sorted, size_t n, double level)
{
    size_t k = 0;
    while (k < n && binomial_tail(n, k) <= 1 - level)
        k++;
    return k ? sorted[n - k] : (double)INFINITY;
}

double reg_deviation(const double *values, size_t n)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        mean += values[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return n > 1 ? sqrt(squares / (double)(n - 1)) : (double)NAN;
}

double reg_normal_quantile(double p)
{
    double low = -40, high = 40;
    for (int i = 0; i < 100; i++) {
        const double z = (low + high) / 2;
        if (erfc(z / sqrt(2)) / 2 > p)
            low = z;
        else
            high = z;
    }
    return high;
}
