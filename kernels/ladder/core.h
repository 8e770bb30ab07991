/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One tile of tokens against all rows of a segment: logits, softmax, weighted values. This is the
 * text behind every SIMD rung; a rung decides which rows and tokens meet when.
 *
 * Few rows (two blocks of the register file) read the narrow cache directly and widen on the way
 * into the multiply-adds. More rows would widen again for each block, so a tile of K, then of V,
 * is widened once into L1 and serves them all; K is transposed on the way, which spares every
 * block its horizontal sums. Rows go in blocks of up to four, as even as can be:
 * 5 is 3 + 2, 7 is 4 + 3, 29 is five of 4 and three of 3; no group size is special and none takes
 * a second pass over the cache.
 *
 * A row's reference m is moved only when a tile tops it by more than LAZY (the weights then stay
 * below e^8), so most tiles shrink nothing.
 */
#ifndef ATTN_LADDER_CORE_H
#define ATTN_LADDER_CORE_H

#include <math.h>

#include "kernels/micro.h"
#include "kernels/state.h"

#define CORE_HIDDEN -1e30f
#define CORE_LAZY 8.0f

enum { CORE_TILE_MAX = 48, CORE_TILE_BYTES = 24 << 10, CORE_DIRECT = 8, CORE_LINE = 64 };

/* Memory of one rank, and what is fixed for one call. */
struct core {
    const struct attn_args *args;
    const struct attn_problem *p;
    uint32_t dim, dim_v; /* rounded up to whole vectors */
    bool wide;           /* tiles are widened into `tile` first */
    bool plain;          /* neither softcap nor bias: logits go straight to the softmax */
    float *q;            /* [rows][dim], scaled, zero padded */
    float *tile;         /* [tokens][max(dim, dim_v)] */
    float *logit;        /* [blocks][CORE_TILE_MAX + spare][4] */
    float *keep;         /* [rows] */
};

/* Entries past a tile that a step may read: a whole step of tokens across the lanes. */
enum { CORE_SPARE = CORE_TILE_MAX, CORE_LOGIT_TOKENS = CORE_TILE_MAX + CORE_SPARE };

static inline uint32_t core_blocks(uint32_t rows)
{
    return (rows + MICRO_ROWS - 1) / MICRO_ROWS;
}

static inline size_t core_pad(size_t floats)
{
    return (floats + 15) / 16 * 16;
}

static inline uint32_t core_vectors(uint32_t dim)
{
    return (dim + VF_LANES - 1) / VF_LANES * VF_LANES;
}

/* Must a tile be widened (or just padded) before the multiply-adds can read it? */
static inline bool core_is_wide(const struct attn_problem *p, uint32_t rows)
{
    const bool narrow = p->k_type != ATTN_F32 || p->v_type != ATTN_F32;
    const bool ragged = p->dim % VF_LANES || p->dim_v % VF_LANES;
    return ragged || (narrow && rows > CORE_DIRECT);
}

/*
 * Tokens a tile: few enough that K, V and what is being fetched stay together in a first-level
 * cache, a multiple of every step of the inner loops.
 */
static inline uint32_t core_tile(const struct attn_problem *p, uint32_t rows)
{
    const uint32_t widest = p->dim > p->dim_v ? p->dim : p->dim_v;
    const uint32_t bits = core_is_wide(p, rows) ? 32 : attn_types[p->k_type].bits;
    if (core_is_wide(p, rows) && VF_LANES > 8)
        return CORE_TILE_MAX; /* a whole step of tokens across the lanes */
    return widest * bits / 8 <= CORE_TILE_BYTES / 48 ? 48 : 24;
}

static inline size_t core_floats(const struct attn_problem *p, uint32_t rows)
{
    const uint32_t dim = core_vectors(p->dim), dim_v = core_vectors(p->dim_v);
    return core_pad((size_t)rows * dim) +
           core_pad((size_t)CORE_TILE_MAX * (dim > dim_v ? dim : dim_v)) +
           core_pad((size_t)core_blocks(rows) * CORE_LOGIT_TOKENS * 4) + core_pad(rows);
}

