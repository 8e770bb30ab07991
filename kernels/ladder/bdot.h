/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dot products of pairs of bf16 into f32, a pair a lane: one instruction where the CPU has it, two
 * multiply-adds where it has not, which is what makes the same text testable anywhere.
 *
 *   vd                   a pair for each lane of vf      vd_load(p)          unaligned
 *   vd_dot(acc, a, b)    acc + a.first * b.first + a.second * b.second
 *   vd_spread(p, pairs)  that many pairs, over and over to fill the lanes
 *   vd_pairs(to, a, b)   VF_LANES floats each, rounded: first ones of a, second ones of b
 *   vd_zip(to, a, b)     the same of two rows of 2 * VF_LANES bf16, which fills two vectors
 */
#ifndef ATTN_LADDER_BDOT_H
#define ATTN_LADDER_BDOT_H

#include "kernels/simd.h"

#if defined(__AVX512BF16__)
typedef __m512i vd;

static inline vd vd_load(const uint16_t *p)
{
    return _mm512_loadu_si512(p);
}
static inline vf vd_dot(vf acc, vd a, vd b)
{
    return _mm512_dpbf16_ps(acc, (__m512bh)a, (__m512bh)b);
}
static inline vd vd_spread(const uint16_t *p, uint32_t pairs)
{
    int64_t two;
    int32_t one;
    if (pairs == 4)
        return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)p));
    memcpy(&one, p, sizeof(one));
    if (pairs == 1)
        return _mm512_set1_epi32(one);
    memcpy(&two, p, sizeof(two));
    return _mm512_set1_epi64(two);
}
static inline void vd_pairs(uint16_t *to, vf a, vf b)
{
    const __m512i first = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(a));
    const __m512i second = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(b));
    _mm512_storeu_si512(to, _mm512_or_si512(first, _mm512_slli_epi32(second, 16)));
}
static inline void vd_zip(uint16_t *to, const uint16_t *a, const uint16_t *b)
{
    for (uint32_t i = 0; i < 2; i++) {
        const __m512i first = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)(a + 16 * i)));
        const __m512i second =
            _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)(b + 16 * i)));
        _mm512_storeu_si512(to + 32 * i, _mm512_or_si512(first, _mm512_slli_epi32(second, 16)));
    }
}
#elif defined(__AVX2__)
typedef __m256i vd;

static inline vd vd_load(const uint16_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}
static inline vf vd_dot(vf acc, vd a, vd b)
{
    const __m256i upper = _mm256_set1_epi32((int)0xffff0000u);
    const vf first = vf_fma(_mm256_castsi256_ps(_mm256_slli_epi32(a, 16)),
                            _mm256_castsi256_ps(_mm256_slli_epi32(b, 16)), acc);
    return vf_fma(_mm256_castsi256_ps(_mm256_and_si256(a, upper)),
                  _mm256_castsi256_ps(_mm256_and_si256(b, upper)), first);
}
static inline vd vd_spread(const uint16_t *p, uint32_t pairs)
{
    int64_t two;
    int32_t one;
    if (pairs == 4)
        return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)p));
    memcpy(&one, p, sizeof(one));
    if (pairs == 1)
        return _mm256_set1_epi32(one);
    memcpy(&two, p, sizeof(two));
    return _mm256_set1_epi64x(two);
}
/* To the nearest, a half to even, in the upper halves; NaN stays NaN. */
static inline __m256i vd_round(vf x)
{
    const __m256i bits = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i near = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    return _mm256_or_si256(near, nan);
}
static inline void vd_pairs(uint16_t *to, vf a, vf b)
{
    const __m256i upper = _mm256_set1_epi32((int)0xffff0000u);
    const __m256i both =
        _mm256_or_si256(_mm256_srli_epi32(vd_round(a), 16), _mm256_and_si256(vd_round(b), upper));
    _mm256_storeu_si256((__m256i *)(void *)to, both);
}
static inline void vd_zip(uint16_t *to, const uint16_t *a, const uint16_t *b)
{
    const __m256i x = _mm256_permute4x64_epi64(vd_load(a), 0xd8);
    const __m256i y = _mm256_permute4x64_epi64(vd_load(b), 0xd8);
    _mm256_storeu_si256((__m256i *)(void *)to, _mm256_unpacklo_epi16(x, y));
    _mm256_storeu_si256((__m256i *)(void *)(to + 16), _mm256_unpackhi_epi16(x, y));
}
#elif defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
typedef uint16x8_t vd;

static inline vd vd_load(const uint16_t *p)
{
    return vld1q_u16(p);
}
static inline vf vd_dot(vf acc, vd a, vd b)
{
    return vbfdotq_f32(acc, vreinterpretq_bf16_u16(a), vreinterpretq_bf16_u16(b));
}
static inline vd vd_spread(const uint16_t *p, uint32_t pairs)
{
    uint64_t two;
    uint32_t one;
    if (pairs == 4)
        return vld1q_u16(p);
    memcpy(&one, p, sizeof(one));
    if (pairs == 1)
        return vreinterpretq_u16_u32(vdupq_n_u32(one));
    memcpy(&two, p, sizeof(two));
    return vreinterpretq_u16_u64(vdupq_n_u64(two));
}
static inline void vd_pairs(uint16_t *to, vf a, vf b)
{
    const uint16x4x2_t both = {
        {vreinterpret_u16_bf16(vcvt_bf16_f32(a)), vreinterpret_u16_bf16(vcvt_bf16_f32(b))}};
    vst2_u16(to, both);
}
static inline void vd_zip(uint16_t *to, const uint16_t *a, const uint16_t *b)
{
    const uint16x8x2_t both = {{vld1q_u16(a), vld1q_u16(b)}};
    vst2q_u16(to, both);
}
#endif

#endif
