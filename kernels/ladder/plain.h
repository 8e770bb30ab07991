/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few loops that the portable rungs share, written so that a compiler may vectorise them
 * without being allowed to reorder floating-point sums: a dot product keeps its own lanes, and
 * exp() is a polynomial without a branch.
 */
#ifndef ATTN_LADDER_PLAIN_H
#define ATTN_LADDER_PLAIN_H

#include <math.h>

#include "kernels/state.h"

enum { PLAIN_LANES = 16 };

static inline float plain_dot(const float *a, const float *b, uint32_t n)
{
    float lane[PLAIN_LANES] = {0}, sum = 0;
    uint32_t d = 0;
    for (; d + PLAIN_LANES <= n; d += PLAIN_LANES)
        for (uint32_t i = 0; i < PLAIN_LANES; i++)
            lane[i] += a[d + i] * b[d + i];
    for (uint32_t i = 0; d + i < n; i++)
        lane[i] += a[d + i] * b[d + i];
    for (uint32_t width = PLAIN_LANES / 2; width; width /= 2)
        for (uint32_t i = 0; i < width; i++)
            lane[i] += lane[i + width];
    sum = lane[0];
    return sum;
}

/*
 * exp(x) for x <= 0, to about one unit in the last place: x = n ln2 + r with ln2 in two parts,
 * then the Taylor polynomial of degree 7 on |r| <= ln2 / 2. Below -87 the result is 0, which a
 * softmax weight cannot tell from the truth.
 */
static inline float plain_exp(float x)
{
    const float clamped = x < -87.0f ? -87.0f : x;
    const float n = rintf(clamped * 1.44269504f);
    const float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
    float e = 1.98412698e-4f;
    e = e * r + 1.38888889e-3f;
    e = e * r + 8.33333333e-3f;
    e = e * r + 4.16666667e-2f;
    e = e * r + 1.66666667e-1f;
    e = e * r + 0.5f;
    e = e * r + 1.0f;
    e = e * r + 1.0f;
    const float power = attn_bits_f32((uint32_t)((int32_t)n + 127) << 23);
    return x < -87.0f ? 0.0f : e * power;
}

/*
 * Softcap, bias and tree mask over the logits of positions first .. first+n-1 for the query at
 * `at`; -inf hides a position. Rare enough to stay out of the inner loops.
 */
static inline void plain_adjust(const struct attn_args *args, uint32_t batch, uint32_t i,
                                uint32_t head, uint32_t first, uint32_t n, float *logits)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t length = args->lengths[batch], newest = length - p->q_len;
    const uint32_t at = p->mask == ATTN_FULL ? length - 1 : newest + i;
    const float *const bias = attn_bias_of(args, head);
    if (p->softcap > 0)
        for (uint32_t j = 0; j < n; j++)
            logits[j] = p->softcap * tanhf(logits[j] / p->softcap);
    if (args->alibi)
        for (uint32_t j = 0; j < n; j++)
            logits[j] -= args->alibi[head] * ((float)at - (float)(first + j));
    if (bias)
        for (uint32_t j = 0; j < n; j++)
            logits[j] += attn_bias_at(bias, at, first + j);
    if (p->mask == ATTN_TREE)
        for (uint32_t j = first < newest ? newest - first : 0; j < n; j++)
            if (!(args->tree[(size_t)batch * p->q_len + i] >> (first + j - newest) & 1))
                logits[j] = -INFINITY;
}

/* q of a piece's rows, [rows][dim], times the scale. */
static inline void plain_pack_q(const struct attn_args *args, const struct attn_piece *piece,
                                uint32_t rows, float *packed)
{
    const struct attn_problem *const p = args->problem;
    const float scale = attn_scale(p);
    for (uint32_t r = 0; r < rows; r++) {
        const size_t index = attn_row_index(p, piece->batch, attn_piece_query(p, piece, r),
                                            attn_piece_head(p, piece, r));
        for (uint32_t d = 0; d < p->dim; d++)
            packed[(size_t)r * p->dim + d] = args->q[index * p->dim + d] * scale;
    }
}

/*
 * The softmax step of row r over the logits of a tile of n tokens from position `first`: adjusts
 * them, turns what the row sees into weights and the rest into 0, and moves m and l of the state.
 * Returns the factor by which what the row has accumulated so far must shrink, or -1 if the row
 * sees nothing here.
 */
static inline float plain_softmax(const struct attn_args *args, const struct attn_piece *piece,
                                  const struct attn_state *state, uint32_t r, uint32_t first,
                                  uint32_t n, float *logit)
{
    const struct attn_span seen = attn_piece_span(args, piece, r, first, first + n);
    float max = state->m[r], sum = 0;
    if (seen.end <= seen.first)
        return -1;
    const uint32_t begin = seen.first - first, end = seen.end - first;
    plain_adjust(args, piece->batch, attn_piece_query(args->problem, piece, r),
                 attn_piece_head(args->problem, piece, r), seen.first, end - begin, logit + begin);
    for (uint32_t j = begin; j < end; j++)
        max = logit[j] > max ? logit[j] : max;
    if (max == -INFINITY)
        return -1;
    const float keep = state->l[r] == 0 ? 0 : plain_exp(state->m[r] - max);
    memset(logit, 0, begin * sizeof(*logit));
    memset(logit + end, 0, (n - end) * sizeof(*logit));
    for (uint32_t j = begin; j < end; j++) {
        logit[j] = plain_exp(logit[j] - max);
        sum += logit[j];
    }
    state->l[r] = state->l[r] * keep + sum;
    state->m[r] = max;
    return keep;
}

#endif
