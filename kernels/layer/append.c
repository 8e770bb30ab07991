/* SPDX-License-Identifier: Apache-2.0 */
/* One row at a time: it is q_len * G rows a sequence, next to a whole cache that is read. */
#include "kernels/layer/append.h"

#include <string.h>

void layer_narrow(enum attn_type type, void *to, const float *from, uint32_t n)
{
    uint16_t *const half = to;
    if (type == ATTN_F32)
        memcpy(to, from, n * sizeof(*from));
    else if (type == ATTN_F16)
        for (uint32_t i = 0; i < n; i++)
            half[i] = attn_f32_to_f16(from[i]);
    else
        for (uint32_t i = 0; i < n; i++)
            half[i] = attn_f32_to_bf16(from[i]);
}

/* Where row `slot` of a plane lies, to be written. */
static void *row_of(const struct attn_plane *plane, uint32_t batch, size_t page, uint32_t head,
                    uint32_t slot)
{
    return (char *)(uintptr_t)plane->base + attn_plane_offset(plane, batch, page, head, slot);
}

void layer_append(const struct attn_args *args, uint32_t batch, uint32_t i, uint32_t kv_head,
                  const float *k, const float *v)
{
    const struct attn_problem *const p = args->problem;
    const struct attn_kv *const kv = &args->kv;
    const uint32_t pos = args->lengths[batch] - p->q_len + i;
    const uint32_t modulus = kv->table ? kv->page : kv->ring_tokens;
    const uint32_t slot = modulus ? pos % modulus : pos;
    const size_t page =
        kv->table ? kv->table[(size_t)batch * kv->pages_a_sequence + pos / modulus] : 0;
    layer_narrow(p->k_type, row_of(&kv->k, batch, page, kv_head, slot), k, p->dim);
    layer_narrow(p->v_type, row_of(&kv->v, batch, page, kv_head, slot), v, p->dim_v);
}
