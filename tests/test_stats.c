/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics against brute force: every subset, every sign pattern, every planted line. */
#include "tests/test.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include "analysis/stats.h"

static bool near(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance * (1 + fabs(b));
}

static void check_centres(void)
{
    const double odd[] = {1, 2, 10}, even[] = {1, 2, 4, 10};
    double work[4];
    CHECK(isnan(ana_median(odd, 0)), "no values");
    CHECK(ana_median(odd, 3) == 2 && ana_median(even, 4) == 3, "median");
    CHECK(ana_quantile(even, 4, 0.5) == 3 && ana_quantile(even, 4, 0) == 1 &&
              ana_quantile(even, 4, 1) == 10 && ana_quantile(odd, 1, 0.9) == 1,
          "quantile");
    CHECK(near(ana_mad(odd, 3, work), 1.4826, 1e-12), "mad");
    CHECK(near(ana_geomean((double[]){1, 4, 16}, 3), 4, 1e-12), "geomean");
    CHECK(isnan(ana_geomean((double[]){1, 0}, 2)) && isnan(ana_geomean(NULL, 0)), "geomean of 0");
}

/* Coverage by enumerating which of n values lie below the true median. */
static void check_interval(void)
{
    for (size_t n = 1; n <= 16; n++) {
        double sorted[16], low, high;
        for (size_t i = 0; i < n; i++)
            sorted[i] = (double)i;
        const double coverage = ana_median_interval(sorted, n, 0.95, &low, &high);
        size_t inside = 0, narrower = 0;
        for (unsigned mask = 0; mask < 1u << n; mask++) {
            const int below = __builtin_popcount(mask);
            inside += below > low && below <= high;
            narrower += below > low + 1 && below <= high - 1;
        }
        const double all = (double)(1u << n);
        CHECK(near(coverage, (double)inside / all, 1e-12), "n %zu: %g", n, coverage);
        CHECK(low + high == (double)(n - 1), "n %zu: not symmetric", n);
        CHECK(n < 6 ? low == 0 : coverage >= 0.95, "n %zu: covers %g", n, coverage);
        CHECK((double)narrower / all < 0.95, "n %zu: could be narrower", n);
    }
}

/* U by counting pairs, its distribution by walking all subsets of the pooled values. */
static double brute_force(const double *pool, size_t total, size_t n)
{
    double seen = 0, extreme = 0, all = 0;
    const double mean = (double)n * (double)(total - n) / 2;
    for (int pass = 0; pass < 2; pass++)
        for (unsigned mask = 0; mask < 1u << total; mask++) {
            if (__builtin_popcount(mask) != (int)n)
                continue;
            double u = 0;
            for (size_t i = 0; i < total; i++)
                for (size_t j = 0; j < total; j++)
                    if ((mask >> i & 1) && !(mask >> j & 1))
                        u += pool[i] > pool[j] ? 1 : pool[i] < pool[j] ? 0 : 0.5;
            if (pass == 0 && mask == (1u << n) - 1)
                seen = fabs(u - mean);
            all += pass;
            extreme += pass && fabs(u - mean) >= seen - 1e-9;
        }
    return extreme / all;
}

static void check_mann_whitney(uint64_t *seed)
{
    for (size_t total = 2; total <= 10; total++)
        for (size_t n = 1; n < total; n++)
            for (int ties = 0; ties < 2; ties++) {
                double pool[10];
                for (size_t i = 0; i < total; i++)
                    pool[i] = ties ? (double)(test_random(seed) % 4) : test_uniform(seed);
                const double found = ana_mann_whitney(pool, n, pool + n, total - n);
                const double expected = brute_force(pool, total, n);
                CHECK(near(found, expected, 1e-12), "%zu of %zu: %g, expected %g", n, total, found,
                      expected);
            }
    CHECK(near(ana_mann_whitney_floor(5, 5), 2.0 / 252, 1e-9), "floor");
    CHECK(isnan(ana_mann_whitney(NULL, 0, NULL, 0)), "empty");

    /* The approximation takes over without a jump. */
    double a[40], b[40];
    for (size_t i = 0; i < 40; i++) {
        a[i] = test_uniform(seed);
        b[i] = test_uniform(seed) + 0.1;
    }
    const double exact = ana_mann_whitney(a, 32, b, 32), normal = ana_mann_whitney(a, 33, b, 32);
    CHECK(exact > 0 && normal > 0 && fabs(log(exact / normal)) < 1.5, "%g and %g", exact, normal);
    for (size_t i = 0; i < 40; i++)
        a[i] = b[i] = 1;
    CHECK(ana_mann_whitney(a, 40, b, 40) == 1 && ana_mann_whitney(a, 4, b, 4) == 1, "all equal");
}

static void check_least_squares(uint64_t *seed)
{
    enum { ROWS = 50 };
    double x[ROWS * 3], y[ROWS];
    struct ana_fit fit;
    int covered = 0;
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < ROWS; i++) {
            double noise = 0;
            for (int k = 0; k < 12; k++)
                noise += test_uniform(seed) - 0.5;
            x[3 * i] = 1;
            x[3 * i + 1] = (double)(i + 1) * 1e6;
            x[3 * i + 2] = test_uniform(seed);
            y[i] = 20 + 3e-6 * x[3 * i + 1] - 7 * x[3 * i + 2] + (round ? 0.1 * noise : 0);
        }
        CHECK(ana_least_squares(x, ROWS, 3, y, &fit) == 0, "fit");
        if (round == 0)
            CHECK(near(fit.beta[0], 20, 1e-9) && near(fit.beta[1], 3e-6, 1e-9) &&
                      near(fit.beta[2], -7, 1e-9) && fit.sigma < 1e-9,
                  "%g %g %g", fit.beta[0], fit.beta[1], fit.beta[2]);
        covered += fabs(fit.beta[2] + 7) <= 2.01 * fit.error[2];
    }
    CHECK(covered >= 180 && covered <= 199, "planted slope inside its interval %d of 200", covered);
    for (size_t i = 0; i < ROWS; i++)
        x[3 * i + 2] = 2 * x[3 * i];
    CHECK(ana_least_squares(x, ROWS, 3, y, &fit) == -EDOM, "dependent columns");
    CHECK(ana_least_squares(x, 2, 3, y, &fit) == -EINVAL, "too few rows");
}

int main(void)
{
    uint64_t seed = test_seed();
    check_centres();
    check_interval();
    check_mann_whitney(&seed);
    check_least_squares(&seed);
    return test_exit();
}