static inline struct core core_at(const struct attn_args *args, uint32_t rows, float *memory)
{
    const struct attn_problem *const p = args->problem;
    struct core c = {
        .args = args,
        .p = p,
        .dim = core_vectors(p->dim),
        .dim_v = core_vectors(p->dim_v),
        .wide = core_is_wide(p, rows),
        .plain = p->softcap == 0 && !args->alibi,
        .q = memory,
    };
    c.tile = c.q + core_pad((size_t)rows * c.dim);
    c.logit = c.tile + core_pad((size_t)CORE_TILE_MAX * (c.dim > c.dim_v ? c.dim : c.dim_v));
    c.keep = c.logit + core_pad((size_t)core_blocks(rows) * CORE_LOGIT_TOKENS * 4);
    return c;
}

/* q of a piece's rows, scaled, padded with zeros to whole vectors. */
static inline void core_pack_q(const struct core *c, const struct attn_piece *piece, uint32_t rows)
{
    const struct attn_problem *const p = c->p;
    const float scale = attn_scale(p);
    for (uint32_t r = 0; r < rows; r++) {
        const size_t index = attn_row_index(p, piece->batch, attn_piece_query(p, piece, r),
                                            attn_piece_head(p, piece, r));
        float *const to = c->q + (size_t)r * c->dim;
        for (uint32_t d = 0; d < p->dim; d++)
            to[d] = c->args->q[index * p->dim + d] * scale;
        for (uint32_t d = p->dim; d < c->dim; d++)
            to[d] = 0;
    }
}

/* The share of a row's cache lines that slot `i` of `n` asks for, so that prefetches are spread. */
struct core_share {
    size_t from;
    uint32_t lines;
};

static inline struct core_share core_share_of(size_t row_bytes, uint32_t i, uint32_t n)
{
    const uint32_t lines = (uint32_t)((row_bytes + CORE_LINE - 1) / CORE_LINE);
    const uint32_t first = lines * i / n;
    return (struct core_share){
        .from = (size_t)first * CORE_LINE,
        .lines = lines * (i + 1) / n - first,
    };
}

MICRO_INLINE void core_widen_row(const enum attn_type type, const void *row, uint32_t n, float *to)
{
    uint32_t d = 0;
    for (; d + VF_LANES <= n; d += VF_LANES)
        vf_store(to + d, micro_load(type, row, d));
    if (d == n)
        return;
    for (; d < n; d++)
        to[d] = type == ATTN_F16    ? attn_f16_to_f32(((const uint16_t *)row)[d])
                : type == ATTN_BF16 ? attn_bf16_to_f32(((const uint16_t *)row)[d])
                                    : ((const float *)row)[d];
    for (; d % VF_LANES; d++)
        to[d] = 0;
}

/* Widens n rows of `dim` elements; afterwards wide[] points at them, `stride` floats apart. */
static inline void core_widen(enum attn_type type, const void *const *row, uint32_t n, uint32_t dim,
                              uint32_t stride, float *to, const void **wide)
{
    for (uint32_t j = 0; j < n; j++) {
        float *const at = to + (size_t)j * stride;
        wide[j] = at;
        if (type == ATTN_F16)
            core_widen_row(ATTN_F16, row[j], dim, at);
        else if (type == ATTN_BF16)
            core_widen_row(ATTN_BF16, row[j], dim, at);
        else
            core_widen_row(ATTN_F32, row[j], dim, at);
    }
}

/* VF_LANES tokens of K to columns of the transposed tile; a tail of the head dim goes one by one.
 */
