/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rung: decode on a transposed K, [dim][token]. Tokens are the lanes: an element of q is broadcast
 * over as many neighbouring tokens as registers hold, so no sum runs across lanes and any head dim
 * is as good as another. What it costs is that K arrives in as many streams of addresses as there
 * are elements in a head, and that an append touches as many lines. V lies as ever and is summed up
 * by the loops of `split`.
 */
#include "kernels/ladder/core.h"
#include "kernels/ladder/pieces.h"
#include "kernels/ladder/softmax.h"
#include "kernels/ladder/tmpl.h"

enum { ROWS = 128, TILE = 64, LANES = (int)VF_LANES };

/* Memory of a rank beside the states. */
struct own {
    float *dot;    /* [MICRO_ROWS][TILE] */
    float *logit;  /* [TILE][lanes], and what rounds it up to a vector */
    float *keep;   /* [MICRO_ROWS] */
    float *v;      /* [TILE][dim_v up to whole lines], if V is widened first */
    float *scales; /* [TILE][blocks] */
};

enum { BLOCK = MICRO_ROWS * TILE, FIXED = 2 * BLOCK + 2 * MICRO_LINE };

static size_t own_floats(const struct attn_problem *p)
{
    const size_t dim_v = core_round(p->dim_v, MICRO_LINE);
    return FIXED + TILE * dim_v + core_pad(TILE * dim_v / MICRO_LINE);
}

static struct own own_at(const struct attn_problem *p, float *at)
{
    return (struct own){
        .dot = at,
        .logit = at + BLOCK,
        .keep = at + FIXED - MICRO_LINE,
        .v = at + FIXED,
        .scales = at + FIXED + (size_t)TILE * core_round(p->dim_v, MICRO_LINE),
    };
}

/* Vectors of tokens a step takes beside `rows` rows: what the registers hold, and divides a tile.
 */
MICRO_INLINE uint32_t step_vectors(const uint32_t rows)
{
    static const uint8_t narrow[5] = {0, 8, 4, 2, 2}, wide[5] = {0, 8, 8, 4, 4};
    const uint32_t most = VF_REGISTERS >= 32 ? wide[rows] : narrow[rows];
    return most * LANES <= TILE ? most : TILE / LANES;
}

/* dot[r][0..vectors) += q[r] . K of the tokens at `k`; elements of a token lie `step` bytes apart,
 * and at `ahead` behind each is what will be needed next. */
MICRO_INLINE void dot_tokens(const uint32_t rows, const uint32_t vectors, const enum attn_type type,
                             const float *q, uint32_t dim, const char *k, size_t step, size_t ahead,
                             float *dot)
{
    for (uint32_t first = 0; first < dim; first += MICRO_CHAIN) {
        const uint32_t end = dim - first < MICRO_CHAIN ? dim : first + MICRO_CHAIN;
        vf acc[MICRO_ROWS][8];
        MICRO_UNROLL
        for (uint32_t r = 0; r < rows; r++) {
            MICRO_UNROLL
            for (uint32_t v = 0; v < vectors; v++)
                acc[r][v] = vf_zero();
        }
        for (uint32_t d = first; d < end; d++, k += step) {
            vf x[MICRO_ROWS];
            if (ahead)
                vf_prefetch(k + ahead);
            MICRO_UNROLL
            for (uint32_t r = 0; r < rows; r++)
                x[r] = vf_set1(q[(size_t)r * dim + d]);
            MICRO_UNROLL
            for (uint32_t v = 0; v < vectors; v++) {
                const vf kv = micro_load(type, k, v * LANES);
                MICRO_UNROLL
                for (uint32_t r = 0; r < rows; r++)
                    acc[r][v] = vf_fma(x[r], kv, acc[r][v]);
            }
        }
        MICRO_UNROLL
        for (uint32_t r = 0; r < rows; r++) {
            MICRO_UNROLL
            for (uint32_t v = 0; v < vectors; v++) {
                float *const to = dot + r * TILE + v * LANES;
                vf_store(to, vf_add(vf_load(to), acc[r][v]));
            }
        }
    }
}

/* All n tokens of a tile; those that fill no vector go one by one, since what lies behind the last
 * of a head need not be memory of ours. */
MICRO_INLINE void dot_tile(const uint32_t rows, const enum attn_type type, const float *q,
                           uint32_t dim, const char *k, size_t step, uint32_t n, size_t ahead,
                           float *dot)
{
    const uint32_t vectors = step_vectors(rows);
    const size_t size = type == ATTN_F32 ? 4 : 2;
    uint32_t j = 0;
    for (; j + vectors * LANES <= n; j += vectors * LANES)
        dot_tokens(rows, vectors, type, q, dim, k + j * size, step, ahead, dot + j);
    for (; j + LANES <= n; j += LANES)
        dot_tokens(rows, 1, type, q, dim, k + j * size, step, ahead, dot + j);
    for (; j < n; j++)
        for (uint32_t r = 0; r < rows; r++) {
            double sum = 0; /* one chain of any length: f32 would leave the error bound */
            for (uint32_t d = 0; d < dim; d++)
                sum += (double)(q[(size_t)r * dim + d] *
                                attn_element(type, k + j * size + d * step, 0, 1));
            dot[r * TILE + j] = (float)sum;
        }
}

