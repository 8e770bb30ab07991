/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quantiser: rows of f32 to rows of a cache, and what that costs.
 *
 * Integer types are symmetric, absmax scaled (Dettmers et al. 2022, arXiv 2208.07339): over what
 * shares a scale, s is max|x| / top, rounded up to an f16, and code = x / s to the nearest integer,
 * half to even, so that |x - s * code| <= s / 2 for every element. What shares a scale is a block
 * of a token's row or, for K, a channel over all tokens of a head: keys have channels that stand
 * out, values do not (Liu et al. 2024, arXiv 2402.02750; Hooper et al. 2024, arXiv 2401.18079).
 * Floating-point types round to the nearest and saturate.
 */
#ifndef ATTN_QUANT_H
#define ATTN_QUANT_H

#include "kernels/kernel.h"

/*
 * The scale for values up to `largest` in magnitude, at least largest / top and 0 only for 0. 0,
 * -EDOM when `largest` is not finite or negative, -ERANGE when the scale would be beyond an f16.
 */
int attn_quant_scale(enum attn_type type, float largest, uint16_t *scale);

/*
 * Narrows x[dim] into `row` (attn_row_bytes() of them). `scales` are written for types with scales
 * in the row, read for types with scales a channel, and unused otherwise. 0, or -EDOM when x holds
 * NaN or Inf or a channel's scale is neither finite nor positive for what it scales, -ERANGE when
 * a scale would be beyond an f16. On an error the row is undefined.
 */
int attn_quant_row(enum attn_type type, const float *x, uint32_t dim, void *row, uint16_t *scales);

/*
 * What storing may have moved an element by at most that now stands for `value`: half its scale, or
 * half the spacing of a floating-point type at that value (not where it saturates).
 */
static inline double attn_quant_step(const struct attn_type_info *info, double value, double scale)
{
    const double relative = (value < 0 ? -value : value) * info->eps;
    return info->top ? scale / 2 : relative > info->tiny ? relative : info->tiny;
}

/*
 * NULL if every scale of every token that some query sees is finite and not negative, else a
 * sentence that names the first that is not. Kernels do not look: a cache from outside is checked
 * here, once, before it is read.
 */
const char *attn_quant_invalid(const struct attn_args *args, char *buf, size_t size);

#endif