MICRO_INLINE void core_turn(const enum attn_type type, const void *const *row, uint32_t dim,
                            float *to)
{
    vf x[VF_LANES];
    uint32_t d = 0;
    for (; d + VF_LANES <= dim; d += VF_LANES) {
        MICRO_UNROLL
        for (uint32_t j = 0; j < VF_LANES; j++)
            x[j] = micro_load(type, row[j], d);
        vf_transpose(x);
        MICRO_UNROLL
        for (uint32_t j = 0; j < VF_LANES; j++)
            vf_store(to + (size_t)(d + j) * CORE_TILE_MAX, x[j]);
    }
    for (; d < dim; d++)
        for (uint32_t j = 0; j < VF_LANES; j++)
            to[(size_t)d * CORE_TILE_MAX + j] =
                type == ATTN_F16    ? attn_f16_to_f32(((const uint16_t *)row[j])[d])
                : type == ATTN_BF16 ? attn_bf16_to_f32(((const uint16_t *)row[j])[d])
                                    : ((const float *)row[j])[d];
}

/* K of a tile to [dim][CORE_TILE_MAX], for n tokens rounded up to whole vectors. */
static inline void core_turn_tile(enum attn_type type, const void *const *row, uint32_t n,
                                  uint32_t dim, float *to)
{
    for (uint32_t j = 0; j < n; j += VF_LANES) {
        if (type == ATTN_F16)
            core_turn(ATTN_F16, row + j, dim, to + j);
        else if (type == ATTN_BF16)
            core_turn(ATTN_BF16, row + j, dim, to + j);
        else
            core_turn(ATTN_F32, row + j, dim, to + j);
    }
}

/* Always inline: a compiler may take a function that only prefetches for one that does nothing, and
 * drop its calls. Asks for a share of the rows first .. first+n-1 of `ahead`. */
MICRO_INLINE void core_fetch(const void *const *ahead, uint32_t first, uint32_t n,
                             struct core_share share)
{
    for (uint32_t i = first; share.lines && i < first + n; i++)
        for (uint32_t line = 0; line < share.lines; line++)
            vf_prefetch((const char *)ahead[i] + share.from + line * CORE_LINE);
}

/* Logits of a block from the transposed tile. */
MICRO_INLINE void core_across_rows(const uint32_t rows, const float *q, uint32_t dim_q,
                                   const float *k, uint32_t dim, uint32_t n, float *logit,
                                   const void *const *ahead, struct core_share share)
{
    const uint32_t step = micro_across(rows) * VF_LANES;
    for (uint32_t j = 0; j < n; j += step) {
        core_fetch(ahead, j, step < n - j ? step : n - j, share);
        micro_qk_across(rows, q, dim_q, k + j, CORE_TILE_MAX, dim,
                        logit + (size_t)j * micro_lanes(rows));
    }
}

static inline void core_across(uint32_t rows, const float *q, uint32_t dim_q, const float *k,
                               uint32_t dim, uint32_t n, float *logit, const void *const *ahead,
                               struct core_share share)
{
    switch (rows) {
    case 1:
        core_across_rows(1, q, dim_q, k, dim, n, logit, ahead, share);
        return;
    case 2:
        core_across_rows(2, q, dim_q, k, dim, n, logit, ahead, share);
        return;
    case 3:
        core_across_rows(3, q, dim_q, k, dim, n, logit, ahead, share);
        return;
    default:
        core_across_rows(4, q, dim_q, k, dim, n, logit, ahead, share);
    }
}

/* Logits of a block of `rows` (constant) rows; asks for a share of the rows in `ahead`. */
MICRO_INLINE void core_qk_rows(const uint32_t rows, enum attn_type type, const float *q,
                               uint32_t dim, const void *const *k, uint32_t n, float *logit,
                               const void *const *ahead, struct core_share share)
{
    const uint32_t tokens = micro_tokens(rows), lanes = micro_lanes(rows);
    for (uint32_t j = 0; j < n; j += tokens) {
        float *const to = logit + (size_t)j * lanes;
        core_fetch(ahead, j, tokens, share);
        if (type == ATTN_F16)
            micro_qk(rows, tokens, ATTN_F16, q, dim, k + j, dim, to);
        else if (type == ATTN_BF16)
            micro_qk(rows, tokens, ATTN_BF16, q, dim, k + j, dim, to);
        else
            micro_qk(rows, tokens, ATTN_F32, q, dim, k + j, dim, to);
    }
}

