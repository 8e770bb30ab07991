/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers over the repetitions of a case. The four that every aggregate row is made of have the
 * definitions of Google Benchmark, degenerate cases included, so that rows can be compared.
 */
#ifndef BENCHMARK_C_STATISTICS_H
#define BENCHMARK_C_STATISTICS_H

#include "bench/harness/benchmark.h"

double bm_mean(const double *values, size_t count);
/* Below three values the mean. */
double bm_median(const double *values, size_t count);
/* With n-1; 0 for one value. */
double bm_stddev(const double *values, size_t count);
/* stddev/mean; 0 below two values or about a mean of 0. */
double bm_cv(const double *values, size_t count);
/* The q-th quantile, 0 <= q <= 1, between the two nearest ranks; sorted ascending. */
double bm_quantile_sorted(const double *sorted, size_t count, double q);
void bm_sort(double *values, size_t count);
/* Half the width of a 95 % interval of the median as a fraction of it, from order statistics; a
 * negative number while there are too few values (below six) for such an interval. */
double bm_median_accuracy(const double *values, size_t count);

extern const struct benchmark_statistic bm_statistics[];
extern const size_t bm_statistic_count;

#endif
