/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element types of the KV cache and their scalar conversions. Query, accumulators and output are
 * always f32; only the cache is stored narrow. Integer types carry planar f16 scales, value = scale
 * * code: i8 and i4 one per block of ATTN_QUANT_BLOCK elements along the head dim of each token (a
 * last part block has one of its own); i8c and i4c, which only K may have, one per channel of a KV
 * head, shared by all tokens of a sequence. fp8 values stand for themselves.
 *
 * Two i4 codes share a byte, in two's complement. A block of n elements (32, fewer at the tail)
 * takes h = ceil(n / 2) bytes; byte i holds element i in its low half and element h + i in the
 * upper one, so that a vector of neighbours unpacks without a shuffle.
 *
 * Everything here is static inline, so that a kernel compiled for one instruction set never
 * lends its copy of a shared function to the portable part of the program.
 */
#ifndef ATTN_DTYPE_H
#define ATTN_DTYPE_H

#include <stdbool.h>
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
    ATTN_I8C,
    ATTN_I4C,
    ATTN_TYPES
};

enum { ATTN_QUANT_BLOCK = 32 };

#define ATTN_TYPE_BIT(type) (1u << (type))

struct attn_type_info {
    const char *name; /* as in names and options */
    uint32_t bits;    /* of one stored element */
    uint32_t block;   /* elements of a token's row that share a scale; 0: none in the row */
    bool channel;     /* a scale for each channel, whatever the token */
    int32_t top;      /* largest code the quantiser makes; 0: a floating-point type */
    double eps;       /* unit roundoff of a floating-point type, relative; 0: exact in f32 */
    double tiny;      /* its least error, half the smallest subnormal */
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

/* Scales of one row, and their bytes. */
static inline uint32_t attn_row_scales(const struct attn_type_info *info, uint32_t dim)
{
    return info->block ? (dim + info->block - 1) / info->block : 0;
}

static inline size_t attn_row_scale_bytes(const struct attn_type_info *info, uint32_t dim)
{
    return attn_row_scales(info, dim) * sizeof(uint16_t);
}

/* Bytes of the scales that all tokens of one KV head of one sequence share. */
static inline size_t attn_head_scale_bytes(const struct attn_type_info *info, uint32_t dim)
{
    return info->channel ? dim * sizeof(uint16_t) : 0;
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

/*
 * fp8 as in Micikevicius et al. 2022 (arXiv 2209.05433): e5m2 is the upper half of an f16, e4m3
 * has no infinity and a single NaN, and an f16 with the same bits is 2^8 times too small.
 */
static inline float attn_e5m2_to_f32(uint8_t b)
{
    return attn_f16_to_f32((uint16_t)(b << 8));
}

static inline float attn_e4m3_to_f32(uint8_t b)
{
    const uint32_t nan = (b & 0x7fu) == 0x7fu ? 0x7fc00000u : 0;
    const uint16_t half = (uint16_t)((b & 0x80u) << 8 | (b & 0x7fu) << 7);
    return attn_bits_f32(attn_f32_bits(attn_f16_to_f32(half) * 256.0f) | nan);
}

/*
 * Round to nearest even; what is beyond the range becomes the largest finite value (the saturating
 * mode), NaN stays NaN. `fraction` bits of it are stored, `bias` is that of the exponent.
 */
static inline uint8_t attn_f32_to_f8(float x, uint32_t fraction, uint32_t bias, uint32_t largest)
{
    const uint32_t u = attn_f32_bits(x), sign = (u >> 24) & 0x80u, a = u & 0x7fffffffu;
    const uint32_t shift = 23 - fraction;
    /* Below the smallest normal the adder rounds, at the spacing of the subnormals. */
    const float adder = attn_bits_f32((127u + 24u - bias - fraction) << 23);
    const uint32_t low = attn_f32_bits(attn_bits_f32(a) + adder) - attn_f32_bits(adder);
    const uint32_t high =
        (a - ((127u - bias) << 23) + (1u << (shift - 1)) - 1 + ((a >> shift) & 1u)) >> shift;
    const uint32_t code = a < (128u - bias) << 23 ? low : high;
    const uint32_t finite = code > largest ? largest : code;
    return (uint8_t)(sign | (a > 0x7f800000u ? 0x7fu : finite));
}

static inline uint8_t attn_f32_to_e4m3(float x)
{
    return attn_f32_to_f8(x, 3, 7, 0x7e);
}

static inline uint8_t attn_f32_to_e5m2(float x)
{
    return attn_f32_to_f8(x, 2, 15, 0x7b);
}

/* Where element d of an i4 row lies: the byte, and by how much it is shifted in it. */
struct attn_i4_place {
    size_t byte;
    uint32_t shift;
};

static inline struct attn_i4_place attn_i4_place(uint32_t d, uint32_t dim)
{
    const uint32_t block = d / ATTN_QUANT_BLOCK * ATTN_QUANT_BLOCK;
    const uint32_t n = dim - block < ATTN_QUANT_BLOCK ? dim - block : ATTN_QUANT_BLOCK;
    const uint32_t half = (n + 1) / 2, i = d - block;
    return (struct attn_i4_place){
        .byte = block / 2 + (i < half ? i : i - half),
        .shift = i < half ? 0 : 4,
    };
}

static inline int32_t attn_i4_get(const void *row, uint32_t d, uint32_t dim)
{
    const struct attn_i4_place at = attn_i4_place(d, dim);
    const uint32_t code = (uint32_t)((const uint8_t *)row)[at.byte] >> at.shift & 15u;
    return (int32_t)(code ^ 8u) - 8;
}

static inline void attn_i4_set(void *row, uint32_t d, uint32_t dim, int32_t code)
{
    const struct attn_i4_place at = attn_i4_place(d, dim);
    uint8_t *const byte = (uint8_t *)row + at.byte;
    *byte = (uint8_t)((*byte & ~(15u << at.shift)) | ((uint32_t)code & 15u) << at.shift);
}

/* Element d of a row of `dim` before its scale: a code or, of a type without scales, the value. */
static inline float attn_element(enum attn_type type, const void *row, uint32_t d, uint32_t dim)
{
    switch (type) {
    case ATTN_F16:
        return attn_f16_to_f32(((const uint16_t *)row)[d]);
    case ATTN_BF16:
        return attn_bf16_to_f32(((const uint16_t *)row)[d]);
    case ATTN_I8:
    case ATTN_I8C:
        return (float)((const int8_t *)row)[d];
    case ATTN_I4:
    case ATTN_I4C:
        return (float)attn_i4_get(row, d, dim);
    case ATTN_E4M3:
        return attn_e4m3_to_f32(((const uint8_t *)row)[d]);
    case ATTN_E5M2:
        return attn_e5m2_to_f32(((const uint8_t *)row)[d]);
    default:
        return ((const float *)row)[d];
    }
}

/* The scale of element d, `scales` being those of its row or, per channel, of its head. */
static inline float attn_element_scale(const struct attn_type_info *info, const void *scales,
                                       uint32_t d)
{
    if (!info->top)
        return 1;
    return attn_f16_to_f32(((const uint16_t *)scales)[info->channel ? d : d / info->block]);
}

static inline __attribute__((always_inline)) void
attn_widen_as(const enum attn_type type, const void *row, uint32_t dim, float *values)
{
    for (uint32_t d = 0; d < dim; d++)
        values[d] = attn_element(type, row, d, dim);
}

static inline void attn_widen_i4(const uint8_t *row, uint32_t dim, float *values)
{
    for (uint32_t first = 0; first < dim; first += ATTN_QUANT_BLOCK) {
        const uint32_t left = dim - first, n = left < ATTN_QUANT_BLOCK ? left : ATTN_QUANT_BLOCK;
        const uint32_t half = (n + 1) / 2;
        for (uint32_t i = 0; i < half; i++)
            values[first + i] = (float)((int32_t)((row[first / 2 + i] & 15u) ^ 8u) - 8);
        for (uint32_t i = half; i < n; i++)
            values[first + i] = (float)((int32_t)(row[first / 2 + i - half] >> 4 ^ 8u) - 8);
    }
}

/* A row as the values it stands for, exactly: an f32 holds every product of code and scale. */
static inline void attn_widen_row(enum attn_type type, const void *row, const void *scales,
                                  uint32_t dim, float *values)
{
    const uint32_t block = type == ATTN_I8C || type == ATTN_I4C ? 1 : ATTN_QUANT_BLOCK;
    switch (type) {
    case ATTN_F32:
        memcpy(values, row, dim * sizeof(*values));
        return;
    case ATTN_F16:
        attn_widen_as(ATTN_F16, row, dim, values);
        return;
    case ATTN_BF16:
        attn_widen_as(ATTN_BF16, row, dim, values);
        return;
    case ATTN_E4M3:
        attn_widen_as(ATTN_E4M3, row, dim, values);
        return;
    case ATTN_E5M2:
        attn_widen_as(ATTN_E5M2, row, dim, values);
        return;
    case ATTN_I8:
    case ATTN_I8C:
        attn_widen_as(ATTN_I8, row, dim, values);
        break;
    default:
        attn_widen_i4(row, dim, values);
    }
    for (uint32_t first = 0; first < dim; first += block) {
        const float scale = attn_f16_to_f32(((const uint16_t *)scales)[first / block]);
        const uint32_t n = dim - first < block ? dim - first : block;
        for (uint32_t i = 0; i < n; i++)
            values[first + i] *= scale;
    }
}

#endif
