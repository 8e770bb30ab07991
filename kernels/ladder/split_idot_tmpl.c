/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rung: a cache of integers multiplied as it is. q is rounded to bytes, a block of the head dim at
 * a time, and the weights of a tile to bytes by the largest among them, so that both products are
 * integer dot products of what the cache holds. What the rounding may do to an output has a bound
 * of its own (q_levels, p_levels and p_tokens in kernels/check.h).
 *
 * Q K': rows lie across the lanes, four bytes of the head dim in each, and as many neighbouring
 * fours as fill them; K is broadcast. Where an instruction wants an unsigned side, K is it, 128
 * above its codes, which a sum of q taken once a piece puts right. P V: four tokens share a lane,
 * elements of the head dim lie across. Weights take V's scales before they are rounded, a block of
 * the head dim at a time.
 */
#include "kernels/ladder/bytes.h"
#include "kernels/ladder/idot.h"
#include "kernels/ladder/pieces.h"
#include "kernels/ladder/softmax.h"
#include "kernels/ladder/tmpl.h"

#include <float.h>

enum {
    ROWS = 128,
    TILE = 64,
    BLOCK = ATTN_QUANT_BLOCK,
    LANES = (int)VF_LANES,
    ROWS_MIN = 4,                             /* the fewest that share the lanes */
    TOKENS = (int)VF_REGISTERS >= 32 ? 8 : 4, /* of K a step takes */
    PV_VECTORS = BLOCK / LANES,
    PV_ROWS = (int)VF_REGISTERS / 2 / PV_VECTORS < 4 ? 2 : 4, /* rows of weights a step takes */
};

/* Memory of a rank beside the states: everything below lies one after the other. */
struct own {
    float *q_scale;      /* [row block][block][LANES] */
    int32_t *q_bias;     /* the same: -IDOT_ABOVE times the sum of a lane's bytes */
    int8_t *q;           /* [row block][step][LANES][4] */
    float *k_scale;      /* [TILE][block] */
    float *v_scale;      /* [block of V][TILE] */
    float *logit, *keep; /* [row block][TILE][rows], [rows] */
    float *weight;       /* [LANES][TILE] of one row block */
    float *factor;       /* [LANES]: what a level of each row's weights is worth */
    uint8_t *k, *p;      /* [TILE][dim], [LANES][TILE] */
    int8_t *v;           /* [TILE / 4][dim_v][4] */
};

static uint32_t round_to(uint32_t n, uint32_t to)
{
    return (n + to - 1) / to * to;
}

/* Lays out the memory from `at`; returns its end. Sizes are those of `rows` rows. */
static float *lay_out(struct own *own, const struct attn_problem *p, uint32_t rows, float *at)
{
    const size_t dim = round_to(p->dim, BLOCK), dim_v = round_to(p->dim_v, BLOCK);
    const size_t padded = round_to(rows, LANES), blocks = dim / BLOCK, blocks_v = dim_v / BLOCK;
    const size_t scales = padded / ROWS_MIN * blocks * LANES;
    const size_t floats[] = {scales,         scales,           padded * dim / 4,
                             TILE * blocks,  blocks_v * TILE,  padded * TILE + LANES,
                             padded,         LANES * TILE,     LANES,
                             TILE * dim / 4, LANES * TILE / 4, TILE * dim_v / 4};
    float *part[sizeof(floats) / sizeof(*floats)];
    for (size_t i = 0; i < sizeof(floats) / sizeof(*floats); i++) {
        part[i] = at;
        at += pieces_align(floats[i]);
    }
    *own = (struct own){
        .q_scale = part[0],
        .q_bias = (int32_t *)(void *)part[1],
        .q = (int8_t *)part[2],
        .k_scale = part[3],
        .v_scale = part[4],
        .logit = part[5],
        .keep = part[6],
        .weight = part[7],
        .factor = part[8],
        .k = (uint8_t *)part[9],
        .p = (uint8_t *)part[10],
        .v = (int8_t *)part[11],
    };
    return at;
}

static size_t own_floats(const struct attn_problem *p)
{
    static float none[1];
    struct own own;
    return (size_t)(lay_out(&own, p, attn_cut_rows(p, ROWS), none) - none);
}

/* Rows that share the lanes when `left` are left: 4, 8 or 16. */
static uint32_t block_rows(uint32_t left)
{
    uint32_t rows = LANES;
    while (rows > ROWS_MIN && left <= rows / 2)
        rows /= 2;
    return rows;
}

