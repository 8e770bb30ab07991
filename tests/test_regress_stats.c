/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of regress against brute force: every sign pattern, every split, every reordering. */
#include "tests/test.h"

#include <math.h>
#include <stdbool.h>

#include "analysis/regress/adjust.h"
#include "analysis/regress/percent.h"
#include "analysis/regress/shift.h"
#include "analysis/stats.h"

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-12 * (1 + fabs(b));
}

/* All choices of n out of the pooled values: how many have as small a U as the one seen? */
static double greater_by_hand(const double *pool, size_t n, size_t m)
{
    double seen = 0, extreme = 0, all = 0;
    for (int pass = 0; pass < 2; pass++)
        for (unsigned mask = 0; mask < 1u << (n + m); mask++) {
            double u = 0;
            if ((size_t)__builtin_popcount(mask) != n)
                continue;
            for (size_t i = 0; i < n + m; i++)
                for (size_t j = 0; j < n + m; j++)
                    if (mask >> i & 1 && !(mask >> j & 1))
                        u += pool[i] > pool[j] ? 1 : pool[i] == pool[j] ? 0.5 : 0;
            if (pass == 0 && mask == (1u << n) - 1)
                seen = u;
            all += pass;
            extreme += pass && u <= seen;
        }
    return extreme / all;
}

static void check_greater(uint64_t *random)
{
    for (size_t n = 1; n <= 6; n++)
        for (size_t m = 1; m + n <= 10; m++)
            for (int ties = 0; ties < 2; ties++) {
                double pool[12];
                for (size_t i = 0; i < n + m; i++)
                    pool[i] = ties ? (double)(test_random(random) % 4) : test_uniform(random);
                const double found = ana_mann_whitney_greater(pool, n, pool + n, m);
                CHECK(near(found, greater_by_hand(pool, n, m)), "%zu + %zu: %g", n, m, found);
            }
}

static void check_critical(void)
{
    for (size_t n = 1; n <= 9; n++)
        for (size_t m = 1; m <= 9; m++) {
            const size_t u = ana_mann_whitney_critical(n, m, 0.025);
            double a[9], b[9];
            /* a below b but for n * m - u pairs the other way round: slide b down the values. */
            for (size_t wanted = 0; wanted <= n * m; wanted++) {
                size_t left = n * m - wanted; /* pairs in which a is the greater */
                for (size_t i = 0; i < n; i++)
                    a[i] = (double)i / 100;
                for (size_t j = 0; j < m; j++) {
                    const size_t below = left < n ? left : n;
                    left -= below;
                    b[j] = a[n - 1] + 0.005 - (double)below / 100 + (double)j / 1e4;
                }
                const double p = ana_mann_whitney_greater(a, n, b, m);
                CHECK((p <= 0.025) == (wanted >= u), "%zu, %zu: U %zu has p %g, critical is %zu", n,
                      m, wanted, p, u);
            }
        }
    const size_t large = ana_mann_whitney_critical(40, 40, 0.025);
    CHECK(large > 900 && large < 1100, "of many: %zu", large);
}

static void check_shift(uint64_t *random)
{
    const struct reg_shift_question question = {.effect = 0.05, .bound = 0.1, .level = 0.01};
    double base[10], head[10];
    struct reg_shift shift;
    for (size_t i = 0; i < 10; i++) {
        base[i] = 100 * (1 + 0.01 * test_uniform(random));
        head[i] = 120 * (1 + 0.01 * test_uniform(random));
    }
    CHECK(reg_shift(base, 10, head, 10, &question, &shift) == 0, "measured");
    CHECK(shift.ratio > 1.18 && shift.ratio < 1.22 && shift.low <= shift.ratio &&
              shift.ratio <= shift.high,
          "%g [%g, %g]", shift.ratio, shift.low, shift.high);
    CHECK(shift.slower < 1e-4 && shift.faster > 0.99 && shift.bounded > 0.99, "p %g %g %g",
          shift.slower, shift.faster, shift.bounded);
    CHECK(shift.visible > 1.05 && shift.visible < 1.08, "visible %g", shift.visible);
    /* What is called visible is seen, and a hair less is not. */
    for (int more = 0; more < 2; more++) {
        double scaled[10];
        struct reg_shift seen;
        for (size_t i = 0; i < 10; i++)
            scaled[i] = head[i] / shift.ratio * shift.visible * (more ? 1 + 1e-9 : 1 - 1e-9);
        CHECK(reg_shift(base, 10, scaled, 10, &question, &seen) == 0, "measured");
        CHECK((seen.slower <= question.level) == more, "p %g", seen.slower);
    }
    CHECK(reg_shift(base, 3, head, 3, &question, &shift) == 0 && isinf(shift.visible) &&
              shift.low == 0,
          "three repetitions see nothing");
    CHECK(reg_shift(base, 0, head, 3, &question, &shift) < 0, "an empty side");
    CHECK(reg_shift((double[]){0}, 1, head, 3, &question, &shift) < 0, "a time of 0");
    CHECK(near(reg_shift_floor(4, 4), 1.0 / 70), "floor");
    CHECK(reg_shift_needed(0.01) == 5, "needed %zu", reg_shift_needed(0.01));
}

/* The step-up rule read literally: the largest k with p(k) <= q k / m, and all p up to it. */
static void check_adjust(uint64_t *random)
{
    for (int round = 0; round < 200; round++) {
        double p[12], adjusted[12], sorted[12];
        const size_t n = 1 + test_random(random) % 12;
        for (size_t i = 0; i < n; i++)
            sorted[i] = p[i] = pow(test_uniform(random), 3);
        ana_sort(sorted, n);
        CHECK(reg_adjust(p, adjusted, n) == 0, "memory");
        for (double q = 0.01; q < 0.5; q *= 1.7) {
            double limit = -1;
            for (size_t k = 1; k <= n; k++)
                if (sorted[k - 1] <= q * (double)k / (double)n)
                    limit = sorted[k - 1];
            for (size_t i = 0; i < n; i++)
                CHECK((adjusted[i] <= q) == (p[i] <= limit), "p %g, adjusted %g, q %g", p[i],
                      adjusted[i], q);
        }
    }
    double adjusted[3];
    CHECK(reg_adjust((double[]){NAN, 0.02, NAN}, adjusted, 3) == 0 && isnan(adjusted[0]) &&
              near(adjusted[1], 0.02),
          "what was not asked does not count");
}

static void check_share(void)
{
    double share;
    CHECK(reg_parse_share("2%", &share) == 0 && near(share, 0.02), "2%%");
    CHECK(reg_parse_share("0.5 %", &share) == 0 && near(share, 0.005), "0.5 %%");
    CHECK(reg_parse_share("0.02", &share) == 0 && near(share, 0.02), "0.02");
    const char *const bad[] = {"", "%", "2%%", "x%", "nan", "inf%", "2 "};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(reg_parse_share(bad[i], &share) < 0, "\"%s\"", bad[i]);
}

int main(void)
{
    uint64_t random = test_seed();
    check_greater(&random);
    check_critical();
    check_shift(&random);
    check_adjust(&random);
    check_share();
    return test_exit();
}
