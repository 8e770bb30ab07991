/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quantiser; see quant.h for the formulas. Scales are rounded up, not to the nearest: then no
 * code is ever clipped, and half a scale bounds the error of every element, subnormal scales
 * included.
 */
#include "kernels/quant.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { F16_INFINITY = 0x7c00 };

int attn_quant_scale(enum attn_type type, float largest, uint16_t *scale)
{
    const float top = (float)attn_types[type].top;
    if (!(largest >= 0) || isinf(largest))
        return -EDOM;
    uint16_t s = attn_f32_to_f16(largest / top);
    if (s < F16_INFINITY && (double)attn_f16_to_f32(s) * (double)top < (double)largest)
        s++;
    if (s >= F16_INFINITY)
        return -ERANGE;
    *scale = s;
    return 0;
}

/* Largest magnitude, or a NaN if there is one among them. */
static float largest_of(const float *x, uint32_t n)
{
    float largest = 0;
    for (uint32_t i = 0; i < n && !isnan(largest); i++)
        largest = fabsf(x[i]) <= largest ? largest : fabsf(x[i]);
    return largest;
}

static int code_row(enum attn_type type, const float *x, uint32_t dim, void *row,
                    const uint16_t *scales)
{
    const struct attn_type_info *const info = &attn_types[type];
    for (uint32_t d = 0; d < dim; d++) {
        const float scale = attn_element_scale(info, scales, d);
        if (!isfinite(x[d]) || !isfinite(scale) || (scale <= 0 && x[d] != 0))
            return -EDOM;
        const float exact = scale > 0 ? rintf(x[d] / scale) : 0, top = (float)info->top;
        const int32_t code = (int32_t)(exact > top ? top : exact < -top ? -top : exact);
        if (info->bits == 8)
            ((int8_t *)row)[d] = (int8_t)code;
        else
            attn_i4_set(row, d, dim, code);
    }
    return 0;
}

static int float_row(enum attn_type type, const float *x, uint32_t dim, void *row)
{
    for (uint32_t d = 0; d < dim; d++) {
        if (!isfinite(x[d]))
            return -EDOM;
        switch (type) {
        case ATTN_F16:
            ((uint16_t *)row)[d] = attn_f32_to_f16(x[d]);
            break;
        case ATTN_BF16:
            ((uint16_t *)row)[d] = attn_f32_to_bf16(x[d]);
            break;
        case ATTN_E4M3:
            ((uint8_t *)row)[d] = attn_f32_to_e4m3(x[d]);
            break;
        case ATTN_E5M2:
            ((uint8_t *)row)[d] = attn_f32_to_e5m2(x[d]);
            break;
        default:
            ((float *)row)[d] = x[d];
        }
    }
    return 0;
}

int attn_quant_row(enum attn_type type, const float *x, uint32_t dim, void *row, uint16_t *scales)
{
    const struct attn_type_info *const info = &attn_types[type];
    if (!info->top)
        return float_row(type, x, dim, row);
    memset(row, 0, attn_row_bytes(info, dim)); /* an odd row ends in half a byte */
    for (uint32_t b = 0; b < attn_row_scales(info, dim); b++) {
        const uint32_t first = b * info->block, left = dim - first;
        const float largest = largest_of(x + first, left < info->block ? left : info->block);
        const int error = attn_quant_scale(type, largest, &scales[b]);
        if (error)
            return error;
    }
    return code_row(type, x, dim, row, scales);
}

struct place {
    char plane;
    uint32_t batch, head, pos;
};

static const char *check_scales(const struct attn_type_info *info, const void *scales, uint32_t n,
                                struct place at, char *buf, size_t size)
{
    for (uint32_t i = 0; i < n; i++) {
        const float s = attn_f16_to_f32(((const uint16_t *)scales)[i]);
        if (s >= 0 && isfinite(s))
            continue;
        char token[32] = "all tokens";
        if (!info->channel)
            snprintf(token, sizeof(token), "token %u", at.pos);
        snprintf(buf, size,
                 "a scale of %c is %g, not a finite number from 0 up: sequence %u, KV head %u, %s, "
                 "%s %u",
                 at.plane, (double)s, at.batch, at.head, token, info->channel ? "channel" : "block",
                 i);
        return buf;
    }
    return NULL;
}

/* The scales of the tokens one KV head of one sequence shows to its queries. */
static const char *check_head(const struct attn_args *args, uint32_t batch, uint32_t head,
                              char *buf, size_t size)
{
    const struct attn_problem *const p = args->problem;
    const struct attn_type_info *const k = &attn_types[p->k_type], *const v =
                                                                       &attn_types[p->v_type];
    const uint32_t end = attn_visible(p, args->lengths[batch], p->q_len - 1).end;
    const uint32_t n = k->channel ? p->dim : attn_row_scales(k, p->dim);
    const char *wrong = NULL;
    struct attn_rows rows;
    rows.k_scale[0] = rows.v_scale[0] = NULL;
    for (uint32_t pos = attn_visible(p, args->lengths[batch], 0).first; !wrong && pos < end;
         pos++) {
        attn_kv_rows(&args->kv, batch, head, pos, 1, &rows);
        const struct place at_k = {'K', batch, head, pos}, at_v = {'V', batch, head, pos};
        wrong = check_scales(k, rows.k_scale[0], n, at_k, buf, size);
        if (!wrong)
            wrong = check_scales(v, rows.v_scale[0], attn_row_scales(v, p->dim_v), at_v, buf, size);
        if (k->channel && !v->top)
            break;
    }
    return wrong;
}

const char *attn_quant_invalid(const struct attn_args *args, char *buf, size_t size)
{
    const struct attn_problem *const p = args->problem;
    if (!attn_types[p->k_type].top && !attn_types[p->v_type].top)
        return NULL;
    for (uint32_t b = 0; b < p->batch; b++)
        for (uint32_t g = 0; g < p->kv_heads; g++) {
            const char *const wrong = check_head(args, b, g, buf, size);
            if (wrong)
                return wrong;
        }
    return NULL;
}