static inline void core_qk(uint32_t rows, enum attn_type type, const float *q, uint32_t dim,
                           const void *const *k, uint32_t n, float *logit, const void *const *ahead,
                           struct core_share share)
{
    switch (rows) {
    case 1:
        core_qk_rows(1, type, q, dim, k, n, logit, ahead, share);
        return;
    case 2:
        core_qk_rows(2, type, q, dim, k, n, logit, ahead, share);
        return;
    case 3:
        core_qk_rows(3, type, q, dim, k, n, logit, ahead, share);
        return;
    default:
        core_qk_rows(4, type, q, dim, k, n, logit, ahead, share);
    }
}

/* What a P V step needs besides its block size. */
struct core_pv {
    enum attn_type type;
    const float *weight, *keep;
    const void *const *v, *const *ahead;
    uint32_t n;
    float *acc;
    size_t stride;
};

MICRO_INLINE void core_pv_block(const uint32_t rows, const uint32_t vectors,
                                const struct core_pv *w, uint32_t d, struct core_share share)
{
    if (vectors > micro_vectors(rows))
        return;
    if (w->type == ATTN_F16)
        micro_pv(rows, vectors, ATTN_F16, w->weight, w->v, w->n, d, w->keep, w->acc, w->stride,
                 w->ahead, share.from, share.lines);
    else if (w->type == ATTN_BF16)
        micro_pv(rows, vectors, ATTN_BF16, w->weight, w->v, w->n, d, w->keep, w->acc, w->stride,
                 w->ahead, share.from, share.lines);
    else
        micro_pv(rows, vectors, ATTN_F32, w->weight, w->v, w->n, d, w->keep, w->acc, w->stride,
                 w->ahead, share.from, share.lines);
}

/* All vectors of the head dim for a block of `rows` (constant) rows, in passes as even as can be.
 */
MICRO_INLINE void core_pv_rows(const uint32_t rows, const struct core_pv *w, uint32_t dim_v,
                               size_t ahead_bytes, uint32_t slot, uint32_t slots)
{
    const uint32_t vectors = dim_v / VF_LANES, most = micro_vectors(rows);
    const uint32_t passes = (vectors + most - 1) / most;
    for (uint32_t pass = 0; pass < passes; pass++) {
        const uint32_t first = vectors * pass / passes, end = vectors * (pass + 1) / passes;
        const struct core_share share =
            core_share_of(ahead_bytes, slot * passes + pass, slots * passes);
        const uint32_t d = first * VF_LANES;
        switch (end - first) {
        case 1:
            core_pv_block(rows, 1, w, d, share);
            break;
        case 2:
            core_pv_block(rows, 2, w, d, share);
            break;
        case 3:
            core_pv_block(rows, 3, w, d, share);
            break;
        case 4:
            core_pv_block(rows, 4, w, d, share);
            break;
        case 5:
            core_pv_block(rows, 5, w, d, share);
            break;
        case 6:
            core_pv_block(rows, 6, w, d, share);
            break;
        case 7:
            core_pv_block(rows, 7, w, d, share);
            break;
        default:
            core_pv_block(rows, 8, w, d, share);
        }
    }
}

static inline void core_pv(uint32_t rows, const struct core_pv *w, uint32_t dim_v,
                           size_t ahead_bytes, uint32_t slot, uint32_t slots)
{
    switch (rows) {
    case 1:
        core_pv_rows(1, w, dim_v, ahead_bytes, slot, slots);
        return;
    case 2:
        core_pv_rows(2, w, dim_v, ahead_bytes, slot, slots);
        return;
    case 3:
        core_pv_rows(3, w, dim_v, ahead_bytes, slot, slots);
        return;
    default:
        core_pv_rows(4, w, dim_v, ahead_bytes, slot, slots);
    }
}

