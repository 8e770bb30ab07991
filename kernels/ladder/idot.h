/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integer dot products, one thin layer over what each instruction set offers: VI_BYTES products of
 * an unsigned and a signed byte, added up four at a time into 32-bit lanes. Without VNNI it takes
 * three instructions, and the sum of two products must fit sixteen bits: there signed bytes stay
 * within IDOT_SIGNED beside any unsigned ones, or unsigned ones within IDOT_UNSIGNED beside any
 * signed ones, so that none saturates. IDOT_ABOVE is what makes a signed byte an unsigned side.
 */
#ifndef ATTN_LADDER_IDOT_H
#define ATTN_LADDER_IDOT_H

#include <stdint.h>
#include <string.h>

#if defined(__AVX512VNNI__)
#include <immintrin.h>

enum { VI_BYTES = 64, IDOT_UNSIGNED = 255, IDOT_SIGNED = 127, IDOT_ABOVE = 128 };
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
static inline vi vi_load(const void *p)
{
    return _mm512_loadu_si512(p);
}
static inline __m512 vi_to_vf(vi a)
{
    return _mm512_cvtepi32_ps(a);
}
/* 4, 8 or 16 bytes over and over. */
static inline vi vi_spread(const void *p, uint32_t bytes)
{
    int64_t eight;
    int32_t four;
    if (bytes == 16)
        return _mm512_broadcast_i32x4(_mm_loadu_si128(p));
    memcpy(&four, p, sizeof(four));
    if (bytes == 4)
        return _mm512_set1_epi32(four);
    memcpy(&eight, p, sizeof(eight));
    return _mm512_set1_epi64(eight);
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
static inline vi vi_load(const void *p)
{
    return _mm256_loadu_si256(p);
}
static inline __m256 vi_to_vf(vi a)
{
    return _mm256_cvtepi32_ps(a);
}
/* 4 or 8 bytes over and over. */
static inline vi vi_spread(const void *p, uint32_t bytes)
{
    int64_t eight;
    int32_t four;
    memcpy(&four, p, sizeof(four));
    if (bytes == 4)
        return _mm256_set1_epi32(four);
    memcpy(&eight, p, sizeof(eight));
    return _mm256_set1_epi64x(eight);
}
#if defined(__AVXVNNI__)
enum { VI_BYTES = 32, IDOT_UNSIGNED = 255, IDOT_SIGNED = 127, IDOT_ABOVE = 128 };

static inline vi vi_dot(vi acc, vi u, vi s)
{
    return _mm256_dpbusd_avx_epi32(acc, u, s);
}
#else
enum { VI_BYTES = 32, IDOT_UNSIGNED = 127, IDOT_SIGNED = 63, IDOT_ABOVE = 128 };

static inline vi vi_dot(vi acc, vi u, vi s)
{
    const vi pairs = _mm256_maddubs_epi16(u, s);
    return _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
#endif
#elif defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>

/* The instruction takes two signed sides: a cache's codes stay as they are, and what is never
 * negative leaves the upper half of the other alone. */
enum { VI_BYTES = 16, IDOT_UNSIGNED = 127, IDOT_SIGNED = 127, IDOT_ABOVE = 0 };
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
static inline vi vi_load(const void *p)
{
    return vreinterpretq_s32_s8(vld1q_s8(p));
}
static inline float32x4_t vi_to_vf(vi a)
{
    return vcvtq_f32_s32(a);
}
/* 4 bytes over and over. */
static inline vi vi_spread(const void *p, uint32_t bytes)
{
    int32_t four;
    (void)bytes;
    memcpy(&four, p, sizeof(four));
    return vdupq_n_s32(four);
}
#else
enum { VI_BYTES = 1 };
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
