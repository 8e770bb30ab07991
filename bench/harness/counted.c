/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters are read in passes of their own, as long as the timed one: starting and stopping them
 * costs time, and a CPU counts few events at once, so that a long list takes several passes. What
 * the function sets in such a pass is thrown away; the row keeps what the timed pass said.
 */
#include "bench/harness/counted.h"

#include "bench/harness/pass.h"

int bm_counted_measure(struct benchmark_runner *runner, const struct instance *instance,
                       int64_t iterations, struct benchmark_row *row)
{
    const struct benchmark_hooks *const hooks = &runner->hooks;
    void *const of_case = instance->family->user;
    int rc = 0;

    if (!hooks->counter_passes || !hooks->counter_start || !hooks->counter_stop)
        return 0;
    const int passes = hooks->counter_passes(hooks->user, of_case);
    for (int pass = 0; !rc && pass < passes && !bm_interrupted(); pass++) {
        struct pass_result result = {0};
        hooks->counter_start(hooks->user, of_case, pass);
        rc = bm_pass_run(runner, instance, iterations, &result);
        const bool good = !rc && result.status == BENCHMARK_ROW_OK && result.iterations > 0;
        hooks->counter_stop(hooks->user, of_case, pass, good ? result.iterations : 0, row);
        bm_pass_result_free(&result);
    }
    return rc;
}
