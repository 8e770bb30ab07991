/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element types of the KV cache and their scalar conversions. Query, accumulators and output are
 * always f32; only the cache is stored narrow. Quantised types (i8, i4) carry planar scales, one
 * f32 per block of ATTN_QUANT_BLOCK elements along the head dim.
 *
 * Everything here is static inline, so that a kernel compiled for one instruction set never
 * lends its copy of a shared function to the portable part of the program.
 */
#ifndef ATTN_DTYPE_H
#define ATTN_DTYPE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum attn_type {
    ATTN_F32,
    ATTN_F16,
    ATTN_BF16,
    ATTN_I8,
    ATTN_I4,
    ATTN_E4M3,
    ATTN_E5M2,
    ATTN_TYPES
};

enum { ATTN_QUANT_BLOCK = 32 };

#define ATTN_TYPE_BIT(type) (1u << (type))

struct attn_type_info {
    const char *name; /* as in names and options */
    uint32_t bits;    /* of one stored element */
    uint32_t block;   /* elements that share a scale; 0: no scales */
    double eps;       /* unit roundoff of the stored value, relative; 0: exact in f32 */
};

/* Indexed by enum attn_type. */
extern const struct attn_type_info attn_types[ATTN_TYPES];

/* 0 and *type, or -EINVAL. */
int attn_type_parse(const char *text, size_t len, enum attn_type *type);

/* Bytes of one row of `dim` elements, scales not included; a last half byte is rounded up. */
static inline size_t attn_row_bytes(const struct attn_type_info *info, uint32_t dim)
{
    return ((size_t)dim * info->bits + 7) / 8;
}

/* Bytes of the scales of one row. */
static inline size_t attn_row_scale_bytes(const struct attn_type_info *info, uint32_t dim)
{
    return info->block ? (size_t)((dim + info->block - 1) / info->block) * sizeof(float) : 0;
}

static inline uint32_t attn_f32_bits(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof(u));
    return u;
}

static inline float attn_bits_f32(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof(x));
    return x;
}

static inline float attn_bf16_to_f32(uint16_t h)
{
    return attn_bits_f32((uint32_t)h << 16);
}

/* Round to nearest even; NaN stays a quiet NaN. */
static inline uint16_t attn_f32_to_bf16(float x)
{
    const uint32_t u = attn_f32_bits(x);
    if ((u & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)((u >> 16) | 0x40u);
    return (uint16_t)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}

/* Without a branch, so that a compiler can vectorise it: the exponent is rebased by a
 * multiplication, which is exact for subnormals too, and only Inf and NaN need their exponent
 * filled up. */
static inline float attn_f16_to_f32(uint16_t h)
{
    const uint32_t magnitude = (uint32_t)(h & 0x7fffu) << 13;
    const uint32_t u = attn_f32_bits(attn_bits_f32(magnitude) * 0x1p112f);
    const uint32_t special = magnitude >= 0x0f800000u ? 0x7f800000u : 0;
    return attn_bits_f32(u | special | (uint32_t)(h & 0x8000u) << 16);
}

/* Round to nearest even, overflow to Inf, NaN stays NaN. */
static inline uint16_t attn_f32_to_f16(float x)
{
    const uint32_t u = attn_f32_bits(x);
    const uint16_t sign = (uint16_t)((u >> 16) & 0x8000u);
    const uint32_t a = u & 0x7fffffffu;
    if (a > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u);
    if (a >= 0x477ff000u) /* rounds to 65536 or more */
        return (uint16_t)(sign | 0x7c00u);
    if (a < 0x38800000u) { /* below the smallest normal: let the adder round at 2^-24 */
        const float shifted = attn_bits_f32(a) + 0.5f;
        return (uint16_t)(sign | (attn_f32_bits(shifted) - 0x3f000000u));
    }
    return (uint16_t)(sign | ((a - ((127u - 15u) << 23) + 0xfffu + ((a >> 13) & 1u)) >> 13));
}

#endif
