/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rung: a cache of integers multiplied as it is. q is rounded to bytes, a block of the head dim at
 * a time, and the weights of a tile to bytes by the largest among them, so that both products
 * are integer dot products of what the cache holds. What the rounding may do to an output has a
 * bound of its own (q_levels, p_levels and p_tokens in kernels/check.h).
 *
 * Q K': rows lie across the lanes, four bytes of the head dim in each, and as many blocks of it as
 * fill them, so that a lane has one scale; K is broadcast. Where an instruction wants an unsigned
 * side, K is it, 128 above its codes, which a sum of q taken once a piece puts right. P V: four
 * tokens share a lane, elements of the head dim lie across. Weights take V's scales before they are
 * rounded, a block of the head dim at a time.
 */
#include "kernels/ladder/idot_tile.h"
#include "kernels/ladder/pieces.h"
#include "kernels/ladder/softmax.h"
#include "kernels/ladder/tmpl.h"

enum {
    ROWS = 128,
    PV_VECTORS = IDOT_BLOCK / IDOT_LANES,
    PV_ROWS = (int)VF_REGISTERS / 2 / PV_VECTORS < 4 ? 2 : 4, /* rows of weights a step takes */
};

static size_t own_floats(const struct attn_problem *p)
{
    static float none[1];
    struct idot_tile own;
    return (size_t)(idot_lay_out(&own, p, attn_cut_rows(p, ROWS), none) - none);
}

static void begin(const struct attn_args *args, const struct attn_piece *piece,
                  const struct pieces_workspace *w, uint32_t rows)
{
    const struct attn_problem *const p = args->problem;
    const struct attn_plane *const plane = &args->kv.k_scale;
    const uint32_t blocks = idot_k_blocks(p);
    struct idot_tile own;
    idot_lay_out(&own, p, attn_cut_rows(p, ROWS), w->own);
    if (attn_types[p->k_type].channel) {
        const size_t at = attn_plane_offset(plane, piece->batch, 0, piece->kv_head, 0);
        const uint16_t *const channel = (const void *)((const char *)plane->base + at);
        for (uint32_t r = 0; r < rows; r++)
            for (uint32_t d = 0; d < p->dim; d++)
                w->q[(size_t)r * p->dim + d] *= attn_f16_to_f32(channel[d]);
    }
    for (uint32_t first = 0, together; first < rows; first += together) {
        together = idot_rows(rows - first);
        const size_t at = (size_t)first * blocks, n = (size_t)together * blocks;
        memset(own.q + at * IDOT_BLOCK, 0, n * IDOT_BLOCK);
        memset(own.q_scale + at, 0, n * sizeof(float));
        memset(own.q_bias + at, 0, n * sizeof(int32_t));
        for (uint32_t r = 0; r < together && first + r < rows; r++)
            idot_round_q(&own, p, first, r, together, w->q + (size_t)(first + r) * p->dim);
    }
}

/* Logits of IDOT_LANES / across rows, [token][row]; asks for a share of V's rows meanwhile. */
MICRO_INLINE void qk_rows(const uint32_t across, const int8_t *q, const float *q_scale,
                          const int32_t *q_bias, const uint8_t *k, const float *k_scale,
                          uint32_t blocks, uint32_t n, float *logit, const void *const *v,
                          struct tile_share share)
{
    const uint32_t rows = IDOT_LANES / across;
    for (uint32_t j = 0; j < n; j += IDOT_TOKENS) {
        vf acc[IDOT_TOKENS];
        tile_fetch(v, j, IDOT_TOKENS < n - j ? IDOT_TOKENS : n - j, share);
        MICRO_UNROLL
        for (uint32_t t = 0; t < IDOT_TOKENS; t++)
            acc[t] = vf_zero();
        for (uint32_t b = 0; b < blocks; b += across) {
            const vf scale = vf_load(q_scale + b / across * IDOT_LANES);
            const vi bias = vi_load(q_bias + b / across * IDOT_LANES);
            const int8_t *const at = q + (size_t)b / across * IDOT_FOURS * IDOT_LANES * 4;
            const uint8_t *const woven = k + (size_t)j * blocks * IDOT_BLOCK +
                                         b / IDOT_GROUP * IDOT_GROUP * IDOT_BLOCK +
                                         b % IDOT_GROUP * 4;
            MICRO_UNROLL
            for (uint32_t t = 0; t < IDOT_TOKENS; t++) {
                const uint8_t *const kt = woven + (size_t)t * blocks * IDOT_BLOCK;
                vi dot = bias;
                MICRO_UNROLL
                for (uint32_t s = 0; s < IDOT_FOURS; s++)
                    dot = vi_dot(dot, vi_spread(kt + s * IDOT_GROUP * 4, 4 * across),
                                 vi_load(at + s * IDOT_LANES * 4));
                acc[t] = vf_fma(vi_to_vf(dot),
                                vf_mul(scale, vf_spread(k_scale + (j + t) * blocks + b, across)),
                                acc[t]);
            }
        }
        MICRO_UNROLL
        for (uint32_t t = 0; t < IDOT_TOKENS; t += across) {
            vf sum = acc[t];
            if (across == 2)
                sum = vf_sum_pairs(sum, acc[t + 1]);
            if (across == 4)
                sum = vf_sum_pairs(vf_sum_pairs(sum, acc[t + 1]),
                                   vf_sum_pairs(acc[t + 2], acc[t + 3]));
            vf_store(logit + (size_t)(j + t) * rows, sum);
        }
    }
}

