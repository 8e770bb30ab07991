/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small operations. Next to a layer's weights they touch nothing, so they are plain loops left
 * to the compiler, but for the two sums of a norm, which it may not reorder by itself. Exponentials
 * are taken of negative numbers only, and so cannot overflow.
 */
#include "kernels/layer/gemv.h"

#include <math.h>

#include "kernels/cpu.h"
#include "kernels/ladder/plain.h"
#include "kernels/simd.h"

/* sum (x - shift)^2, or sum x with `plain`. */
static float sum_of(const float *x, uint32_t n, float shift, int plain)
{
    const vf minus = vf_set1(-shift);
    vf a = vf_zero(), b = vf_zero();
    uint32_t i = 0;
    for (; i + 2 * VF_LANES <= n; i += 2 * VF_LANES) {
        const vf x0 = vf_add(vf_load(x + i), minus), x1 = vf_add(vf_load(x + i + VF_LANES), minus);
        a = plain ? vf_add(a, x0) : vf_fma(x0, x0, a);
        b = plain ? vf_add(b, x1) : vf_fma(x1, x1, b);
    }
    float sum = vf_sum(vf_add(a, b));
    for (; i < n; i++)
        sum += plain ? x[i] - shift : (x[i] - shift) * (x[i] - shift);
    return sum;
}

static void norm(enum layer_norm kind, float *out, const float *x, const float *weight,
                 const float *bias, uint32_t n, float eps)
{
    const float mean = kind == LAYER_NORM_MEAN ? sum_of(x, n, 0, 1) / (float)n : 0;
    const float factor = 1 / sqrtf(sum_of(x, n, mean, 0) / (float)n + eps);
    const float plus = kind == LAYER_NORM_RMS_PLUS ? 1 : 0;
    if (bias)
        for (uint32_t i = 0; i < n; i++)
            out[i] = (x[i] - mean) * factor * weight[i] + bias[i];
    else
        for (uint32_t i = 0; i < n; i++)
            out[i] = (x[i] - mean) * factor * (plus + weight[i]);
}

static void add(float *out, const float *a, const float *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = a[i] + b[i];
}

static void rope(float *restrict out, const float *restrict x, const float *restrict turns,
                 uint32_t dim)
{
    const uint32_t half = dim / 2;
    for (uint32_t i = 0; i < half; i++) {
        const float a = x[i], b = x[half + i], c = turns[i], s = turns[half + i];
        out[i] = a * c - b * s;
        out[half + i] = b * c + a * s;
    }
}

/* 1 / (1 + exp(-z)) */
static inline float sigmoid(float z)
{
    const float e = plain_exp(z < 0 ? z : -z);
    return (z < 0 ? e : 1.0f) / (1.0f + e);
}

static inline float gelu_tanh(float x)
{
    return x * sigmoid(1.59576912f * (x + 0.044715f * x * x * x));
}

static void act(enum layer_act kind, float *restrict out, const float *restrict gate,
                const float *restrict up, uint32_t n)
{
    if (kind == LAYER_ACT_SWIGLU)
        for (uint32_t i = 0; i < n; i++)
            out[i] = gate[i] * sigmoid(gate[i]) * up[i];
    else if (kind == LAYER_ACT_GEGLU)
        for (uint32_t i = 0; i < n; i++)
            out[i] = gelu_tanh(gate[i]) * up[i];
    else if (kind == LAYER_ACT_GELU_TANH)
        for (uint32_t i = 0; i < n; i++)
            out[i] = gelu_tanh(gate[i]);
    else
        for (uint32_t i = 0; i < n; i++)
            out[i] = 0.5f * gate[i] * (1 + erff(0.707106781f * gate[i]));
}

static void widen(enum attn_type type, float *out, const void *x, uint32_t n)
{
    if (type == ATTN_I8)
        for (uint32_t i = 0; i < n; i++)
            out[i] = (float)((const int8_t *)x)[i];
    else
        attn_widen_row(type, x, NULL, n, out);
}

extern const struct layer_ops LAYER_OPS;
const struct layer_ops LAYER_OPS = {
    .isa = ATTN_ISA_NAME,
    .cpu = ATTN_ISA_CPU,
    .norm = norm,
    .add = add,
    .rope = rope,
    .act = act,
    .widen = widen,
    .gemv = LAYER_GEMV,
};
