/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each rank walks its own part. The streaming store is spelled out, since compilers choose it when
 * they like; a CPU without one of its own gets the pair store that hints the same.
 */
#include "bench/machine/counters/traffic.h"

#include "bench/machine/memory.h"
#include "bench/machine/rotation.h"

#include <errno.h>

enum { STEP = 64, WORDS = STEP / sizeof(uint64_t) };

static void read_range(const uint64_t *at, const uint64_t *end)
{
    uint64_t sum[WORDS] = {0};
    for (; at < end; at += WORDS)
        for (int i = 0; i < WORDS; i++)
            sum[i] += at[i];
    for (int i = 0; i < WORDS; i++)
        __asm__ volatile("" : : "r"(sum[i]));
}

static void write_range(uint64_t *at, const uint64_t *end)
{
    for (; at < end; at += WORDS) {
        for (int i = 0; i < WORDS; i++)
            at[i] = 1;
        __asm__ volatile("" : : "r"(at) : "memory"); /* or it becomes a memset that streams */
    }
}

static void stream_range(uint64_t *at, const uint64_t *end)
{
    for (; at < end; at += WORDS)
        for (int i = 0; i < WORDS; i += 2) {
#if defined(__x86_64__)
            __asm__ volatile("movnti %1, %0" : "=m"(at[i]) : "r"(UINT64_C(2)));
            __asm__ volatile("movnti %1, %0" : "=m"(at[i + 1]) : "r"(UINT64_C(2)));
#elif defined(__aarch64__)
            __asm__ volatile("stnp %1, %1, [%0]" : : "r"(&at[i]), "r"(UINT64_C(2)) : "memory");
#else
            at[i] = at[i + 1] = 2;
#endif
        }
#if defined(__x86_64__)
    __asm__ volatile("sfence" : : : "memory");
#endif
}

static void run_rank(void *arg, int rank, int ranks)
{
    const struct traffic *const t = arg;
    const size_t steps = t->arena.bytes / STEP;
    uint64_t *const base = (uint64_t *)(void *)t->arena.base;
    uint64_t *const at = base + steps * (size_t)rank / (size_t)ranks * WORDS;
    const uint64_t *const end = base + steps * ((size_t)rank + 1) / (size_t)ranks * WORDS;
    switch (t->kernel) {
    case BYTES_WRITE:
        write_range(at, end);
        break;
    case BYTES_STREAM:
        stream_range(at, end);
        break;
    default:
        read_range(at, end);
    }
}

static void run(void *self, enum byte_kernel kernel)
{
    struct traffic *const t = self;
    t->kernel = kernel;
    team_run(t->team, run_rank, t);
}

int traffic_open(struct traffic *t, struct team *team, uint64_t llc_bytes)
{
    const uint64_t llc = llc_bytes ? llc_bytes : rotation_unknown_llc;
    const uint64_t bytes = llc > SIZE_MAX / TRAFFIC_FACTOR ? SIZE_MAX : TRAFFIC_FACTOR * llc;
    *t = (struct traffic){.team = team};
    if (bytes > machine_memory_available("") / 2)
        return -ENOMEM;
    const int error = arena_reserve(&t->arena, bytes, ARENA_THP);
    if (error)
        return error;
    arena_touch(&t->arena, team, ARENA_BY_SLICE);
    run(t, BYTES_WRITE); /* pages of zeroes share one frame until they are written */
    t->work =
        (struct byte_work){.self = t, .bytes = (double)(t->arena.bytes / STEP * STEP), .run = run};
    return 0;
}

void traffic_close(struct traffic *t)
{
    arena_free(&t->arena);
}
