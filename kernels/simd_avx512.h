/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The op layer for AVX-512 (F, BW, DQ, VL): sixteen lanes, thirty-two registers, tails by mask.
 */
#ifndef ATTN_SIMD_AVX512_H
#define ATTN_SIMD_AVX512_H

#include <immintrin.h>

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
static inline void vf_sum4(float *to, vf a, vf b, vf c, vf d)
{
    const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(vf_fold(a), vf_fold(b)),
                                        _mm256_hadd_ps(vf_fold(c), vf_fold(d)));
    _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1)));
}
/* Columns for rows: lane j of to[i] is lane i of row j. */
static inline void vf_transpose(vf x[16])
{
    vf a[16];
    /* 4 x 4 blocks inside the 128-bit lanes, then the lanes themselves, in two steps. */
    for (int i = 0; i < 16; i += 4) {
        const vf ab = _mm512_unpacklo_ps(x[i], x[i + 1]), AB = _mm512_unpackhi_ps(x[i], x[i + 1]);
        const vf cd = _mm512_unpacklo_ps(x[i + 2], x[i + 3]);
        const vf CD = _mm512_unpackhi_ps(x[i + 2], x[i + 3]);
        a[i] = _mm512_shuffle_ps(ab, cd, 0x44);
        a[i + 1] = _mm512_shuffle_ps(ab, cd, 0xee);
        a[i + 2] = _mm512_shuffle_ps(AB, CD, 0x44);
        a[i + 3] = _mm512_shuffle_ps(AB, CD, 0xee);
    }
    for (int k = 0; k < 4; k++) {
        const vf lo0 = _mm512_shuffle_f32x4(a[k], a[4 + k], 0x88);
        const vf hi0 = _mm512_shuffle_f32x4(a[k], a[4 + k], 0xdd);
        const vf lo1 = _mm512_shuffle_f32x4(a[8 + k], a[12 + k], 0x88);
        const vf hi1 = _mm512_shuffle_f32x4(a[8 + k], a[12 + k], 0xdd);
        x[k] = _mm512_shuffle_f32x4(lo0, lo1, 0x88);
        x[8 + k] = _mm512_shuffle_f32x4(lo0, lo1, 0xdd);
        x[4 + k] = _mm512_shuffle_f32x4(hi0, hi1, 0x88);
        x[12 + k] = _mm512_shuffle_f32x4(hi0, hi1, 0xdd);
    }
}
/* Lane j of a, b, c, d to to[4j] .. to[4j + 3]. */
static inline void vf_store4(float *to, vf a, vf b, vf c, vf d)
{
    const vf ab = _mm512_unpacklo_ps(a, b), cd = _mm512_unpacklo_ps(c, d);
    const vf AB = _mm512_unpackhi_ps(a, b), CD = _mm512_unpackhi_ps(c, d);
    const vf t0 = _mm512_shuffle_ps(ab, cd, 0x44), t1 = _mm512_shuffle_ps(ab, cd, 0xee);
    const vf t2 = _mm512_shuffle_ps(AB, CD, 0x44), t3 = _mm512_shuffle_ps(AB, CD, 0xee);
    const vf lo0 = _mm512_shuffle_f32x4(t0, t1, 0x44), lo1 = _mm512_shuffle_f32x4(t2, t3, 0x44);
    const vf hi0 = _mm512_shuffle_f32x4(t0, t1, 0xee), hi1 = _mm512_shuffle_f32x4(t2, t3, 0xee);
    vf_store(to, _mm512_shuffle_f32x4(lo0, lo1, 0x88));
    vf_store(to + 16, _mm512_shuffle_f32x4(lo0, lo1, 0xdd));
    vf_store(to + 32, _mm512_shuffle_f32x4(hi0, hi1, 0x88));
    vf_store(to + 48, _mm512_shuffle_f32x4(hi0, hi1, 0xdd));
}
/* Lane j of a and b to to[2j], to[2j + 1]. */
static inline void vf_store2(float *to, vf a, vf b)
{
    const vf low = _mm512_unpacklo_ps(a, b), high = _mm512_unpackhi_ps(a, b);
    const vf first = _mm512_shuffle_f32x4(low, high, 0x44);
    const vf last = _mm512_shuffle_f32x4(low, high, 0xee);
    vf_store(to, _mm512_shuffle_f32x4(first, first, 0xd8));
    vf_store(to + 16, _mm512_shuffle_f32x4(last, last, 0xd8));
}
static inline float vf_hmax(vf x)
{
    return _mm512_reduce_max_ps(x);
}
static inline vf vf_where_above(vf x, vf threshold, vf y)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, threshold, _CMP_GT_OQ), y);
}
static inline vf vf_round(vf x)
{
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static inline vf vf_exp2_int(vf n)
{
    const __m512i biased = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(biased, 23));
}
/* Always inline: otherwise its calls may be dropped as those of a function without effect. */
static inline __attribute__((always_inline)) void vf_prefetch(const void *p)
{
    _mm_prefetch((const char *)p, _MM_HINT_T0);
}

#endif
