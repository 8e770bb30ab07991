/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No number without a check. Output rows are compared with the double-precision oracle and held
 * against the bound
 *
 *     |err| <= c * eps * (1 + scale * max_j sum_d |q_d k_jd|) * max_j |v_j|
 *
 * with eps the unit roundoff of the arithmetic (f32 unless the kernel says otherwise through
 * error_factor) and c = ATTN_CHECK_C. The middle factor is the rounding of the logit, which the
 * exponential turns into a relative error of the weight; it grows with the size of the logits, as
 * the true error does. K and V are read through the cache's own type, so the bound measures the
 * kernel, not the quantiser. The bound has no term for the number of tokens: a kernel that adds
 * up a long context one by one in f32 fails here, and should.
 */
#ifndef ATTN_CHECK_H
#define ATTN_CHECK_H

#include "kernels/kernel.h"

#define ATTN_CHECK_C 32.0

/* One output row from the oracle. */
struct attn_expected {
    uint32_t batch, i, head;
    double lse;
    double bound;     /* for every element of the row, error_factor not yet applied */
    double lse_bound; /* the same for lse, which V does not weigh */
    double *out;      /* dim_v elements, the caller's memory */
};

/* Fills lse, bound and out of row (batch, i, head) in double precision; O(context * dim). */
void attn_check_expect(const struct attn_args *args, struct attn_expected *row);

struct attn_check {
    double max_abs_error; /* largest over the rows; infinite if an output is not finite */
    double error_bound;   /* of the row where error / bound is largest */
    double worst;         /* that largest error / bound; > 1 is a wrong kernel */
    uint32_t batch, i, head, column;
    double expected, found;
};

/* Compares args->out (and args->lse when given) with `rows`. 0, or -EDOM when worst > 1. */
int attn_check_rows(const struct attn_args *args, const struct attn_kernel *kernel,
                    const struct attn_expected *rows, size_t n, struct attn_check *result);

/* Row `k` of a seeded sample of the problem's output rows; small problems yield every row. */
size_t attn_check_sample_size(const struct attn_problem *p);
void attn_check_sample(const struct attn_problem *p, uint64_t seed, size_t k,
                       struct attn_expected *row);

/* Overwrites outputs with a NaN pattern, so that a row a kernel forgot is a wrong row. */
void attn_poison(const struct attn_args *args);

#endif
