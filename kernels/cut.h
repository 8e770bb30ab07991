/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the work of one call is cut among ranks, and the partial results the cut leaves behind.
 *
 * The unit is a segment: one KV head of one sequence, for a block of queries whose rows (queries x
 * group) share a pass over the visible positions. Segments laid end to end, each as long as its
 * positions times its rows, form a line; rank r gets the r-th of `ranks` equal parts of it. A part
 * that begins or ends inside a segment makes a partial, so a rank leaves at most two, whatever the
 * batch and the head count; scratch is O(ranks x rows x dim_v), never O(context).
 *
 * Positions times rows stand for time. A position takes max(its bytes over the bandwidth, rows
 * times its operations over the peak). Segments of a decode call have equally many rows, so either
 * term is one constant for all; where rows differ, as in the last block of a prompt, they are many
 * and the second term decides. What a barrier takes does not depend on the cut: all ranks meet at
 * it anyway. Nor does the merge speak for fewer ranks: each leaves two partials, and all share in
 * putting them together.
 *
 * Where a token's KV heads lie side by side (token-major), a walk of one head reads a few lines of
 * each page of memory and comes back to it for the next. There a segment holds as many heads as
 * their rows allow, and a range of its positions is a piece of each of them, with a partial each.
 *
 * With args->splits = N every segment, of one head, is cut into N chunks instead, each a partial of
 * its own: there to audit the policy above, at the price of N partials a segment.
 */
#ifndef ATTN_CUT_H
#define ATTN_CUT_H

#include "kernels/kernel.h"

/* A run of positions of one segment, for one rank. */
struct attn_piece {
    uint32_t batch, kv_head;
    uint32_t q_first, q_end; /* queries of the block; rows = (q_end - q_first) * group */
    uint32_t first, end;     /* positions */
    bool whole;              /* all of the segment: no partial, no merge */
    size_t slot;             /* where the partial goes when not whole */
    int rank;                /* whose piece it is */
};

/* Walks pieces in order. Fields are private. */
struct attn_cut {
    const struct attn_args *args;
    uint32_t block;  /* queries a segment holds, at most */
    uint32_t most;   /* heads it holds, at most */
    uint32_t splits; /* 0: by cost */
    int rank, rank_end, ranks;
    uint32_t batch, kv_head, q_first;
    uint32_t queries, heads; /* of the current segment */
    struct attn_span span;
    uint64_t rows, start, total;
    uint32_t pos;
    uint64_t item, item_end; /* with splits */
    bool done;
    struct attn_piece range; /* what attn_cut_next() delivers next, */
    uint32_t left;           /* if its range has heads left */
};

/* Pieces of ranks [rank, rank_end) of `ranks`; rows_max bounds the rows of a segment (but one
 * query's group is never cut). */
void attn_cut_begin(struct attn_cut *cut, const struct attn_args *args, uint32_t rows_max, int rank,
                    int rank_end, int ranks);
bool attn_cut_next(struct attn_cut *cut, struct attn_piece *piece);

/* Pieces alike but for the head at once: the first of them and their number. Head and slot of the
 * others are one up from each to the next. Not to be mixed with attn_cut_next(). */
uint32_t attn_cut_next_heads(struct attn_cut *cut, struct attn_piece *piece);

/* Rows of a head in the largest segment, heads of a segment (1 with splits), and the number of
 * partial slots a call may use. None of them need grow with queries or sequences. */
uint32_t attn_cut_rows(const struct attn_problem *p, uint32_t rows_max);
uint32_t attn_cut_heads(const struct attn_problem *p, uint32_t rows_max, uint32_t splits,
                        int ranks);
size_t attn_cut_slots(const struct attn_problem *p, uint32_t rows_max, uint32_t splits, int ranks);

/* Chunks of the KV head that is cut into most, for a block of queries, in a call of `ranks`. */
uint32_t attn_cut_chunks(const struct attn_args *args, uint32_t rows_max, int ranks);

/* Row r of a piece: which query and which head. */
static inline uint32_t attn_piece_query(const struct attn_problem *p,
                                        const struct attn_piece *piece, uint32_t r)
{
    return piece->q_first + r / attn_group(p);
}

static inline uint32_t attn_piece_head(const struct attn_problem *p, const struct attn_piece *piece,
                                       uint32_t r)
{
    return attn_query_head(p, piece->kv_head, r % attn_group(p));
}

/* Positions of [first, end) that row r sees. Empty spans have end <= first. */
static inline struct attn_span attn_piece_span(const struct attn_args *args,
                                               const struct attn_piece *piece, uint32_t r,
                                               uint32_t first, uint32_t end)
{
    const struct attn_problem *const p = args->problem;
    struct attn_span s =
        attn_visible(p, args->lengths[piece->batch], attn_piece_query(p, piece, r));
    s.first = s.first > first ? s.first : first;
    s.end = s.end < end ? s.end : end;
    return s;
}

#endif
