/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparison with the results of an earlier run: how many times as long a case takes now, with an
 * interval that says whether the difference could be chance.
 */
#ifndef BENCHMARK_C_BASELINE_H
#define BENCHMARK_C_BASELINE_H

#include "bench/harness/rows.h"

struct baseline_case {
    char *name;
    struct samples real, cpu; /* seconds per iteration, of every repetition */
};

struct baseline {
    struct baseline_case *cases; /* in byte order of their names */
    size_t count;
    double fail_threshold; /* as a fraction; negative: nothing fails */
    size_t compared, slower, faster, failed;
};

struct comparison {
    double ratio;     /* new over old */
    bool interval;    /* there were enough repetitions for the next two */
    double low, high; /* 95 % */
};

/* Reads Google Benchmark JSON. -errno, said on err. */
int bm_baseline_read(struct baseline *baseline, const char *path, FILE *err);
void bm_baseline_free(struct baseline *baseline);
const struct baseline_case *bm_baseline_find(const struct baseline *baseline, const char *name);

/* Hodges-Lehmann: the median of all ratios of a new and an old time; its interval from the ranks of
 * the Mann-Whitney test, so no distribution is assumed. -ENOMEM. */
int bm_compare(const double *old_times, size_t old_count, const double *new_times, size_t new_count,
               struct comparison *result);

/* Adds baseline_ratio, baseline_ratio_low and _high to the row that stands for the case: the
 * median, or a lone repetition. Says on err which case is slower than the threshold allows. */
int bm_baseline_apply(struct baseline *baseline, struct rows *rows,
                      const struct benchmark_family *family, FILE *err);

#endif
