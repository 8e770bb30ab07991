/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk every split-KV rung makes: its pieces, tile by tile, each tile absorbed by all rows of
 * the group before the next is touched, runs of ATTN_RUN positions summed up on their own. A rung
 * brings the tile step and what memory it needs for that; the walk, the states and the merge are
 * the same for all and stand here once.
 */
#ifndef ATTN_LADDER_PIECES_H
#define ATTN_LADDER_PIECES_H

#include "kernels/cpu.h"
#include "kernels/ladder/plain.h"
#include "kernels/ladder/walk.h"

/* Memory of one rank while it works on a piece. */
struct pieces_workspace {
    struct attn_state run; /* m, l, acc of the current run */
    float *q;              /* [rows][dim], scaled */
    float *own;            /* own_floats() of the rung's */
};

struct pieces_rung {
    uint32_t rows; /* most rows of a segment (one query's group is never cut) */
    uint32_t tile; /* tokens a step, <= ATTN_TILE_MAX, divides ATTN_RUN */
    bool streams;  /* are they from several places at once (walk.h)? */
    size_t (*own_floats)(const struct attn_problem *p);
    /* Before the first tile of a piece, or NULL. */
    void (*begin)(const struct attn_args *args, const struct attn_piece *piece,
                  const struct pieces_workspace *w, uint32_t rows);
    /* A tile; `next` comes after it, or is the same at the end, and has k and v for as many rows.
     */
    void (*absorb)(const struct attn_args *args, const struct pieces_workspace *w, uint32_t rows,
                   const struct step *step, const struct attn_rows *next);
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

static inline void pieces_attend(const struct pieces_rung *rung, const struct attn_args *args,
                                 int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t most = attn_cut_rows(p, rung->rows);
    const size_t state_floats = attn_state_floats(most, p->dim_v);
    float *const memory =
        attn_pieces_workspace(args, rung->rows, pieces_workspace_floats(rung, p), rank, ranks);
    struct pieces_workspace w = {.run = attn_state_at(memory + state_floats, most, p->dim_v)};
    const uint32_t streams = rung->streams ? attn_cpu_reading().streams : 1;
    struct walk walk = walk_begin(args, rung->rows, rung->tile, streams, false, rank, ranks);
    struct step steps[2]; /* the one at hand and the next */
    struct attn_state state = {0};
    uint32_t summed = 0;

    w.q = memory + 2 * state_floats;
    w.own = w.q + pieces_align((size_t)most * p->dim);
    bool more = walk_next(&walk, args, &steps[0]);
    for (uint32_t i = 0; more; i++) {
        struct step *const step = &steps[i % 2], *const after = &steps[(i + 1) % 2];
        const struct attn_piece *const piece = &step->piece;
        const uint32_t rows = (piece->q_end - piece->q_first) * attn_group(p);
        if (step->begins) {
            plain_pack_q(args, piece, rows, w.q);
            if (rung->begin)
                rung->begin(args, piece, &w, rows);
            state = attn_pieces_state(args, piece, rung->rows, memory);
            attn_state_clear(&state, rows, p->dim_v);
            attn_state_clear(&w.run, rows, p->dim_v);
            summed = 0;
        }
        more = walk_next(&walk, args, after);
        rung->absorb(args, &w, rows, step,
                     more ? walk_ahead(&after->rows, step->rows.n) : &step->rows);
        summed += step->rows.n;
        if (summed >= ATTN_RUN || step->ends) {
            attn_state_absorb(&state, &w.run, rows, p->dim_v);
            attn_state_clear(&w.run, rows, p->dim_v);
            summed = 0;
        }
        if (step->ends && piece->whole)
            attn_state_finish(args, piece, &state, 0, rows);
    }
}

#endif
