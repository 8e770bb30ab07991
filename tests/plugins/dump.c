/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes what a kernel is given to the file that DUMP names, as f32: queries, K, V, each row behind
 * the other. Computes nothing, so that its row is one of an error.
 */
#include "kernels/kernel.h"

#include <stdio.h>
#include <stdlib.h>

static void put_plane(const struct attn_args *args, bool of_v, FILE *to)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t dim = of_v ? p->dim_v : p->dim;
    const enum attn_type type = of_v ? p->v_type : p->k_type;
    struct attn_rows rows;
    for (uint32_t b = 0; b < p->batch; b++)
        for (uint32_t g = 0; g < p->kv_heads; g++)
            for (uint32_t t = 0; t < p->context; t++) {
                attn_kv_rows(&args->kv, b, g, t, 1, &rows);
                for (uint32_t d = 0; d < dim; d++) {
                    const float x = attn_element(type, of_v ? rows.v[0] : rows.k[0], d, dim);
                    fwrite(&x, sizeof(x), 1, to);
                }
            }
}

static void dump(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const char *const path = getenv("DUMP");
    FILE *const to = rank == 0 && path ? fopen(path, "wb") : NULL;
    (void)ranks;
    if (!to)
        return;
    fwrite(args->q, sizeof(float), (size_t)p->batch * p->q_len * p->heads * p->dim, to);
    put_plane(args, false, to);
    put_plane(args, true, to);
    fclose(to);
}

static const struct attn_kernel kernel = {
    .struct_size = sizeof(kernel),
    .rung = "dump",
    .isa = "",
    .summary = "writes its input to a file and computes nothing",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_STORED,
    .v_types = ATTN_TYPES_STORED,
    .layouts = ATTN_LAYOUTS_ALL,
    .phase = {dump},
    .phase_name = {"dump"},
};

ATTN_PLUGIN(&kernel);
