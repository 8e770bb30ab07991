/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of named numbers kept in byte order of the names, because that is the order in which every
 * output prints them.
 */
#ifndef BENCHMARK_C_COUNTERS_H
#define BENCHMARK_C_COUNTERS_H

#include "bench/harness/benchmark.h"

struct counters {
    struct benchmark_counter *items;
    size_t count;
};

/* Sets or replaces. -ENOMEM. */
int bm_counters_set(struct counters *set, const char *name, double value, unsigned flags);
/* Sets, or adds the value to the one there: how the threads of a pass are put together. */
int bm_counters_add(struct counters *set, const struct counters *other);
int bm_counters_replace(struct counters *set, const struct counters *other);
const struct benchmark_counter *bm_counters_find(const struct counters *set, const char *name);
/* Turns the sums of a pass into the values to print; the flags that were applied stay, for units.
 */
void bm_counters_finish(struct counters *set, double seconds, int threads, int64_t iterations);
void bm_counters_free(struct counters *set);
/* Whether a counter of that name would repeat a key of the row format. */
bool bm_counter_name_reserved(const char *name);

#endif
