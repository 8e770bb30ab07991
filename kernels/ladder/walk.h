/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tokens a rank meets in which order: the pieces that are its share, cut into tiles.
 *
 * One stream of addresses does not keep enough lines of memory in flight, so a piece may be read
 * from several places at once (kernels/cpu.h says how many suit a CPU), a few tokens from each in
 * turn, which online softmax permits. Streams start an eighth of a page apart modulo the page, so
 * that they do not fall into the same sets of a cache, and are equally long, so that all tiles are
 * full; what that leaves of a piece, a few units, is read as one.
 */
#ifndef ATTN_LADDER_WALK_H
#define ATTN_LADDER_WALK_H

#include "kernels/cut.h"

/* The fewest tokens a stream must have, bytes by which they are set off. */
enum { WALK_STREAM_LEAST = 48, WALK_SKEW = 1024 };

/* Tokens to which streams are rounded, but for what sets them off. */
enum { WALK_UNIT = 16 };

/* A tile of a piece. */
struct step {
    struct attn_piece piece;
    uint32_t lane; /* of the heads that are walked together, which */
    struct attn_rows rows;
    bool begins, ends; /* its piece */
};

/* Tiles of a rank in order. */
struct walk {
    struct attn_cut cut;
    struct attn_piece piece;        /* of the first of the heads that are walked together */
    uint32_t heads, lane;           /* their number, and whose tile comes next */
    bool together;                  /* or are heads walked one after the other? */
    uint32_t first, end;            /* the part of the piece that streams share at the moment */
    uint32_t most, streams, length; /* streams, at most and now; tokens of each */
    uint32_t done;                  /* tokens taken from each stream */
    uint32_t tile, skew;
    uint32_t page; /* tokens, or 0 */
    bool ring;
    const struct step *before;
    bool level;    /* Are a stream's tokens of a tile always in one page? */
    uint32_t even; /* tokens of each stream that follow those of the step before in their pages */
};

/* To what is left of the piece from `first` on: streams of equal length, or one for a rest. */
static inline void walk_part(struct walk *w, uint32_t first)
{
    const uint32_t n = w->piece.end - first, each = n / w->most;
    const bool many = w->most > 1 && each >= WALK_STREAM_LEAST && each >= w->skew;
    w->streams = many ? w->most : 1;
    w->length = many ? (each - w->skew) / WALK_UNIT * WALK_UNIT + w->skew : n;
    w->first = first;
    w->end = first + w->streams * w->length;
    w->done = 0;
    w->even = 0;

    const uint32_t share = w->tile / w->streams, length = many ? w->length : 0;
    w->level = !w->ring;
    if (w->page && (w->page % share || first % share || length % share))
        w->level = false;
}

/* To the next piece, or those of several heads; none are left if it has no heads. */
static inline void walk_enter(struct walk *w)
{
    if (w->together)
        w->heads = attn_cut_next_heads(&w->cut, &w->piece);
    else
        w->heads = attn_cut_next(&w->cut, &w->piece);
    w->lane = 0;
    walk_part(w, w->piece.first);
}

/* Of up to `streams` places one fewer or two, if what a tile takes of each then divides a page:
 * rows of a stream lie in one page, where they would often lie in two. */
static inline uint32_t walk_streams(uint32_t tile, uint32_t streams, uint32_t page)
{
    for (uint32_t s = streams; page && s + 2 >= streams && s > 1; s--)
        if (tile % s == 0 && page % (tile / s) == 0)
            return s;
    return streams;
}

/* Tiles of `tile` tokens, at most `rows` rows to meet them, from up to `streams` places; each of
 * all heads that are cut together before the next, or head by head. */
static inline struct walk walk_begin(const struct attn_args *args, uint32_t rows, uint32_t tile,
                                     uint32_t streams, bool together, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const size_t row = attn_row_bytes(&attn_types[p->k_type], p->dim);
    const uint32_t page = args->kv.table ? args->kv.page : 0;
    struct walk w = {.together = together,
                     .most = walk_streams(tile, streams, page),
                     .tile = tile,
                     .skew = row < WALK_SKEW ? (uint32_t)(WALK_SKEW / row) : 1,
                     .page = page,
                     .ring = args->kv.ring_tokens};
    const uint32_t share = tile / w.most;
    if (page) /* streams begin where a share does */
        w.skew = (w.skew + share - 1) / share * share;
    attn_cut_begin(&w.cut, args, rows, rank, rank + 1, ranks);
    walk_enter(&w);
    return w;
}

/* Rows of `share` tokens of each stream, abreast. */
static inline void walk_rows(struct walk *w, const struct attn_args *args, uint32_t share,
                             struct step *step)
{
    const struct step *const before = w->before;
    w->before = step;
    step->rows.n = share * w->streams;
    step->rows.k_step = step->rows.v_step = 0;
    if (w->lane) {
        attn_kv_rows_on(&args->kv, &before->rows, step->rows.n, 0, 1, &step->rows);
        return;
    }
    if (w->even >= share) {
        attn_kv_rows_on(&args->kv, &before->rows, step->rows.n, w->tile / w->streams,
                        1 - (int32_t)w->heads, &step->rows);
        w->even -= share;
    } else if (w->level) {
        w->even = attn_kv_rows_each(&args->kv, w->piece.batch, w->piece.kv_head, w->first + w->done,
                                    w->length, w->streams, &step->rows) -
                  share;
        attn_kv_rows_after(&args->kv, w->streams, step->rows.n, &step->rows);
    } else {
        for (uint32_t s = 0; s < w->streams; s++)
            attn_kv_rows_at(&args->kv, w->piece.batch, w->piece.kv_head,
                            w->first + s * w->length + w->done, share, &step->rows, s, w->streams);
    }
}

/* Rows to ask for while `n` others are worked on: fewer must still have one at every step. */
static inline struct attn_rows *walk_ahead(struct attn_rows *rows, uint32_t n)
{
    for (uint32_t j = rows->n; j < n; j++) {
        rows->k[j] = rows->k[rows->n - 1];
        rows->v[j] = rows->v[rows->n - 1];
    }
    return rows;
}

/* The next tile, or false. Steps of the walk before must still be what they were. */
static inline bool walk_next(struct walk *w, const struct attn_args *args, struct step *step)
{
    const uint32_t most = w->tile / w->streams, left = w->length - w->done;
    const uint32_t share = left < most ? left : most;
    if (!w->heads)
        return false;
    step->piece = w->piece;
    step->piece.kv_head += w->lane;
    step->piece.slot += w->lane;
    step->lane = w->lane;
    step->begins = w->first + w->done == w->piece.first;
    step->ends = share == left && w->end == w->piece.end;
    if (w->most == 1)
        attn_kv_rows(&args->kv, step->piece.batch, step->piece.kv_head, w->first + w->done, share,
                     &step->rows);
    else
        walk_rows(w, args, share, step);
    if (++w->lane < w->heads)
        return true;
    w->lane = 0;
    w->done += share;
    if (step->ends)
        walk_enter(w);
    else if (share == left)
        walk_part(w, w->end);
    return true;
}

#endif
