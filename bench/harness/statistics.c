/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics over repetitions: plain formulas on small arrays; a copy is sorted where order counts.
 */
#include "bench/harness/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double bm_mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return count ? sum / (double)count : 0;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bm_sort(double *values, size_t count)
{
    if (count)
        qsort(values, count, sizeof(*values), ascending);
}

double bm_quantile_sorted(const double *sorted, size_t count, double q)
{
    if (!count)
        return 0;
    const double rank = q * (double)(count - 1);
    const size_t below = (size_t)rank;
    if (below + 1 >= count)
        return sorted[count - 1];
    return sorted[below] + (rank - (double)below) * (sorted[below + 1] - sorted[below]);
}

static double *sorted_copy(const double *values, size_t count)
{
    double *const copy = malloc(count * sizeof(*copy));
    if (!copy)
        return NULL;
    memcpy(copy, values, count * sizeof(*copy));
    bm_sort(copy, count);
    return copy;
}

double bm_median(const double *values, size_t count)
{
    if (count < 3)
        return bm_mean(values, count);
    double *const sorted = sorted_copy(values, count);
    if (!sorted)
        return (double)NAN;
    const double median =
        count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
    free(sorted);
    return median;
}

double bm_stddev(const double *values, size_t count)
{
    if (count < 2)
        return 0;
    /* Sum of squares about the mean: the textbook difference of two large sums loses everything
     * when the spread is small against the mean, which is what a good run looks like. */
    const double mean = bm_mean(values, count);
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (values[i] - mean) * (values[i] - mean);
    return sqrt(sum / (double)(count - 1));
}

double bm_cv(const double *values, size_t count)
{
    const double mean = bm_mean(values, count);
    return count < 2 || mean == 0 ? 0 : bm_stddev(values, count) / mean;
}

double bm_median_accuracy(const double *values, size_t count)
{
    /* P(all of n values lie on one side of the median) is 2^-n each way, so the extremes are a
     * 95 % interval from n = 6 on; beyond that the widest pair of ranks still covering 95 %. */
    if (count < 6)
        return -1;
    size_t low = 0;
    double tail = pow(0.5, (double)count), term = tail;
    if (tail == 0) { /* so many that the binomial underflows: its normal limit */
        low = (size_t)((double)count / 2 - 0.98 * sqrt((double)count));
    } else {
        for (;;) {
            term *= (double)(count - low) / (double)(low + 1);
            if (tail + term > 0.025 || low + 1 >= count / 2)
                break;
            tail += term;
            low++;
        }
    }
    double *const sorted = sorted_copy(values, count);
    if (!sorted)
        return -1;
    const double median = bm_quantile_sorted(sorted, count, 0.5);
    const double half = (sorted[count - 1 - low] - sorted[low]) / 2;
    free(sorted);
    return median > 0 ? half / median : 0;
}

const struct benchmark_statistic bm_statistics[] = {
    {.name = "mean", .compute = bm_mean},
    {.name = "median", .compute = bm_median},
    {.name = "stddev", .compute = bm_stddev},
    {.name = "cv", .compute = bm_cv, .percentage = true},
};
const size_t bm_statistic_count = sizeof(bm_statistics) / sizeof(*bm_statistics);
