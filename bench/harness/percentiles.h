/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times of single calls: percentiles as counters of a row, all of them as a file. Beside them stand
 * the two things that limit what they can mean: what one clock reading costs, and how far apart
 * readings fall when nothing at all is measured.
 */
#ifndef BENCHMARK_C_PERCENTILES_H
#define BENCHMARK_C_PERCENTILES_H

#include "bench/harness/rows.h"

void bm_clock_measure(struct benchmark_runner *runner);
/* min_ns, p50_ns, ..., max_ns, clock_cost_ns, jitter_floor_ns. */
int bm_row_add_percentiles(struct benchmark_row *row, const struct samples *samples,
                           const struct numbers *percentiles, const struct clock_quality *quality);
/* One line a call: name, repetition, call, nanoseconds. */
void bm_samples_write(FILE *out, const char *name, int64_t repetition,
                      const struct samples *samples);

#endif
