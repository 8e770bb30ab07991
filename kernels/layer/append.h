/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newest tokens into the cache, in its own type and layout. attn_args carries the cache as
 * const, because attention only reads it; whoever appends owns the memory behind it.
 */
#ifndef ATTN_LAYER_APPEND_H
#define ATTN_LAYER_APPEND_H

#include "kernels/kernel.h"

/*
 * K (dim floats) and V (dim_v) of one KV head of new token i < q_len of a sequence. Types with a
 * scale a channel keep the scales they have. 0, or an error of attn_quant_row().
 */
int layer_append(const struct attn_args *args, uint32_t batch, uint32_t i, uint32_t kv_head,
                 const float *k, const float *v);

#endif
