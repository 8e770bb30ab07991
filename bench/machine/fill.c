/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A counter is hashed into 32 bits. It would repeat after 2^32 elements, so the upper half of the
 * index goes into the key, and a piece never crosses such a border. The uniform kind has loops of
 * its own (fill_uniform.c); the other kinds are for tests and go value by value.
 */
#include "bench/machine/fill.h"

#include "bench/machine/build.h"
#include "bench/machine/fill_uniform.h"

#include <string.h>

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

/* Values of the other kinds, from the one at `index`, to piece i of dst. */
static void store_f32(const struct fill *fill, uint64_t index, void *dst, size_t i)
{
    ((float *)dst)[i] = fill_value(fill, index);
}

static void store_f16(const struct fill *fill, uint64_t index, void *dst, size_t i)
{
    ((uint16_t *)dst)[i] = attn_f32_to_f16(fill_value(fill, index));
}

static void store_bf16(const struct fill *fill, uint64_t index, void *dst, size_t i)
{
    ((uint16_t *)dst)[i] = attn_f32_to_bf16(fill_value(fill, index));
}

static void store_e4m3(const struct fill *fill, uint64_t index, void *dst, size_t i)
{
    ((uint8_t *)dst)[i] = attn_f32_to_e4m3(fill_value(fill, index));
}

static void store_e5m2(const struct fill *fill, uint64_t index, void *dst, size_t i)
{
    ((uint8_t *)dst)[i] = attn_f32_to_e5m2(fill_value(fill, index));
}

/* A NULL store: every kind is filled as the uniform one is. */
static const struct {
    size_t bytes, values, loop; /* of a piece; offset into struct fill_loops */
    void (*store)(const struct fill *fill, uint64_t index, void *dst, size_t i);
} rules[FILL_CONTENTS] = {
    [ATTN_F32] = {4, 1, offsetof(struct fill_loops, f32), store_f32},
    [ATTN_F16] = {2, 1, offsetof(struct fill_loops, f16), store_f16},
    [ATTN_BF16] = {2, 1, offsetof(struct fill_loops, bf16), store_bf16},
    [ATTN_I8] = {1, 1, offsetof(struct fill_loops, i8), NULL},
    [ATTN_I4] = {1, 2, offsetof(struct fill_loops, i4), NULL},
    [ATTN_E4M3] = {1, 1, offsetof(struct fill_loops, e4m3), store_e4m3},
    [ATTN_E5M2] = {1, 1, offsetof(struct fill_loops, e5m2), store_e5m2},
    [FILL_SCALES_I8] = {2, 1, offsetof(struct fill_loops, scales_i8), NULL},
    [FILL_SCALES_I4] = {2, 1, offsetof(struct fill_loops, scales_i4), NULL},
};

int fill_content_of(enum attn_type type)
{
    return type == ATTN_I8C ? ATTN_I8 : type == ATTN_I4C ? ATTN_I4 : (int)type;
}

int fill_scales_of(enum attn_type type)
{
    const int content = fill_content_of(type);
    return content == ATTN_I8 ? FILL_SCALES_I8 : content == ATTN_I4 ? FILL_SCALES_I4 : -1;
}

static fill_loop *loop_of(int content)
{
    const struct fill_loops *loops = &fill_loops_any;
    fill_loop *loop;
#if MACHINE_HAVE_AVX2
    if (__builtin_cpu_supports("avx2"))
        loops = &fill_loops_avx2;
#endif
    memcpy(&loop, (const char *)loops + rules[content].loop, sizeof(loop));
    return loop;
}

/* Rises towards 4 and never stops rising, so that it stays within every type's range. */
static float ramp(uint64_t row)
{
    return 4.0f * (float)row / ((float)row + 1024.0f);
}

float fill_value(const struct fill *fill, uint64_t index)
{
    const float u = fill_unit(fill_hash(key_of(fill->seed, index), (uint32_t)index));
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

uint64_t fill_values(int content, uint64_t bytes)
{
    return bytes / rules[content].bytes * rules[content].values;
}

size_t fill_piece_bytes(int content)
{
    return rules[content].bytes;
}

struct job {
    const struct fill *fill;
    char *dst;
    uint64_t first;
    size_t n, block; /* values */
    int content;
    fill_loop *loop;
};

static void fill_uniform(const struct job *job, size_t from, size_t end)
{
    while (from < end) {
        const uint64_t index = job->first + from;
        const uint64_t border = ((index >> 32) + 1) << 32;
        const size_t n = border - index < end - from ? (size_t)(border - index) : end - from;
        const size_t piece = from / rules[job->content].values;
        job->loop(job->dst + piece * rules[job->content].bytes, key_of(job->fill->seed, index),
                  (uint32_t)index, (uint32_t)n);
        from += n;
    }
}

static void fill_rank(void *arg, int rank, int ranks)
{
    const struct job *const job = arg;
    for (size_t from = (size_t)rank * job->block; from < job->n;
         from += (size_t)ranks * job->block) {
        const size_t end = job->n - from < job->block ? job->n : from + job->block;
        if (job->fill->kind == FILL_UNIFORM || !rules[job->content].store) {
            fill_uniform(job, from, end);
            continue;
        }
        for (size_t i = from; i < end; i++)
            rules[job->content].store(job->fill, job->first + i, job->dst, i);
    }
}

void fill_run(const struct fill *fill, struct team *team, int content, void *dst, uint64_t first,
              size_t n)
{
    struct job job = {
        .fill = fill,
        .dst = dst,
        .first = first,
        .n = n,
        .block = fill_values(content, BLOCK_BYTES),
        .content = content,
        .loop = loop_of(content),
    };
    if (team)
        team_run(team, fill_rank, &job);
    else
        fill_rank(&job, 0, 1);
}