/* The largest magnitude; NaN if one is not finite, so that no rounding hides it. */
static float largest(const float *x, uint32_t n)
{
    float most = 0;
    for (uint32_t i = 0; i < n; i++)
        most = !isfinite(x[i]) ? NAN : fabsf(x[i]) > most ? fabsf(x[i]) : most;
    return most;
}

/* Row r of a block of `rows`: its bytes, scales and biases. q holds dim floats and is consumed. */
static void round_q(const struct own *own, const struct attn_problem *p, uint32_t begin, uint32_t r,
                    uint32_t rows, const float *q)
{
    const uint32_t fours = LANES / rows, blocks = round_to(p->dim, BLOCK) / BLOCK;
    int8_t *const to = own->q + (size_t)begin * blocks * BLOCK;
    float *const scale = own->q_scale + (size_t)begin / ROWS_MIN * blocks * LANES;
    int32_t *const bias = own->q_bias + (size_t)begin / ROWS_MIN * blocks * LANES;
    for (uint32_t b = 0; b < blocks; b++) {
        const uint32_t left = p->dim - b * BLOCK, n = left < BLOCK ? left : BLOCK;
        const float level = largest(q + b * BLOCK, n) / IDOT_SIGNED;
        const bool rounds = level >= FLT_MIN; /* neither NaN nor too small to divide by */
        const float inverse = rounds ? 1 / level : 0;
        for (uint32_t i = 0; i < fours; i++) {
            scale[b * LANES + r * fours + i] = level;
            bias[b * LANES + r * fours + i] = 0;
        }
        for (uint32_t i = 0; i < n; i++) {
            const uint32_t step = (b * BLOCK + i) / (4 * fours), lane = r * fours + i / 4 % fours;
            const int32_t code = rounds ? (int32_t)rintf(q[b * BLOCK + i] * inverse) : 0;
            to[((size_t)step * LANES + lane) * 4 + i % 4] = (int8_t)code;
            bias[b * LANES + lane] -= IDOT_ABOVE * code;
        }
    }
}

static void begin(const struct attn_args *args, const struct attn_piece *piece,
                  const struct pieces_workspace *w, uint32_t rows)
{
    const struct attn_problem *const p = args->problem;
    const struct attn_plane *const plane = &args->kv.k_scale;
    const uint32_t blocks = round_to(p->dim, BLOCK) / BLOCK;
    struct own own;
    lay_out(&own, p, attn_cut_rows(p, ROWS), w->own);
    if (attn_types[p->k_type].channel) {
        const size_t at = attn_plane_offset(plane, piece->batch, 0, piece->kv_head, 0);
        const uint16_t *const channel = (const void *)((const char *)plane->base + at);
        for (uint32_t r = 0; r < rows; r++)
            for (uint32_t d = 0; d < p->dim; d++)
                w->q[(size_t)r * p->dim + d] *= attn_f16_to_f32(channel[d]);
    }
    for (uint32_t first = 0, together; first < rows; first += together) {
        together = block_rows(rows - first);
        const size_t scales = (size_t)first / ROWS_MIN * blocks * LANES;
        memset(own.q + (size_t)first * blocks * BLOCK, 0, (size_t)together * blocks * BLOCK);
        memset(own.q_scale + scales, 0, (size_t)blocks * LANES * sizeof(float));
        memset(own.q_bias + scales, 0, (size_t)blocks * LANES * sizeof(int32_t));
        for (uint32_t r = 0; r < together && first + r < rows; r++)
            round_q(&own, p, first, r, together, w->q + (size_t)(first + r) * p->dim);
    }
}

/* Block b of a row's codes as bytes. */
MICRO_INLINE vb block_at(const bool bytes, const void *row, uint32_t b)
{
    const uint8_t *const at = row;
    return bytes ? vb_load(at + b * BLOCK) : vb_load_i4(at + b * (BLOCK / 2));
}

/* The part block a row ends with, zeros behind its end. */
static vb block_end(enum attn_type type, const void *row, uint32_t dim)
{
    int8_t code[BLOCK];
    for (uint32_t i = 0, d = dim / BLOCK * BLOCK; i < BLOCK; i++, d++)
        code[i] = d < dim ? (int8_t)(int)attn_element(type, row, d, dim) : 0;
    return vb_load(code);
}

/* Scales of a row as floats. */
static inline void take_scales(const void *scales, uint32_t blocks, float *to)
{
    const uint16_t *const from = scales;
    uint32_t b = 0;
    if (blocks == 4) { /* the usual head dim */
        vf_widen4(to, from);
        return;
    }
    for (; b + 4 <= blocks; b += 4)
        vf_widen4(to + b, from + b);
    for (; b < blocks; b++)
        to[b] = attn_f16_to_f32(from[b]);
}

