/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paired statistics against brute force over all sign patterns for n <= 12, and verdicts against
 * launches whose truth is known. Seeded, so that a share is the same share every time.
 */
#include "tests/test.h"

#include <math.h>
#include <stdbool.h>

#include "analysis/regress/experiment.h"
#include "analysis/regress/judge.h"
#include "analysis/stats.h"

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-12 * (1 + fabs(b));
}

static double rank_sum(const double *d, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double rank = 0.5;
        for (size_t j = 0; j < n; j++)
            if (d[j] != 0)
                rank += fabs(d[j]) < fabs(d[i]) ? 1 : fabs(d[j]) == fabs(d[i]) ? 0.5 : 0;
        sum += d[i] > 0 ? rank : 0;
    }
    return sum;
}

static double signed_rank_by_hand(const double *d, size_t n)
{
    const double seen = rank_sum(d, n);
    double reached = 0;
    for (unsigned mask = 0; mask < 1u << n; mask++) {
        double turned[12];
        for (size_t i = 0; i < n; i++)
            turned[i] = mask >> i & 1 ? fabs(d[i]) : -fabs(d[i]);
        reached += rank_sum(turned, n) >= seen;
    }
    return reached / (double)(1u << n);
}

static double sign_by_hand(const double *d, size_t n)
{
    int above = 0, used = 0;
    double reached = 0;
    for (size_t i = 0; i < n; i++) {
        above += d[i] > 0;
        used += d[i] != 0;
    }
    for (unsigned mask = 0; mask < 1u << used; mask++)
        reached += __builtin_popcount(mask) >= above;
    return reached / (double)(1u << used);
}

static void check_tests(uint64_t *random)
{
    CHECK(reg_signed_rank(NULL, 0) == 1 && reg_sign(NULL, 0) == 1, "no launches");
    CHECK(reg_signed_rank((double[]){0, 0}, 2) == 1, "nothing but zeros");
    for (size_t n = 1; n <= 12; n++)
        for (int round = 0; round < 6; round++) {
            double d[12];
            for (size_t i = 0; i < n; i++)
                d[i] =
                    round % 2 ? (double)(test_random(random) % 7) - 3 : test_uniform(random) - 0.3;
            const double p = reg_signed_rank(d, n), s = reg_sign(d, n);
            CHECK(near(p, signed_rank_by_hand(d, n)), "n %zu: %g", n, p);
            CHECK(near(s, sign_by_hand(d, n)), "n %zu: %g", n, s);
        }
    double all[REG_LAUNCHES_MAX];
    for (size_t i = 0; i < REG_LAUNCHES_MAX; i++)
        all[i] = 1 + (double)i;
    CHECK(near(reg_signed_rank(all, 20), reg_least_p(20)), "least p");
    CHECK(near(reg_signed_rank(all, 64) / reg_least_p(64), 1), "least p of 64");
    CHECK(fabs(reg_normal_quantile(0.025) - 1.959963984540054) < 1e-9, "quantile");
}

/* How often the bound lies above a median of 0 when signs are fair: by counting all patterns. */
static void check_bound(void)
{
    for (size_t n = 1; n <= 12; n++) {
        double sorted[12];
        for (size_t i = 0; i < n; i++)
            sorted[i] = (double)i + 1;
        const double bound = reg_upper_bound(sorted, n, 0.95);
        size_t covered = 0;
        for (unsigned mask = 0; mask < 1u << n; mask++)
            covered += isinf(bound) || n - (size_t)__builtin_popcount(mask) < (size_t)bound;
        const double share = (double)covered / (double)(1u << n);
        CHECK(n < 5 ? isinf(bound) : share >= 0.95 && share < 1, "n %zu: bound %g covers %g", n,
              bound, share);
    }
}

static double gauss(uint64_t *random)
{
    const double radius = sqrt(-2 * log(1 - test_uniform(random)));
    return radius * cos(6.283185307179586 * test_uniform(random));
}

static struct reg_series draw(uint64_t *random, double change, double deviation)
{
    struct reg_series s = {.screens = 8, .confirms = 20};
    for (size_t i = 0; i < s.screens; i++)
        s.screen[i] = log1p(change) + deviation * gauss(random);
    for (size_t i = 0; i < s.confirms; i++)
        s.confirm[i] = log1p(change) + deviation * gauss(random);
    return s;
}

enum { CASES = 300 };

/* A run as it happens: only what is flagged is asked again. */
static void run_of(uint64_t *random, double change, double deviation, size_t changed,
                   struct reg_judged *judged)
{
    static struct reg_series series[CASES];
    const struct reg_profile *const vm = reg_profile_find("vm");
    for (size_t i = 0; i < CASES; i++) {
        series[i] = draw(random, i < changed ? change : 0, deviation);
        if (!reg_flagged(&series[i], vm))
            series[i].confirms = 0;
    }
    CHECK(reg_judge(series, CASES, vm, &(struct reg_looks){20}, judged) == 0, "judged");
}

static size_t count(const struct reg_judged *judged, size_t from, size_t to, enum reg_verdict v)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        n += judged[i].verdict == v;
    return n;
}

