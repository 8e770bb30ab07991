/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tokens a rank meets in which order: the pieces that are its share, cut into tiles.
 *
 * One stream of addresses does not keep enough lines of memory in flight, so a piece may be read
 * from several places at once, a few tokens from each in turn, which online softmax permits.
 * Streams start an eighth of a page apart modulo the page, so that they do not fall into the same
 * sets of a cache.
 */
#ifndef ATTN_LADDER_WALK_H
#define ATTN_LADDER_WALK_H

#include "kernels/cut.h"

/* The most streams of a piece, the fewest tokens each must have, bytes by which they are set off.
 */
enum { WALK_STREAMS = 8, WALK_STREAM_LEAST = 48, WALK_SKEW = 1024 };

/* Tokens to which streams are rounded, and the largest page to which they are. */
enum { WALK_UNIT = 16, WALK_PAGE = 64 };

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
    struct attn_piece piece; /* of the first of the heads that are walked together */
    uint32_t heads, lane;    /* their number, and whose tile comes next */
    bool together;           /* or are heads walked one after the other? */
    uint32_t most, streams, length; /* streams, at most and now; tokens of one, fewer in the last */
    uint32_t done;                  /* tokens taken from each stream */
    uint32_t tile, skew;
    uint32_t page, unit; /* tokens a page, or 0; streams begin a whole number of units apart */
    const struct step *before;
    bool even; /* Does the next step differ from the one before by one distance? */
};

/* To the next piece, or those of several heads; none are left if it has no heads. */
static inline void walk_enter(struct walk *w)
{
    if (w->together)
        w->heads = attn_cut_next_heads(&w->cut, &w->piece);
    else
        w->heads = attn_cut_next(&w->cut, &w->piece);
    const uint32_t n = w->piece.end - w->piece.first;
    w->lane = 0;
    w->even = false;
    w->streams = n >= w->most * WALK_STREAM_LEAST ? w->most : 1;
    w->length = (n + w->streams - 1) / w->streams;
    if (w->streams > 1)
        w->length = (w->length + w->unit - 1) / w->unit * w->unit + w->skew;
    w->done = 0;
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
                     .unit = WALK_UNIT};
    const uint32_t share = tile / w.most;
    if (page && page % share == 0 && page % WALK_UNIT == 0 && page <= WALK_PAGE)
        w.unit = page; /* all streams come to the end of a page in the same tile */
    if (page) {        /* streams begin where a share does */
        const uint32_t whole = w.unit == page ? page : share;
        w.skew = (w.skew + whole - 1) / whole * whole;
    }
    attn_cut_begin(&w.cut, args, rows, rank, rank + 1, ranks);
    walk_enter(&w);
    return w;
}

/* Tokens of stream s that the next tile may take. */
static inline uint32_t walk_left(const struct walk *w, uint32_t s)
{
    const uint32_t total = w->piece.end - w->piece.first, begin = s * w->length + w->done;
    const uint32_t end = (s + 1) * w->length < total ? (s + 1) * w->length : total;
    const uint32_t left = begin < end ? end - begin : 0, most = w->tile / w->streams;
    return left < most ? left : most;
}

/* Do the next `most` tokens of every stream lie in the page of those at hand? */
static inline bool walk_stays(const struct walk *w, uint32_t most)
{
    if (!w->page)
        return true;
    return (w->streams == 1 || w->unit == w->page) &&
           (w->piece.first + w->done) % w->page + 2 * most <= w->page;
}

/* Rows of all streams, abreast while every one has a full share, else one after the other. */
static inline void walk_rows(struct walk *w, const struct attn_args *args, struct step *step)
{
    const uint32_t most = w->tile / w->streams;
    const struct step *const before = w->before;
    w->before = step;
    step->rows.k_step = step->rows.v_step = 0;
    if (w->lane) {
        step->rows.n = before->rows.n;
        attn_kv_rows_on(&args->kv, &before->rows, step->rows.n, 0, 1, &step->rows);
        return;
    }
    const bool abreast = walk_left(w, w->streams - 1) == most && walk_left(w, 0) == most;
    const bool even = abreast && !args->kv.ring_tokens;
    if (abreast && w->even) {
        step->rows.n = most * w->streams;
        attn_kv_rows_on(&args->kv, &before->rows, step->rows.n, most, 1 - (int32_t)w->heads,
                        &step->rows);
    } else {
        uint32_t n = 0;
        for (uint32_t s = 0; s < w->streams; s++) {
            const uint32_t take = walk_left(w, s);
            attn_kv_rows_at(&args->kv, w->piece.batch, w->piece.kv_head,
                            w->piece.first + s * w->length + w->done, take, &step->rows,
                            abreast ? s : n, abreast ? w->streams : 1);
            n += take;
        }
        step->rows.n = n;
    }
    w->even = even && walk_stays(w, most);
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
    const uint32_t share = w->tile / w->streams;
    if (!w->heads)
        return false;
    step->piece = w->piece;
    step->piece.kv_head += w->lane;
    step->piece.slot += w->lane;
    step->lane = w->lane;
    step->begins = w->done == 0;
    step->ends = w->done + share >= w->length;
    if (w->most == 1)
        attn_kv_rows(&args->kv, step->piece.batch, step->piece.kv_head, w->piece.first + w->done,
                     walk_left(w, 0), &step->rows);
    else
        walk_rows(w, args, step);
    if (++w->lane < w->heads)
        return true;
    w->lane = 0;
    w->done += share;
    if (step->ends)
        walk_enter(w);
    return true;
}

#endif
