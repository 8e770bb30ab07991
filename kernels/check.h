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
 *
 * That bound is the worst case, in which all roundings push one way. It does not shrink with the
 * context, and outputs do: of even weights and values of no common sign by the square root of the
 * number of tokens. What a kernel says of itself may so excuse an output of zeros. So each row is
 * also held as a whole against a limit of |out' - out|, the length of the vector. Roundings that
 * know nothing of each other add as their squares do, each being even in its step and so as large
 * as step / sqrt(12) on average:
 *
 *   S^2 = sum_j w_j^2 |v_j|^2 + |out|^2
 *
 *   limit^2 = (C S f eps sqrt(n) * (1 + scale * max_j sum_d |q_d k_jd|))^2
 *           + (C S / L_q * (1 + scale * max_j sqrt(sum_blocks max|q|^2 / 12 * sum k_j^2)))^2
 *           + (C max|s * top| / L_p * sqrt(dim_v / 12 * min(T sum_j w_j^2, n max_j w_j^2)))^2
 *
 * The first part of S is how far relative errors of 1, one of its own in each weight w_j, move the
 * output on average; the second, by its 1 / L_q, how far the rounding of q does where V follows K
 * (it may be a part of it) and so the output follows q. The last line adds the squares of what the
 * bound above adds as it is.
 *
 * With few tokens that is less than one rounding of a kernel whose f is above 1, since f is said of
 * c roundings at once: the limit is then at least the bound of one element.
 *
 * Here f is the error_factor, n the number of tokens (each may be one more rounding of a sum), and
 * C = ATTN_CHECK_NORM_C standard deviations. The limit is never above ATTN_CHECK_NORM_MOST of
 * |out|, whatever a kernel says: zeros are 1 away, half of the tokens about 0.7 to 1. Only the data
 * can raise that: where logits are so large that C times the rounding of q to the levels of a byte
 * is more, nobody's bytes tell which token wins. Nor is the limit ever below what f32 may do to
 * each element, so that it judges excuses and nothing else.
 */
#ifndef ATTN_CHECK_H
#define ATTN_CHECK_H

#include "kernels/kernel.h"

#define ATTN_CHECK_C 32.0
#define ATTN_CHECK_NORM_C 8.0
#define ATTN_CHECK_NORM_MOST 0.5

/* What a kernel may say of itself. The factor: eps of bf16 over that of f32 is 65536, and c already
 * allows 32 of them. The levels: those of four bits. The tokens: a tile. */
#define ATTN_ERROR_FACTOR_MAX 2048
enum { ATTN_LEVELS_MIN = 7, ATTN_P_TOKENS_MAX = 4096 };

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
    double norm;       /* |out| */
    double spread;     /* S */
    double arithmetic; /* eps * (1 + magnitude) * sqrt(n) */
    double q_spread;   /* a logit of a q rounded to one level, as squares add */
    double p_norm;     /* row of weights rounded to one level, by sqrt(min(T p_squares, p_even)) */
    double p_squares, p_even;
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
    double norm_error;    /* |difference| / |out| of the row that is worst as a whole */
    double norm_limit;    /* what it may be */
    double norm_worst;    /* the one by the other; > 1 is a wrong kernel */
    double quant_error;   /* largest distance from the original rows; 0 if there are none */
    double quant_bound;   /* of the row where the distance is the largest part of its bound */
    double quant_worst;   /* that part; > 1 is a cache that was not narrowed from what is said */
    uint32_t batch, i, head, column;
    double expected, found;
};

/* Compares args->out (and args->lse when given) with `rows`. 0, or -EDOM when worst or norm_worst
 * is above 1; an oracle that is not finite, as a cache with NaN in it makes it, is worse than any
 * bound. */
int attn_check_rows(const struct attn_args *args, const struct attn_kernel *kernel,
                    const struct attn_expected *rows, size_t n, struct attn_check *result);

/* Row `k` of a seeded sample of the problem's output rows; small problems yield every row. */
size_t attn_check_sample_size(const struct attn_problem *p);
void attn_check_sample(const struct attn_problem *p, uint64_t seed, size_t k,
                       struct attn_expected *row);

/* Overwrites outputs with a NaN pattern, so that a row a kernel forgot is a wrong row. */
void attn_poison(const struct attn_args *args);

#endif
