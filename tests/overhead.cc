/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an iteration costs beyond its body, here and in Google Benchmark, for either form of the
 * loop. The two take turns in one process, because the clock of a machine wanders; medians are
 * compared. A benchmark and no test: it prints whether the target is met and never fails for it.
 */
#include "tests/overhead.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace {

enum { ROUNDS = 15 };
constexpr double target = 1.05;

void asking(benchmark::State &state)
{
    while (state.KeepRunning())
        OVERHEAD_BODY();
}

void counting(benchmark::State &state)
{
    for (auto _ : state)
        OVERHEAD_BODY();
}

class Taker : public benchmark::BenchmarkReporter {
public:
    double nanoseconds = -1;
    bool ReportContext(const Context &) override { return true; }
    void ReportRuns(const std::vector<Run> &runs) override
    {
        for (const Run &run : runs)
            nanoseconds = run.GetAdjustedRealTime();
    }
};

double overhead_there(const char *name)
{
    Taker taker;
    benchmark::RunSpecifiedBenchmarks(&taker, name);
    return taker.nanoseconds;
}

double median(std::vector<double> values)
{
    std::nth_element(values.begin(), values.begin() + ROUNDS / 2, values.end());
    return values[ROUNDS / 2];
}

} // namespace

int main(int argc, char **argv)
{
    static const struct {
        const char *google, *here, *there;
    } loops[OVERHEAD_LOOPS] = {
        {"^asking/", "benchmark_keep_running()", "KeepRunning()"},
        {"^counting/", "BENCHMARK_LOOP()", "for (auto _ : state)"},
    };
    benchmark::Initialize(&argc, argv);
    benchmark::RegisterBenchmark("asking", asking)->Iterations(OVERHEAD_ITERATIONS)->UseRealTime();
    benchmark::RegisterBenchmark("counting", counting)
        ->Iterations(OVERHEAD_ITERATIONS)
        ->UseRealTime();
    for (int loop = 0; loop < OVERHEAD_LOOPS; loop++) {
        std::vector<double> here, there;
        for (int round = 0; round < ROUNDS; round++) {
            /* Whoever comes first in a round may find the clock lower. */
            if (round % 2)
                here.push_back(overhead_here(static_cast<overhead_loop>(loop)));
            there.push_back(overhead_there(loops[loop].google));
            if (!(round % 2))
                here.push_back(overhead_here(static_cast<overhead_loop>(loop)));
        }
        const double ours = median(here), theirs = median(there), ratio = ours / theirs;
        if (ours <= 0 || theirs <= 0) {
            std::fprintf(stderr, "overhead: a loop could not be measured\n");
            return 1;
        }
        std::printf("%-26s %.3f ns, %-22s %.3f ns: ratio %.3f, target at most %.2f: %s\n",
                    loops[loop].here, ours, loops[loop].there, theirs, ratio, target,
                    ratio <= target ? "met" : "not met");
    }
    return 0;
}
