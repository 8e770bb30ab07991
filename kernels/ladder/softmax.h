/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logits of a block of rows over a tile to weights: softcap and bias, what a row must not see, and
 * the running maximum and sum. m[] has as many entries as the block has lanes.
 *
 * A row's reference m is moved only when a tile tops it by more than LAZY (the weights then stay
 * below e^8), so most tiles shrink nothing.
 */
#ifndef ATTN_LADDER_SOFTMAX_H
#define ATTN_LADDER_SOFTMAX_H

#include <math.h>

#include "kernels/micro.h"
#include "kernels/state.h"

#define SOFTMAX_HIDDEN -1e30f
#define SOFTMAX_LAZY 8.0f

/* Is all of a tile so far behind all queries of the piece that a row has one bias for it? */
static inline bool softmax_far(const struct attn_args *args, const struct attn_piece *piece,
                               const struct attn_rows *tile)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t first = args->lengths[piece->batch] - p->q_len + piece->q_first;
    uint32_t newest = 0;
    for (uint32_t j = 0; j < tile->n; j++)
        newest = tile->pos[j] > newest ? tile->pos[j] : newest;
    return newest + ATTN_BIAS_SPAN - 1 <= first;
}

/* That bias, to all logits of a block. */
static inline void softmax_add(const struct attn_args *args, const struct attn_piece *piece,
                               uint32_t row, uint32_t rows, uint32_t lanes, uint32_t n,
                               float *logit)
{
    float bias[VF_LANES] = {0};
    for (uint32_t r = 0; r < rows; r++)
        bias[r] =
            attn_bias_of(args, attn_piece_head(args->problem, piece, row + r))[ATTN_BIAS_SPAN - 1];
    const vf all = vf_spread(bias, lanes);
    for (uint32_t i = 0; i < n * lanes; i += VF_LANES)
        vf_store(logit + i, vf_add(vf_load(logit + i), all));
}

/* Softcap and bias by distance over the logits of a block. Biases of T5 end at a distance, so most
 * tiles of a long context have one; the rest goes lane by lane. */
static inline void softmax_adjust(const struct attn_args *args, const struct attn_piece *piece,
                                  uint32_t row, uint32_t rows, uint32_t lanes,
                                  const struct attn_rows *tile, float *logit)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t length = args->lengths[piece->batch];
    if (args->bias && p->softcap == 0 && softmax_far(args, piece, tile)) {
        softmax_add(args, piece, row, rows, lanes, tile->n, logit);
        return;
    }
    for (uint32_t r = 0; r < rows; r++) {
        const uint32_t i = attn_piece_query(p, piece, row + r);
        const uint32_t at = p->mask == ATTN_FULL ? length - 1 : length - p->q_len + i;
        const uint32_t head = attn_piece_head(p, piece, row + r);
        const float slope = args->alibi ? args->alibi[head] : 0;
        const float *const bias = attn_bias_of(args, head);
        for (uint32_t j = 0; j < tile->n; j++) {
            float x = logit[j * lanes + r];
            if (p->softcap > 0)
                x = p->softcap * tanhf(x / p->softcap);
            if (bias)
                x += attn_bias_at(bias, at, tile->pos[j]);
            logit[j * lanes + r] = x - slope * ((float)at - (float)tile->pos[j]);
        }
    }
}

/* Is there a position in the tile that some row of the piece must not see? */
static inline bool softmax_hides(const struct attn_args *args, const struct attn_piece *piece,
                                 const struct attn_rows *tile)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t length = args->lengths[piece->batch];
    const uint32_t first = attn_visible(p, length, piece->q_end - 1).first;
    const uint32_t end =
        p->mask == ATTN_TREE ? length - p->q_len : attn_visible(p, length, piece->q_first).end;
    if (piece->first >= first && piece->end <= end)
        return false;
    for (uint32_t j = 0; j < tile->n; j++)
        if (tile->pos[j] < first || tile->pos[j] >= end)
            return true;
    return false;
}

