/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integer dot products, one thin layer over what each instruction set offers: VI_BYTES products of
 * an unsigned and a signed byte, added up four at a time into 32-bit lanes. Without VNNI it takes
 * three instructions, and the sum of two products must fit sixteen bits: there the unsigned side
 * stays within IDOT_UNSIGNED so that none saturates.
 */
#ifndef ATTN_LADDER_IDOT_H
#define ATTN_LADDER_IDOT_H

#include <stdint.h>

#if defined(__AVX512VNNI__)
#include <immintrin.h>

enum { VI_BYTES = 64, IDOT_UNSIGNED = 255 };
typedef __m512i vi;

static inline vi vi_set1(int32_t x)
{
    return _mm512_set1_epi32(x);
}
static inline vi vi_dot(vi acc, vi u, vi s)
{
    return _mm512_dpbusd_epi32(acc, u, s);
}
static inline vi vi_add(vi a, vi b)
{
    return _mm512_add_epi32(a, b);
}
static inline int32_t vi_first(vi a)
{
    return _mm512_cvtsi512_si32(a);
}
#elif defined(__AVX2__)
#include <immintrin.h>

typedef __m256i vi;

static inline vi vi_set1(int32_t x)
{
    return _mm256_set1_epi32(x);
}
static inline vi vi_add(vi a, vi b)
{
    return _mm256_add_epi32(a, b);
}
static inline int32_t vi_first(vi a)
{
    return _mm256_cvtsi256_si32(a);
}
#if defined(__AVXVNNI__)
enum { VI_BYTES = 32, IDOT_UNSIGNED = 255 };

static inline vi vi_dot(vi acc, vi u, vi s)
{
    return _mm256_dpbusd_avx_epi32(acc, u, s);
}
#else
enum { VI_BYTES = 32, IDOT_UNSIGNED = 128 };

static inline vi vi_dot(vi acc, vi u, vi s)
{
    const vi pairs = _mm256_maddubs_epi16(u, s);
    return _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
#endif
#elif defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>

/* The instruction takes two signed sides, so the unsigned one leaves its upper half alone. */
enum { VI_BYTES = 16, IDOT_UNSIGNED = 127 };
typedef int32x4_t vi;

static inline vi vi_set1(int32_t x)
{
    return vdupq_n_s32(x);
}
static inline vi vi_dot(vi acc, vi u, vi s)
{
    return vdotq_s32(acc, vreinterpretq_s8_s32(u), vreinterpretq_s8_s32(s));
}
static inline vi vi_add(vi a, vi b)
{
    return vaddq_s32(a, b);
}
static inline int32_t vi_first(vi a)
{
    return vgetq_lane_s32(a, 0);
}
#else
enum { VI_BYTES = 1, IDOT_UNSIGNED = 255 };
typedef int32_t vi;

static inline vi vi_set1(int32_t x)
{
    return x;
}
static inline vi vi_dot(vi acc, vi u, vi s)
{
    return acc + (uint8_t)u * (int8_t)s;
}
static inline vi vi_add(vi a, vi b)
{
    return a + b;
}
static inline int32_t vi_first(vi a)
{
    return a;
}
#endif

#endif
