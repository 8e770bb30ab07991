/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The op layer for NEON as every 64-bit Arm CPU has it: four lanes, thirty-two registers. f16 is
 * widened by an instruction of the base set, bf16 by a shift.
 */
#ifndef ATTN_SIMD_NEON_H
#define ATTN_SIMD_NEON_H

#include <arm_neon.h>
#include <string.h>

enum { VF_LANES = 4, VF_REGISTERS = 32 };
typedef float32x4_t vf;

static inline vf vf_zero(void)
{
    return vdupq_n_f32(0);
}
static inline vf vf_set1(float x)
{
    return vdupq_n_f32(x);
}
static inline vf vf_load(const float *p)
{
    return vld1q_f32(p);
}
static inline void vf_store(float *p, vf x)
{
    vst1q_f32(p, x);
}
/* Without masks, a part goes through memory that is all there. */
static inline vf vf_load_part(const float *p, uint32_t n)
{
    float all[4] = {0};
    memcpy(all, p, n * sizeof(*p));
    return vld1q_f32(all);
}
static inline void vf_store_part(float *p, vf x, uint32_t n)
{
    float all[4];
    vst1q_f32(all, x);
    memcpy(p, all, n * sizeof(*p));
}
static inline vf vf_load_f16(const uint16_t *p)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
}
static inline vf vf_load_bf16(const uint16_t *p)
{
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16));
}
/* Four bytes, in the lower half. */
static inline uint8x8_t vf_four(const void *p)
{
    uint32_t four;
    memcpy(&four, p, sizeof(four));
    return vreinterpret_u8_u32(vdup_n_u32(four));
}
static inline vf vf_widen_s8(int8x8_t x)
{
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(x))));
}
static inline vf vf_widen_f16(uint16x8_t x)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(vget_low_u16(x)));
}
static inline vf vf_load_i8(const int8_t *p)
{
    return vf_widen_s8(vreinterpret_s8_u8(vf_four(p)));
}
#define VF_NARROW
static inline vf vf_load_i4(const uint8_t *p, int upper)
{
    const int8x8_t x = vreinterpret_s8_u8(vf_four(p));
    return vf_widen_s8(vshr_n_s8(upper ? x : vshl_n_s8(x, 4), 4));
}
/* The sign extended and shifted leaves one stray bit, that below the f16's sign. */
static inline vf vf_load_e4m3(const uint8_t *p)
{
    const int16x8_t x = vshll_n_s8(vreinterpret_s8_u8(vf_four(p)), 7);
    return vf_widen_f16(vandq_u16(vreinterpretq_u16_s16(x), vdupq_n_u16(0xbfff)));
}
static inline vf vf_load_e5m2(const uint8_t *p)
{
    return vf_widen_f16(vshll_n_u8(vf_four(p), 8));
}
static inline void vf_widen4(float *to, const uint16_t *p)
{
    vst1q_f32(to, vf_load_f16(p));
}
static inline vf vf_add(vf a, vf b)
{
    return vaddq_f32(a, b);
}
static inline vf vf_mul(vf a, vf b)
{
    return vmulq_f32(a, b);
}
static inline vf vf_fma(vf a, vf b, vf c)
{
    return vfmaq_f32(c, a, b);
}
static inline vf vf_max(vf a, vf b)
{
    return vmaxq_f32(a, b);
}
static inline float vf_sum(vf x)
{
    return vaddvq_f32(x);
}
/* The four horizontal sums, stored in order. */
static inline void vf_sum4(float *to, vf a, vf b, vf c, vf d)
{
    vst1q_f32(to, vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d)));
}
/* `dims` consecutive floats, over and over. */
static inline vf vf_spread(const float *p, uint32_t dims)
{
    if (dims == 4)
        return vf_load(p);
    const float32x2_t pair = dims == 1 ? vdup_n_f32(*p) : vld1_f32(p);
    return vcombine_f32(pair, pair);
}
/* Lanes `by` apart exchanged, in pairs of groups of so many. */
static inline vf vf_swap(vf x, const uint32_t by)
{
    return by == 2 ? vextq_f32(x, x, 2) : vrev64q_f32(x);
}
/* Sums of neighbours: those of a, then those of b. */
static inline vf vf_sum_pairs(vf a, vf b)
{
    return vpaddq_f32(a, b);
}
static inline float vf_hmax(vf x)
{
    return vmaxvq_f32(x);
}
static inline vf vf_power(vf x)
{
    return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(x), 23));
}
/* Always inline: otherwise its calls may be dropped as those of a function without effect. */
static inline __attribute__((always_inline)) void vf_prefetch(const void *p)
{
    __builtin_prefetch(p, 0, 3);
}

#endif
