/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled once per instruction set; READ_LOOPS names the table. A vector of 64 bytes is one
 * register or several, which the compiler sees to. Four folds at a time keep the loads apart.
 */
#include "bench/machine/read_loop.h"

#define TEXT(name) #name
#define NAME(name) TEXT(name)

typedef uint64_t line __attribute__((vector_size(64), may_alias));

enum { LINE = sizeof(line), AHEAD = 2048, STREAMS = 8 };

static inline __attribute__((always_inline)) void fold(const char *at, line x[4])
{
    const line *const lines = (const line *)(const void *)at;
    for (int i = 0; i < READ_LOOP_BLOCK / LINE; i++)
        x[i % 4] ^= lines[i];
}

static uint64_t sum(const line x[4])
{
    const line all = x[0] ^ x[1] ^ x[2] ^ x[3];
    uint64_t one = 0;
    for (int i = 0; i < LINE / (int)sizeof(one); i++)
        one ^= all[i];
    return one;
}

static uint64_t read_one(const void *from, size_t bytes, uint64_t passes)
{
    line x[4] = {{0}};
    for (uint64_t pass = 0; pass < passes; pass++) {
        const char *at = from;
        __asm__ volatile("" : "+r"(at) : : "memory"); /* each pass loads again */
        for (const char *const end = at + bytes; at < end; at += READ_LOOP_BLOCK)
            fold(at, x);
    }
    return sum(x);
}

static uint64_t read_eight(const void *from, size_t bytes, uint64_t passes)
{
    const size_t part = bytes / STREAMS;
    line x[4] = {{0}};
    for (uint64_t pass = 0; pass < passes; pass++) {
        const char *at = from;
        __asm__ volatile("" : "+r"(at) : : "memory");
        for (size_t offset = 0; offset < part; offset += READ_LOOP_BLOCK) {
            for (size_t s = 0; s < STREAMS; s++) {
                const char *const block = at + s * part + offset;
                for (int i = 0; i < READ_LOOP_BLOCK; i += LINE)
                    __builtin_prefetch(block + AHEAD + i);
                fold(block, x);
            }
        }
    }
    return sum(x);
}

const struct read_loops READ_LOOPS = {
    .name = NAME(READ_LOOPS_ISA),
    .one = read_one,
    .eight = read_eight,
};
