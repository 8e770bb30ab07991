/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this CPU and its operating system let us execute, as one word of bits, and a mask that
 * takes bits away: tests walk every lower level on a higher machine, and --cpu_mask lets a user
 * do the same.
 */
#ifndef ATTN_CPU_H
#define ATTN_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ATTN_CPU_AVX2 = 1 << 0, /* AVX2, FMA and F16C together: the x86-64-v3 level */
    ATTN_CPU_AVX_VNNI = 1 << 1,
    ATTN_CPU_AVX512 = 1 << 2, /* F, BW, DQ and VL together */
    ATTN_CPU_AVX512_VNNI = 1 << 3,
    ATTN_CPU_AVX512_BF16 = 1 << 4,
    ATTN_CPU_NEON = 1 << 5,
    ATTN_CPU_DOTPROD = 1 << 6,
    ATTN_CPU_ARM_BF16 = 1 << 7,
    /* Seen and said, but no kernel is built for them: matrix tiles, and vectors of any length. */
    ATTN_CPU_AMX = 1 << 8,
    ATTN_CPU_SVE = 1 << 9,
};

uint64_t attn_cpu_features(void); /* detected once, then masked */
void attn_cpu_set_mask(uint64_t mask);
const char *attn_cpu_feature_name(uint64_t bit);

/*
 * How this CPU wants memory to be read when reading is what takes the time. What was measured, by
 * maker, is in results/kernels.md.
 */
struct attn_cpu_reading {
    uint8_t tile;    /* tokens of a tile; 0: as many as suit the arithmetic */
    uint8_t streams; /* places they, or rows of weights, are from; 2 or more */
    uint16_t burst;  /* lines to ask for at once; more are spread among the multiply-adds */
    bool few;        /* do its prefetchers follow few places, and those without being asked? */
};

struct attn_cpu_reading attn_cpu_reading(void); /* asked once */
/* Tests go through those of others; no streams: this CPU's own. */
void attn_cpu_set_reading(struct attn_cpu_reading reading);

/* "avx2 avx512 ..." of the bits in `features`; length needed, as snprintf. */
int attn_cpu_describe(uint64_t features, char *buf, size_t size);

#endif
