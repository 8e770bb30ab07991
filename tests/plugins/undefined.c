/* SPDX-License-Identifier: Apache-2.0 */
/* A plug-in that was linked without what it calls. */
#include "kernels/kernel.h"

void nobody_has_this(const struct attn_args *args, int rank, int ranks);

static const struct attn_kernel undefined = {
    .struct_size = sizeof(undefined),
    .rung = "undefined",
    .isa = "",
    .summary = "never seen",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_STORED,
    .v_types = ATTN_TYPES_STORED,
    .layouts = ATTN_LAYOUTS_ALL,
    .phase = {nobody_has_this},
};

ATTN_PLUGIN(&undefined);