MICRO_INLINE void dot_rows(const uint32_t rows, enum attn_type type, const float *q, uint32_t dim,
                           const char *k, size_t step, uint32_t n, size_t ahead, float *dot)
{
    if (type == ATTN_F16)
        dot_tile(rows, ATTN_F16, q, dim, k, step, n, ahead, dot);
    else if (type == ATTN_BF16)
        dot_tile(rows, ATTN_BF16, q, dim, k, step, n, ahead, dot);
    else
        dot_tile(rows, ATTN_F32, q, dim, k, step, n, ahead, dot);
}

/* Logits of `rows` rows over the tile, [token][lane]. */
static void qk(const struct attn_args *args, const struct attn_rows *tile, const float *q,
               uint32_t rows, bool first, const struct own *own)
{
    const struct attn_problem *const p = args->problem;
    const size_t step = attn_k_step(p, &args->kv);
    const size_t ahead = first ? (size_t)tile->n * (size_t)tile->k_step : 0;
    const uint32_t lanes = micro_lanes(rows);
    memset(own->dot, 0, sizeof(float) * MICRO_ROWS * TILE);
    if (rows == 1)
        dot_rows(1, p->k_type, q, p->dim, tile->k[0], step, tile->n, ahead, own->dot);
    else if (rows == 2)
        dot_rows(2, p->k_type, q, p->dim, tile->k[0], step, tile->n, ahead, own->dot);
    else if (rows == 3)
        dot_rows(3, p->k_type, q, p->dim, tile->k[0], step, tile->n, ahead, own->dot);
    else
        dot_rows(4, p->k_type, q, p->dim, tile->k[0], step, tile->n, ahead, own->dot);
    for (uint32_t r = 0; r < lanes; r++)
        for (uint32_t j = 0; j < tile->n; j++)
            own->logit[j * lanes + r] = own->dot[(r < rows ? r : 0) * TILE + j];
}

static void absorb(const struct attn_args *args, const struct pieces_workspace *w, uint32_t rows,
                   const struct step *step, const struct attn_rows *next)
{
    const struct attn_piece *const piece = &step->piece;
    const struct attn_rows *const tile = &step->rows;
    const struct attn_problem *const p = args->problem;
    const bool hides = softmax_hides(args, piece, tile);
    const uint32_t blocks = (rows + MICRO_ROWS - 1) / MICRO_ROWS;
    const size_t v_bytes = attn_row_bytes(&attn_types[p->v_type], p->dim_v);
    const struct own own = own_at(p, w->own);
    struct block_pv pv = {
        .type = p->v_type, .v = tile->v, .ahead = next->v, .stride = w->run.stride};
    pv.scales = tile_scales(p->v_type, p->dim_v, tile->v_scale, tile->n, next->v_scale, next->n,
                            own.scales);
    if (core_widens(p->v_type, p->dim_v, rows) || (rows > CORE_DIRECT && p->v_type != ATTN_F32)) {
        pv.wide_stride = tile_widen(p->v_type, tile->v, pv.scales, tile->n, p->dim_v, own.v);
        pv.wide = own.v;
    }
    for (uint32_t b = 0, at = 0; b < blocks; b++) {
        const uint32_t count = (rows - at + blocks - b - 1) / (blocks - b);
        const struct block_rows some = {.weight = own.logit,
                                        .lanes = micro_lanes(count),
                                        .rows = count,
                                        .keep = own.keep,
                                        .acc = w->run.acc + at * w->run.stride,
                                        .n = tile->n};
        qk(args, tile, w->q + (size_t)at * p->dim, count, at == 0, &own);
        if (attn_adjusts(args))
            softmax_adjust(args, piece, at, count, some.lanes, tile, own.logit);
        if (hides)
            softmax_hide(args, piece, at, count, some.lanes, tile, own.logit);
        softmax_block(own.logit, count, some.lanes, tile->n, w->run.m + at, w->run.l + at,
                      own.keep);
        block_pv(&pv, core_round(p->dim_v, VF_LANES), b ? 0 : v_bytes, &some, 1);
        at += count;
    }
}

static const struct pieces_rung kt = {
    .rows = ROWS,
    .tile = TILE,
    .own_floats = own_floats,
    .absorb = absorb,
};

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    return pieces_scratch_bytes(&kt, p, splits, ranks);
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    pieces_attend(&kt, args, rank, ranks);
}

static void merge(const struct attn_args *args, int rank, int ranks)
{
    attn_pieces_merge(args, ROWS, rank, ranks);
}

ATTN_DEFINE_KERNEL = {
    ATTN_KERNEL_IDENTITY,
    .summary = "SIMD decode on a transposed K: tokens are the lanes",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_STORED,
    .v_types = ATTN_TYPES_V,
    .layouts = 1u << ATTN_TRANSPOSED,
    .phases = 1u << ATTN_DECODE | 1u << ATTN_PREFILL,
    .splits_most = ATTN_SPLITS_ANY,
    .cut_rows = ROWS,
    .scratch_bytes = scratch_bytes,
    .phase = {attend, merge},
    .phase_name = {"attend", "merge"},
};
