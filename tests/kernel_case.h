/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attention problem with data, the way a hostile caller would hold it: K and V each end at a
 * guard page, slots that no token owns and tokens that no query sees hold NaN or Inf (as the seed
 * is even or odd), pages of a paged cache are shuffled, scratch is exactly as large as asked for.
 * The cache is narrowed by the quantiser from values that are kept, so the distance to them is
 * checked beside that to the oracle. Shared by the programs that check kernels.
 */
#ifndef ATTN_KERNEL_CASE_H
#define ATTN_KERNEL_CASE_H

#include "kernels/check.h"

enum data_kind { DATA_UNIFORM, DATA_PEAKY, DATA_RISING, DATA_EQUAL, DATA_HUGE, DATA_KINDS };

enum kernel_plane { PLANE_K, PLANE_V, PLANE_K_SCALE, PLANE_V_SCALE, KERNEL_PLANES };

extern const char *const data_kind_names[DATA_KINDS];

struct kernel_case {
    struct attn_problem problem;
    struct attn_args args;
    struct attn_expected *expected; /* every output row, or `sampled` of them */
    size_t rows;
    uint64_t seed;
    struct {
        void *map; /* guard page included */
        size_t bytes;
    } planes[KERNEL_PLANES];
    size_t k_bytes;
    float *k_original, *v_original; /* K and V before they were narrowed, in order of storage */
    float *q, *sinks, *alibi, *bias, *out, *lse;
    uint32_t *lengths, *table;
    uint64_t *tree;
    double *expected_values, *original_values;
};

/* Builds the case and its expected rows: all of them, or `sample` of them when that is not 0. */
void kernel_case_open(struct kernel_case *c, const struct attn_problem *p, enum data_kind kind,
                      uint64_t seed, size_t sample);
void kernel_case_close(struct kernel_case *c);

/* Runs a kernel on poisoned outputs, ranks one after another, and compares. 0 or -EDOM. */
int kernel_case_run(struct kernel_case *c, const struct attn_kernel *kernel, uint32_t splits,
                    int ranks, struct attn_check *result);

#endif
