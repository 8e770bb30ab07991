/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sixteen bytes at a time: the few moves that lay a cache of integers out for dot products, on
 * every instruction set that has these.
 */
#ifndef ATTN_LADDER_BYTES_H
#define ATTN_LADDER_BYTES_H

#include <stdint.h>

#if defined(__aarch64__)
#include <arm_neon.h>

typedef int8x16_t vb;

static inline vb vb_load(const void *p)
{
    return vld1q_s8(p);
}
static inline void vb_store(void *p, vb x)
{
    vst1q_s8(p, x);
}
/* Every byte plus `above`, which is 128 or 0. */
static inline vb vb_above(vb x, uint8_t above)
{
    return veorq_s8(x, vreinterpretq_s8_u8(vdupq_n_u8(above)));
}
/* The i4 in the lower or the upper half of sixteen bytes. */
static inline vb vb_load_i4(const void *p, int upper)
{
    const int8x16_t pairs = vld1q_s8(p);
    return upper ? vshrq_n_s8(pairs, 4) : vshrq_n_s8(vshlq_n_s8(pairs, 4), 4);
}
/* The first bytes of x0 to x3, then their second ones: 64 bytes. */
static inline void vb_interleave(vb x0, vb x1, vb x2, vb x3, int8_t *to)
{
    vst4q_s8(to, ((int8x16x4_t){{x0, x1, x2, x3}}));
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

typedef __m128i vb;

static inline vb vb_load(const void *p)
{
    return _mm_loadu_si128(p);
}
static inline void vb_store(void *p, vb x)
{
    _mm_storeu_si128(p, x);
}
static inline vb vb_above(vb x, uint8_t above)
{
    return _mm_xor_si128(x, _mm_set1_epi8((char)above));
}
static inline vb vb_load_i4(const void *p, int upper)
{
    const __m128i value = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1);
    const __m128i pairs = _mm_loadu_si128(p);
    const __m128i codes = upper ? _mm_srli_epi16(pairs, 4) : pairs;
    return _mm_shuffle_epi8(value, _mm_and_si128(codes, _mm_set1_epi8(15)));
}
static inline void vb_interleave(vb x0, vb x1, vb x2, vb x3, int8_t *to)
{
    const __m128i a = _mm_unpacklo_epi8(x0, x1), A = _mm_unpackhi_epi8(x0, x1);
    const __m128i c = _mm_unpacklo_epi8(x2, x3), C = _mm_unpackhi_epi8(x2, x3);
    vb_store(to, _mm_unpacklo_epi16(a, c));
    vb_store(to + 16, _mm_unpackhi_epi16(a, c));
    vb_store(to + 32, _mm_unpacklo_epi16(A, C));
    vb_store(to + 48, _mm_unpackhi_epi16(A, C));
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