static void qk(const struct idot_tile *own, const struct attn_problem *p, uint32_t first,
               uint32_t rows, const struct attn_rows *tile, struct tile_share share, float *logit)
{
    const uint32_t n = tile->n, blocks = idot_k_blocks(p);
    const size_t at = (size_t)first * blocks;
    const int8_t *const q = own->q + at * IDOT_BLOCK;
    const float *const scale = own->q_scale + at;
    const int32_t *const bias = own->q_bias + at;
    if (rows == IDOT_LANES)
        qk_rows(1, q, scale, bias, own->k, own->k_scale, blocks, n, logit, tile->v, share);
    else if (rows == IDOT_LANES / 2)
        qk_rows(2, q, scale, bias, own->k, own->k_scale, blocks, n, logit, tile->v, share);
    else
        qk_rows(IDOT_LANES / IDOT_ROWS_MIN, q, scale, bias, own->k, own->k_scale, blocks, n, logit,
                tile->v, share);
}

/* NaN if a scale is not finite, else 0: comparisons, as in round_p(), may pass over a NaN. */
static float not_finite(const float *scale)
{
    vf sum = vf_zero();
    for (uint32_t j = 0; j < IDOT_TILE; j += IDOT_LANES)
        sum = vf_fma(vf_load(scale + j), vf_zero(), sum);
    return vf_sum(sum);
}

/* Weights of one row times a block's scales to bytes; what one level of them is worth. */
static float round_p(const float *weight, const float *scale, uint8_t *to)
{
    float scaled[IDOT_TILE];
    vf most = vf_zero();
    for (uint32_t j = 0; j < IDOT_TILE; j += IDOT_LANES) {
        const vf w = vf_mul(vf_load(weight + j), vf_load(scale + j));
        most = vf_max(most, w);
        vf_store(scaled + j, w);
    }
    const float level = vf_hmax(most) / IDOT_UNSIGNED, inverse = level > 0 ? 1 / level : 0;
    for (uint32_t j = 0; j < IDOT_TILE; j++)
        to[j] = (uint8_t)(int32_t)(scaled[j] * inverse + 0.5f);
    return level;
}

/* Block b of V times the weights of PV_ROWS rows; a share of `ahead` may be asked for meanwhile. */
MICRO_INLINE void pv_sums(const bool asks, const int8_t *v, size_t step, const uint8_t *weight,
                          uint32_t n, const void *const *ahead, struct tile_share share,
                          vi sum[PV_ROWS][PV_VECTORS])
{
    MICRO_UNROLL
    for (int r = 0; r < PV_ROWS; r++) {
        MICRO_UNROLL
        for (int c = 0; c < PV_VECTORS; c++)
            sum[r][c] = vi_set1(0);
    }
    for (uint32_t j = 0; j < n; j += 4, v += step) {
        if (asks)
            tile_fetch(ahead, j, 4 < n - j ? 4 : n - j, share);
        MICRO_UNROLL
        for (int r = 0; r < PV_ROWS; r++) {
            const vi w = vi_spread(weight + r * IDOT_TILE + j, 4);
            MICRO_UNROLL
            for (int c = 0; c < PV_VECTORS; c++)
                sum[r][c] = vi_dot(sum[r][c], w, vi_load(v + c * IDOT_LANES * 4));
        }
    }
}

/* Block b of V, weighted for PV_ROWS rows whose weights are bytes, into what they have; asks for a
 * share of the rows of `ahead` meanwhile. */
static void pv(const struct idot_tile *own, const struct attn_problem *p, uint32_t b, uint32_t n,
               const uint8_t *weight, const float *factor, uint32_t rows, const float *keep,
               float *acc, size_t stride, const void *const *ahead, struct tile_share share)
{
    const size_t step = (size_t)idot_round(p->dim_v, IDOT_BLOCK) * 4;
    const int8_t *const v = own->v + (size_t)b * IDOT_BLOCK * 4;
    const uint32_t left = p->dim_v - b * IDOT_BLOCK;
    vi sum[PV_ROWS][PV_VECTORS];
    if (share.lines)
        pv_sums(true, v, step, weight, n, ahead, share, sum);
    else
        pv_sums(false, v, step, weight, n, ahead, share, sum);
    MICRO_UNROLL
    for (int r = 0; r < PV_ROWS; r++) {
        const vf shrink = vf_set1(keep[r]), level = vf_set1(factor[r]);
        float *const to = acc + (size_t)r * stride + b * IDOT_BLOCK;
        if ((uint32_t)r >= rows)
            return;
        MICRO_UNROLL
        for (int c = 0; c < PV_VECTORS; c++) {
            const vf x = vf_mul(vi_to_vf(sum[r][c]), level);
            if ((uint32_t)(c * IDOT_LANES) < left)
                vf_store(to + c * IDOT_LANES, vf_fma(vf_load(to + c * IDOT_LANES), shrink, x));
        }
    }
}

