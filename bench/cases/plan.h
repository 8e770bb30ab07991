/* SPDX-License-Identifier: Apache-2.0 */
/* What a run would do, without doing it: --plan. */
#ifndef ATTN_PLAN_H
#define ATTN_PLAN_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/cases/case.h"
#include "bench/cases/host.h"

struct attn_plan_options {
    double min_time; /* seconds a repetition */
    int repetitions;
    bool sim;             /* each case is simulated as well */
    const bool *finished; /* one a case: an earlier run has it; may be NULL */
};

/*
 * One line a case with its copies, memory and estimated time, then the totals. The estimate
 * supposes ATTN_PLAN_GB_PER_SECOND of reading and ATTN_PLAN_GFLOPS a thread; nothing is measured.
 */
enum { ATTN_PLAN_GB_PER_SECOND = 10, ATTN_PLAN_GFLOPS = 5 };

void attn_plan_print(FILE *out, const struct attn_host *host, const struct attn_cases *cases,
                     const struct attn_plan_options *options);

#endif
