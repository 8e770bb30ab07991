/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block of 32 codes as bytes: the few moves that lay a cache of integers out for dot products, on
 * every instruction set that has these.
 */
#ifndef ATTN_LADDER_BYTES_H
#define ATTN_LADDER_BYTES_H

#include <stdint.h>

#if defined(__aarch64__)
#include <arm_neon.h>

typedef int8x16x2_t vb;

static inline vb vb_load(const void *p)
{
    const int8_t *const at = p;
    return (vb){{vld1q_s8(at), vld1q_s8(at + 16)}};
}
/* i4: the lower halves of sixteen bytes, then the upper ones. */
static inline vb vb_load_i4(const void *p)
{
    const int8x16_t pairs = vld1q_s8(p);
    return (vb){{vshrq_n_s8(vshlq_n_s8(pairs, 4), 4), vshrq_n_s8(pairs, 4)}};
}
/* So few lanes take the fours of one block at a time: they stay as they are, and signed. */
static inline void vb_weave(const vb *x, uint8_t *to, uint8_t above)
{
    (void)above;
    vst1q_s8((int8_t *)to, x->val[0]);
    vst1q_s8((int8_t *)to + 16, x->val[1]);
}
/* The first bytes of x[0] to x[3], then their second ones, to 128 bytes. */
static inline void vb_interleave(const vb x[4], int8_t *to)
{
    for (int i = 0; i < 2; i++)
        vst4q_s8(to + i * 64,
                 ((int8x16x4_t){{x[0].val[i], x[1].val[i], x[2].val[i], x[3].val[i]}}));
}
/* Four times four floats, rows `from_step` and `to_step` apart, turned over. */
static inline void vb_transpose4(const float *from, uint32_t from_step, float *to, uint32_t to_step)
{
    const float32x4x2_t a = vtrnq_f32(vld1q_f32(from), vld1q_f32(from + from_step));
    const float32x4x2_t b =
        vtrnq_f32(vld1q_f32(from + 2 * from_step), vld1q_f32(from + 3 * from_step));
    for (uint32_t i = 0; i < 2; i++) {
        vst1q_f32(to + i * to_step, vcombine_f32(vget_low_f32(a.val[i]), vget_low_f32(b.val[i])));
        vst1q_f32(to + (i + 2) * to_step,
                  vcombine_f32(vget_high_f32(a.val[i]), vget_high_f32(b.val[i])));
    }
}
#else
#include <immintrin.h>

typedef __m256i vb;

static inline vb vb_load(const void *p)
{
    return _mm256_loadu_si256(p);
}
static inline vb vb_load_i4(const void *p)
{
    const __m256i value = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1));
    const __m128i pairs = _mm_loadu_si128(p);
    const __m256i codes = _mm256_set_m128i(_mm_srli_epi16(pairs, 4), pairs);
    return _mm256_shuffle_epi8(value, _mm256_and_si256(codes, _mm256_set1_epi8(15)));
}
#if defined(__AVX512F__)
/* The first four bytes of x[0] to x[3], then their second ones, all plus `above`, which is 128. */
static inline void vb_weave(const vb *x, uint8_t *to, uint8_t above)
{
    const __m512i flip = _mm512_set1_epi8((char)above), four = _mm512_set1_epi32(4);
    const __m512i first =
        _mm512_setr_epi32(0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27);
    const __m512i a = _mm512_inserti64x4(_mm512_castsi256_si512(x[0]), x[1], 1);
    const __m512i b = _mm512_inserti64x4(_mm512_castsi256_si512(x[2]), x[3], 1);
    const __m512i low = _mm512_permutex2var_epi32(a, first, b);
    const __m512i high = _mm512_permutex2var_epi32(a, _mm512_add_epi32(first, four), b);
    _mm512_storeu_si512(to, _mm512_xor_si512(low, flip));
    _mm512_storeu_si512(to + 64, _mm512_xor_si512(high, flip));
}
#else
/* The first four bytes of x[0] and x[1], then their second ones, all plus `above`, which is 128. */
static inline void vb_weave(const vb *x, uint8_t *to, uint8_t above)
{
    const __m256i flip = _mm256_set1_epi8((char)above);
    const __m256i a = _mm256_permute4x64_epi64(_mm256_xor_si256(x[0], flip), 0xd8);
    const __m256i b = _mm256_permute4x64_epi64(_mm256_xor_si256(x[1], flip), 0xd8);
    _mm256_storeu_si256((void *)to, _mm256_unpacklo_epi32(a, b));
    _mm256_storeu_si256((void *)(to + 32), _mm256_unpackhi_epi32(a, b));
}
#endif
static inline void vb_interleave(const vb x[4], int8_t *to)
{
    const __m256i a = _mm256_unpacklo_epi8(x[0], x[1]), A = _mm256_unpackhi_epi8(x[0], x[1]);
    const __m256i c = _mm256_unpacklo_epi8(x[2], x[3]), C = _mm256_unpackhi_epi8(x[2], x[3]);
    const __m256i four[4] = {_mm256_unpacklo_epi16(a, c), _mm256_unpackhi_epi16(a, c),
                             _mm256_unpacklo_epi16(A, C), _mm256_unpackhi_epi16(A, C)};
    for (int i = 0; i < 4; i++) {
        _mm_storeu_si128((void *)(to + i * 16), _mm256_castsi256_si128(four[i]));
        _mm_storeu_si128((void *)(to + 64 + i * 16), _mm256_extracti128_si256(four[i], 1));
    }
}
static inline void vb_transpose4(const float *from, uint32_t from_step, float *to, uint32_t to_step)
{
    __m128 x0 = _mm_loadu_ps(from), x1 = _mm_loadu_ps(from + from_step);
    __m128 x2 = _mm_loadu_ps(from + 2 * from_step), x3 = _mm_loadu_ps(from + 3 * from_step);
    _MM_TRANSPOSE4_PS(x0, x1, x2, x3);
    _mm_storeu_ps(to, x0);
    _mm_storeu_ps(to + to_step, x1);
    _mm_storeu_ps(to + 2 * to_step, x2);
    _mm_storeu_ps(to + 3 * to_step, x3);
}
#endif

#endif