static inline void softmax_hide(const struct attn_args *args, const struct attn_piece *piece,
                                uint32_t row, uint32_t rows, uint32_t lanes,
                                const struct attn_rows *tile, float *logit)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t newest = args->lengths[piece->batch] - p->q_len;
    for (uint32_t r = 0; r < rows; r++) {
        const uint32_t i = attn_piece_query(p, piece, row + r);
        const struct attn_span seen = attn_visible(p, args->lengths[piece->batch], i);
        const uint64_t *const tree =
            p->mask == ATTN_TREE ? &args->tree[(size_t)piece->batch * p->q_len + i] : NULL;
        for (uint32_t j = 0; j < tile->n; j++) {
            const uint32_t pos = tile->pos[j];
            const bool hidden = pos < seen.first || pos >= seen.end ||
                                (tree && pos >= newest && !(*tree >> (pos - newest) & 1));
            if (hidden)
                logit[j * lanes + r] = SOFTMAX_HIDDEN;
        }
    }
}

/* The largest or the sum of each row's lanes, to fold[row]; a single row need not go by memory. */
static inline void softmax_fold(vf x, uint32_t lanes, bool largest, float fold[VF_LANES])
{
    if (lanes == 1) {
        fold[0] = largest ? vf_hmax(x) : vf_sum(x);
        return;
    }
    MICRO_UNROLL
    for (uint32_t by = VF_LANES / 2; by > 1; by /= 2)
        if (by >= lanes)
            x = largest ? vf_max(x, vf_swap(x, by)) : vf_add(x, vf_swap(x, by));
    vf_store(fold, x);
}

/* What is added to the logits of each lane: -m of its row. While a row has seen nothing, m is
 * -infinity and all it meets is hidden: half of what hides it leaves it hidden. Read as it lies in
 * memory: put together by lanes, it would be waited for. */
static inline vf softmax_shift(const float *m, uint32_t lanes)
{
    const vf seen = vf_max(vf_spread(m, lanes), vf_set1(SOFTMAX_HIDDEN / 2));
    return vf_mul(seen, vf_set1(-1));
}

/*
 * Logits of a block, [token][lane], to weights, in place; moves m and l of its rows and leaves in
 * keep[] the factor by which what they have accumulated must shrink.
 */
static inline void softmax_block(float *logit, uint32_t rows, uint32_t lanes, uint32_t n, float *m,
                                 float *l, float *keep)
{
    const uint32_t total = n * lanes;
    float fold[VF_LANES];
    vf sum = vf_zero();

    for (uint32_t r = 0; r < rows; r++)
        keep[r] = 1;
    if (!n)
        return;
    for (uint32_t i = total; i % VF_LANES; i++)
        logit[i] = SOFTMAX_HIDDEN;
    /* Four maxima: one would wait for itself at every step. */
    vf max[4] = {vf_set1(SOFTMAX_HIDDEN), vf_set1(SOFTMAX_HIDDEN), vf_set1(SOFTMAX_HIDDEN),
                 vf_set1(SOFTMAX_HIDDEN)};
    uint32_t at = 0;
    for (; at + 4 * VF_LANES <= total; at += 4 * VF_LANES) {
        MICRO_UNROLL
        for (uint32_t i = 0; i < 4; i++)
            max[i] = vf_max(max[i], vf_load(logit + at + i * VF_LANES));
    }
    for (; at < total; at += VF_LANES)
        max[0] = vf_max(max[0], vf_load(logit + at));
    softmax_fold(vf_max(vf_max(max[0], max[1]), vf_max(max[2], max[3])), lanes, true, fold);
    for (uint32_t r = 0; r < rows; r++) {
        const float top = fold[r % VF_LANES], before = m[r];
        if (top > before + SOFTMAX_LAZY && top > SOFTMAX_HIDDEN / 2) {
            m[r] = top;
            keep[r] = before == -INFINITY ? 0 : expf(before - top);
        }
    }
    const vf shift = softmax_shift(m, lanes);
    for (uint32_t i = 0; i < total; i += VF_LANES) {
        const vf e = vf_exp(vf_add(vf_load(logit + i), shift));
        vf_store(logit + i, e);
        sum = vf_add(sum, e);
    }
    softmax_fold(sum, lanes, false, fold);
    for (uint32_t r = 0; r < rows; r++)
        l[r] = l[r] * keep[r] + fold[r];
}

#endif
