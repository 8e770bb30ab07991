/* SPDX-License-Identifier: Apache-2.0 */
/* How many iterations make a pass long enough: the arithmetic, without any running. */
#ifndef BENCHMARK_C_SEARCH_H
#define BENCHMARK_C_SEARCH_H

#include "bench/harness/benchmark.h"

#define BM_MAX_ITERATIONS INT64_C(1000000000000)

/* Whether a pass of so many iterations, measured seconds and wall seconds may be reported. */
bool bm_search_done(int64_t iterations, double seconds, double wall, double min_time, bool manual);
/* The iterations to try after it. */
int64_t bm_search_next(int64_t iterations, double seconds, double min_time);

#endif
