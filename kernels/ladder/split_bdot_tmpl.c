/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rung: a cache of bf16 multiplied as it is, two elements a lane, for CPUs with an instruction for
 * that (AVX-512 BF16, Arm's BF16): half the instructions of widening and multiplying. q and the
 * weights are rounded to bf16 for it, nothing else is: sums are f32.
 *
 * That is what its bound allows. Rounding to bf16 moves a factor by up to 2^-8 of itself (just
 * below: 2^-8 / (1 + 2^-8)): each logit by 2^-8 of sum |q k|, the output by 2^-8 of max|v| for the
 * weights; together 2^-8 (1 + magnitude) max|v|, which is the most that kernels/check.h lets
 * anybody say. The outputs of fewer than eight elements may be as small as what is lost, and are
 * left to others.
 *
 * Q K': rows lie across the lanes, and of the head dim as many pairs as fill them; K is broadcast.
 * P V: two tokens share a lane, elements of the head dim lie across.
 */
#include "kernels/check.h"
#include "kernels/ladder/bdot.h"
#include "kernels/ladder/pieces.h"
#include "kernels/ladder/softmax.h"
#include "kernels/ladder/tile.h"
#include "kernels/ladder/tmpl.h"

enum {
    ROWS = 128,
    TILE = 64,
    LANES = (int)VF_LANES,
    ACROSS = 4,                               /* most pairs of the head dim side by side */
    ROWS_MIN = LANES / ACROSS,                /* rows that share the lanes then */
    CHUNK = 2 * ACROSS,                       /* elements of the head dim of a step, at most */
    TOKENS = (int)VF_REGISTERS >= 32 ? 8 : 4, /* of K a step takes */
    PV_ROWS = 4,                              /* of weights a step takes */
    PV_VECTORS = (int)VF_REGISTERS >= 32 ? 4 : 2,
};

/* Memory of a rank beside the states. */
struct own {
    uint16_t *q;         /* [row block][dim / pairs][LANES][2] */
    float *logit, *keep; /* [row block][TILE][rows], [rows] */
    uint16_t *p;         /* [TILE / 2][LANES][2], of one row block */
    uint16_t *v;         /* [TILE / 2][dim_v][2] */
};

static uint32_t round_up(uint32_t n, uint32_t to)
{
    return (n + to - 1) / to * to;
}

static uint32_t padded_v(const struct attn_problem *p)
{
    return round_up(p->dim_v, 2 * LANES);
}

static float *lay_out(struct own *own, const struct attn_problem *p, uint32_t rows, float *at)
{
    const size_t padded = round_up(rows, LANES);
    own->q = (uint16_t *)at;
    at += pieces_align(padded * round_up(p->dim, CHUNK) / 2);
    own->logit = at;
    at += pieces_align(padded * TILE + LANES);
    own->keep = at;
    at += pieces_align(padded);
    own->p = (uint16_t *)at;
    at += pieces_align((size_t)LANES * TILE / 2);
    own->v = (uint16_t *)at;
    return at + pieces_align((size_t)TILE / 2 * padded_v(p));
}

static size_t own_floats(const struct attn_problem *p)
{
    static float none[1];
    struct own own;
    return (size_t)(lay_out(&own, p, attn_cut_rows(p, ROWS), none) - none);
}

/* Rows that share the lanes when `left` are left. */
static uint32_t rows_of(uint32_t left)
{
    uint32_t rows = LANES;
    while (rows > ROWS_MIN && left <= rows / 2)
        rows /= 2;
    return rows;
}

static void begin(const struct attn_args *args, const struct attn_piece *piece,
                  const struct pieces_workspace *w, uint32_t rows)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t dim = round_up(p->dim, CHUNK);
    struct own own;
    (void)piece;
    lay_out(&own, p, attn_cut_rows(p, ROWS), w->own);
    for (uint32_t first = 0, together; first < rows; first += together) {
        together = rows_of(rows - first);
        const uint32_t pairs = LANES / together;
        uint16_t *const to = own.q + (size_t)first * dim;
        memset(to, 0, (size_t)together * dim * sizeof(*to));
        for (uint32_t r = 0; r < together && first + r < rows; r++)
            for (uint32_t d = 0; d < p->dim; d++) {
                const uint32_t lane = r * pairs + d / 2 % pairs;
                to[((size_t)(d / 2 / pairs) * LANES + lane) * 2 + d % 2] =
                    attn_f32_to_bf16(w->q[(size_t)(first + r) * p->dim + d]);
            }
    }
}

/* acc[t] += q . k[t] of one step, from element d of the head dim on. */
MICRO_INLINE void dot_step(const uint32_t pairs, const uint16_t *q, const uint16_t *const *k,
                           size_t d, vf acc[TOKENS])
{
    const vd x = vd_load(q + d / (2 * pairs) * 2 * LANES);
    MICRO_UNROLL
    for (uint32_t t = 0; t < TOKENS; t++)
        acc[t] = vd_dot(acc[t], vd_spread(k[t] + d, pairs), x);
}