/* Softcap and linear bias over the logits of a block, lane by lane; rare, so not unrolled. */
static inline void core_adjust(const struct core *c, const struct attn_piece *piece, uint32_t row,
                               uint32_t rows, const struct attn_rows *tile, float *logit)
{
    const uint32_t lanes = micro_lanes(rows), length = c->args->lengths[piece->batch];
    for (uint32_t r = 0; r < rows; r++) {
        const uint32_t i = attn_piece_query(c->p, piece, row + r);
        const uint32_t at = c->p->mask == ATTN_FULL ? length - 1 : length - c->p->q_len + i;
        const uint32_t head = attn_piece_head(c->p, piece, row + r);
        const float slope = c->args->alibi ? c->args->alibi[head] : 0;
        for (uint32_t j = 0; j < tile->n; j++) {
            float x = logit[j * lanes + r];
            if (c->p->softcap > 0)
                x = c->p->softcap * tanhf(x / c->p->softcap);
            logit[j * lanes + r] = x - slope * ((float)at - (float)tile->pos[j]);
        }
    }
}

/* Is there a position in the tile that some row of the piece must not see? */
static inline bool core_hides(const struct core *c, const struct attn_piece *piece,
                              const struct attn_rows *tile)
{
    const uint32_t length = c->args->lengths[piece->batch];
    const uint32_t first = attn_visible(c->p, length, piece->q_end - 1).first;
    const uint32_t end = c->p->mask == ATTN_TREE ? length - c->p->q_len
                                                 : attn_visible(c->p, length, piece->q_first).end;
    if (piece->first >= first && piece->end <= end)
        return false;
    for (uint32_t j = 0; j < tile->n; j++)
        if (tile->pos[j] < first || tile->pos[j] >= end)
            return true;
    return false;
}

static inline void core_hide(const struct core *c, const struct attn_piece *piece, uint32_t row,
                             uint32_t rows, const struct attn_rows *tile, float *logit)
{
    const uint32_t lanes = micro_lanes(rows), newest = c->args->lengths[piece->batch] - c->p->q_len;
    for (uint32_t r = 0; r < rows; r++) {
        const uint32_t i = attn_piece_query(c->p, piece, row + r);
        const struct attn_span seen = attn_visible(c->p, c->args->lengths[piece->batch], i);
        const uint64_t *const tree =
            c->p->mask == ATTN_TREE ? &c->args->tree[(size_t)piece->batch * c->p->q_len + i] : NULL;
        for (uint32_t j = 0; j < tile->n; j++) {
            const uint32_t pos = tile->pos[j];
            const bool hidden = pos < seen.first || pos >= seen.end ||
                                (tree && pos >= newest && !(*tree >> (pos - newest) & 1));
            if (hidden)
                logit[j * lanes + r] = CORE_HIDDEN;
        }
    }
}

/*
 * Logits of a block to weights, in place; moves m and l of its rows and leaves in keep[] the
 * factor by which what they have accumulated must shrink.
 */
static inline void core_softmax(float *logit, uint32_t rows, uint32_t n, float *m, float *l,
                                float *keep)
{
    const uint32_t lanes = micro_lanes(rows), total = n * lanes;
    float fold[VF_LANES], reference[VF_LANES];
    vf max = vf_set1(CORE_HIDDEN), sum = vf_zero();

    for (uint32_t i = total; i < total + VF_LANES; i++)
        logit[i] = CORE_HIDDEN;
    for (uint32_t i = 0; i < total; i += VF_LANES)
        max = vf_max(max, vf_load(logit + i));
    vf_store(fold, max);
    for (uint32_t i = lanes; i < VF_LANES; i++)
        fold[i % lanes] = fold[i] > fold[i % lanes] ? fold[i] : fold[i % lanes];
    for (uint32_t r = 0; r < rows; r++) {
        const float top = fold[r % VF_LANES], before = m[r];
        keep[r] = 1;
        if (top > before + CORE_LAZY && top > CORE_HIDDEN / 2) {
            m[r] = top;
            keep[r] = before == -INFINITY ? 0 : expf(before - top);
        }
    }
    for (uint32_t i = 0; i < VF_LANES; i++) {
        const uint32_t r = i % lanes < rows ? i % lanes : 0;
        reference[i] = m[r] == -INFINITY ? 0 : m[r];
    }
    const vf shift = vf_load(reference);
    for (uint32_t i = 0; i < total; i += VF_LANES) {
        const vf e = vf_exp(vf_add(vf_load(logit + i), vf_mul(shift, vf_set1(-1))));
        vf_store(logit + i, e);
        sum = vf_add(sum, e);
    }
    vf_store(fold, sum);
    for (uint32_t i = lanes; i < VF_LANES; i++)
        fold[i % lanes] += fold[i];
    for (uint32_t r = 0; r < rows; r++)
        l[r] = l[r] * keep[r] + fold[r];
}

