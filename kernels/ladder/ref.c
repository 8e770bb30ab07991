/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rung 0, the oracle as a kernel: every row by itself, two passes, double throughout. It exists so
 * that the oracle can be listed, run and timed like anything else; it is not meant to be fast.
 */
#include "kernels/check.h"

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    (void)splits;
    return (size_t)ranks * p->dim_v * sizeof(double);
}

static void run(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    struct attn_expected row = {.out = (double *)args->scratch + (size_t)rank * p->dim_v};
    const size_t rows = (size_t)p->batch * p->q_len * p->heads;
    for (size_t index = (size_t)rank; index < rows; index += (size_t)ranks) {
        row.head = (uint32_t)(index % p->heads);
        row.i = (uint32_t)(index / p->heads % p->q_len);
        row.batch = (uint32_t)(index / p->heads / p->q_len);
        attn_check_expect(args, &row);
        for (uint32_t d = 0; d < p->dim_v; d++)
            args->out[index * p->dim_v + d] = (float)row.out[d];
        if (args->lse)
            args->lse[index] = (float)row.lse;
    }
}

extern const struct attn_kernel ATTN_KERNEL_SYMBOL;
const struct attn_kernel ATTN_KERNEL_SYMBOL = {
    .struct_size = sizeof(struct attn_kernel),
    .rung = ATTN_RUNG_NAME,
    .isa = ATTN_ISA_NAME,
    .summary = "double-precision oracle, one row at a time",
    .kind = ATTN_ORACLE,
    .k_types = ATTN_TYPES_K,
    .v_types = ATTN_TYPES_V,
    .layouts = ATTN_LAYOUTS_ANY,
    .scratch_bytes = scratch_bytes,
    .phase = {run},
    .phase_name = {"attend"},
};