/* Logits of LANES / pairs rows, [token][row]; asks for a share of V's rows meanwhile. What a row
 * ends with behind its last whole step is copied first: there may be anything after it. */
MICRO_INLINE void qk_rows(const uint32_t pairs, const uint16_t *q, uint32_t dim,
                          const struct attn_rows *tile, float *logit, struct tile_share share)
{
    const uint32_t rows = LANES / pairs, n = tile->n, whole = dim / (2 * pairs) * (2 * pairs);
    for (uint32_t j = 0; j < n; j += TOKENS) {
        uint16_t rest[TOKENS][CHUNK] = {{0}};
        const uint16_t *k[TOKENS], *end[TOKENS];
        vf acc[TOKENS];
        tile_fetch(tile->v, j, TOKENS < n - j ? TOKENS : n - j, share);
        MICRO_UNROLL
        for (uint32_t t = 0; t < TOKENS; t++) {
            k[t] = tile->k[j + t < n ? j + t : n - 1];
            acc[t] = vf_zero();
        }
        for (uint32_t d = 0; d < whole; d += 2 * pairs)
            dot_step(pairs, q, k, d, acc);
        if (whole < dim) {
            for (uint32_t t = 0; t < TOKENS; t++) {
                memcpy(rest[t], k[t] + whole, (dim - whole) * sizeof(**rest));
                end[t] = rest[t];
            }
            dot_step(pairs, q + (size_t)whole / (2 * pairs) * 2 * LANES, end, 0, acc);
        }
        MICRO_UNROLL
        for (uint32_t t = 0; t < TOKENS; t += pairs) {
            vf sum = acc[t];
            if (pairs == 2)
                sum = vf_sum_pairs(sum, acc[t + 1]);
            if (pairs == 4)
                sum = vf_sum_pairs(vf_sum_pairs(sum, acc[t + 1]),
                                   vf_sum_pairs(acc[t + 2], acc[t + 3]));
            vf_store(logit + (size_t)(j + t) * rows, sum);
        }
    }
}

static void qk(const struct attn_problem *p, const uint16_t *q, uint32_t rows,
               const struct attn_rows *tile, float *logit, struct tile_share share)
{
    if (rows == LANES)
        qk_rows(1, q, p->dim, tile, logit, share);
    else if (rows == LANES / 2)
        qk_rows(2, q, p->dim, tile, logit, share);
    else
        qk_rows(ACROSS, q, p->dim, tile, logit, share);
}

/* V of a tile, two tokens interleaved; what is not there is 0. */
static void take_v(const struct own *own, const struct attn_problem *p,
                   const struct attn_rows *tile)
{
    const uint32_t whole = p->dim_v / (2 * LANES) * (2 * LANES), dim = padded_v(p);
    static const uint16_t none[2 * LANES];
    for (uint32_t j = 0; j < tile->n; j += 2) {
        const uint16_t *const a = tile->v[j], *const b = j + 1 < tile->n ? tile->v[j + 1] : NULL;
        uint16_t *const to = own->v + (size_t)j * dim;
        for (uint32_t d = 0; d < whole; d += 2 * LANES)
            vd_zip(to + 2 * d, a + d, b ? b + d : none);
        for (uint32_t d = whole; d < dim; d++) {
            to[2 * d] = d < p->dim_v ? a[d] : 0;
            to[2 * d + 1] = b && d < p->dim_v ? b[d] : 0;
        }
    }
}

/* Weights of a block, [token][row], rounded and two tokens interleaved. */
static void take_p(const struct own *own, const float *weight, uint32_t rows, uint32_t n)
{
    float none[LANES] = {0};
    float block[2][LANES];
    for (uint32_t j = 0; j < n; j += 2) {
        const float *a = weight + (size_t)j * rows, *b = j + 1 < n ? a + rows : none;
        if (rows < LANES) { /* so many fill no vector, and what follows them is another token */
            memcpy(block[0], a, rows * sizeof(*a));
            memcpy(block[1], b, rows * sizeof(*b));
            memset(block[0] + rows, 0, (LANES - rows) * sizeof(*a));
            memset(block[1] + rows, 0, (LANES - rows) * sizeof(*b));
            a = block[0];
            b = block[1];
        }
        vd_pairs(own->p + (size_t)j * LANES, vf_load(a), vf_load(b));
    }
}

/* `vectors` of V times the weights of PV_ROWS rows, those below `rows` into what they have; asks
 * for a share of the rows of `ahead`. */
