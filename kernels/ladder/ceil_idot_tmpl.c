/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ceiling: issues exactly the problem's multiply-adds from registers, as products of bytes added up
 * in 32 bits. It is the fastest arithmetic there is for a cache of integers, and so what both ways
 * of attending to one are held against: widening it to floats, and multiplying it as it is.
 */
#include "kernels/ladder/idot.h"
#include "kernels/ladder/tmpl.h"
#include "kernels/micro.h"

enum { CHAINS = 12, LINE = 64 };

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    (void)p;
    (void)splits;
    return (size_t)ranks * LINE;
}

/* Hides from the compiler what a factor holds, or it would multiply once for all chains. */
#if defined(__AVX2__)
#define OPAQUE(x) __asm__ volatile("" : "+x"(x))
#elif defined(__ARM_FEATURE_DOTPROD)
#define OPAQUE(x) __asm__ volatile("" : "+w"(x))
#else
#define OPAQUE(x) __asm__ volatile("" : "+r"(x))
#endif

static void run(const struct attn_args *args, int rank, int ranks)
{
    const uint64_t operations = attn_flops(args->problem) / 2 / VI_BYTES;
    const uint64_t steps = operations / CHAINS / (uint64_t)ranks + 1;
    const vi s = vi_set1(0x01ff01ff);
    vi u = vi_set1(0x01010101), chain[CHAINS];
    for (int32_t c = 0; c < CHAINS; c++)
        chain[c] = vi_set1(c);
    for (uint64_t i = 0; i < steps; i++) {
        MICRO_UNROLL
        for (int c = 0; c < CHAINS; c++) {
            OPAQUE(u);
            chain[c] = vi_dot(chain[c], u, s);
        }
    }
    for (int c = 1; c < CHAINS; c++)
        chain[0] = vi_add(chain[0], chain[c]);
    *(volatile int32_t *)((char *)args->scratch + (size_t)rank * LINE) = vi_first(chain[0]);
}

ATTN_DEFINE_KERNEL = {
    ATTN_KERNEL_IDENTITY,
    .summary = "ceiling: issues the problem's multiply-adds as integer dot products",
    .kind = ATTN_CEILING,
    .k_types = ATTN_TYPES_INTEGER,
    .v_types = ATTN_TYPES_INTEGER & ATTN_TYPES_V,
    .layouts = ATTN_LAYOUTS_ANY,
    .scratch_bytes = scratch_bytes,
    .phase = {run},
    .phase_name = {"multiply-add"},
};
