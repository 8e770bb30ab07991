/* SPDX-License-Identifier: Apache-2.0 */
/* A file of benchmarks in its simplest form: memcpy and memset over a range of sizes. */
#include "bench/harness/benchmark.h"

#include <stdlib.h>
#include <string.h>

static void copy(struct benchmark_state *state)
{
    const size_t bytes = (size_t)benchmark_arg(state, 0);
    char *const from = calloc(1, bytes), *const to = malloc(bytes);
    if (!from || !to)
        benchmark_skip_with_error(state, "out of memory for %zu bytes", bytes);
    while (benchmark_keep_running(state)) {
        memcpy(to, from, bytes);
        benchmark_clobber_memory();
    }
    benchmark_set_bytes_processed(state, benchmark_iterations(state) * (int64_t)bytes);
    free(from);
    free(to);
}
BENCHMARK(copy, .product = {BENCHMARK_RANGE(64, 65536)}, .arg_names = {"bytes"});

static void fill(struct benchmark_state *state)
{
    char buffer[4096];
    const size_t bytes = (size_t)benchmark_arg(state, 0);
    const int byte = (int)benchmark_arg(state, 1);
    while (benchmark_keep_running(state)) {
        memset(buffer, byte, bytes);
        benchmark_do_not_optimize(buffer);
    }
    benchmark_set_label(state, byte ? "ones" : "zeros");
}
BENCHMARK(fill, .product = {BENCHMARK_LIST(512, 4096), BENCHMARK_LIST(0, 255)});

BENCHMARK_MAIN();
