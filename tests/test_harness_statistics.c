/* SPDX-License-Identifier: Apache-2.0 */
/* The harness's arithmetic: statistics, counters, iteration search, numbers for people. */
#include "bench/harness/counters.h"
#include "bench/harness/human.h"
#include "bench/harness/search.h"
#include "bench/harness/statistics.h"

#include "tests/test_harness.h"

#include <math.h>

static void check_near(double found, double expected)
{
    CHECK(fabs(found - expected) <= 1e-12 * fmax(1, fabs(expected)), "found %.17g, expected %.17g",
          found, expected);
}

static void test_statistics(void)
{
    const double v[] = {2.5, 2.4, 3.3, 4.2, 5.1};
    check_near(bm_mean(v, 5), 3.5);
    check_near(bm_median(v, 5), 3.3);
    check_near(bm_median((const double[]){42, 13, 36, 57}, 4), 39);
    check_near(bm_median((const double[]){1, 9}, 2), 5);
    check_near(bm_median((const double[]){7}, 1), 7);
    check_near(bm_stddev((const double[]){101, 101, 101, 101}, 4), 0);
    check_near(bm_stddev((const double[]){1, 2, 3}, 3), 1);
    check_near(bm_stddev(v, 5), 1.151086443322134);
    check_near(bm_cv(v, 5), 0.32888184094918121);
    check_near(bm_stddev(v, 1), 0);
    check_near(bm_cv(v, 1), 0);
    check_near(bm_cv((const double[]){-1, 1}, 2), 0);
    /* The mean is a billion times the spread. */
    check_near(bm_stddev((const double[]){1e9, 1e9 + 1, 1e9 + 2}, 3), 1);
    check_near(bm_quantile_sorted((const double[]){1, 2, 3, 4}, 4, 0.5), 2.5);
    check_near(bm_quantile_sorted((const double[]){1, 2, 3, 4}, 4, 1), 4);
    check_near(bm_quantile_sorted((const double[]){1}, 1, 0.99), 1);
}

static void test_accuracy(void)
{
    double v[200];
    CHECK_THAT(bm_median_accuracy((const double[]){1, 2, 3, 4, 5}, 5) < 0);
    check_near(bm_median_accuracy((const double[]){9, 10, 10, 10, 10, 11}, 6), 0.1);
    /* Nine values: ranks 2 and 8 still leave less than 2.5 % outside on each side. */
    check_near(bm_median_accuracy((const double[]){0, 9, 10, 10, 10, 10, 10, 11, 99}, 9), 0.1);
    for (int i = 0; i < 200; i++)
        v[i] = 100 + i % 2;
    CHECK_THAT(bm_median_accuracy(v, 200) <= 0.005);
}

static void test_search(void)
{
    /* 1 ms an iteration, half a second wanted: tenfold steps, then one aimed. */
    int64_t n = 1;
    int passes = 1;
    while (!bm_search_done(n, 1e-3 * (double)n, 1e-3 * (double)n, 0.5, false)) {
        n = bm_search_next(n, 1e-3 * (double)n, 0.5);
        passes++;
    }
    CHECK(n == 700 && passes == 4, "%lld iterations in %d passes", (long long)n, passes);
    CHECK_THAT(bm_search_next(100, 0.4, 0.5) == 175);
    CHECK_THAT(bm_search_next(1, 0.49, 0.5) == 2);
    CHECK_THAT(bm_search_next(1, 0, 0.5) == 10);
    CHECK_THAT(bm_search_next(BM_MAX_ITERATIONS / 2, 1e-9, 10) == BM_MAX_ITERATIONS);
    CHECK_THAT(bm_search_done(BM_MAX_ITERATIONS, 0, 0, 0.5, false));
    CHECK_THAT(bm_search_done(1, 0, 2.5, 0.5, false));
    CHECK_THAT(!bm_search_done(1, 0, 2.5, 0.5, true));
    CHECK_THAT(bm_search_done(1, 0, 0, 0, false));
}

