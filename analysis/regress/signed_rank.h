/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paired differences, one a launch. Which side plays base and which head in a launch is a matter
 * of order and of a coin, so when nothing changed they are symmetric about zero and the tests
 * below are exact; they assume nothing else of their distribution.
 */
#ifndef REG_SIGNED_RANK_H
#define REG_SIGNED_RANK_H

#include <stddef.h>

/* More launches than anybody waits for; tables stay small. */
enum { REG_LAUNCHES_MAX = 64 };

/*
 * Wilcoxon's signed-rank test, one-sided: how surprising it is that differences are so far above
 * zero. Exact with mid-ranks for ties; zeros are dropped. n <= REG_LAUNCHES_MAX; 1 for n = 0.
 */
double reg_signed_rank(const double *differences, size_t n);

/* The sign test of the same question. */
double reg_sign(const double *differences, size_t n);

/* The smallest one-sided p of n differences: 2^-n. */
double reg_least_p(size_t n);

/*
 * The median lies below it with probability >= level, by the sign test: an order statistic, or
 * INFINITY when there are too few. `sorted` is ascending.
 */
double reg_upper_bound(const double *sorted, size_t n, double level);

/* Standard deviation; NAN below two. */
double reg_deviation(const double *values, size_t n);

/* z with P(N(0,1) > z) = p, 0 < p < 1. */
double reg_normal_quantile(double p);

#endif
