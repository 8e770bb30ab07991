/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled once per instruction set; FILL_LOOPS names the table. Hundreds of MiB are written at the
 * start of every run, so these are loops the compiler turns into vectors, with no branch in them.
 */
#include "bench/machine/fill_uniform.h"

#include "kernels/dtype.h"

/*
 * attn_f32_to_f16() of a value within [-1, 1]: the roundings of normal and of subnormal results
 * are both computed and one is chosen, which works on a whole vector.
 */
static inline uint16_t unit_to_f16(float x)
{
    const uint32_t u = attn_f32_bits(x);
    const uint32_t a = u & 0x7fffffffu;
    const uint32_t tiny = attn_f32_bits(attn_bits_f32(a) + 0.5f) - 0x3f000000u;
    const uint32_t normal = (a - ((127u - 15u) << 23) + 0xfffu + ((a >> 13) & 1u)) >> 13;
    const uint32_t choose = 0u - (uint32_t)(a < 0x38800000u);
    return (uint16_t)((u >> 16 & 0x8000u) | (tiny & choose) | (normal & ~choose));
}

static inline uint16_t unit_to_bf16(float x)
{
    const uint32_t u = attn_f32_bits(x);
    return (uint16_t)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}

static void loop_f32(void *dst, uint32_t key, uint32_t first, uint32_t n)
{
    float *restrict const out = dst;
    for (uint32_t i = 0; i < n; i++)
        out[i] = fill_unit(fill_hash(key, first + i));
}

static void loop_f16(void *dst, uint32_t key, uint32_t first, uint32_t n)
{
    uint16_t *restrict const out = dst;
    for (uint32_t i = 0; i < n; i++)
        out[i] = unit_to_f16(fill_unit(fill_hash(key, first + i)));
}

static void loop_bf16(void *dst, uint32_t key, uint32_t first, uint32_t n)
{
    uint16_t *restrict const out = dst;
    for (uint32_t i = 0; i < n; i++)
        out[i] = unit_to_bf16(fill_unit(fill_hash(key, first + i)));
}

static void loop_i8(void *dst, uint32_t key, uint32_t first, uint32_t n)
{
    int8_t *restrict const out = dst;
    for (uint32_t i = 0; i < n; i++)
        out[i] = (int8_t)fill_code(fill_hash(key, first + i), 127);
}

static void loop_i4(void *dst, uint32_t key, uint32_t first, uint32_t n)
{
    uint8_t *restrict const out = dst;
    for (uint32_t i = 0; i < n / 2; i++) {
        const int32_t low = fill_code(fill_hash(key, first + 2 * i), 7);
        const int32_t high = fill_code(fill_hash(key, first + 2 * i + 1), 7);
        out[i] = (uint8_t)((low & 15) | (high & 15) << 4);
    }
}

static void loop_e4m3(void *dst, uint32_t key, uint32_t first, uint32_t n)
{
    uint8_t *restrict const out = dst;
    for (uint32_t i = 0; i < n; i++)
        out[i] = attn_f32_to_e4m3(fill_unit(fill_hash(key, first + i)));
}

static void loop_e5m2(void *dst, uint32_t key, uint32_t first, uint32_t n)
{
    uint8_t *restrict const out = dst;
    for (uint32_t i = 0; i < n; i++)
        out[i] = attn_f32_to_e5m2(fill_unit(fill_hash(key, first + i)));
}

static void loop_scales_i8(void *dst, uint32_t key, uint32_t first, uint32_t n)
{
    uint16_t *restrict const out = dst;
    for (uint32_t i = 0; i < n; i++)
        out[i] = unit_to_f16(fill_scale(fill_hash(key, first + i), 127));
}

static void loop_scales_i4(void *dst, uint32_t key, uint32_t first, uint32_t n)
{
    uint16_t *restrict const out = dst;
    for (uint32_t i = 0; i < n; i++)
        out[i] = unit_to_f16(fill_scale(fill_hash(key, first + i), 7));
}

const struct fill_loops FILL_LOOPS = {
    .f32 = loop_f32,
    .f16 = loop_f16,
    .bf16 = loop_bf16,
    .i8 = loop_i8,
    .i4 = loop_i4,
    .e4m3 = loop_e4m3,
    .e5m2 = loop_e5m2,
    .scales_i8 = loop_scales_i8,
    .scales_i4 = loop_scales_i4,
};
