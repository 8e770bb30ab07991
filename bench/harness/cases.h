/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Families as registered, and the cases they stand for: one instance per combination of arguments
 * and threads, with its full name, selected by the filter and numbered among the selected.
 */
#ifndef BENCHMARK_C_CASES_H
#define BENCHMARK_C_CASES_H

#include "bench/harness/benchmark.h"

/* More than anybody can wait for; what asks for them is a mistake. */
enum { BM_MAX_CASES = 1000000, BM_MAX_THREADS = 65536 };

/* The families of a runner; each is a deep copy of what was registered. */
struct families {
    struct benchmark_family **items;
    size_t count;
};

struct instance {
    const struct benchmark_family *family;
    char *name;
    char *family_name; /* the same without the arguments: how BigO rows are called */
    int64_t args[BENCHMARK_MAX_ARGS];
    int arg_count;
    int threads;          /* the harness's own */
    int reported_threads; /* what the row says */
    int64_t family_index, instance_index;
    bool last_of_family; /* among the selected */
};

struct instances {
    struct instance *items;
    size_t count;
};

/* Deep copies; says on err what is wrong with a family (-EINVAL). */
int bm_families_add(struct families *families, const struct benchmark_family *family, FILE *err);
void bm_families_free(struct families *families);

/* Every selected case in registration order. -EINVAL for a filter that is no regular expression,
 * -E2BIG for a family of too many cases; said on err. */
int bm_instances_select(struct instances *instances, const struct families *families,
                        const char *filter, FILE *err);
void bm_instances_free(struct instances *instances);

/* The values written out. *values is to be freed. */
int bm_values_expand(const struct benchmark_values *values, bool threads, int64_t **expanded,
                     size_t *count);
/* function/args/min_time:/.../threads:, in a string to be freed; NULL without memory. */
char *bm_case_name(const struct benchmark_family *family, const int64_t *args, int arg_count,
                   int threads);

#endif
