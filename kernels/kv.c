/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strides of each layout. Token rows are packed without padding: a layout's cost should be its
 * own and not that of a leading dimension somebody chose.
 */
#include "kernels/kv.h"

/* Strides of a plane whose rows take `row` bytes; returns the bytes of the whole plane. */
static size_t plane_strides(const struct attn_problem *p, size_t row, uint32_t tokens, size_t pages,
                            struct attn_plane *plane)
{
    const size_t heads = p->kv_heads;
    switch (p->layout) {
    case ATTN_TOKEN_MAJOR:
        plane->head_stride = row;
        plane->token_stride = row * heads;
        plane->batch_stride = row * heads * tokens;
        return plane->batch_stride * p->batch;
    case ATTN_PAGED:
        plane->token_stride = row;
        plane->head_stride = row * p->page;
        plane->page_stride = row * p->page * heads;
        return plane->page_stride * pages;
    default:
        plane->token_stride = row;
        plane->head_stride = row * tokens;
        plane->batch_stride = row * tokens * heads;
        return plane->batch_stride * p->batch;
    }
}

/* One row of scales a KV head of a sequence, whatever the token. */
static size_t channel_strides(const struct attn_problem *p, struct attn_plane *plane)
{
    plane->head_stride = attn_head_scale_bytes(&attn_types[p->k_type], p->dim);
    plane->batch_stride = plane->head_stride * p->kv_heads;
    return plane->batch_stride * p->batch;
}

struct attn_kv_shape attn_kv_shape(const struct attn_problem *p)
{
    struct attn_kv_shape shape = {.view = {.struct_size = sizeof(struct attn_kv)}};
    const struct attn_type_info *const k = &attn_types[p->k_type], *const v =
                                                                       &attn_types[p->v_type];
    uint32_t tokens = p->context;
    if (p->layout == ATTN_RING) {
        /* A ring must hold every token one of the q_len queries still sees. */
        const uint32_t needed = p->window + p->q_len - 1;
        tokens = needed < tokens ? needed : tokens;
        shape.view.ring_tokens = tokens;
    }
    if (p->layout == ATTN_PAGED) {
        shape.view.page = p->page;
        shape.view.pages_a_sequence = (p->context + p->page - 1) / p->page;
        shape.table_entries = (size_t)shape.view.pages_a_sequence * p->batch;
        for (uint32_t b = 0; b < p->batch; b++)
            shape.pages +=
                (attn_problem_length(p, b) - attn_problem_shared(p, b) + p->page - 1) / p->page;
    }
    shape.k_bytes = plane_strides(p, attn_row_bytes(k, p->dim), tokens, shape.pages, &shape.view.k);
    if (p->layout == ATTN_TRANSPOSED)
        shape.view.k.token_stride = k->bits / 8;
    if (p->v_is_k_prefix) {
        shape.view.v = shape.view.k;
    } else {
        shape.v_bytes =
            plane_strides(p, attn_row_bytes(v, p->dim_v), tokens, shape.pages, &shape.view.v);
    }
    shape.k_scale_bytes = k->channel ? channel_strides(p, &shape.view.k_scale)
                                     : plane_strides(p, attn_row_scale_bytes(k, p->dim), tokens,
                                                     shape.pages, &shape.view.k_scale);
    if (p->v_is_k_prefix)
        shape.view.v_scale = shape.view.k_scale;
    else
        shape.v_scale_bytes = plane_strides(p, attn_row_scale_bytes(v, p->dim_v), tokens,
                                            shape.pages, &shape.view.v_scale);
    return shape;
}
