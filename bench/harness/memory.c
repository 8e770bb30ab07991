/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations are counted in a pass of their own behind the timed one, since counting costs time;
 * a short one, since they are the same in every iteration.
 */
#include "bench/harness/memory.h"

#include "bench/harness/pass.h"

int bm_memory_measure(struct benchmark_runner *runner, const struct instance *instance,
                      int64_t iterations, struct benchmark_row *row)
{
    enum { MOST = 16 };
    const struct benchmark_hooks *const hooks = &runner->hooks;
    struct pass_result result = {0};
    struct benchmark_memory memory = {.total_allocated_bytes = BENCHMARK_MEMORY_UNKNOWN,
                                      .net_heap_growth = BENCHMARK_MEMORY_UNKNOWN};

    if (!hooks->memory_start || !hooks->memory_stop)
        return 0;
    hooks->memory_start(hooks->user);
    const int rc = bm_pass_run(runner, instance, iterations < MOST ? iterations : MOST, &result);
    hooks->memory_stop(hooks->user, &memory);
    if (!rc && result.status == BENCHMARK_ROW_OK && result.iterations > 0) {
        row->memory = memory;
        row->allocs_per_iter = (double)memory.allocations / (double)result.iterations;
        row->has_memory = true;
    }
    bm_pass_result_free(&result);
    return rc;
}
