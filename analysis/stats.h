/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics of timings: medians and their exact intervals, rank tests, geometric means, least
 * squares. Nothing here assumes a normal distribution, since timings are skewed; and nothing is
 * bootstrapped, since percentile bootstraps of a median cover too little at the handful of
 * repetitions a benchmark has.
 *
 * `sorted` means ascending, without NAN. n == 0 gives NAN.
 */
#ifndef ANA_STATS_H
#define ANA_STATS_H

#include <stddef.h>

void ana_sort(double *values, size_t n);

double ana_median(const double *sorted, size_t n);

/* Linear interpolation between order statistics, p in [0, 1]; p = 0.5 is the median. */
double ana_quantile(const double *sorted, size_t n, double p);

/* Median of |x - median|, times 1.4826 so that it estimates sigma; `work` holds n doubles. */
double ana_mad(const double *sorted, size_t n, double *work);

/*
 * The interval of the median made of two order statistics, the shortest symmetric pair of ranks
 * whose coverage 1 - 2 P(Bin(n, 1/2) < k) reaches `level`. Below n = 6 no pair reaches 95 %: then
 * it is minimum and maximum. Returns the true coverage.
 */
double ana_median_interval(const double *sorted, size_t n, double level, double *low, double *high);

/*
 * Two-sided p-value of the Mann-Whitney U test. Exact, ties included, by counting the subsets of
 * the pooled mid-ranks while n + m <= ANA_EXACT_MAX; beyond that the normal approximation with
 * tie and continuity correction. NAN if a sample is empty.
 */
enum { ANA_EXACT_MAX = 64 };
double ana_mann_whitney(const double *a, size_t n, const double *b, size_t m);

/* One-sided, exact as above: how surprising it is that the values of b are so much the greater. */
double ana_mann_whitney_greater(const double *a, size_t n, const double *b, size_t m);

/* The smallest U, of n * m pairs, whose one-sided p is <= level; n * m + 1 if there is none. */
size_t ana_mann_whitney_critical(size_t n, size_t m, double level);

/* The smallest p-value that n against m values can give when all differ: 2 / C(n+m, n). */
double ana_mann_whitney_floor(size_t n, size_t m);

/* NAN unless all values are positive. */
double ana_geomean(const double *values, size_t n);

enum { ANA_FIT_MAX = 6 };
struct ana_fit {
    double beta[ANA_FIT_MAX];  /* coefficients */
    double error[ANA_FIT_MAX]; /* their standard errors; NAN without degrees of freedom */
    double sigma;              /* of the residuals */
};

/*
 * Least squares y = X beta with X of `rows` rows and `columns` <= ANA_FIT_MAX columns, row by row.
 * 0, -EINVAL if there are more columns than rows, -EDOM if the columns are dependent, -ENOMEM.
 */
int ana_least_squares(const double *x, size_t rows, size_t columns, const double *y,
                      struct ana_fit *fit);

#endif
