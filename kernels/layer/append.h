/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newest tokens into the cache, in its own type and layout. attn_args carries the cache as
 * const, because attention only reads it; whoever appends owns the memory behind it.
 */
#ifndef ATTN_LAYER_APPEND_H
#define ATTN_LAYER_APPEND_H

#include "kernels/kernel.h"

/* Types an append can narrow to. */
#define LAYER_CACHE_TYPES ATTN_TYPES_STORED

/* K (dim floats) and V (dim_v) of one KV head of new token i < q_len of a sequence. */
void layer_append(const struct attn_args *args, uint32_t batch, uint32_t i, uint32_t kv_head,
                  const float *k, const float *v);

/* Row of a type of LAYER_CACHE_TYPES from n floats, to nearest even. */
void layer_narrow(enum attn_type type, void *to, const float *from, uint32_t n);

#endif
