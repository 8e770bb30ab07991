/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One half of the differential test: the benchmarks of test_harness_twin.cc, line by line, through
 * our library. Both programs are run and their output compared by test_harness_differential.py.
 */
#include "bench/harness/benchmark.h"

static void spin(struct benchmark_state *state)
{
    double x = 1;
    while (benchmark_keep_running(state))
        benchmark_do_not_optimize(x);
}

static void counted(struct benchmark_state *state)
{
    spin(state);
    benchmark_set_bytes_processed(state, benchmark_iterations(state) * 8);
    benchmark_set_items_processed(state, benchmark_iterations(state));
    benchmark_set_counter(state, "plain", 3, BENCHMARK_COUNTER_PLAIN);
    benchmark_set_counter(state, "Rate", 3, BENCHMARK_COUNTER_RATE);
    benchmark_set_counter(state, "inverse", 4, BENCHMARK_COUNTER_RATE | BENCHMARK_COUNTER_INVERT);
    benchmark_set_counter(state, "each", 5, BENCHMARK_COUNTER_AVG_ITERATIONS);
    benchmark_set_counter(state, "all", 5, BENCHMARK_COUNTER_ITERATION_INVARIANT);
    benchmark_set_label(state, "a \"label\"");
}

static void failing(struct benchmark_state *state)
{
    benchmark_skip_with_error(state, "mess\"age");
    spin(state);
}

static void manual(struct benchmark_state *state)
{
    while (benchmark_keep_running(state))
        benchmark_set_iteration_time(state, 0.001 * (double)benchmark_arg(state, 0));
    benchmark_set_complexity_n(state, benchmark_arg(state, 0));
}

static double greatest(const double *values, size_t count)
{
    double most = values[0];
    for (size_t i = 1; i < count; i++)
        most = values[i] > most ? values[i] : most;
    return most;
}

BENCHMARK(spin, .iterations = 1000);
BENCHMARK(spin, .iterations = 10, .product = {BENCHMARK_LIST(3, -7)});
BENCHMARK(spin, .iterations = 10, .product = {BENCHMARK_RANGE(1, 1000)});
BENCHMARK(spin, .iterations = 10, .product = {BENCHMARK_RANGE(-70, 9)});
BENCHMARK(spin, .iterations = 10, .product = {BENCHMARK_DENSE(2, 9, 3)});
BENCHMARK(spin, .iterations = 10, .product = {BENCHMARK_GEOMETRIC(3, 40, 2)});
BENCHMARK(spin, .iterations = 10, .arg_names = {"first", "", "third"},
          .product = {BENCHMARK_LIST(1, 2), BENCHMARK_LIST(10, 20), BENCHMARK_LIST(5000000000)});
BENCHMARK(spin, .min_time = 0.002, .min_warmup_time = 0.001, .use_real_time = true);
BENCHMARK(spin, .iterations = 10, .threads = BENCHMARK_RANGE(1, 3));
BENCHMARK(spin, .iterations = 10, .threads = BENCHMARK_DENSE(1, 4, 2), .process_cpu_time = true);
BENCHMARK(spin, .iterations = 10, .repetitions = 3, .unit = BENCHMARK_MICROSECOND,
          .statistics = {{"greatest", greatest, false}});
BENCHMARK_NAMED("another/name", spin, .iterations = 10, .unit = BENCHMARK_SECOND);
BENCHMARK(counted, .iterations = 1000);
BENCHMARK(counted, .iterations = 1000, .repetitions = 2, .unit = BENCHMARK_MILLISECOND);
BENCHMARK(counted, .iterations = 1000, .repetitions = 2, .report_aggregates_only = true);
BENCHMARK(counted, .iterations = 1000, .repetitions = 2, .display_aggregates_only = true);
BENCHMARK(failing, .iterations = 10);
BENCHMARK(manual, .iterations = 10, .use_manual_time = true, .process_cpu_time = true,
          .product = {BENCHMARK_LIST(1, 2, 4)}, .complexity = BENCHMARK_O_N);
BENCHMARK_NAMED("DISABLED_never", spin);

BENCHMARK_MAIN();
