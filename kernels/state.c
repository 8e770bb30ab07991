/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Absorbing and finishing states, and the merge phase that every split-KV rung shares. A row that
 * saw nothing in a piece (causal block, window) has m = -inf and l = 0 and must absorb as nothing.
 */
#include "kernels/state.h"

#include <math.h>
#include <string.h>

enum { LINE = 64 / sizeof(float) };

static size_t padded(size_t floats)
{
    return (floats + LINE - 1) / LINE * LINE;
}

size_t attn_state_floats(uint32_t rows, uint32_t dim_v)
{
    return 2 * padded(rows) + rows * padded(dim_v);
}

struct attn_state attn_state_at(float *memory, uint32_t rows, uint32_t dim_v)
{
    return (struct attn_state){
        .m = memory,
        .l = memory + padded(rows),
        .acc = memory + 2 * padded(rows),
        .stride = padded(dim_v),
    };
}

void attn_state_clear(const struct attn_state *s, uint32_t rows, uint32_t dim_v)
{
    for (uint32_t r = 0; r < rows; r++) {
        s->m[r] = -INFINITY;
        s->l[r] = 0;
        memset(s->acc + r * s->stride, 0, dim_v * sizeof(float));
    }
}

static void absorb_row(const struct attn_state *into, const struct attn_state *from, uint32_t r,
                       uint32_t dim_v)
{
    float *const a = into->acc + r * into->stride;
    const float *const b = from->acc + r * from->stride;
    if (from->l[r] == 0)
        return;
    const float m = fmaxf(into->m[r], from->m[r]);
    const float keep = into->l[r] == 0 ? 0 : expf(into->m[r] - m), add = expf(from->m[r] - m);
    into->l[r] = into->l[r] * keep + from->l[r] * add;
    into->m[r] = m;
    for (uint32_t d = 0; d < dim_v; d++)
        a[d] = a[d] * keep + b[d] * add;
}

void attn_state_absorb(const struct attn_state *into, const struct attn_state *from, uint32_t rows,
                       uint32_t dim_v)
{
    for (uint32_t r = 0; r < rows; r++)
        absorb_row(into, from, r, dim_v);
}

void attn_state_finish(const struct attn_args *args, const struct attn_piece *piece,
                       const struct attn_state *s, uint32_t first, uint32_t end)
{
    const struct attn_problem *const p = args->problem;
    for (uint32_t r = first; r < end; r++) {
        const uint32_t head = attn_piece_head(p, piece, r);
        const size_t index = attn_row_index(p, piece->batch, attn_piece_query(p, piece, r), head);
        const float *const acc = s->acc + r * s->stride;
        float *const out = args->out + index * p->dim_v;
        float m = s->m[r], l = s->l[r], scale = 1;
        if (args->sinks) {
            m = fmaxf(m, args->sinks[head]);
            scale = expf(s->m[r] - m);
            l = l * scale + expf(args->sinks[head] - m);
        }
        scale /= l;
        for (uint32_t d = 0; d < p->dim_v; d++)
            out[d] = acc[d] * scale;
        if (args->lse)
            args->lse[index] = m + logf(l);
    }
}

size_t attn_pieces_scratch(const struct attn_problem *p, uint32_t rows_max, uint32_t splits,
                           int ranks, size_t workspace)
{
    const size_t slot = attn_state_floats(attn_cut_rows(p, rows_max), p->dim_v);
    return (attn_cut_slots(p, rows_max, splits, ranks) * slot + (size_t)ranks * padded(workspace)) *
           sizeof(float);
}

float *attn_pieces_workspace(const struct attn_args *args, uint32_t rows_max, size_t workspace,
                             int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const size_t slot = attn_state_floats(attn_cut_rows(p, rows_max), p->dim_v);
    const size_t slots = attn_cut_slots(p, rows_max, args->splits, ranks) * slot;
    return (float *)args->scratch + slots + (size_t)rank * padded(workspace);
}

struct attn_state attn_pieces_state(const struct attn_args *args, const struct attn_piece *piece,
                                    uint32_t rows_max, float *workspace)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t rows = attn_cut_rows(p, rows_max);
    if (piece->whole)
        return attn_state_at(workspace, rows, p->dim_v);
    return attn_state_at((float *)args->scratch + piece->slot * attn_state_floats(rows, p->dim_v),
                         rows, p->dim_v);
}

/* The next piece of the `lane`th head of a segment. */
static bool next_of(struct attn_cut *cut, uint32_t lane, struct attn_piece *piece)
{
    uint32_t heads;
    while ((heads = attn_cut_next_heads(cut, piece)) && heads <= lane)
        ;
    piece->kv_head += lane;
    piece->slot += lane;
    return heads;
}

/* Of the rows of all `heads` heads of a segment that rank's share begins with, those before it in
 * the `lane`th one. */
static uint32_t share_begin(uint32_t rows, uint32_t heads, uint32_t lane, int rank, int ranks)
{
    const uint64_t all = (uint64_t)rows * heads * (uint64_t)rank / (uint64_t)ranks;
    const uint64_t before = (uint64_t)rows * lane;
    return all <= before ? 0 : all - before < rows ? (uint32_t)(all - before) : rows;
}

/* The `lane`th of the heads of every segment. */
static void merge_heads(const struct attn_args *args, uint32_t rows_max, uint32_t heads,
                        uint32_t lane, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    struct attn_piece piece, head = {0};
    struct attn_state sum = {0};
    struct attn_cut cut;
    uint32_t first = 0, end = 0;
    bool open = false;

    attn_cut_begin(&cut, args, rows_max, 0, ranks, ranks);
    for (bool more = next_of(&cut, lane, &piece);; more = next_of(&cut, lane, &piece)) {
        const bool joins = more && open && !piece.whole && piece.batch == head.batch &&
                           piece.kv_head == head.kv_head && piece.q_first == head.q_first;
        if (joins) {
            const struct attn_state next = attn_pieces_state(args, &piece, rows_max, NULL);
            for (uint32_t r = first; r < end; r++)
                absorb_row(&sum, &next, r, p->dim_v);
            continue;
        }
        if (open)
            attn_state_finish(args, &head, &sum, first, end);
        if (!more)
            return;
        open = !piece.whole;
        if (!open)
            continue;
        /* Each rank takes its share of the rows of every cut segment. */
        const uint32_t rows = (piece.q_end - piece.q_first) * attn_group(p);
        first = share_begin(rows, heads, lane, rank, ranks);
        end = share_begin(rows, heads, lane, rank + 1, ranks);
        head = piece;
        sum = attn_pieces_state(args, &piece, rows_max, NULL);
    }
}

void attn_pieces_merge(const struct attn_args *args, uint32_t rows_max, int rank, int ranks)
{
    if (!attn_cut_slots(args->problem, rows_max, args->splits, ranks))
        return;
    /* Pieces of a head follow each other among those of its place in the segments. */
    const uint32_t heads = attn_cut_heads(args->problem, rows_max, args->splits, ranks);
    for (uint32_t lane = 0; lane < heads; lane++)
        merge_heads(args, rows_max, heads, lane, rank, ranks);
}
