/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk every split-KV rung makes: its pieces, tile by tile, each tile absorbed by all rows of
 * the group before the next is touched, runs of ATTN_RUN positions summed up on their own. A rung
 * brings the tile step and what memory it needs for that; the walk, the states and the merge are
 * the same for all and stand here once.
 */
#ifndef ATTN_LADDER_PIECES_H
#define ATTN_LADDER_PIECES_H

#include "kernels/ladder/plain.h"

/* Memory of one rank while it works on a piece. */
struct pieces_workspace {
    struct attn_state run; /* m, l, acc of the current run */
    float *q;              /* [rows][dim], scaled */
    float *own;            /* own_floats() of the rung's */
};

struct pieces_rung {
    uint32_t rows; /* most rows of a segment (one query's group is never cut) */
    uint32_t tile; /* tokens a step, <= ATTN_TILE_MAX, divides ATTN_RUN */
    size_t (*own_floats)(const struct attn_problem *p);
    /* Before the first tile of a piece, or NULL. */
    void (*begin)(const struct attn_args *args, const struct attn_piece *piece,
                  const struct pieces_workspace *w, uint32_t rows);
    void (*absorb)(const struct attn_args *args, const struct attn_piece *piece,
                   const struct pieces_workspace *w, uint32_t rows, uint32_t first,
                   const struct attn_rows *tile);
};

static inline size_t pieces_align(size_t floats)
{
    return (floats + 15) / 16 * 16;
}

static inline size_t pieces_workspace_floats(const struct pieces_rung *rung,
                                             const struct attn_problem *p)
{
    const uint32_t rows = attn_cut_rows(p, rung->rows);
    return 2 * attn_state_floats(rows, p->dim_v) + pieces_align((size_t)rows * p->dim) +
           pieces_align(rung->own_floats(p));
}

static inline size_t pieces_scratch_bytes(const struct pieces_rung *rung,
                                          const struct attn_problem *p, uint32_t splits, int ranks)
{
    return attn_pieces_scratch(p, rung->rows, splits, ranks, pieces_workspace_floats(rung, p));
}

static inline void pieces_attend_one(const struct pieces_rung *rung, const struct attn_args *args,
                                     const struct attn_piece *piece,
                                     const struct pieces_workspace *w,
                                     const struct attn_state *state)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t rows = (piece->q_end - piece->q_first) * attn_group(p);
    struct attn_rows tile;

    plain_pack_q(args, piece, rows, w->q);
    if (rung->begin)
        rung->begin(args, piece, w, rows);
    attn_state_clear(state, rows, p->dim_v);
    attn_state_clear(&w->run, rows, p->dim_v);
    for (uint32_t pos = piece->first; pos < piece->end; pos += tile.n) {
        const uint32_t left = piece->end - pos;
        attn_kv_rows(&args->kv, piece->batch, piece->kv_head, pos,
                     left < rung->tile ? left : rung->tile, &tile);
        rung->absorb(args, piece, w, rows, pos, &tile);
        if ((pos + tile.n - piece->first) % ATTN_RUN == 0 || pos + tile.n == piece->end) {
            attn_state_absorb(state, &w->run, rows, p->dim_v);
            attn_state_clear(&w->run, rows, p->dim_v);
        }
    }
    if (piece->whole)
        attn_state_finish(args, piece, state, 0, rows);
}

static inline void pieces_attend(const struct pieces_rung *rung, const struct attn_args *args,
                                 int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t rows = attn_cut_rows(p, rung->rows);
    const size_t state_floats = attn_state_floats(rows, p->dim_v);
    float *const memory =
        attn_pieces_workspace(args, rung->rows, pieces_workspace_floats(rung, p), rank, ranks);
    struct pieces_workspace w = {.run = attn_state_at(memory + state_floats, rows, p->dim_v)};
    struct attn_piece piece;
    struct attn_cut cut;

    w.q = memory + 2 * state_floats;
    w.own = w.q + pieces_align((size_t)rows * p->dim);
    attn_cut_begin(&cut, args, rung->rows, rank, rank + 1, ranks);
    while (attn_cut_next(&cut, &piece)) {
        const struct attn_state state = attn_pieces_state(args, &piece, rung->rows, memory);
        pieces_attend_one(rung, args, &piece, &w, &state);
    }
}

#endif
