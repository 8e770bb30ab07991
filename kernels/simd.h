/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The op layer: one kernel text, compiled once per instruction set, sees about fifteen operations
 * on a vector of VF_LANES floats. Which header supplies them follows from the flags the file is
 * compiled with. All of it is static inline, so no wide instruction can leak into another object.
 *
 *   vf                    the vector          vf_load, vf_store      unaligned
 *   vf_zero, vf_set1      constants           vf_load_f16, _bf16, _i8  widen VF_LANES elements
 *   vf_add, vf_mul        arithmetic          vf_load_part(p, n)     the first n lanes, rest 0
 *   vf_fma(a, b, c)       a * b + c           vf_store_part
 *   vf_max                                    vf_sum, vf_hmax        across lanes
 *   vf_round              to nearest integer  vf_exp2_int(n)         2^n for integral n
 *   vf_load_i4(p, upper), _e4m3, _e5m2  widen narrower types; vf_widen4 four f16
 *   vf_spread(p, dims)    a few floats, over and over to fill the lanes
 *   vf_sum_pairs(a, b)    sums of neighbouring lanes, those of a before those of b
 *   vf_where_above(x, t, y)  y where x > t, else 0
 *   vf_prefetch           into L2             vf_sum4(to, a..d)      four sums, stored
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
 * exp(x) for x <= 0, to about one unit in the last place, and exactly 0 below -87, which is how a
 * hidden position (a logit of -1e30) loses all weight. Cody-Waite reduction and the Taylor
 * polynomial of degree 7 on |r| <= ln2 / 2.
 */
static inline vf vf_exp(vf x)
{
    const vf low = vf_set1(-87.0f), within = vf_max(x, low);
    const vf n = vf_round(vf_mul(within, vf_set1(1.44269504f)));
    const vf r = vf_fma(n, vf_set1(2.12194440e-4f), vf_fma(n, vf_set1(-0.693359375f), within));
    vf e = vf_set1(1.98412698e-4f);
    e = vf_fma(e, r, vf_set1(1.38888889e-3f));
    e = vf_fma(e, r, vf_set1(8.33333333e-3f));
    e = vf_fma(e, r, vf_set1(4.16666667e-2f));
    e = vf_fma(e, r, vf_set1(1.66666667e-1f));
    e = vf_fma(e, r, vf_set1(0.5f));
    e = vf_fma(e, r, vf_set1(1.0f));
    e = vf_fma(e, r, vf_set1(1.0f));
    return vf_where_above(x, low, vf_mul(e, vf_exp2_int(n)));
}

#endif