/* Steps of pv() for that many rows. */
static uint32_t pv_steps(const struct attn_problem *p, uint32_t rows)
{
    return idot_v_blocks(p) * ((rows + PV_ROWS - 1) / PV_ROWS);
}

/* Weighted values of a block of rows, idle ones left out, from their weights [token][row]. */
static void sum_up(const struct idot_tile *own, const struct attn_problem *p, uint32_t rows,
                   uint32_t lanes, uint32_t n, const float *weight, const float *keep, float *acc,
                   size_t stride, const void *const *ahead, struct tile_spread *spread)
{
    const uint32_t blocks = idot_v_blocks(p);
    for (uint32_t j = 0; j < n; j += 4)
        for (uint32_t r = 0; r < rows; r += 4)
            vb_transpose4(weight + j * lanes + r, lanes, own->weight + r * IDOT_TILE + j,
                          IDOT_TILE);
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t j = n; j < IDOT_TILE; j++)
            own->weight[r * IDOT_TILE + j] = 0;
    for (uint32_t b = 0; b < blocks; b++) {
        const float *const scale = own->v_scale + b * IDOT_TILE;
        const float bad = not_finite(scale);
        for (uint32_t r = 0; r < rows; r++)
            own->factor[r] =
                bad + round_p(own->weight + r * IDOT_TILE, scale, own->p + r * IDOT_TILE);
        for (uint32_t r = 0; r < rows; r += PV_ROWS)
            pv(own, p, b, n, own->p + r * IDOT_TILE, own->factor + r, rows - r, keep + r,
               acc + r * stride, stride, ahead, tile_spread_next(spread));
    }
}

static void absorb(const struct attn_args *args, const struct pieces_workspace *w, uint32_t rows,
                   const struct step *step, const struct attn_rows *next)
{
    const struct attn_piece *const piece = &step->piece;
    const struct attn_rows *const tile = &step->rows;
    const struct attn_problem *const p = args->problem;
    const bool hides = softmax_hides(args, piece, tile);
    const size_t v_bytes = attn_row_bytes(&attn_types[p->v_type], p->dim_v);
    struct idot_tile own;
    uint32_t steps = 0;
    idot_lay_out(&own, p, attn_cut_rows(p, ROWS), w->own);
    idot_take_k(&own, p, tile);
    idot_take_k_scales(&own, p, tile, next);
    for (uint32_t at = 0, lanes; at < rows; at += lanes) {
        lanes = idot_rows(rows - at);
        const uint32_t count = rows - at < lanes ? rows - at : lanes;
        float *const logit = own.logit + (size_t)at * IDOT_TILE;
        qk(&own, p, at, lanes, tile, tile_share_of(v_bytes, at, at + count, rows), logit);
        if (attn_adjusts(args))
            softmax_adjust(args, piece, at, count, lanes, tile, logit);
        if (hides)
            softmax_hide(args, piece, at, count, lanes, tile, logit);
        softmax_block(logit, count, lanes, tile->n, w->run.m + at, w->run.l + at, own.keep + at);
        steps += pv_steps(p, count);
    }
    idot_take_v(&own, p, tile, next);
    struct tile_spread spread = tile_spread(attn_row_bytes(&attn_types[p->k_type], p->dim), steps);
    for (uint32_t at = 0, lanes; at < rows; at += lanes) {
        lanes = idot_rows(rows - at);
        sum_up(&own, p, rows - at < lanes ? rows - at : lanes, lanes, tile->n,
               own.logit + (size_t)at * IDOT_TILE, own.keep + at, w->run.acc + at * w->run.stride,
               w->run.stride, next->k, &spread);
    }
}

static const struct pieces_rung idot = {
    .rows = ROWS,
    .tile = IDOT_TILE,
    .streams = true,
    .own_floats = own_floats,
    .begin = begin,
    .absorb = absorb,
};

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    return pieces_scratch_bytes(&idot, p, splits, ranks);
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    pieces_attend(&idot, args, rank, ranks);
}

static void merge(const struct attn_args *args, int rank, int ranks)
{
    attn_pieces_merge(args, ROWS, rank, ranks);
}

ATTN_DEFINE_KERNEL = {
    ATTN_KERNEL_IDENTITY,
    .summary = "integer dot products with the cache as it is; q and weights rounded to bytes",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_INTEGER,
    .v_types = ATTN_TYPES_INTEGER & ATTN_TYPES_V,
    .layouts = ATTN_LAYOUTS_ALL,
    .q_levels = IDOT_SIGNED,
    .p_levels = IDOT_UNSIGNED,
    .p_tokens = IDOT_TILE,
    .splits_most = ATTN_SPLITS_ANY,
    .cut_rows = ROWS,
    .scratch_bytes = scratch_bytes,
    .phase = {attend, merge},
    .phase_name = {"attend", "merge"},
};
