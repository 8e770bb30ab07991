/* SPDX-License-Identifier: Apache-2.0 */
/* What a row says beside its times. Keys come from the table of analysis/column.h and nowhere
 * else. */
#ifndef ATTN_COLUMNS_H
#define ATTN_COLUMNS_H

#include "bench/cases/case.h"
#include "bench/cases/ceiling.h"
#include "bench/cases/sim.h"
#include "bench/harness/benchmark.h"
#include "bench/machine/counters/usage.h"
#include "kernels/check.h"

/* What checks and ceilings have found out about a case. */
struct attn_outcome {
    struct attn_check check;
    struct attn_ceiling ceiling;
    struct attn_turn_fractions turns;
    bool checked;
    bool dropped;           /* counted bytes, whose source was lost */
    uint64_t ticks, stolen; /* of all CPUs while the case was measured; 0 ticks: not known */
    struct attn_sim_counts sim;
};

/* Where the time of the calls of one pass went, in ns of rank 0. */
struct attn_phase_sums {
    uint64_t attend, barrier, merge;
};

void attn_phase_sums_add(struct attn_phase_sums *sums, const struct team_times *times);

/* After the loop of one pass. */
void attn_columns_of_pass(struct benchmark_state *state, const struct attn_problem *problem,
                          const struct attn_kernel *kernel, const struct attn_phase_sums *sums);

/* What the system did for the process during it. */
void attn_columns_of_usage(struct benchmark_state *state, const struct usage *before,
                           const struct usage *after);

/* After the last repetition: check, ceilings and single calls, of whatever kind the case is. */
void attn_columns_of_outcome(struct benchmark_state *state, struct benchmark_runner *runner,
                             const struct attn_case *c, const char *label,
                             const struct attn_outcome *outcome);

/* After the last repetition: what holds for all rows of a case of attention, and its label. */
void attn_columns_of_case(struct benchmark_state *state, struct benchmark_runner *runner,
                          const struct attn_case *c, const char *label,
                          const struct attn_data *data, const struct attn_outcome *outcome);

/* When a row is complete: what follows from its own time. */
void attn_columns_of_row(struct benchmark_row *row, const struct attn_outcome *outcome);

#endif