/*
 * The tile step: the tokens of `tile` against rows [row, row + rows) of a piece, into `state`,
 * whose first row is `row`. `next` is what will be needed after it, or the tile itself at the end
 * of the line: its K rows are asked for while the values are summed up, this tile's V rows while
 * the logits are.
 */
static inline void core_absorb(const struct core *c, const struct attn_piece *piece, uint32_t row,
                               uint32_t rows, struct attn_rows *tile, const struct attn_rows *next,
                               const struct attn_state *state)
{
    const uint32_t blocks = core_blocks(rows), n = tile->n;
    const size_t k_bytes = attn_row_bytes(&attn_types[c->p->k_type], c->p->dim);
    const size_t v_bytes = attn_row_bytes(&attn_types[c->p->v_type], c->p->dim_v);
    const void *wide[CORE_TILE_MAX];
    const void *const *v = tile->v;
    enum attn_type v_type = c->p->v_type;
    const bool hides = core_hides(c, piece, tile);

    /* Steps may want more tokens than there are: let them see the last one again. */
    for (uint32_t j = n; j < n + CORE_SPARE; j++) {
        tile->k[j] = tile->k[n - 1];
        tile->v[j] = tile->v[n - 1];
    }
    if (c->wide)
        core_turn_tile(c->p->k_type, tile->k, n, c->p->dim, c->tile);
    for (uint32_t b = 0; b < blocks; b++) {
        const uint32_t begin = rows * b / blocks, count = rows * (b + 1) / blocks - begin;
        float *const logit = c->logit + (size_t)b * CORE_LOGIT_TOKENS * 4;
        const float *const q = c->q + (size_t)(row + begin) * c->dim;
        const struct core_share share = core_share_of(v_bytes, b, blocks);
        if (c->wide)
            core_across(count, q, c->dim, c->tile, c->p->dim, n, logit, tile->v, share);
        else
            core_qk(count, c->p->k_type, q, c->dim, tile->k, n, logit, tile->v, share);
        if (!c->plain)
            core_adjust(c, piece, row + begin, count, tile, logit);
        if (hides)
            core_hide(c, piece, row + begin, count, tile, logit);
        core_softmax(logit, count, n, state->m + begin, state->l + begin, c->keep + begin);
    }
    if (c->wide) {
        core_widen(v_type, tile->v, n, c->p->dim_v, c->dim_v, c->tile, wide);
        v = wide;
        v_type = ATTN_F32;
    }
    for (uint32_t b = 0; b < blocks; b++) {
        const uint32_t begin = rows * b / blocks, count = rows * (b + 1) / blocks - begin;
        const struct core_pv w = {
            .type = v_type,
            .weight = c->logit + (size_t)b * CORE_LOGIT_TOKENS * 4,
            .keep = c->keep + begin,
            .v = v,
            .ahead = next->k,
            .n = n,
            .acc = state->acc + begin * state->stride,
            .stride = state->stride,
        };
        core_pv(count, &w, c->dim_v, k_bytes, b, blocks);
    }
}

#endif
