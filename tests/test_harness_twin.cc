/* SPDX-License-Identifier: Apache-2.0 */
/* The other half: the benchmarks of test_harness_twin.c, through Google Benchmark. */
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

static void spin(benchmark::State &state)
{
    double x = 1;
    while (state.KeepRunning())
        benchmark::DoNotOptimize(x);
}

static void counted(benchmark::State &state)
{
    using benchmark::Counter;
    spin(state);
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * 8);
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
    state.counters["plain"] = 3;
    state.counters["Rate"] = Counter(3, Counter::kIsRate);
    state.counters["inverse"] = Counter(4, Counter::kIsRate | Counter::kInvert);
    state.counters["each"] = Counter(5, Counter::kAvgIterations);
    state.counters["all"] = Counter(5, Counter::kIsIterationInvariant);
    state.SetLabel("a \"label\"");
}

static void failing(benchmark::State &state)
{
    state.SkipWithError("mess\"age");
    spin(state);
}

static void manual(benchmark::State &state)
{
    while (state.KeepRunning())
        state.SetIterationTime(0.001 * static_cast<double>(state.range(0)));
    state.SetComplexityN(state.range(0));
}

static double greatest(const std::vector<double> &values)
{
    return *std::max_element(values.begin(), values.end());
}

BENCHMARK(spin)->Iterations(1000);
BENCHMARK(spin)->Iterations(10)->Arg(3)->Arg(-7);
BENCHMARK(spin)->Iterations(10)->Range(1, 1000);
BENCHMARK(spin)->Iterations(10)->Range(-70, 9);
BENCHMARK(spin)->Iterations(10)->DenseRange(2, 9, 3);
BENCHMARK(spin)->Iterations(10)->RangeMultiplier(2)->Range(3, 40);
BENCHMARK(spin)->Iterations(10)->ArgNames({"first", "", "third"})->ArgsProduct(
    {{1, 2}, {10, 20}, {5000000000}});
BENCHMARK(spin)->MinTime(0.002)->MinWarmUpTime(0.001)->UseRealTime();
BENCHMARK(spin)->Iterations(10)->ThreadRange(1, 3);
BENCHMARK(spin)->Iterations(10)->DenseThreadRange(1, 4, 2)->MeasureProcessCPUTime();
BENCHMARK(spin)
    ->Iterations(10)
    ->Repetitions(3)
    ->Unit(benchmark::kMicrosecond)
    ->ComputeStatistics("greatest", greatest);
BENCHMARK(spin)->Name("another/name")->Iterations(10)->Unit(benchmark::kSecond);
BENCHMARK(counted)->Iterations(1000);
BENCHMARK(counted)->Iterations(1000)->Repetitions(2)->Unit(benchmark::kMillisecond);
BENCHMARK(counted)->Iterations(1000)->Repetitions(2)->ReportAggregatesOnly();
BENCHMARK(counted)->Iterations(1000)->Repetitions(2)->DisplayAggregatesOnly();
BENCHMARK(failing)->Iterations(10);
BENCHMARK(manual)
    ->Iterations(10)
    ->UseManualTime()
    ->MeasureProcessCPUTime()
    ->Arg(1)
    ->Arg(2)
    ->Arg(4)
    ->Complexity(benchmark::oN);
BENCHMARK(spin)->Name("DISABLED_never");

BENCHMARK_MAIN();
