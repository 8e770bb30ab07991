/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every rung says about itself in the same words. The build hands in ATTN_RUNG_NAME,
 * ATTN_ISA_NAME, ATTN_ISA_CPU and ATTN_KERNEL_SYMBOL, so a source never repeats its own name.
 */
#ifndef ATTN_LADDER_TMPL_H
#define ATTN_LADDER_TMPL_H

#include "kernels/cpu.h"
#include "kernels/kernel.h"

#define ATTN_DEFINE_KERNEL                              \
    extern const struct attn_kernel ATTN_KERNEL_SYMBOL; \
    const struct attn_kernel ATTN_KERNEL_SYMBOL

#define ATTN_KERNEL_IDENTITY                                                                 \
    .struct_size = sizeof(struct attn_kernel), .rung = ATTN_RUNG_NAME, .isa = ATTN_ISA_NAME, \
    .cpu = ATTN_ISA_CPU

#endif
