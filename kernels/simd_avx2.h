/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The op layer for AVX2 + FMA + F16C: eight lanes, sixteen registers.
 */
#ifndef ATTN_SIMD_AVX2_H
#define ATTN_SIMD_AVX2_H

#include <immintrin.h>
#include <string.h>

enum { VF_LANES = 8, VF_REGISTERS = 16 };
typedef __m256 vf;

static inline vf vf_zero(void)
{
    return _mm256_setzero_ps();
}
static inline vf vf_set1(float x)
{
    return _mm256_set1_ps(x);
}
static inline vf vf_load(const float *p)
{
    return _mm256_loadu_ps(p);
}
static inline void vf_store(float *p, vf x)
{
    _mm256_storeu_ps(p, x);
}
static inline __m256i vf_part_mask(uint32_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline vf vf_load_part(const float *p, uint32_t n)
{
    return _mm256_maskload_ps(p, vf_part_mask(n));
}
static inline void vf_store_part(float *p, vf x, uint32_t n)
{
    _mm256_maskstore_ps(p, vf_part_mask(n), x);
}
static inline vf vf_load_f16(const uint16_t *p)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
}
static inline vf vf_load_bf16(const uint16_t *p)
{
    const __m128i h = _mm_loadu_si128((const __m128i *)p);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16));
}
static inline vf vf_load_i8(const int8_t *p)
{
    const __m128i q = _mm_loadl_epi64((const __m128i *)(const void *)p);
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(q));
}
#define VF_NARROW
static inline vf vf_load_i4(const uint8_t *p, int upper)
{
    const __m128i pairs = _mm_loadl_epi64((const __m128i *)(const void *)p);
    const __m256i x = _mm256_cvtepi8_epi32(pairs);
    return _mm256_cvtepi32_ps(upper ? _mm256_srai_epi32(x, 4)
                                    : _mm256_srai_epi32(_mm256_slli_epi32(x, 28), 28));
}
/* The sign extended and shifted leaves one stray bit, that below the f16's sign. */
static inline vf vf_load_e4m3(const uint8_t *p)
{
    const __m128i x = _mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)(const void *)p));
    return _mm256_cvtph_ps(_mm_and_si128(_mm_slli_epi16(x, 7), _mm_set1_epi16((short)0xbfff)));
}
static inline vf vf_load_e5m2(const uint8_t *p)
{
    const __m128i x = _mm_loadl_epi64((const __m128i *)(const void *)p);
    return _mm256_cvtph_ps(_mm_unpacklo_epi8(_mm_setzero_si128(), x));
}
static inline void vf_widen4(float *to, const uint16_t *p)
{
    _mm_storeu_ps(to, _mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}
static inline vf vf_add(vf a, vf b)
{
    return _mm256_add_ps(a, b);
}
static inline vf vf_mul(vf a, vf b)
{
    return _mm256_mul_ps(a, b);
}
static inline vf vf_fma(vf a, vf b, vf c)
{
    return _mm256_fmadd_ps(a, b, c);
}
static inline vf vf_max(vf a, vf b)
{
    return _mm256_max_ps(a, b);
}
static inline float vf_sum(vf x)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
/* The four horizontal sums, stored in order. */
static inline void vf_sum4(float *to, vf a, vf b, vf c, vf d)
{
    const vf pairs = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1)));
}
/* `dims` consecutive floats, over and over. */
static inline vf vf_spread(const float *p, uint32_t dims)
{
    double pair;
    if (dims == 1)
        return vf_set1(*p);
    if (dims == 8)
        return vf_load(p);
    if (dims == 4)
        return _mm256_broadcast_ps((const __m128 *)(const void *)p);
    memcpy(&pair, p, sizeof(pair));
    return _mm256_castpd_ps(_mm256_set1_pd(pair));
}
/* Lanes `by` apart exchanged, in pairs of groups of so many. */
static inline vf vf_swap(vf x, const uint32_t by)
{
    if (by == 4)
        return _mm256_permute2f128_ps(x, x, 1);
    return by == 2 ? _mm256_permute_ps(x, 0x4e) : _mm256_permute_ps(x, 0xb1);
}
/* Sums of neighbours: those of a, then those of b. */
static inline vf vf_sum_pairs(vf a, vf b)
{
    const __m256d sums = _mm256_castps_pd(_mm256_hadd_ps(a, b));
    return _mm256_castpd_ps(_mm256_permute4x64_pd(sums, 0xd8));
}
static inline float vf_hmax(vf x)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}
static inline vf vf_power(vf x)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x), 23));
}
/* Always inline: otherwise its calls may be dropped as those of a function without effect. */
static inline __attribute__((always_inline)) void vf_prefetch(const void *p)
{
    _mm_prefetch((const char *)p, _MM_HINT_T0);
}

#endif
