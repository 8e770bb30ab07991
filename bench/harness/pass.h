/* SPDX-License-Identifier: Apache-2.0 */
/* One pass: every thread of a case runs its function once with a given number of iterations. */
#ifndef BENCHMARK_C_PASS_H
#define BENCHMARK_C_PASS_H

#include "bench/harness/state.h"

struct pass_result {
    enum benchmark_row_status status;
    char *message;
    int64_t iterations;       /* all threads together */
    double real, cpu, manual; /* seconds, all threads together */
    struct counters counters; /* sums over threads, not yet finished */
    char *label;
    double complexity_n;
    struct samples samples; /* of the first thread */
};

/* -errno only when nothing could be run at all; what the case does wrong is in the result. */
int bm_pass_run(struct benchmark_runner *runner, const struct instance *instance,
                int64_t iterations, struct pass_result *result);
void bm_pass_result_free(struct pass_result *result);

#endif
