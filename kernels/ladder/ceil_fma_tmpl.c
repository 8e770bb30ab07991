/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ceiling: issues exactly the problem's multiply-adds from registers, touching no memory. Enough
 * independent chains to cover the latency of the unit; every result is stored at the end, so none
 * can be dropped, and the factor keeps the values finite for any length.
 */
#include "kernels/ladder/tmpl.h"
#include "kernels/simd.h"

enum { CHAINS = 12, LINE = 64 };

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    (void)p;
    (void)splits;
    return (size_t)ranks * LINE;
}

static void run(const struct attn_args *args, int rank, int ranks)
{
    const uint64_t operations = attn_flops(args->problem) / 2 / VF_LANES;
    const uint64_t steps = operations / CHAINS / (uint64_t)ranks + 1;
    const vf factor = vf_set1(0.5f), term = vf_set1(*args->q);
    /* Chains must start apart, or a compiler may prove them equal and keep one. */
    vf c0 = vf_set1(0), c1 = vf_set1(1), c2 = vf_set1(2), c3 = vf_set1(3), c4 = vf_set1(4);
    vf c5 = vf_set1(5), c6 = vf_set1(6), c7 = vf_set1(7), c8 = vf_set1(8), c9 = vf_set1(9);
    vf c10 = vf_set1(10), c11 = vf_set1(11);
    for (uint64_t i = 0; i < steps; i++) {
        c0 = vf_fma(c0, factor, term);
        c1 = vf_fma(c1, factor, term);
        c2 = vf_fma(c2, factor, term);
        c3 = vf_fma(c3, factor, term);
        c4 = vf_fma(c4, factor, term);
        c5 = vf_fma(c5, factor, term);
        c6 = vf_fma(c6, factor, term);
        c7 = vf_fma(c7, factor, term);
        c8 = vf_fma(c8, factor, term);
        c9 = vf_fma(c9, factor, term);
        c10 = vf_fma(c10, factor, term);
        c11 = vf_fma(c11, factor, term);
    }
    c0 = vf_add(vf_add(vf_add(c0, c1), vf_add(c2, c3)), vf_add(vf_add(c4, c5), vf_add(c6, c7)));
    c0 = vf_add(c0, vf_add(vf_add(c8, c9), vf_add(c10, c11)));
    *(volatile float *)((char *)args->scratch + (size_t)rank * LINE) = vf_sum(c0);
}

ATTN_DEFINE_KERNEL = {
    ATTN_KERNEL_IDENTITY,
    .summary = "ceiling: issues the problem's multiply-adds from registers",
    .kind = ATTN_CEILING,
    .k_types = ATTN_TYPES_K,
    .v_types = ATTN_TYPES_V,
    .layouts = ATTN_LAYOUTS_ANY,
    .scratch_bytes = scratch_bytes,
    .phase = {run},
    .phase_name = {"multiply-add"},
};
