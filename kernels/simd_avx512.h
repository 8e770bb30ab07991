/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The op layer for AVX-512 (F, BW, DQ, VL): sixteen lanes, thirty-two registers, tails by mask.
 */
#ifndef ATTN_SIMD_AVX512_H
#define ATTN_SIMD_AVX512_H

#include <immintrin.h>
#include <string.h>

enum { VF_LANES = 16, VF_REGISTERS = 32 };
typedef __m512 vf;

static inline vf vf_zero(void)
{
    return _mm512_setzero_ps();
}
static inline vf vf_set1(float x)
{
    return _mm512_set1_ps(x);
}
static inline vf vf_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
static inline void vf_store(float *p, vf x)
{
    _mm512_storeu_ps(p, x);
}
static inline __mmask16 vf_part_mask(uint32_t n)
{
    return (__mmask16)((1u << n) - 1);
}
static inline vf vf_load_part(const float *p, uint32_t n)
{
    return _mm512_maskz_loadu_ps(vf_part_mask(n), p);
}
static inline void vf_store_part(float *p, vf x, uint32_t n)
{
    _mm512_mask_storeu_ps(p, vf_part_mask(n), x);
}
static inline vf vf_load_f16(const uint16_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}
static inline vf vf_load_bf16(const uint16_t *p)
{
    const __m256i h = _mm256_loadu_si256((const __m256i *)p);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16));
}
static inline vf vf_load_i8(const int8_t *p)
{
    const __m128i q = _mm_loadu_si128((const __m128i *)(const void *)p);
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(q));
}
#define VF_NARROW
/* The permutation looks at the lowest four bits of each lane: a table of all values. */
static inline vf vf_load_i4(const uint8_t *p, int upper)
{
    const vf value = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1);
    const __m512i x = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
    return _mm512_permutexvar_ps(upper ? _mm512_srli_epi32(x, 4) : x, value);
}
/* The sign extended and shifted leaves one stray bit, that below the f16's sign. */
static inline vf vf_load_e4m3(const uint8_t *p)
{
    const __m256i x = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)p));
    return _mm512_cvtph_ps(
        _mm256_and_si256(_mm256_slli_epi16(x, 7), _mm256_set1_epi16((short)0xbfff)));
}
static inline vf vf_load_e5m2(const uint8_t *p)
{
    const __m256i x = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)p));
    return _mm512_cvtph_ps(_mm256_slli_epi16(x, 8));
}
static inline void vf_widen4(float *to, const uint16_t *p)
{
    _mm_storeu_ps(to, _mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}
static inline vf vf_add(vf a, vf b)
{
    return _mm512_add_ps(a, b);
}
static inline vf vf_mul(vf a, vf b)
{
    return _mm512_mul_ps(a, b);
}
static inline vf vf_fma(vf a, vf b, vf c)
{
    return _mm512_fmadd_ps(a, b, c);
}
static inline vf vf_max(vf a, vf b)
{
    return _mm512_max_ps(a, b);
}
static inline float vf_sum(vf x)
{
    return _mm512_reduce_add_ps(x);
}
/* The four horizontal sums, stored in order: halves are folded first, then as with eight lanes. */
static inline __m256 vf_fold(vf x)
{
    return _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
}
/* Sums within quarters for all four at once, then of the quarters: halves of one vector at a time
 * would have gcc keep a copy of each on the stack. */
static inline void vf_sum4(float *to, vf a, vf b, vf c, vf d)
{
    const vf ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    const vf cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    const __m512d x = _mm512_castps_pd(ab), y = _mm512_castps_pd(cd);
    const vf lower = _mm512_castpd_ps(_mm512_unpacklo_pd(x, y));
    const __m256 half = vf_fold(_mm512_add_ps(lower, _mm512_castpd_ps(_mm512_unpackhi_pd(x, y))));
    _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
}
/* `dims` consecutive floats, over and over. */
static inline vf vf_spread(const float *p, uint32_t dims)
{
    double pair;
    if (dims == 1)
        return vf_set1(*p);
    if (dims == 16)
        return vf_load(p);
    if (dims == 8)
        return _mm512_broadcast_f32x8(_mm256_loadu_ps(p));
    if (dims == 4)
        return _mm512_broadcast_f32x4(_mm_loadu_ps(p));
    memcpy(&pair, p, sizeof(pair));
    return _mm512_castpd_ps(_mm512_set1_pd(pair));
}
/* Lanes `by` apart exchanged, in pairs of groups of so many. */
static inline vf vf_swap(vf x, const uint32_t by)
{
    if (by < 4)
        return by == 2 ? _mm512_permute_ps(x, 0x4e) : _mm512_permute_ps(x, 0xb1);
    return by == 8 ? _mm512_shuffle_f32x4(x, x, 0x4e) : _mm512_shuffle_f32x4(x, x, 0xb1);
}
/* Sums of neighbours: those of a, then those of b. */
static inline vf vf_sum_pairs(vf a, vf b)
{
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    return _mm512_add_ps(_mm512_permutex2var_ps(a, even, b), _mm512_permutex2var_ps(a, odd, b));
}
static inline float vf_hmax(vf x)
{
    return _mm512_reduce_max_ps(x);
}
static inline vf vf_power(vf x)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(x), 23));
}
/* Always inline: otherwise its calls may be dropped as those of a function without effect. */
static inline __attribute__((always_inline)) void vf_prefetch(const void *p)
{
    _mm_prefetch((const char *)p, _MM_HINT_T0);
}

#endif
