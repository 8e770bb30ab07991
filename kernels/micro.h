/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Register-blocked inner loops on the op layer. Rows (query heads of a group, times queries) are
 * taken in blocks of 1 to 4; for each block size a number of tokens (Q K') or vectors of the head
 * dim (P V) is chosen that fills the register file and no more:
 *
 *     registers   rows 1       rows 2       rows 3       rows 4
 *        16       8 x 1        6 x 2        4 x 3        3 x 4      accumulators <= 12
 *        32       12 x 1       8 x 2        8 x 3        6 x 4      accumulators <= 24
 *
 * The smaller side is held in registers and the larger one streams, so a step of the loop has more
 * multiply-adds than loads. Logits of a block lie [token][lane] with 1, 2, 4 and 4 lanes for 1, 2,
 * 3 and 4 rows: what one horizontal sum of four vectors delivers is stored as it is, exp() runs
 * over it densely, and P V broadcasts from it in order.
 *
 * Loops have constant bounds and are unrolled by pragma; an accumulator that spills shows up in
 * tests/object_code.py.
 */
#ifndef ATTN_MICRO_H
#define ATTN_MICRO_H

#include "kernels/dtype.h"
#include "kernels/simd.h"

#define MICRO_INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define MICRO_UNROLL _Pragma("clang loop unroll(full)")
#define MICRO_UNROLL_4 _Pragma("clang loop unroll_count(4)")
#else
#define MICRO_UNROLL _Pragma("GCC unroll 16")
#define MICRO_UNROLL_4 _Pragma("GCC unroll 4")
#endif

enum { MICRO_ROWS = 4, MICRO_TOKENS_MAX = 12 };

/* A widened tile of K: tokens it holds, floats of a token that lie together, products a lane adds
 * up before it starts afresh. */
enum { MICRO_TILE = 48, MICRO_LINE = 16, MICRO_CHAIN = 128 };

/* Lanes a token takes in the logits of a block of `rows` rows. */
MICRO_INLINE uint32_t micro_lanes(uint32_t rows)
{
    return rows == 3 ? 4 : rows;
}

/* Tokens a Q K' step takes, vectors a P V step takes at most, for a block of `rows` rows. */
MICRO_INLINE uint32_t micro_tokens(uint32_t rows)
{
    static const uint8_t narrow[5] = {0, 8, 6, 4, 3}, wide[5] = {0, 12, 8, 8, 6};
    return VF_REGISTERS >= 32 ? wide[rows] : narrow[rows];
}

MICRO_INLINE uint32_t micro_vectors(uint32_t rows)
{
    static const uint8_t narrow[5] = {0, 8, 6, 4, 3}, wide[5] = {0, 8, 8, 8, 6};
    return VF_REGISTERS >= 32 ? wide[rows] : narrow[rows];
}

/* VF_LANES elements of a row as f32; `type` is a constant at every call. */
MICRO_INLINE vf micro_load(const enum attn_type type, const void *row, size_t d)
{
    if (type == ATTN_F16)
        return vf_load_f16((const uint16_t *)row + d);
    if (type == ATTN_BF16)
        return vf_load_bf16((const uint16_t *)row + d);
    return vf_load((const float *)row + d);
}

/* A row from element d on. The barrier keeps elements at constant distances from it: gcc would make
 * an index register of each, and run out of them. */
MICRO_INLINE const void *micro_from(const enum attn_type type, const void *row, size_t d)
{
    const char *at = (const char *)row + d * (type == ATTN_F32 ? sizeof(float) : sizeof(uint16_t));
    __asm__("" : "+r"(at));
    return at;
}

/* Sums across the lanes, to logit[j][r]. */
MICRO_INLINE void micro_sums(const uint32_t rows, const uint32_t tokens,
                             vf acc[MICRO_TOKENS_MAX][MICRO_ROWS], float *logit)
{
    if (rows >= 3) {
        MICRO_UNROLL
        for (uint32_t j = 0; j < tokens; j++)
            vf_sum4(logit + 4 * j, acc[j][0], acc[j][1], acc[j][2],
                    rows == 4 ? acc[j][3] : acc[j][0]);
    } else if (rows == 2) {
        MICRO_UNROLL
        for (uint32_t j = 0; j + 1 < tokens; j += 2)
            vf_sum4(logit + 2 * j, acc[j][0], acc[j][1], acc[j + 1][0], acc[j + 1][1]);
    } else {
        MICRO_UNROLL
        for (uint32_t j = 0; j + 3 < tokens; j += 4)
            vf_sum4(logit + j, acc[j][0], acc[j + 1][0], acc[j + 2][0], acc[j + 3][0]);
    }
}

/* Lines of `tokens` rows a Q K' step asks for meanwhile: one line of every row after the other,
 * each while it takes `dims` elements of the head dim. */
struct micro_ahead {
    const void *const *row;
    size_t from; /* byte of a row at which the first line begins */
    uint32_t lines, dims;
};

/* Vectors of the head dim that are a line of a cache of that type. */
MICRO_INLINE uint32_t micro_line_vectors(const enum attn_type type)
{
    return (type == ATTN_F32 ? MICRO_LINE : 2 * MICRO_LINE) / VF_LANES;
}

/* Rows t .. t + per - 1 of `tokens`; a number that does not divide them has the last one again. */
MICRO_INLINE void micro_ask(const void *const *row, uint32_t t, const uint32_t per,
                            const uint32_t tokens, size_t from)
{
    MICRO_UNROLL
    for (uint32_t i = 0; i < per; i++)
        vf_prefetch((const char *)row[tokens % per && t + i >= tokens ? tokens - 1 : t + i] + from);
}

/* acc[j][r] += q[r] . k[j], a vector of the head dim from element d on. */
MICRO_INLINE void micro_qk_step(const uint32_t rows, const uint32_t tokens,
                                const enum attn_type type, const float *q, size_t q_stride,
                                const void *const *k, size_t d,
                                vf acc[MICRO_TOKENS_MAX][MICRO_ROWS])
{
    if (rows > tokens) { /* K in registers, q streams */
        vf kv[MICRO_TOKENS_MAX];
        MICRO_UNROLL
        for (uint32_t j = 0; j < tokens; j++)
            kv[j] = micro_load(type, k[j], d);
        MICRO_UNROLL
        for (uint32_t r = 0; r < rows; r++) {
            const vf qv = vf_load(q + r * q_stride);
            MICRO_UNROLL
            for (uint32_t j = 0; j < tokens; j++)
                acc[j][r] = vf_fma(qv, kv[j], acc[j][r]);
        }
    } else { /* q in registers, K streams */
        vf qv[MICRO_ROWS];
        MICRO_UNROLL
        for (uint32_t r = 0; r < rows; r++)
            qv[r] = vf_load(q + r * q_stride);
        MICRO_UNROLL
        for (uint32_t j = 0; j < tokens; j++) {
            const vf kv = micro_load(type, k[j], d);
            MICRO_UNROLL
            for (uint32_t r = 0; r < rows; r++)
                acc[j][r] = vf_fma(qv[r], kv, acc[j][r]);
        }
    }
}

/*
 * logit[j][r] = q[r] . k[j]; dim is a multiple of VF_LANES, q rows are q_stride floats apart. If
 * anything is asked for ahead, `spread`, it is spread among the multiply-adds.
 */
MICRO_INLINE void micro_qk(const uint32_t rows, const uint32_t tokens, const bool spread,
                           const enum attn_type type, const float *q, size_t q_stride,
                           const void *const *k, uint32_t dim, struct micro_ahead ahead,
                           float *logit)
{
    const uint32_t line = micro_line_vectors(type), per = (tokens + line - 1) / line;
    size_t d = 0;
    vf acc[MICRO_TOKENS_MAX][MICRO_ROWS];
    MICRO_UNROLL
    for (uint32_t j = 0; j < tokens; j++) {
        MICRO_UNROLL
        for (uint32_t r = 0; r < rows; r++)
            acc[j][r] = vf_zero();
    }
    for (; spread && ahead.lines; ahead.lines--, ahead.from += 64) {
        const size_t end = ahead.lines > 1 ? d + ahead.dims : dim;
        for (uint32_t asked = 0; d < end; d += VF_LANES, asked += per) {
            if (asked < tokens)
                micro_ask(ahead.row, asked, per, tokens, ahead.from);
            micro_qk_step(rows, tokens, type, q + d, q_stride, k, d, acc);
        }
    }
    for (; d < dim; d += VF_LANES)
        micro_qk_step(rows, tokens, type, q + d, q_stride, k, d, acc);
    micro_sums(rows, tokens, acc, logit);
}

/* Tokens a step of micro_qk_lanes() takes. */
MICRO_INLINE uint32_t micro_step(uint32_t vectors)
{
    return vectors == 1 || VF_REGISTERS >= 32 ? 12 : 6;
}

/*
 * Logits of many rows: the rows lie across the lanes and K, widened, is broadcast from a
 * first-level cache, so that nothing is transposed and nothing summed up across lanes but once at
 * the end. A block of VF_LANES / dims rows takes `dims` (1, 2 or 4) neighbouring elements of the
 * head dim at a time, so half and quarter blocks fill the lanes as well.
 *
 *     q      [dim / dims][rows][dims] a block, blocks one after the other
 *     k      [dim / MICRO_LINE][MICRO_TILE][MICRO_LINE], dim zero-padded to whole lines
 *     logit  [MICRO_TILE][rows] a block
 *
 * Takes `vectors` (1 or 2) blocks, micro_step() tokens, and of the head dim one chain, which begins
 * at `begin`: a lane adds up one product after the other, so a long chain would round too often,
 * and what a chain reads of q and K stays close until all tokens have met it.
 */
MICRO_INLINE void micro_qk_lanes(const uint32_t vectors, const uint32_t dims, const float *q,
                                 const float *k, uint32_t dim, uint32_t begin, float *logit)
{
    const uint32_t rows = VF_LANES / dims, tokens = micro_step(vectors);
    const uint32_t end = begin + MICRO_CHAIN < dim ? begin + MICRO_CHAIN : dim;
    vf acc[2][MICRO_TOKENS_MAX];
    MICRO_UNROLL
    for (uint32_t c = 0; c < vectors; c++) {
        MICRO_UNROLL
        for (uint32_t j = 0; j < tokens; j++)
            acc[c][j] = vf_zero();
    }
    for (uint32_t line = begin; line < end; line += MICRO_LINE) {
        const float *const tile = k + (size_t)line * MICRO_TILE;
        MICRO_UNROLL_4
        for (uint32_t d = 0; d < MICRO_LINE; d += dims) {
            vf qv[2];
            MICRO_UNROLL
            for (uint32_t c = 0; c < vectors; c++)
                qv[c] = vf_load(q + ((size_t)c * dim + line + d) * rows);
            MICRO_UNROLL
            for (uint32_t j = 0; j < tokens; j++) {
                const vf kv = vf_spread(tile + d + j * MICRO_LINE, dims);
                MICRO_UNROLL
                for (uint32_t c = 0; c < vectors; c++)
                    acc[c][j] = vf_fma(qv[c], kv, acc[c][j]);
            }
        }
    }
    MICRO_UNROLL
    for (uint32_t c = 0; c < vectors; c++) {
        MICRO_UNROLL
        for (uint32_t j = 0; j < tokens; j += dims) {
            float *const to = logit + ((size_t)c * MICRO_TILE + j) * rows;
            vf sum = acc[c][j];
            if (dims == 2)
                sum = vf_sum_pairs(sum, acc[c][j + 1]);
            if (dims == 4)
                sum = vf_sum_pairs(vf_sum_pairs(sum, acc[c][j + 1]),
                                   vf_sum_pairs(acc[c][j + 2], acc[c][j + 3]));
            vf_store(to, begin ? vf_add(vf_load(to), sum) : sum);
        }
    }
}

/* How many lines of each row a P V step asks for meanwhile. One or two are asked for without a
 * question, if need be the same one twice: a loop over lines was 11 of the 39 instructions of a
 * token with one row. */
enum micro_lines { MICRO_NO_LINES, MICRO_FEW_LINES, MICRO_LINES };

MICRO_INLINE void micro_fetch(const enum micro_lines some, const void *row, size_t from,
                              uint32_t lines)
{
    const char *const at = (const char *)row + from;
    if (some == MICRO_NO_LINES)
        return;
    vf_prefetch(at);
    if (some == MICRO_FEW_LINES)
        vf_prefetch(at + (size_t)(lines - 1) * 64);
    for (uint32_t line = 1; some == MICRO_LINES && line < lines; line++)
        vf_prefetch(at + (size_t)line * 64);
}

/* Where P V finds its values: in rows of a cache; there, and it leaves them behind as f32; or in
 * f32 that was left behind. */
enum micro_source { MICRO_CACHE, MICRO_CACHE_KEPT, MICRO_KEPT };

struct micro_values {
    const void *const *row;
    size_t d;      /* element of the head dim from which on rows are taken */
    float *kept;   /* from that element on; NULL if MICRO_CACHE */
    size_t stride; /* floats from one kept row to the next */
};

MICRO_INLINE vf micro_value(const enum attn_type type, const enum micro_source source,
                            const void *row, size_t d, float *kept)
{
    if (source == MICRO_KEPT)
        return vf_load((const float *)row + d);
    const vf x = micro_load(type, row, d);
    if (source == MICRO_CACHE_KEPT)
        vf_store(kept + d, x);
    return x;
}

/*
 * sum[r][c] = sum_j weight[j * lanes + r] * v[j][d + c * VF_LANES ..]; then acc = acc * keep + sum.
 * The sum of a tile is formed on its own before it joins acc, which keeps long contexts accurate.
 * `type` is that of the rows in a cache. While it runs, `lines` cache lines from byte `from` of
 * each row of `ahead` are asked for; `some` says how many that is.
 */
MICRO_INLINE void micro_pv(const uint32_t rows, const uint32_t vectors, const enum attn_type type,
                           const enum micro_source source, const enum micro_lines some,
                           const float *weight, size_t lanes, struct micro_values v, uint32_t n,
                           const float *keep, float *acc, size_t acc_stride,
                           const void *const *ahead, size_t from, uint32_t lines)
{
    vf sum[MICRO_ROWS][MICRO_TOKENS_MAX];
    MICRO_UNROLL
    for (uint32_t r = 0; r < rows; r++) {
        MICRO_UNROLL
        for (uint32_t c = 0; c < vectors; c++)
            sum[r][c] = vf_zero();
    }
    for (uint32_t j = 0; j < n; j++, weight += lanes) {
        micro_fetch(some, some ? ahead[j] : NULL, from, lines);
        const void *const row = source == MICRO_KEPT ? v.kept : micro_from(type, v.row[j], v.d);
        if (rows > vectors) { /* V in registers, weights stream */
            vf vv[MICRO_TOKENS_MAX];
            MICRO_UNROLL
            for (uint32_t c = 0; c < vectors; c++)
                vv[c] = micro_value(type, source, row, c * VF_LANES, v.kept);
            MICRO_UNROLL
            for (uint32_t r = 0; r < rows; r++) {
                const vf w = vf_set1(weight[r]);
                MICRO_UNROLL
                for (uint32_t c = 0; c < vectors; c++)
                    sum[r][c] = vf_fma(w, vv[c], sum[r][c]);
            }
        } else { /* weights in registers, V streams */
            vf w[MICRO_ROWS];
            MICRO_UNROLL
            for (uint32_t r = 0; r < rows; r++)
                w[r] = vf_set1(weight[r]);
            MICRO_UNROLL
            for (uint32_t c = 0; c < vectors; c++) {
                const vf vv = micro_value(type, source, row, c * VF_LANES, v.kept);
                MICRO_UNROLL
                for (uint32_t r = 0; r < rows; r++)
                    sum[r][c] = vf_fma(w[r], vv, sum[r][c]);
            }
        }
        if (source != MICRO_CACHE)
            v.kept += v.stride;
    }
    MICRO_UNROLL
    for (uint32_t r = 0; r < rows; r++) {
        float *const to = acc + r * acc_stride;
        const vf shrink = vf_set1(keep[r]);
        MICRO_UNROLL
        for (uint32_t c = 0; c < vectors; c++)
            vf_store(to + c * VF_LANES, vf_fma(vf_load(to + c * VF_LANES), shrink, sum[r][c]));
    }
}

#endif
