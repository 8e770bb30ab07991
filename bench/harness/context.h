/* SPDX-License-Identifier: Apache-2.0 */
/* The machine and the moment, as every result file begins. */
#ifndef BENCHMARK_C_CONTEXT_H
#define BENCHMARK_C_CONTEXT_H

#include "bench/harness/runner.h"

struct cache_level {
    char type[16]; /* "Data", "Instruction", "Unified" */
    int level;
    int64_t size_bytes;
    int num_sharing;
};

enum known { UNKNOWN = -1, NO, YES };

struct context {
    char date[40];
    char host_name[256];
    int num_cpus;
    double cycles_per_second;
    enum known cpu_scaling, aslr;
    struct cache_level caches[16];
    size_t cache_count;
    double load[3];
    int load_count;
};

void bm_context_read(struct context *context);

#endif
