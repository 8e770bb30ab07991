/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cut. Boundaries are computed, not stored: every rank derives the same ones from the problem,
 * so no rank waits for a plan and the merge finds the partials again by walking the same line.
 * They are rounded to a grain of tokens, so that no rank starts inside a vector of another, or to a
 * finer one where that would leave a rank with more than its part.
 */
#include "kernels/cut.h"

/* Tokens, and how many grains a rank has at least; it may get one more than its part. */
enum { GRAIN = 16, GRAINS = 20 };

/* Positions each rank has of heads that are cut together, at least: the grain is to be little of
 * them. */
enum { TOGETHER = 1024 };

static uint32_t block_queries(const struct attn_problem *p, uint32_t rows_max)
{
    const uint32_t fit = rows_max / attn_group(p);
    const uint32_t block = fit ? fit : 1;
    return block < p->q_len ? block : p->q_len;
}

uint32_t attn_cut_rows(const struct attn_problem *p, uint32_t rows_max)
{
    return block_queries(p, rows_max) * attn_group(p);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint32_t attn_cut_heads(const struct attn_problem *p, uint32_t rows_max, uint32_t splits, int ranks)
{
    uint64_t seen = p->chunk ? (p->context - 1) % p->chunk + 1 : p->context;
    uint64_t most = least(p->kv_heads, rows_max / attn_cut_rows(p, rows_max));
    if (p->window)
        seen = least(seen, p->window);
    if (ranks > 1)
        most = least(most, seen * p->batch * p->kv_heads / ((uint64_t)ranks * TOGETHER));
    if (p->layout != ATTN_TOKEN_MAJOR || splits || most < 2)
        return 1;
    const uint64_t segments = (p->kv_heads + most - 1) / most;
    return (uint32_t)((p->kv_heads + segments - 1) / segments);
}

/* Of the chunks that are asked for, those that can have tokens. */
static uint32_t splits_of(const struct attn_problem *p, uint32_t splits)
{
    return (uint32_t)least(splits, ((uint64_t)p->context + GRAIN - 1) / GRAIN);
}

size_t attn_cut_slots(const struct attn_problem *p, uint32_t rows_max, uint32_t splits, int ranks)
{
    const uint32_t block = block_queries(p, rows_max);
    const size_t segments = (size_t)p->batch * p->kv_heads * ((p->q_len + block - 1) / block);

    if (splits)
        return splits > 1 ? segments * splits_of(p, splits) : 0;
    return ranks > 1 ? 2 * (size_t)ranks * attn_cut_heads(p, rows_max, splits, ranks) : 0;
}

/* Derives span, heads and rows of the segment at (batch, kv_head, q_first). */
static void enter_segment(struct attn_cut *cut)
{
    const struct attn_problem *const p = cut->args->problem;
    const uint32_t length = cut->args->lengths[cut->batch];
    const uint32_t left = p->q_len - cut->q_first;

    cut->queries = left < cut->block ? left : cut->block;
    cut->heads = (uint32_t)least(cut->most, p->kv_heads - cut->kv_head);
    cut->span.first = attn_visible(p, length, cut->q_first).first;
    cut->span.end = attn_visible(p, length, cut->q_first + cut->queries - 1).end;
    cut->rows = (uint64_t)cut->queries * attn_group(p) * cut->heads;
    cut->pos = cut->span.first;
}

static uint64_t segment_cost(const struct attn_cut *cut)
{
    return (cut->span.end - cut->span.first) * cut->rows;
}

/* False at the end of the line. */
static bool next_segment(struct attn_cut *cut)
{
    const struct attn_problem *const p = cut->args->problem;
    cut->start += segment_cost(cut);
    cut->q_first += cut->block;
    if (cut->q_first >= p->q_len) {
        cut->q_first = 0;
        cut->kv_head += cut->heads;
        if (cut->kv_head == p->kv_heads) {
            cut->kv_head = 0;
            if (++cut->batch == p->batch)
                return false;
        }
    }
    enter_segment(cut);
    return true;
}

static uint64_t grain_of(const struct attn_cut *cut)
{
    const uint64_t part = cut->total / (uint64_t)cut->ranks / cut->rows;
    uint64_t grain = GRAIN;
    while (grain > 1 && grain * GRAINS > part)
        grain /= 2;
    return grain;
}

/* First position of the current segment that is not before rank r's part of the line, but for the
 * grain. */
static uint32_t boundary(const struct attn_cut *cut, int r)
{
    const uint64_t target = cut->total * (uint64_t)r / (uint64_t)cut->ranks;
    const uint64_t grain = grain_of(cut), cost = grain * cut->rows;
    if (target <= cut->start)
        return cut->span.first;
    if (target >= cut->start + segment_cost(cut))
        return cut->span.end;
    const uint64_t position = cut->span.first + (target - cut->start + cost / 2) / cost * grain;
    return position < cut->span.end ? (uint32_t)position : cut->span.end;
}

/* Chunk c of N of the current segment, on the same grain. */
static uint32_t chunk_start(const struct attn_cut *cut, uint32_t c)
{
    const uint64_t n = cut->span.end - cut->span.first;
    if (c >= cut->splits)
        return cut->span.end;
    return cut->span.first + (uint32_t)(n * c / cut->splits / GRAIN * GRAIN);
}

void attn_cut_begin(struct attn_cut *cut, const struct attn_args *args, uint32_t rows_max, int rank,
                    int rank_end, int ranks)
{
    const struct attn_problem *const p = args->problem;
    struct attn_cut c = {
        .args = args,
        .block = block_queries(p, rows_max),
        .most = attn_cut_heads(p, rows_max, args->splits, ranks),
        .splits = splits_of(p, args->splits),
        .rank = rank,
        .rank_end = rank_end,
        .ranks = ranks,
    };
    uint64_t segments = 0;
    enter_segment(&c);
    do {
        segments++;
    } while (next_segment(&c));
    c.total = c.start;
    c.start = 0;
    c.batch = c.kv_head = c.q_first = 0;
    enter_segment(&c);

    const uint64_t items = segments * c.splits;
    c.item = items * (uint64_t)rank / (uint64_t)ranks;
    c.item_end = items * (uint64_t)rank_end / (uint64_t)ranks;
    if (c.splits) {
        for (uint64_t i = c.splits; i <= c.item && next_segment(&c); i += c.splits)
            ;
        c.done = c.item == c.item_end;
    } else {
        while (boundary(&c, rank) == c.span.end && next_segment(&c))
            ;
        c.done = c.start == c.total;
        c.pos = c.done ? 0 : boundary(&c, rank);
    }
    *cut = c;
}

static void describe(const struct attn_cut *cut, uint32_t end, struct attn_piece *piece)
{
    *piece = (struct attn_piece){
        .batch = cut->batch,
        .kv_head = cut->kv_head,
        .q_first = cut->q_first,
        .q_end = cut->q_first + cut->queries,
        .first = cut->pos,
        .end = end,
        .whole = cut->pos == cut->span.first && end == cut->span.end,
        .rank = cut->rank,
    };
}

static bool next_item(struct attn_cut *cut, struct attn_piece *piece)
{
    while (cut->item < cut->item_end) {
        const uint32_t c = (uint32_t)(cut->item % cut->splits);
        cut->pos = chunk_start(cut, c);
        describe(cut, chunk_start(cut, c + 1), piece);
        piece->slot = (size_t)cut->item++;
        if (c + 1 == cut->splits)
            next_segment(cut);
        if (piece->first < piece->end)
            return true;
    }
    return false;
}

uint32_t attn_cut_next_heads(struct attn_cut *cut, struct attn_piece *piece)
{
    if (cut->splits)
        return next_item(cut, piece);
    while (!cut->done) {
        if (cut->pos == cut->span.end) {
            cut->done = !next_segment(cut);
            continue;
        }
        const uint32_t end = boundary(cut, cut->rank + 1);
        if (end <= cut->pos) {
            cut->done = ++cut->rank == cut->rank_end;
            continue;
        }
        describe(cut, end, piece);
        /* At most one range of a rank begins inside a segment, and one more is left unfinished. */
        const size_t slot = 2 * (size_t)cut->rank + (piece->first == cut->span.first);
        piece->slot = slot * cut->most;
        cut->pos = end;
        return cut->heads;
    }
    return 0;
}

bool attn_cut_next(struct attn_cut *cut, struct attn_piece *piece)
{
    if (!cut->left)
        cut->left = attn_cut_next_heads(cut, &cut->range);
    if (!cut->left)
        return false;
    *piece = cut->range;
    cut->range.kv_head++;
    cut->range.slot++;
    cut->left--;
    return true;
}

uint32_t attn_cut_chunks(const struct attn_args *args, uint32_t rows_max, int ranks)
{
    struct attn_piece piece, head = {0};
    struct attn_cut cut;
    uint32_t chunks = 0, most = 0;
    attn_cut_begin(&cut, args, rows_max, 0, ranks, ranks);
    while (attn_cut_next_heads(&cut, &piece)) {
        const bool same = chunks && piece.batch == head.batch && piece.kv_head == head.kv_head &&
                          piece.q_first == head.q_first;
        chunks = same ? chunks + 1 : 1;
        most = chunks > most ? chunks : most;
        head = piece;
    }
    return most;
}
