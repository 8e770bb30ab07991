/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the two texts of one instruction set. The build hands in LAYER_OPS, LAYER_GEMV (their
 * symbols), ATTN_ISA_NAME and ATTN_ISA_CPU.
 */
#ifndef ATTN_LAYER_GEMV_H
#define ATTN_LAYER_GEMV_H

#include "kernels/layer/ops.h"

void LAYER_GEMV(const struct layer_product *p, uint32_t first, uint32_t end);

#endif
