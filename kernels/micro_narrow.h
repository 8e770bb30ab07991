/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inner loops of kernels/micro.h for caches of eight bits and fewer, ATTN_QUANT_BLOCK elements
 * at a time: that many share a scale, and lie together however they are packed. A scale meets the
 * smaller side. Logits of one row are summed up in a block before their scale is applied, which
 * costs one multiply-add a block; with more rows the codes are scaled once for all of them. Weights
 * of few rows take the scale, else again the codes do.
 *
 * Types without scales in the row pass through with a constant one, so there is no loop of their
 * own: 256 puts right an e4m3 that was widened as if it were an f16.
 */
#ifndef ATTN_MICRO_NARROW_H
#define ATTN_MICRO_NARROW_H

#include "kernels/micro.h"

/* Vectors of a block. */
enum { NARROW_VECTORS = ATTN_QUANT_BLOCK / (int)VF_LANES, NARROW_BLOCKS = 4 };

/* Scales of a tile as f32: block b of row j is at[j * stride + b]. */
struct narrow_scales {
    const float *at;
    size_t stride;
};

/* Does the type take these loops? i8c and i4c do under the names of i8 and i4. */
static inline bool narrow_type(enum attn_type type)
{
    return attn_types[type].bits <= 8;
}

static inline enum attn_type narrow_codes(enum attn_type type)
{
    return type == ATTN_I8C ? ATTN_I8 : type == ATTN_I4C ? ATTN_I4 : type;
}

/* Vector i of a block of codes, in a row of whole blocks so far; `type` and i are constants. */
MICRO_INLINE vf narrow_load(const enum attn_type type, const void *row, uint32_t block,
                            const uint32_t i)
{
    const uint8_t *const at = (const uint8_t *)row + block * ATTN_QUANT_BLOCK;
    const uint32_t half = ATTN_QUANT_BLOCK / 2;
    if (type == ATTN_I8)
        return vf_load_i8((const int8_t *)at + i * VF_LANES);
    if (type == ATTN_E4M3)
        return vf_load_e4m3(at + i * VF_LANES);
    if (type == ATTN_E5M2)
        return vf_load_e5m2(at + i * VF_LANES);
    return vf_load_i4((const uint8_t *)row + block * half + i * VF_LANES % half,
                      i * VF_LANES >= half);
}

/*
 * Tokens a Q K' step takes. The sum of a block is one register a row more than in micro_qk(), and
 * compilers keep all of q that a block meets in registers: with sixteen of them one row leaves room
 * for four tokens, two for two.
 */
MICRO_INLINE uint32_t narrow_tokens(uint32_t rows)
{
    static const uint8_t few[5] = {0, 4, 2, 1, 1}, many[5] = {0, 12, 8, 6, 4};
    return VF_REGISTERS >= 32 ? many[rows] : few[rows];
}

/* Blocks a P V step takes at most. */
MICRO_INLINE uint32_t narrow_blocks(uint32_t rows)
{
    const uint32_t blocks = micro_vectors(rows) / NARROW_VECTORS;
    return blocks > NARROW_BLOCKS ? (uint32_t)NARROW_BLOCKS : blocks ? blocks : 1;
}

/* As micro_qk(), dim being whole blocks. */
MICRO_INLINE void narrow_qk(const uint32_t rows, const uint32_t tokens, const enum attn_type type,
                            const float *q, size_t q_stride, const void *const *k,
                            struct narrow_scales scales, uint32_t dim, float *logit)
{
    vf acc[MICRO_TOKENS_MAX][MICRO_ROWS];
    MICRO_UNROLL
    for (uint32_t j = 0; j < tokens; j++) {
        MICRO_UNROLL
        for (uint32_t r = 0; r < rows; r++)
            acc[j][r] = vf_zero();
    }
    for (uint32_t b = 0; b < dim / ATTN_QUANT_BLOCK; b++, q += ATTN_QUANT_BLOCK) {
        MICRO_UNROLL
        for (uint32_t j = 0; j < tokens; j++) {
            const vf scale = vf_set1(scales.at[j * scales.stride + b]);
            if (rows <= NARROW_VECTORS / 2 || rows == 1) {
                vf part[MICRO_ROWS];
                MICRO_UNROLL
                for (uint32_t i = 0; i < NARROW_VECTORS; i++) {
                    const vf code = narrow_load(type, k[j], b, i);
                    MICRO_UNROLL
                    for (uint32_t r = 0; r < rows; r++) {
                        const vf qv = vf_load(q + r * q_stride + i * VF_LANES);
                        part[r] = i ? vf_fma(qv, code, part[r]) : vf_mul(qv, code);
                    }
                }
                MICRO_UNROLL
                for (uint32_t r = 0; r < rows; r++)
                    acc[j][r] = vf_fma(part[r], scale, acc[j][r]);
            } else {
                MICRO_UNROLL
                for (uint32_t i = 0; i < NARROW_VECTORS; i++) {
                    const vf value = vf_mul(narrow_load(type, k[j], b, i), scale);
                    MICRO_UNROLL
                    for (uint32_t r = 0; r < rows; r++)
                        acc[j][r] =
                            vf_fma(vf_load(q + r * q_stride + i * VF_LANES), value, acc[j][r]);
                }
            }
        }
    }
    micro_sums(rows, tokens, acc, logit);
}

