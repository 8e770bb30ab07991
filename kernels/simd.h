/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The op layer: one kernel text, compiled once per instruction set, sees about twenty operations
 * on a vector of VF_LANES floats. Which header supplies them follows from the flags the file is
 * compiled with. All of it is static inline, so no wide instruction can leak into another object.
 *
 *   vf                    the vector          vf_load, vf_store      unaligned
 *   vf_zero, vf_set1      constants           vf_load_f16, _bf16, _i8  widen VF_LANES elements
 *   vf_add, vf_mul        arithmetic          vf_load_part(p, n)     the first n lanes, rest 0
 *   vf_fma(a, b, c)       a * b + c           vf_store_part
 *   vf_max                                    vf_sum, vf_hmax        across lanes
 *   vf_power(x)           2^(the lowest byte of x's bits - 127); 0 if that byte is 0
 *   vf_load_i4(p, upper), _e4m3, _e5m2  widen narrower types; vf_widen4 four f16
 *   vf_spread(p, dims)    a few floats, over and over to fill the lanes
 *   vf_swap(x, by)        lanes that lie `by` apart, exchanged
 *   vf_sum_pairs(a, b)    sums of neighbouring lanes, those of a before those of b
 *   vf_prefetch           into L1             vf_sum4(to, a..d)      four sums, stored
 */
#ifndef ATTN_SIMD_H
#define ATTN_SIMD_H

#include "kernels/dtype.h"

#include <stdint.h>

#if defined(__AVX512F__) && defined(__AVX512BW__)
#include "kernels/simd_avx512.h"
#elif defined(__AVX2__)
#include "kernels/simd_avx2.h"
#elif defined(__aarch64__) && defined(ATTN_ISA_NEON)
#include "kernels/simd_neon.h"
#else
#include "kernels/simd_c.h"
#endif

#ifndef VF_NARROW
/* What an instruction set has no better way for: an i4 in either half of VF_LANES bytes, an e4m3 as
 * the f16 of the same bits (256 times too small), an e5m2. */
static inline vf vf_load_i4(const uint8_t *p, int upper)
{
    float x[VF_LANES];
    for (int i = 0; i < VF_LANES; i++)
        x[i] = (float)((int32_t)((p[i] >> (upper ? 4 : 0) & 15u) ^ 8u) - 8);
    return vf_load(x);
}
static inline vf vf_load_e4m3(const uint8_t *p)
{
    float x[VF_LANES];
    for (int i = 0; i < VF_LANES; i++)
        x[i] = attn_e4m3_to_f32(p[i]) * 0x1p-8f;
    return vf_load(x);
}
static inline vf vf_load_e5m2(const uint8_t *p)
{
    float x[VF_LANES];
    for (int i = 0; i < VF_LANES; i++)
        x[i] = attn_e5m2_to_f32(p[i]);
    return vf_load(x);
}
/* Four f16 as floats. */
static inline void vf_widen4(float *to, const uint16_t *p)
{
    for (int i = 0; i < 4; i++)
        to[i] = attn_f16_to_f32(p[i]);
}
#endif

/*
 * exp(x) for x <= 0, to about one unit in the last place, and exactly 0 below -88, which is how a
 * hidden position (a logit of -1e30) loses all weight; NaN stays NaN. Cody-Waite reduction; adding
 * `magic` rounds x / ln2 and leaves the exponent in the lowest byte; the polynomial is the minimax
 * one of degree 6 for the relative error on |r| <= ln2 / 2, which is 2e-9.
 */
static inline vf vf_exp(vf x)
{
    const float magic = 0x1.8p23f + 127;
    const vf within = vf_max(vf_set1(-88.0f), x);
    const vf t = vf_fma(within, vf_set1(1.44269504f), vf_set1(magic));
    const vf n = vf_add(t, vf_set1(-magic));
    const vf r = vf_fma(n, vf_set1(2.12194440e-4f), vf_fma(n, vf_set1(-0.693359375f), within));
    vf e = vf_set1(1.38367945e-3f);
    e = vf_fma(e, r, vf_set1(8.37485678e-3f));
    e = vf_fma(e, r, vf_set1(4.16682288e-2f));
    e = vf_fma(e, r, vf_set1(1.66664198e-1f));
    e = vf_fma(e, r, vf_set1(4.99999911e-1f));
    e = vf_fma(e, r, vf_set1(1.0f));
    e = vf_fma(e, r, vf_set1(1.0f));
    return vf_mul(e, vf_power(t));
}

#endif