static double finished(unsigned flags)
{
    struct counters set = {0};
    bm_counters_set(&set, "c", 12, flags);
    bm_counters_finish(&set, 0.5, 3, 6);
    const double value = set.items[0].value;
    bm_counters_free(&set);
    return value;
}

static void test_counters(void)
{
    check_near(finished(BENCHMARK_COUNTER_PLAIN), 12);
    check_near(finished(BENCHMARK_COUNTER_RATE), 24);
    check_near(finished(BENCHMARK_COUNTER_INVERT), 1 / 12.0);
    check_near(finished(BENCHMARK_COUNTER_RATE | BENCHMARK_COUNTER_INVERT), 1 / 24.0);
    check_near(finished(BENCHMARK_COUNTER_AVG_THREADS), 4);
    check_near(finished(BENCHMARK_COUNTER_AVG_THREADS | BENCHMARK_COUNTER_RATE), 8);
    check_near(finished(BENCHMARK_COUNTER_AVG_ITERATIONS), 2);
    check_near(finished(BENCHMARK_COUNTER_AVG_ITERATIONS | BENCHMARK_COUNTER_RATE), 4);
    /* Three threads said 4 an iteration; six iterations among them make 24. */
    check_near(finished(BENCHMARK_COUNTER_ITERATION_INVARIANT), 24);
    check_near(finished(BENCHMARK_COUNTER_ITERATION_INVARIANT | BENCHMARK_COUNTER_RATE), 48);

    struct counters set = {0}, more = {0};
    bm_counters_set(&set, "b", 1, 0);
    bm_counters_set(&set, "a", 2, 0);
    bm_counters_set(&set, "B", 3, 0);
    bm_counters_set(&set, "a", 5, 0);
    CHECK_THAT(set.count == 3);
    CHECK_STR(set.items[0].name, "B");
    CHECK_STR(set.items[1].name, "a");
    CHECK_THAT(bm_counters_find(&set, "a")->value == 5 && !bm_counters_find(&set, "z"));
    bm_counters_set(&more, "a", 1, 0);
    bm_counters_set(&more, "z", 1, 0);
    bm_counters_add(&set, &more);
    CHECK_THAT(bm_counters_find(&set, "a")->value == 6 && bm_counters_find(&set, "z"));
    CHECK_THAT(bm_counter_name_reserved("real_time") && bm_counter_name_reserved("size"));
    CHECK_THAT(!bm_counter_name_reserved("bytes_per_second"));
    bm_counters_free(&set);
    bm_counters_free(&more);
}

static void test_human(void)
{
    static const struct {
        double value;
        bool base_1024;
        const char *text;
    } numbers[] = {
        {0, false, "0"},
        {1, false, "1"},
        {-3, false, "-3"},
        {999, false, "999"},
        {1000, false, "1k"},
        {1000, true, "1000"},
        {1024, true, "1Ki"},
        {1e6, false, "1M"},
        {1e6, true, "976.562Ki"},
        {1048576, false, "1.04858M"},
        {1048576, true, "1Mi"},
        {1e9, false, "1G"},
        {1e9, true, "953.674Mi"},
        {1073741824, true, "1Gi"},
        {1.5e15, false, "1.5P"},
        {0.5, false, "0.5"},
        {0.01, false, "0.01"},
        {0.005, false, "5m"},
        {1.71e-12, false, "1.71p"},
        {-2500, false, "-2.5k"},
    };
    static const struct {
        double value;
        const char *text;
    } times[] = {
        {0.1234, "     0.123"}, {1.234, "      1.23"},        {12.34, "      12.3"},
        {123.4, "       123"},  {9999999999.0, "9999999999"}, {12345678901.0, "1.2346e+10"},
    };
    char text[BM_HUMAN_BYTES];
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        bm_human(text, numbers[i].value, numbers[i].base_1024);
        CHECK_STR(text, numbers[i].text);
    }
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
        bm_human_time(text, times[i].value);
        CHECK_STR(text, times[i].text);
    }
}

int main(void)
{
    test_statistics();
    test_accuracy();
    test_search();
    test_counters();
    test_human();
    return test_exit();
}