/* The row that lies `ahead` of one, two lines at a time; 0 asks for nothing. */
MICRO_INLINE void fetch_row(const void *row, size_t ahead, size_t bytes)
{
    const char *const at = (const char *)row + ahead;
    size_t i = 0;
    for (; ahead && i + 64 < bytes; i += 128) {
        vf_prefetch(at + i);
        vf_prefetch(at + i + 64);
    }
    if (ahead && i < bytes)
        vf_prefetch(at + i);
}

/* A row of K as bytes, IDOT_ABOVE above. */
MICRO_INLINE void bytes_above(const bool bytes, const struct attn_problem *p, const void *row,
                              uint8_t *to)
{
    const uint32_t whole = p->dim / BLOCK;
    MICRO_UNROLL_4
    for (uint32_t b = 0; b < whole; b++)
        vb_store_above(to + b * BLOCK, block_at(bytes, row, b), IDOT_ABOVE);
    if (p->dim % BLOCK)
        vb_store_above(to + whole * BLOCK, block_end(p->k_type, row, p->dim), IDOT_ABOVE);
}

/* Four rows of V, four tokens together. */
MICRO_INLINE void interleave_rows(const bool bytes, const struct attn_problem *p,
                                  const void *const row[4], int8_t *to)
{
    const uint32_t whole = p->dim_v / BLOCK;
    vb x[4];
    for (uint32_t b = 0; b < whole; b++) {
        MICRO_UNROLL
        for (uint32_t i = 0; i < 4; i++)
            x[i] = block_at(bytes, row[i], b);
        vb_interleave(x, to + (size_t)b * BLOCK * 4);
    }
    if (p->dim_v % BLOCK) {
        for (uint32_t i = 0; i < 4; i++)
            x[i] = block_end(p->v_type, row[i], p->dim_v);
        vb_interleave(x, to + (size_t)whole * BLOCK * 4);
    }
}

/* K of a tile as bytes, IDOT_ABOVE above; scales as floats. Rows past the end hold nothing. */
static void take_k(const struct own *own, const struct attn_args *args, const struct step *step)
{
    const struct attn_problem *const p = args->problem;
    const struct attn_rows *const tile = &step->rows;
    const struct attn_type_info *const info = &attn_types[p->k_type];
    const uint32_t dim = round_to(p->dim, BLOCK), blocks = dim / BLOCK;
    const size_t ahead = step->ahead * args->kv.k.token_stride;
    for (uint32_t j = 0; j < tile->n; j++) {
        uint8_t *const to = own->k + (size_t)j * dim;
        if (info->bits == 8)
            bytes_above(true, p, tile->k[j], to);
        else
            bytes_above(false, p, tile->k[j], to);
        fetch_row(tile->k[j], ahead, attn_row_bytes(info, p->dim));
        if (!info->channel)
            take_scales(tile->k_scale[j], blocks, own->k_scale + j * blocks);
        for (uint32_t b = 0; info->channel && b < blocks; b++)
            own->k_scale[j * blocks + b] = 1;
    }
    const uint32_t end = round_to(tile->n, TOKENS);
    memset(own->k + (size_t)tile->n * dim, IDOT_ABOVE, (size_t)(end - tile->n) * dim);
    memset(own->k_scale + tile->n * blocks, 0, (end - tile->n) * blocks * sizeof(float));
}

/* V of a tile, four tokens interleaved; its scales by blocks, 0 past the end. */
static void take_v(const struct own *own, const struct attn_args *args, const struct step *step)
{
    const struct attn_problem *const p = args->problem;
    const struct attn_rows *const tile = &step->rows;
    const struct attn_type_info *const info = &attn_types[p->v_type];
    const uint32_t dim = round_to(p->dim_v, BLOCK), blocks = dim / BLOCK;
    const size_t ahead = step->ahead * args->kv.v.token_stride;
    float scale[4 * ATTN_QUANT_BLOCK];
    for (uint32_t j = 0; j < TILE; j += 4) {
        for (uint32_t i = 0; i < 4; i++) {
            if (j + i < tile->n) {
                fetch_row(tile->v[j + i], ahead, attn_row_bytes(info, p->dim_v));
                take_scales(tile->v_scale[j + i], blocks, scale + i * blocks);
            } else {
                memset(scale + i * blocks, 0, blocks * sizeof(*scale));
            }
        }
        uint32_t b = 0;
        for (; b + 4 <= blocks; b += 4)
            vb_transpose4(scale + b, blocks, own->v_scale + b * TILE + j, TILE);
        for (; b < blocks; b++)
            for (uint32_t i = 0; i < 4; i++)
                own->v_scale[b * TILE + j + i] = scale[i * blocks + b];
    }
    for (uint32_t j = 0; j < tile->n; j += 4) {
        const uint32_t last = tile->n - 1;
        const void *const row[4] = {tile->v[j], tile->v[j + 1 < last ? j + 1 : last],
                                    tile->v[j + 2 < last ? j + 2 : last],
                                    tile->v[j + 3 < last ? j + 3 : last]};
        int8_t *const to = own->v + (size_t)j * dim;
        if (info->bits == 8)
            interleave_rows(true, p, row, to);
        else
            interleave_rows(false, p, row, to);
    }
}

