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
 *
 * Three things more may move an output, each by a known amount. If every logit is off by at most
 * e, the output is off by at most e * max|v|: along the straight way from one set of logits to the
 * other its derivative is the covariance, under the weights, of the logits' errors and the values.
 *
 *   q rounded to L levels      e = scale * max_j sum_blocks max|q| / 2L * sum|k_j|
 *   weights to L levels        off by max|s * top| / 2L * min(T, n * largest weight), the n weights
 *                              being rounded T at a time by the largest among those T
 *   the cache was narrowed     e = scale * max_j sum_d |q_d| * step(k_jd), and values are off by
 *                              their own step; steps as attn_quant_step() has them
 *
 * The first two are the kernel's own doing and join its bound; the third is the distance to the
 * cache before it was narrowed, a figure and a bound of their own.
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
    double q_logit;   /* e of a q rounded to one level */
    double largest;   /* max|v| */
    double p_term;    /* what weights rounded to one level do, by min(T, p_spread) */
    double p_spread;
    double quant_bound; /* of what narrowing the cache did */
    double *out;        /* dim_v elements, the caller's memory */
    double *original;   /* the same on the cache before it was narrowed, or NULL: not known */
};

/* Fills all of row (batch, i, head) but `original`, in double precision; O(context * dim). */
void attn_check_expect(const struct attn_args *args, struct attn_expected *row);

/* Who knows what a row of K or V held before it was narrowed: read() writes dim values. */
struct attn_source {
    void (*read)(const void *context, enum attn_type type, const void *row, const void *scales,
                 uint32_t dim, double *values);
    const void *context;
};

/* Fills row->original, on the cache the source knows of. */
void attn_check_original(const struct attn_args *args, const struct attn_source *source,
                         struct attn_expected *row);

struct attn_check {
    double max_abs_error; /* largest over the rows; infinite if an output is not finite */
    double error_bound;   /* of the row where error / bound is largest */
    double worst;         /* that largest error / bound; > 1 is a wrong kernel */
    double quant_error;   /* largest distance from the original rows; 0 if there are none */
    double quant_bound;   /* of the row where the distance is the largest part of its bound */
    double quant_worst;   /* that part; > 1 is a cache that was not narrowed from what is said */
    uint32_t batch, i, head, column;
    double expected, found;
};

/* Compares args->out (and args->lse when given) with `rows`. 0, or -EDOM when worst > 1; an oracle
 * that is not finite, as a cache with NaN in it makes it, is worse than any bound. */
int attn_check_rows(const struct attn_args *args, const struct attn_kernel *kernel,
                    const struct attn_expected *rows, size_t n, struct attn_check *result);

/* Row `k` of a seeded sample of the problem's output rows; small problems yield every row. */
size_t attn_check_sample_size(const struct attn_problem *p);
void attn_check_sample(const struct attn_problem *p, uint64_t seed, size_t k,
                       struct attn_expected *row);

/* Overwrites outputs with a NaN pattern, so that a row a kernel forgot is a wrong row. */
void attn_poison(const struct attn_args *args);

#endif