/* A row from block `first` on, at constant distances as micro_from() has it. */
MICRO_INLINE const void *narrow_from(const enum attn_type type, const void *row, uint32_t first)
{
    const uint32_t bytes = type == ATTN_I4 ? ATTN_QUANT_BLOCK / 2 : ATTN_QUANT_BLOCK;
    const char *at = (const char *)row + (size_t)first * bytes;
    __asm__("" : "+r"(at));
    return at;
}

/* As micro_pv(), for `blocks` blocks from `first`. */
MICRO_INLINE void narrow_pv(const uint32_t rows, const uint32_t blocks, const enum attn_type type,
                            const enum micro_lines some, const float *weight, size_t lanes,
                            const void *const *v, struct narrow_scales scales, uint32_t n,
                            uint32_t first, const float *keep, float *acc, size_t acc_stride,
                            const void *const *ahead, size_t from, uint32_t lines)
{
    vf sum[MICRO_ROWS][NARROW_BLOCKS * NARROW_VECTORS];
    MICRO_UNROLL
    for (uint32_t r = 0; r < rows; r++) {
        MICRO_UNROLL
        for (uint32_t c = 0; c < blocks * NARROW_VECTORS; c++)
            sum[r][c] = vf_zero();
    }
    const float *scale_at = scales.at + first;
    for (uint32_t j = 0; j < n; j++, weight += lanes, scale_at += scales.stride) {
        const void *const row = narrow_from(type, v[j], first);
        vf w[MICRO_ROWS];
        micro_fetch(some, some ? ahead[j] : NULL, from, lines);
        MICRO_UNROLL
        for (uint32_t r = 0; r < rows; r++)
            w[r] = vf_set1(weight[r]);
        MICRO_UNROLL
        for (uint32_t b = 0; b < blocks; b++) {
            const vf scale = vf_set1(scale_at[b]);
            if (rows < NARROW_VECTORS || rows == 1) {
                vf scaled[MICRO_ROWS];
                MICRO_UNROLL
                for (uint32_t r = 0; r < rows; r++)
                    scaled[r] = vf_mul(w[r], scale);
                MICRO_UNROLL
                for (uint32_t i = 0; i < NARROW_VECTORS; i++) {
                    const vf code = narrow_load(type, row, b, i);
                    MICRO_UNROLL
                    for (uint32_t r = 0; r < rows; r++)
                        sum[r][b * NARROW_VECTORS + i] =
                            vf_fma(scaled[r], code, sum[r][b * NARROW_VECTORS + i]);
                }
            } else {
                MICRO_UNROLL
                for (uint32_t i = 0; i < NARROW_VECTORS; i++) {
                    const vf value = vf_mul(narrow_load(type, row, b, i), scale);
                    MICRO_UNROLL
                    for (uint32_t r = 0; r < rows; r++)
                        sum[r][b * NARROW_VECTORS + i] =
                            vf_fma(w[r], value, sum[r][b * NARROW_VECTORS + i]);
                }
            }
        }
    }
    MICRO_UNROLL
    for (uint32_t r = 0; r < rows; r++) {
        float *const to = acc + r * acc_stride + first * ATTN_QUANT_BLOCK;
        const vf shrink = vf_set1(keep[r]);
        MICRO_UNROLL
        for (uint32_t c = 0; c < blocks * NARROW_VECTORS; c++)
            vf_store(to + c * VF_LANES, vf_fma(vf_load(to + c * VF_LANES), shrink, sum[r][c]));
    }
}

#endif