/* Logits of LANES / fours rows, [token][row]. */
MICRO_INLINE void qk_rows(const uint32_t fours, const int8_t *q, const float *q_scale,
                          const int32_t *q_bias, const uint8_t *k, const float *k_scale,
                          uint32_t blocks, uint32_t n, float *logit)
{
    const uint32_t rows = LANES / fours, steps = BLOCK / 4 / fours;
    for (uint32_t j = 0; j < n; j += TOKENS) {
        vf acc[TOKENS];
        MICRO_UNROLL
        for (uint32_t t = 0; t < TOKENS; t++)
            acc[t] = vf_zero();
        for (uint32_t b = 0; b < blocks; b++) {
            const vf scale = vf_load(q_scale + b * LANES);
            const vi bias = vi_load(q_bias + b * LANES);
            const int8_t *const at = q + (size_t)b * steps * LANES * 4;
            MICRO_UNROLL
            for (uint32_t t = 0; t < TOKENS; t++) {
                const uint8_t *const kt = k + ((size_t)(j + t) * blocks + b) * BLOCK;
                vi dot = bias;
                MICRO_UNROLL
                for (uint32_t s = 0; s < steps; s++)
                    dot = vi_dot(dot, vi_spread(kt + s * 4 * fours, 4 * fours),
                                 vi_load(at + s * LANES * 4));
                acc[t] = vf_fma(vi_to_vf(dot),
                                vf_mul(scale, vf_set1(k_scale[(j + t) * blocks + b])), acc[t]);
            }
        }
        MICRO_UNROLL
        for (uint32_t t = 0; t < TOKENS; t += fours) {
            vf sum = acc[t];
            if (fours == 2)
                sum = vf_sum_pairs(sum, acc[t + 1]);
            if (fours == 4)
                sum = vf_sum_pairs(vf_sum_pairs(sum, acc[t + 1]),
                                   vf_sum_pairs(acc[t + 2], acc[t + 3]));
            vf_store(logit + (size_t)(j + t) * rows, sum);
        }
    }
}

static void qk(const struct own *own, const struct attn_problem *p, uint32_t first, uint32_t rows,
               uint32_t n, float *logit)
{
    const uint32_t blocks = round_to(p->dim, BLOCK) / BLOCK;
    const size_t scales = (size_t)first / ROWS_MIN * blocks * LANES;
    const int8_t *const q = own->q + (size_t)first * blocks * BLOCK;
    const float *const scale = own->q_scale + scales;
    const int32_t *const bias = own->q_bias + scales;
    if (rows == LANES)
        qk_rows(1, q, scale, bias, own->k, own->k_scale, blocks, n, logit);
    else if (rows == LANES / 2)
        qk_rows(2, q, scale, bias, own->k, own->k_scale, blocks, n, logit);
    else
        qk_rows(LANES / ROWS_MIN, q, scale, bias, own->k, own->k_scale, blocks, n, logit);
}

/* NaN if a scale is not finite, else 0: comparisons, as in round_p(), may pass over a NaN. */
static float not_finite(const float *scale)
{
    vf sum = vf_zero();
    for (uint32_t j = 0; j < TILE; j += LANES)
        sum = vf_fma(vf_load(scale + j), vf_zero(), sum);
    return vf_sum(sum);
}

/* Weights of one row times a block's scales to bytes; what one level of them is worth. */
static float round_p(const float *weight, const float *scale, uint8_t *to)
{
    float scaled[TILE];
    vf most = vf_zero();
    for (uint32_t j = 0; j < TILE; j += LANES) {
        const vf w = vf_mul(vf_load(weight + j), vf_load(scale + j));
        most = vf_max(most, w);
        vf_store(scaled + j, w);
    }
    const float level = vf_hmax(most) / IDOT_UNSIGNED, inverse = level > 0 ? 1 / level : 0;
    for (uint32_t j = 0; j < TILE; j++)
        to[j] = (uint8_t)(int32_t)(scaled[j] * inverse + 0.5f);
    return level;
}

