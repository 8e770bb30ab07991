/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rank test of stats.h. Small samples are counted out, since a normal approximation is at its
 * worst in the tails, which is where the decisions are.
 */
#include "analysis/stats.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

struct ranked {
    double value;
    int first; /* belongs to sample a */
};

static int compare_ranked(const void *a, const void *b)
{
    const double x = ((const struct ranked *)a)->value, y = ((const struct ranked *)b)->value;
    return (x > y) - (x < y);
}

/* Both samples in one order: what every form of the test is made of. */
struct pooled {
    size_t n, total;
    unsigned ranks[ANA_EXACT_MAX]; /* doubled mid-ranks; only of samples so small */
    double sum;                    /* of the doubled mid-ranks of sample a */
    double ties;                   /* sum of t^3 - t */
};

/* Doubled mid-ranks: the run of equals from i to end - 1 has i + 1 + end. */
static int pool_samples(const double *a, size_t n, const double *b, size_t m, struct pooled *pooled)
{
    const size_t total = n + m;
    struct ranked *const pool = malloc(total * sizeof(*pool));
    if (!pool)
        return -ENOMEM;
    *pooled = (struct pooled){.n = n, .total = total};
    for (size_t i = 0; i < total; i++)
        pool[i] = (struct ranked){i < n ? a[i] : b[i - n], i < n};
    qsort(pool, total, sizeof(*pool), compare_ranked);
    for (size_t i = 0, end; i < total; i = end) {
        for (end = i + 1; end < total && !(pool[end].value > pool[i].value); end++)
            ;
        const double run = (double)(end - i);
        pooled->ties += run * run * run - run;
        for (size_t j = i; j < end; j++) {
            pooled->sum += pool[j].first ? (double)(i + 1 + end) : 0;
            if (total <= ANA_EXACT_MAX)
                pooled->ranks[j] = (unsigned)(i + 1 + end);
        }
    }
    free(pool);
    return 0;
}

/*
 * In how many ways n of the doubled ranks add up to each sum: ways[s], s < *width, the last
 * of n + 1 rows. The caller frees *memory. NULL without memory.
 */
static const double *count_ways(const unsigned *ranks, size_t total, size_t n, size_t *width,
                                double **memory)
{
    *width = total * (total + 1) + 1;
    double *const ways = *memory = calloc((n + 1) * *width, sizeof(*ways));
    if (!ways)
        return NULL;
    ways[0] = 1;
    for (size_t i = 0; i < total; i++)
        for (size_t c = i + 1 < n ? i + 1 : n; c > 0; c--)
            for (size_t s = ranks[i]; s < *width; s++)
                ways[c * *width + s] += ways[(c - 1) * *width + s - ranks[i]];
    return ways + n * *width;
}

/* The share of sums at least as far from their mean as the one seen, or at most as large. */
static double exact_p(const struct pooled *pooled, bool two_sided)
{
    size_t width;
    double *memory, all = 0, extreme = 0;
    const double *const ways = count_ways(pooled->ranks, pooled->total, pooled->n, &width, &memory);
    if (!ways)
        return NAN;
    const double mean = (double)pooled->n * (double)(pooled->total + 1);
    const double distance = fabs(pooled->sum - mean);
    for (size_t s = 0; s < width; s++) {
        all += ways[s];
        if (two_sided ? fabs((double)s - mean) >= distance : (double)s <= pooled->sum)
            extreme += ways[s];
    }
    free(memory);
    return extreme / all;
}

/* Standard deviation of U; 0 if all values are equal. */
static double deviation_of_u(size_t n, size_t m, double ties)
{
    const double x = (double)n, y = (double)m, t = x + y;
    const double variance = x * y / 12 * (t + 1 - ties / (t * (t - 1)));
    return variance > 0 ? sqrt(variance) : 0;
}

static double u_of(const struct pooled *pooled)
{
    const double x = (double)pooled->n;
    return pooled->sum / 2 - x * (x + 1) / 2;
}

double ana_mann_whitney(const double *a, size_t n, const double *b, size_t m)
{
    struct pooled pooled;
    if (n == 0 || m == 0 || pool_samples(a, n, b, m, &pooled))
        return NAN;
    if (pooled.total <= ANA_EXACT_MAX)
        return exact_p(&pooled, true);
    const double sigma = deviation_of_u(n, m, pooled.ties);
    const double z = fabs(u_of(&pooled) - (double)n * (double)m / 2) - 0.5;
    return sigma > 0 && z > 0 ? erfc(z / sigma / sqrt(2)) : 1;
}

double ana_mann_whitney_greater(const double *a, size_t n, const double *b, size_t m)
{
    struct pooled pooled;
    if (n == 0 || m == 0 || pool_samples(a, n, b, m, &pooled))
        return NAN;
    if (pooled.total <= ANA_EXACT_MAX)
        return exact_p(&pooled, false);
    const double sigma = deviation_of_u(n, m, pooled.ties);
    const double z = (double)n * (double)m / 2 - u_of(&pooled) - 0.5;
    return sigma > 0 ? erfc(z / sigma / sqrt(2)) / 2 : 1;
}

/* Of samples too large to be counted: the tail falls with u, so it is halved down to the place. */
static size_t critical_of_many(size_t n, size_t m, double level)
{
    const double mean = (double)n * (double)m / 2, sigma = deviation_of_u(n, m, 0);
    size_t low = 0, high = n * m + 1;
    while (low < high) {
        const size_t u = low + (high - low) / 2;
        if (erfc(((double)u - 0.5 - mean) / sigma / sqrt(2)) / 2 <= level)
            high = u;
        else
            low = u + 1;
    }
    return low;
}

size_t ana_mann_whitney_critical(size_t n, size_t m, double level)
{
    size_t width, u = n * m + 1;
    double *memory, all = 0, tail = 0;
    unsigned ranks[ANA_EXACT_MAX];
    if (n + m > ANA_EXACT_MAX)
        return critical_of_many(n, m, level);
    for (size_t i = 0; i < n + m; i++)
        ranks[i] = (unsigned)(2 * i + 2);
    const double *const ways = count_ways(ranks, n + m, n, &width, &memory);
    if (!ways)
        return u;
    for (size_t s = 0; s < width; s++)
        all += ways[s];
    for (; u > 0; u--) {
        tail += ways[2 * (u - 1) + n * (n + 1)];
        if (tail / all > level)
            break;
    }
    free(memory);
    return u;
}

double ana_mann_whitney_floor(size_t n, size_t m)
{
    if (n == 0 || m == 0)
        return NAN;
    const double x = (double)n, y = (double)m;
    return fmin(1, 2 * exp(lgamma(x + 1) + lgamma(y + 1) - lgamma(x + y + 1)));
}
