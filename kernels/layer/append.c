/* SPDX-License-Identifier: Apache-2.0 */
/* One row at a time: it is q_len * G rows a sequence, next to a whole cache that is read. */
#include "kernels/layer/append.h"

#include "kernels/quant.h"

static int store(enum attn_type type, const float *x, uint32_t dim, const void *row,
                 const void *scales)
{
    return attn_quant_row(type, x, dim, (void *)(uintptr_t)row, (void *)(uintptr_t)scales);
}

int layer_append(const struct attn_args *args, uint32_t batch, uint32_t i, uint32_t kv_head,
                 const float *k, const float *v)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t pos = args->lengths[batch] - p->q_len + i;
    struct attn_rows rows;
    rows.k_scale[0] = rows.v_scale[0] = NULL;
    attn_kv_rows(&args->kv, batch, kv_head, pos, 1, &rows);
    const int error = store(p->k_type, k, p->dim, rows.k[0], rows.k_scale[0]);
    return error ? error : store(p->v_type, v, p->dim_v, rows.v[0], rows.v_scale[0]);
}