/* Block b of V, weighted for PV_ROWS rows whose weights are bytes, into what they have. */
static void pv(const struct own *own, const struct attn_problem *p, uint32_t b, uint32_t fours,
               const uint8_t *weight, const float *factor, uint32_t rows, const float *keep,
               float *acc, size_t stride)
{
    const uint32_t dim = round_to(p->dim_v, BLOCK);
    const int8_t *v = own->v + (size_t)b * BLOCK * 4;
    vi sum[PV_ROWS][PV_VECTORS];
    MICRO_UNROLL
    for (int r = 0; r < PV_ROWS; r++) {
        MICRO_UNROLL
        for (int c = 0; c < PV_VECTORS; c++)
            sum[r][c] = vi_set1(0);
    }
    for (uint32_t j = 0; j < fours; j++, v += (size_t)dim * 4) {
        MICRO_UNROLL
        for (int r = 0; r < PV_ROWS; r++) {
            const vi w = vi_spread(weight + r * TILE + j * 4, 4);
            MICRO_UNROLL
            for (int c = 0; c < PV_VECTORS; c++)
                sum[r][c] = vi_dot(sum[r][c], w, vi_load(v + c * LANES * 4));
        }
    }
    MICRO_UNROLL
    for (int r = 0; r < PV_ROWS; r++) {
        const vf shrink = vf_set1(keep[r]), level = vf_set1(factor[r]);
        MICRO_UNROLL
        for (int c = 0; c < PV_VECTORS; c++) {
            float *const to = acc + (size_t)r * stride + b * BLOCK + c * LANES;
            if ((uint32_t)r < rows && b * BLOCK + (uint32_t)(c * LANES) < p->dim_v)
                vf_store(to, vf_fma(vf_load(to), shrink, vf_mul(vi_to_vf(sum[r][c]), level)));
        }
    }
}

/* Weighted values of a block of rows, idle ones left out, from their weights [token][row]. */
static void sum_up(const struct own *own, const struct attn_problem *p, uint32_t rows,
                   uint32_t lanes, uint32_t n, const float *weight, const float *keep, float *acc,
                   size_t stride)
{
    const uint32_t blocks = round_to(p->dim_v, BLOCK) / BLOCK;
    for (uint32_t j = 0; j < n; j += 4)
        for (uint32_t r = 0; r < rows; r += 4)
            vb_transpose4(weight + j * lanes + r, lanes, own->weight + r * TILE + j, TILE);
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t j = n; j < TILE; j++)
            own->weight[r * TILE + j] = 0;
    for (uint32_t b = 0; b < blocks; b++) {
        const float *const scale = own->v_scale + b * TILE;
        const float bad = not_finite(scale);
        for (uint32_t r = 0; r < rows; r++)
            own->factor[r] = bad + round_p(own->weight + r * TILE, scale, own->p + r * TILE);
        for (uint32_t r = 0; r < rows; r += PV_ROWS)
            pv(own, p, b, (n + 3) / 4, own->p + r * TILE, own->factor + r, rows - r, keep + r,
               acc + r * stride, stride);
    }
}

static void absorb(const struct attn_args *args, const struct pieces_workspace *w, uint32_t rows,
                   const struct step *step)
{
    const struct attn_piece *const piece = &step->piece;
    const struct attn_rows *const tile = &step->rows;
    const struct attn_problem *const p = args->problem;
    const bool hides = softmax_hides(args, piece, tile);
    struct own own;
    lay_out(&own, p, attn_cut_rows(p, ROWS), w->own);
    take_k(&own, args, step);
    take_v(&own, args, step);
    for (uint32_t at = 0, lanes; at < rows; at += lanes) {
        lanes = block_rows(rows - at);
        const uint32_t count = rows - at < lanes ? rows - at : lanes;
        float *const logit = own.logit + (size_t)at * TILE;
        qk(&own, p, at, lanes, tile->n, logit);
        if (p->softcap > 0 || args->alibi)
            softmax_adjust(args, piece, at, count, lanes, tile, logit);
        if (hides)
            softmax_hide(args, piece, at, count, lanes, tile, logit);
        softmax_block(logit, count, lanes, tile->n, w->run.m + at, w->run.l + at, own.keep + at);
        sum_up(&own, p, count, lanes, tile->n, logit, own.keep + at,
               w->run.acc + at * w->run.stride, w->run.stride);
    }
}

static const struct pieces_rung idot = {
    .rows = ROWS,
    .tile = TILE,
    .streams = WALK_STREAMS,
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
    .p_tokens = TILE,
    .scratch_bytes = scratch_bytes,
    .phase = {attend, merge},
    .phase_name = {"attend", "merge"},
};
