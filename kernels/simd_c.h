/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The op layer in portable C: one lane. It serves ceilings of the `c` builds and machines without
 * a header of their own; what the compiler makes of a lane of one is honest scalar code.
 */
#ifndef ATTN_SIMD_C_H
#define ATTN_SIMD_C_H

#include <math.h>

#include "kernels/dtype.h"

enum { VF_LANES = 1, VF_REGISTERS = 16 };
typedef float vf;

static inline vf vf_zero(void)
{
    return 0;
}
static inline vf vf_set1(float x)
{
    return x;
}
static inline vf vf_load(const float *p)
{
    return *p;
}
static inline void vf_store(float *p, vf x)
{
    *p = x;
}
static inline vf vf_load_part(const float *p, uint32_t n)
{
    return n ? *p : 0;
}
static inline void vf_store_part(float *p, vf x, uint32_t n)
{
    if (n)
        *p = x;
}
static inline vf vf_load_f16(const uint16_t *p)
{
    return attn_f16_to_f32(*p);
}
static inline vf vf_load_bf16(const uint16_t *p)
{
    return attn_bf16_to_f32(*p);
}
static inline vf vf_load_i8(const int8_t *p)
{
    return (float)*p;
}
static inline vf vf_add(vf a, vf b)
{
    return a + b;
}
static inline vf vf_mul(vf a, vf b)
{
    return a * b;
}
static inline vf vf_fma(vf a, vf b, vf c)
{
    return a * b + c;
}
static inline vf vf_max(vf a, vf b)
{
    return a > b ? a : b;
}
static inline float vf_sum(vf x)
{
    return x;
}
/* The four horizontal sums, stored in order. */
static inline void vf_sum4(float *to, vf a, vf b, vf c, vf d)
{
    to[0] = a;
    to[1] = b;
    to[2] = c;
    to[3] = d;
}
static inline vf vf_spread(const float *p, uint32_t dims)
{
    (void)dims;
    return *p;
}
static inline vf vf_swap(vf x, const uint32_t by)
{
    (void)by;
    return x;
}
static inline vf vf_sum_pairs(vf a, vf b)
{
    (void)b;
    return a;
}
static inline float vf_hmax(vf x)
{
    return x;
}
static inline vf vf_power(vf x)
{
    return attn_bits_f32(attn_f32_bits(x) << 23);
}
/* Always inline: otherwise its calls may be dropped as those of a function without effect. */
static inline __attribute__((always_inline)) void vf_prefetch(const void *p)
{
    __builtin_prefetch(p);
}

#endif
