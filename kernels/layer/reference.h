/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layer in double precision, one value at a time and nothing shared with what it judges but
 * the readers of stored elements. It is used in two ways: layer_check() holds every stage of a
 * step against it, each from the inputs that stage really read, so bounds stay tight and the
 * stage that is wrong has a name; layer_reference() runs a whole layer from end to end.
 *
 * A stage's bound is LAYER_CHECK_C roundoffs of f32 times the sum of the magnitudes that were
 * added up. Attention is checked by kernels/check.h as everywhere else. What was appended to the
 * cache may differ from the exact row by the rounding of its type.
 */
#ifndef ATTN_LAYER_REFERENCE_H
#define ATTN_LAYER_REFERENCE_H

#include "kernels/layer/step.h"

#define LAYER_CHECK_C 32.0

void layer_ref_norm(enum layer_norm kind, const double *x, const float *weight, const float *bias,
                    uint32_t n, double eps, double *out);

/* One row of W x + bias; *magnitude: sum |w x| and the bias. */
double layer_ref_product(const struct layer_matrix *m, const float *bias, uint32_t row,
                         const double *x, double *magnitude);

void layer_ref_rope(const double *x, const float *turns, uint32_t dim, double *out);
double layer_ref_act(enum layer_act act, double gate, double up);

/*
 * Token `token` through the layer. The cache holds everything before it and the newest rows as
 * they were appended. `memory` has layer_reference_doubles() elements, out width. The queries are
 * rounded to f32 on their way to the attention, which the contract of a kernel asks for.
 */
size_t layer_reference_doubles(const struct layer_shape *shape);
void layer_reference(const struct layer_step *step, uint32_t token, double *memory, double *out);

struct layer_check {
    const char *stage; /* of the worst element */
    uint32_t token, index;
    double expected, found;
    double max_abs_error, error_bound; /* of the element where error / bound is largest */
    double worst;                      /* that largest ratio; > 1 is a wrong stage */
};

/*
 * `samples` seeded elements of the output of every stage. Outputs must have been poisoned (see
 * layer_poison()) before the step ran. `memory` has layer_check_doubles() elements. 0, or -EDOM.
 */
size_t layer_check_doubles(const struct layer_shape *shape);
int layer_check(const struct layer_step *step, uint64_t seed, uint32_t samples, double *memory,
                struct layer_check *result);

/* Fills every buffer and the output with NaN, so that what a stage forgot is wrong. */
void layer_poison(const struct layer_step *step);

#endif
