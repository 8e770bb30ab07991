/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A counter is hashed into 32 bits: multiply, xor-shift and multiply again are operations that
 * every vector unit has, and a loop of them without carried state is vectorised by the compiler.
 * The uniform kind has loops of its own because hundreds of MiB of it are written at the start of
 * every run; the other kinds are for tests and go value by value.
 *
 * A 32-bit counter repeats after 2^32 elements, so the upper half of the index goes into the key,
 * and a piece never crosses such a border.
 */
#include "bench/machine/fill.h"

#include <errno.h>

enum { BLOCK_BYTES = 2 << 20 };

static uint64_t mix64(uint64_t x)
{
    x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
    x = (x ^ (x >> 29)) * 0x9e3779b97f4a7c15u;
    return x ^ (x >> 32);
}

static uint32_t key_of(uint64_t seed, uint64_t index)
{
    return (uint32_t)mix64(seed * 0x9e3779b97f4a7c15u + (index >> 32) + 1);
}

static inline uint32_t hash(uint32_t key, uint32_t counter)
{
    uint32_t x = (counter + key) * 0x9e3779b1u;
    x = (x ^ (x >> 15) ^ key) * 0x85ebca77u;
    return x ^ (x >> 16);
}

/* The upper 24 bits, signed, on a grid of 2^-23: exact in f32. */
static inline float uniform(uint32_t bits)
{
    return (float)((int32_t)bits >> 8) * 0x1p-23f;
}

/*
 * attn_f32_to_f16() of a value within [-1, 1], without its branches: both roundings are computed
 * and one is chosen, which the compiler can do for a whole vector.
 */
static inline uint16_t small_to_f16(float x)
{
    const uint32_t u = attn_f32_bits(x);
    const uint32_t a = u & 0x7fffffffu;
    const uint32_t tiny = attn_f32_bits(attn_bits_f32(a) + 0.5f) - 0x3f000000u;
    const uint32_t normal = (a - ((127u - 15u) << 23) + 0xfffu + ((a >> 13) & 1u)) >> 13;
    const uint32_t choose = 0u - (uint32_t)(a < 0x38800000u);
    return (uint16_t)((u >> 16 & 0x8000u) | (tiny & choose) | (normal & ~choose));
}

static inline uint16_t small_to_bf16(float x)
{
    const uint32_t u = attn_f32_bits(x);
    return (uint16_t)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}

static void uniform_f32(void *dst, uint32_t key, uint32_t first, size_t n)
{
    float *restrict const out = dst;
    for (size_t i = 0; i < n; i++)
        out[i] = uniform(hash(key, first + (uint32_t)i));
}

static void uniform_f16(void *dst, uint32_t key, uint32_t first, size_t n)
{
    uint16_t *restrict const out = dst;
    for (size_t i = 0; i < n; i++)
        out[i] = small_to_f16(uniform(hash(key, first + (uint32_t)i)));
}

static void uniform_bf16(void *dst, uint32_t key, uint32_t first, size_t n)
{
    uint16_t *restrict const out = dst;
    for (size_t i = 0; i < n; i++)
        out[i] = small_to_bf16(uniform(hash(key, first + (uint32_t)i)));
}

static void store_f32(void *dst, size_t i, float x)
{
    ((float *)dst)[i] = x;
}

static void store_f16(void *dst, size_t i, float x)
{
    ((uint16_t *)dst)[i] = attn_f32_to_f16(x);
}

static void store_bf16(void *dst, size_t i, float x)
{
    ((uint16_t *)dst)[i] = attn_f32_to_bf16(x);
}

static const struct {
    size_t bytes;
    void (*uniform)(void *dst, uint32_t key, uint32_t first, size_t n);
    void (*store)(void *dst, size_t i, float x);
} rules[ATTN_TYPES] = {
    [ATTN_F32] = {4, uniform_f32, store_f32},
    [ATTN_F16] = {2, uniform_f16, store_f16},
    [ATTN_BF16] = {2, uniform_bf16, store_bf16},
};

/* Rises towards 4 and never stops rising, so that it stays within every type's range. */
static float ramp(uint64_t row)
{
    return 4.0f * (float)row / ((float)row + 1024.0f);
}

float fill_value(const struct fill *fill, uint64_t index)
{
    const float u = uniform(hash(key_of(fill->seed, index), (uint32_t)index));
    const uint64_t row = index / (fill->row ? fill->row : 1);
    switch (fill->kind) {
    case FILL_PEAKY:
        return mix64(row + fill->seed) % 61 == 0 ? u * 8.0f : u * 0.0625f;
    case FILL_RISING:
        return u * 0.25f + ramp(row);
    case FILL_EQUAL:
        return 0.5f;
    case FILL_HUGE:
        return u * 30000.0f;
    default:
        return u;
    }
}

size_t fill_element_bytes(enum attn_type type)
{
    return rules[type].bytes;
}

struct job {
    const struct fill *fill;
    char *dst;
    uint64_t first;
    size_t n, block; /* elements */
    enum attn_type type;
};

static void fill_uniform(const struct job *job, size_t from, size_t end)
{
    while (from < end) {
        const uint64_t index = job->first + from;
        const uint64_t border = ((index >> 32) + 1) << 32;
        const size_t n = border - index < end - from ? (size_t)(border - index) : end - from;
        rules[job->type].uniform(job->dst + from * rules[job->type].bytes,
                                 key_of(job->fill->seed, index), (uint32_t)index, n);
        from += n;
    }
}

static void fill_rank(void *arg, int rank, int ranks)
{
    const struct job *const job = arg;
    for (size_t from = (size_t)rank * job->block; from < job->n;
         from += (size_t)ranks * job->block) {
        const size_t end = job->n - from < job->block ? job->n : from + job->block;
        if (job->fill->kind == FILL_UNIFORM) {
            fill_uniform(job, from, end);
            continue;
        }
        for (size_t i = from; i < end; i++)
            rules[job->type].store(job->dst, i, fill_value(job->fill, job->first + i));
    }
}

int fill_run(const struct fill *fill, struct team *team, enum attn_type type, void *dst,
             uint64_t first, size_t n)
{
    if (!rules[type].bytes)
        return -ENOTSUP;
    struct job job = {
        .fill = fill,
        .dst = dst,
        .first = first,
        .n = n,
        .block = BLOCK_BYTES / rules[type].bytes,
        .type = type,
    };
    if (team)
        team_run(team, fill_rank, &job);
    else
        fill_rank(&job, 0, 1);
    return 0;
}