MICRO_INLINE void pv_rows(const uint32_t vectors, const uint16_t *v, size_t step,
                          const uint16_t *weight, uint32_t n, uint32_t rows, const float *keep,
                          float *acc, size_t stride, const void *const *ahead,
                          struct tile_share share)
{
    vf sum[PV_ROWS][PV_VECTORS];
    MICRO_UNROLL
    for (uint32_t r = 0; r < PV_ROWS; r++) {
        MICRO_UNROLL
        for (uint32_t c = 0; c < vectors; c++)
            sum[r][c] = vf_zero();
    }
    for (uint32_t j = 0; j < n; j += 2, v += step, weight += 2 * LANES) {
        if (share.lines)
            tile_fetch(ahead, j, 2 < n - j ? 2 : n - j, share);
        MICRO_UNROLL
        for (uint32_t r = 0; r < PV_ROWS; r++) {
            const vd w = vd_spread(weight + 2 * r, 1);
            MICRO_UNROLL
            for (uint32_t c = 0; c < vectors; c++)
                sum[r][c] = vd_dot(sum[r][c], w, vd_load(v + (size_t)c * 2 * LANES));
        }
    }
    MICRO_UNROLL
    for (uint32_t r = 0; r < PV_ROWS; r++) {
        const vf shrink = vf_set1(keep[r]);
        float *const to = acc + r * stride;
        if (r >= rows)
            return;
        MICRO_UNROLL
        for (uint32_t c = 0; c < vectors; c++)
            vf_store(to + c * LANES, vf_fma(vf_load(to + c * LANES), shrink, sum[r][c]));
    }
}

/* Weighted values of a block of rows. */
static void sum_up(const struct own *own, const struct attn_problem *p, uint32_t rows, uint32_t n,
                   const float *keep, float *acc, size_t stride, const void *const *ahead,
                   struct tile_spread *spread)
{
    const uint32_t vectors = round_up(p->dim_v, LANES) / LANES;
    const size_t step = (size_t)padded_v(p) * 2;
    for (uint32_t r = 0; r < rows; r += PV_ROWS) {
        const struct tile_share share = tile_spread_next(spread), no = {0};
        uint32_t c = 0;
        for (; c + PV_VECTORS <= vectors; c += PV_VECTORS)
            pv_rows(PV_VECTORS, own->v + (size_t)c * 2 * LANES, step, own->p + 2 * r, n, rows - r,
                    keep + r, acc + r * stride + c * LANES, stride, ahead, c ? no : share);
        for (; c < vectors; c++)
            pv_rows(1, own->v + (size_t)c * 2 * LANES, step, own->p + 2 * r, n, rows - r, keep + r,
                    acc + r * stride + c * LANES, stride, ahead, c ? no : share);
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
    const size_t k_bytes = attn_row_bytes(&attn_types[p->k_type], p->dim);
    struct own own;
    uint32_t steps = 0;
    lay_out(&own, p, attn_cut_rows(p, ROWS), w->own);
    for (uint32_t at = 0, lanes; at < rows; at += lanes) {
        lanes = rows_of(rows - at);
        const uint32_t count = rows - at < lanes ? rows - at : lanes;
        float *const logit = own.logit + (size_t)at * TILE;
        qk(p, own.q + (size_t)at * round_up(p->dim, CHUNK), lanes, tile, logit,
           tile_share_of(v_bytes, at, at + count, rows));
        if (attn_adjusts(args))
            softmax_adjust(args, piece, at, count, lanes, tile, logit);
        if (hides)
            softmax_hide(args, piece, at, count, lanes, tile, logit);
        softmax_block(logit, count, lanes, tile->n, w->run.m + at, w->run.l + at, own.keep + at);
        steps += (count + PV_ROWS - 1) / PV_ROWS;
    }
    take_v(&own, p, tile);
    struct tile_spread spread = tile_spread(k_bytes, steps);
    for (uint32_t at = 0, lanes; at < rows; at += lanes) {
        lanes = rows_of(rows - at);
        take_p(&own, own.logit + (size_t)at * TILE, lanes, tile->n);
        sum_up(&own, p, rows - at < lanes ? rows - at : lanes, tile->n, own.keep + at,
               w->run.acc + at * w->run.stride, w->run.stride, next->k, &spread);
    }
}

static const char *supports(const struct attn_problem *p)
{
    return p->dim_v < 8 ? "outputs of fewer than 8 elements may be lost in what bf16 rounds" : NULL;
}

static const struct pieces_rung bdot = {
    .rows = ROWS,
    .tile = TILE,
    .streams = true,
    .own_floats = own_floats,
    .begin = begin,
    .absorb = absorb,
};

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    return pieces_scratch_bytes(&bdot, p, splits, ranks);
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    pieces_attend(&bdot, args, rank, ranks);
}

static void merge(const struct attn_args *args, int rank, int ranks)
{
    attn_pieces_merge(args, ROWS, rank, ranks);
}

ATTN_DEFINE_KERNEL = {
    ATTN_KERNEL_IDENTITY,
    .summary = "dot products of bf16 with the cache as it is; q and weights rounded to bf16",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPE_BIT(ATTN_BF16),
    .v_types = ATTN_TYPE_BIT(ATTN_BF16),
    .layouts = ATTN_LAYOUTS_ALL,
    .error_factor = ATTN_ERROR_FACTOR_MAX,
    .supports = supports,
    .splits_most = ATTN_SPLITS_ANY,
    .cut_rows = ROWS,
    .scratch_bytes = scratch_bytes,
    .phase = {attend, merge},
    .phase_name = {"attend", "merge"},
};