static void check_runs(uint64_t *random)
{
    static struct reg_judged judged[CASES];
    size_t false_runs = 0, found = 0, faster = 0, wrong_ok = 0, covered = 0, asked = 0;
    for (int run = 0; run < 40; run++) {
        run_of(random, 0, 0.01, 0, judged);
        false_runs += count(judged, 0, CASES, REG_REGRESSED) > 0;
    }
    CHECK(false_runs == 0, "%zu of 40 runs of unchanged cases failed", false_runs);
    for (int run = 0; run < 10; run++) {
        run_of(random, 0.05, 0.01, 20, judged);
        found += count(judged, 0, 20, REG_REGRESSED);
        wrong_ok += count(judged, 0, 20, REG_OK);
        CHECK(count(judged, 20, CASES, REG_REGRESSED) == 0, "a bystander failed");
        for (size_t i = 0; i < 20; i++)
            if (!isnan(judged[i].p)) {
                asked++;
                covered += judged[i].low <= log(1.05) && log(1.05) <= judged[i].high;
            }
    }
    CHECK(found >= 170 && wrong_ok == 0, "found %zu of 200, %zu called OK", found, wrong_ok);
    CHECK((double)covered >= 0.92 * (double)asked, "interval holds %zu of %zu", covered, asked);
    run_of(random, -0.05, 0.01, 20, judged);
    faster = count(judged, 0, 20, REG_IMPROVED);
    CHECK(count(judged, 0, CASES, REG_REGRESSED) == 0 && faster >= 15, "%zu improved", faster);
}

static void check_verdicts(uint64_t *random)
{
    const struct reg_profile *const vm = reg_profile_find("vm");
    const struct reg_looks looks = {20};
    struct reg_judged j;
    struct reg_series s = draw(random, 0, 0.002);
    s.confirms = 0;
    CHECK(reg_judge(&s, 1, vm, &looks, &j) == 0 && j.verdict == REG_OK && isnan(j.p), "quiet");
    for (size_t i = 0; i < s.screens; i++)
        s.screen[i] = i % 2 ? 0.05 : -0.05;
    CHECK(reg_judge(&s, 1, vm, &looks, &j) == 0 && j.verdict == REG_UNSTABLE, "two heaps");
    for (size_t i = 0; i < s.screens; i++)
        s.screen[i] = i == 0 ? 0.2 : 0.001 * (double)i;
    CHECK(reg_judge(&s, 1, vm, &looks, &j) == 0 && j.verdict == REG_UNSTABLE, "deviation");
    for (size_t i = 0; i < s.screens; i++)
        s.screen[i] = 0.04 + 0.005 * (double)i;
    CHECK(reg_judge(&s, 1, vm, &looks, &j) == 0 && j.verdict == REG_INCONCLUSIVE, "not asked");
    s.screens = 0;
    CHECK(reg_judge(&s, 1, vm, &looks, &j) == 0 && j.verdict == REG_INCONCLUSIVE && !j.launches,
          "no launches");
    s = draw(random, 0.05, 0.005);
    CHECK(reg_judge(&s, 1, vm, &looks, &j) == 0 && j.verdict == REG_REGRESSED, "slower");
    CHECK(j.visible > log(1.02) && j.visible < log(1.05), "visible %g", j.visible);
    s.confirms = 6;
    CHECK(reg_judge(&s, 1, vm, &looks, &j) == 0 && j.verdict != REG_REGRESSED && isinf(j.visible),
          "six launches cannot show anything at q/2");
    CHECK(reg_confirms_needed(vm, 1) == 8 && reg_confirms_needed(vm, 300) == 16, "%zu, %zu",
          reg_confirms_needed(vm, 1), reg_confirms_needed(vm, 300));
}

static void check_controls(uint64_t *random)
{
    const struct reg_profile *const vm = reg_profile_find("vm");
    const struct reg_looks looks = {20};
    struct reg_series series[5];
    struct reg_control control;
    for (size_t i = 0; i < 5; i++)
        series[i] = draw(random, 0, 0.005);
    CHECK(reg_judge_controls(series, 5, vm, &looks, &control) == 0 && control.quiet, "quiet");
    series[2] = draw(random, 0.06, 0.005);
    CHECK(reg_judge_controls(series, 5, vm, &looks, &control) == 0 && !control.quiet &&
              control.changed == 1 && control.largest > 0.05,
          "one control moved");
    for (size_t i = 0; i < 5; i++)
        series[i] = draw(random, i % 2 ? 0.015 : -0.015, 0.001);
    CHECK(reg_judge_controls(series, 5, vm, &looks, &control) == 0 && !control.quiet &&
              !control.changed,
          "all of them wander");
    CHECK(reg_judge_controls(series, 0, vm, &looks, &control) == 0 && control.quiet, "none");
}

/* Eight launches can be significant, two more are for the noise; a round takes 40 ms, and one is
 * thrown away. */
static void check_rounds(void)
{
    const struct reg_profile *const vm = reg_profile_find("vm");
    const struct reg_plan *const plan = &reg_plan_default;
    const struct reg_pace quick = {0.02, 0.08}, slow = {0.4, 1.25};
    CHECK(reg_confirms_needed(vm, 1) == 8, "%zu launches", reg_confirms_needed(vm, 1));
    CHECK(reg_fit_rounds(plan, vm, &quick, 10, 300) == 6, "all there is time for");
    CHECK(reg_fit_rounds(plan, vm, &quick, 100, 301) == 6, "just enough");
    CHECK(reg_fit_rounds(plan, vm, &quick, 100, 299) == 5, "not quite");
    CHECK(reg_fit_rounds(plan, vm, &quick, 300, 381) == 1, "many cases");
    CHECK(reg_fit_rounds(plan, vm, &quick, 300, 0) == 1, "no time");
    CHECK(reg_fit_rounds(plan, vm, &slow, 3, -5) == 1, "less than none");
    CHECK(reg_fit_rounds(plan, vm, &slow, 23, 380) == 3, "calls longer than a round should be");
}

int main(void)
{
    uint64_t random = test_seed();
    check_tests(&random);
    check_bound();
    check_verdicts(&random);
    check_runs(&random);
    check_controls(&random);
    check_rounds();
    CHECK(!reg_profile_find("metal"), "no such profile");
    return test_exit();
}
