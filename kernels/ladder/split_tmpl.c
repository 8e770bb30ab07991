/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rung: decode at the machine's limit. All rows of a KV head (its query heads times the queries)
 * share one pass over the cache whatever their number; the cache is cut among ranks along batch,
 * KV head and context by cost; each rank leaves at most two partials and a short second phase
 * merges them. Heads whose rows of a token lie side by side are walked together, a tile of each in
 * turn, so that memory is read as it lies.
 *
 * The walk looks one tile ahead, across pieces too, so that memory is asked for the next K while
 * the current V is being multiplied, and for V while K is. Who asks for more (args->prefetch) gets
 * both that many tiles earlier.
 */
#include "kernels/ladder/core.h"
#include "kernels/ladder/tmpl.h"
#include "kernels/ladder/walk.h"

/* Where a CPU's prefetchers follow few places: how many of a contiguous cache, and the tokens that
 * a tile takes of each in pages. */
enum { ROWS = 128, AHEAD = 4, FEW_PLACES = 3, PAGED_TOKENS = 8 };

/* Bytes of K in the tiles of all heads that are walked together. */
enum { CLOSE_BYTES = 64 << 10 };

/* What becomes of one KV head. */
struct head {
    struct attn_state state, run, *into; /* one of the two */
    uint32_t summed;                     /* tokens in the run */
};

/* Tiles to come: the first is being absorbed. */
struct queue {
    struct step step[AHEAD + 1];
    uint32_t depth, first, n; /* how many are looked ahead */
};

static struct step *queue_at(struct queue *q, uint32_t i)
{
    const uint32_t at = q->first + i;
    return &q->step[at > q->depth ? at - q->depth - 1 : at];
}

/* Fills up; false when nothing is left. */
static bool queue_fill(struct queue *q, struct walk *w, const struct attn_args *args)
{
    while (q->n <= q->depth && walk_next(w, args, queue_at(q, q->n)))
        q->n++;
    return q->n;
}

static void queue_drop(struct queue *q)
{
    q->first = q->first == q->depth ? 0 : q->first + 1;
    q->n--;
}

/* The step `i` ahead as what is asked for while `now` is absorbed; at the end of the line there is
 * only `now`. */
static struct attn_rows *queue_ahead(struct queue *q, uint32_t i, struct step *now)
{
    return i < q->n ? walk_ahead(&queue_at(q, i)->rows, now->rows.n) : &now->rows;
}

/*
 * A slowdown for those who test a gate: -DATTN_INJECT_DEN=n absorbs every n-th tile once more, into
 * a state nobody reads. It is work of the kernel's own kind and nothing else, so it scales with
 * frequency and memory as a real slowdown does, and results stay what they are. Tiles are counted
 * from call to call: one may have fewer than n.
 */
#ifdef ATTN_INJECT_DEN
enum { INJECT = 1 };
static void inject(const struct core *core, struct step *step, uint32_t rows,
                   const struct attn_state *unread)
{
    static _Thread_local uint32_t tiles;
    if (++tiles < ATTN_INJECT_DEN)
        return;
    tiles = 0;
    core_absorb(core, &step->piece, 0, rows, &step->rows, &step->rows, unread);
}
#else
enum { INJECT = 0 };
#endif

/* Of each head that is walked together with others a state, the run at hand, and q. */
static size_t workspace_floats(const struct attn_problem *p, uint32_t splits, int ranks)
{
    const uint32_t rows = attn_cut_rows(p, ROWS), heads = attn_cut_heads(p, ROWS, splits, ranks);
    return (2 * heads + INJECT) * attn_state_floats(rows, p->dim_v) + core_floats(p, rows) +
           (heads - 1) * core_q_floats(p, rows);
}

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    return attn_pieces_scratch(p, ROWS, splits, ranks, workspace_floats(p, splits, ranks));
}

/* Places to read from. Heads that are walked together are as many ascending runs of lines as a tile
 * has tokens; where prefetchers follow few, those are enough. */
static uint32_t places(const struct attn_args *args, uint32_t heads)
{
    const struct attn_cpu_reading reading = attn_cpu_reading();
    if (!reading.few)
        return reading.streams;
    return heads > 1 ? 1 : args->kv.table ? reading.streams : FEW_PLACES;
}

/*
 * Rows that read the cache as it is wait for memory, so a tile is what this CPU reads best; in
 * pages, what divides them for as many streams; and with heads walked together, what lies close
 * enough, in whole steps where it is widened first. Codes are half the bytes and twice the work.
 */
static uint32_t tile(const struct attn_args *args, uint32_t rows, uint32_t heads)
{
    const struct attn_problem *const p = args->problem;
    const struct attn_cpu_reading reading = attn_cpu_reading();
    const uint32_t own = core_tile(args, rows);
    const bool paged = args->kv.table, narrow = narrow_type(p->k_type);
    uint32_t best = own;
    if (args->tile || !reading.few)
        return own;
    if (heads > 1) {
        const size_t eight = 8 * heads * attn_row_bytes(&attn_types[p->k_type], p->dim);
        best = eight < CLOSE_BYTES ? CLOSE_BYTES / (uint32_t)eight * 8 : 8;
        if (core_is_wide(p, rows))
            best = core_round(best, CORE_SPARE);
    } else if (!core_is_wide(p, rows) && (paged || !narrow)) {
        best = paged ? PAGED_TOKENS * reading.streams : reading.tile;
    }
    return best < own ? best : own;
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t most = attn_cut_rows(p, ROWS),
                   heads = attn_cut_heads(p, ROWS, args->splits, ranks);
    const size_t state_floats = attn_state_floats(most, p->dim_v);
    const size_t q_floats = core_q_floats(p, most);
    float *const memory =
        attn_pieces_workspace(args, ROWS, workspace_floats(p, args->splits, ranks), rank, ranks);
    float *const runs = memory + heads * state_floats, *const q = runs + heads * state_floats;
    struct core core = core_at(args, most, most, q + (heads - 1) * q_floats);
    struct walk walk = walk_begin(args, ROWS, tile(args, most, heads), places(args, heads),
                                  !args->kv.table, rank, ranks);
    struct queue queue;
    struct head head[ROWS];
#ifdef ATTN_INJECT_DEN
    const struct attn_state unread =
        attn_state_at(memory + workspace_floats(p, args->splits, ranks) - state_floats, most,
                      p->dim_v);
    attn_state_clear(&unread, most, core.dim_v);
#endif

    queue.depth = args->prefetch > 1 ? (uint32_t)args->prefetch : 1;
    for (queue.first = queue.n = 0; queue_fill(&queue, &walk, args); queue_drop(&queue)) {
        struct step *const now = queue_at(&queue, 0);
        const struct attn_piece *const piece = &now->piece;
        const uint32_t rows = (piece->q_end - piece->q_first) * attn_group(p);
        struct head *const h = &head[now->lane];
        core.q = q + now->lane * q_floats;
        if (now->begins) {
            core_pack_q(&core, piece, rows);
            h->state = attn_pieces_state(args, piece, ROWS, memory + now->lane * state_floats);
            h->run = attn_state_at(runs + now->lane * state_floats, most, p->dim_v);
            h->into = piece->end - piece->first <= ATTN_RUN ? &h->state : &h->run;
            attn_state_clear(&h->state, rows, core.dim_v);
            attn_state_clear(h->into, rows, core.dim_v);
            h->summed = 0;
        }
        const struct attn_rows *const next = queue_ahead(&queue, queue.depth, now);
        if (queue.depth > 1)
            core.later = walk_ahead(queue_ahead(&queue, queue.depth - 1, now),
                                    core_round(now->rows.n, CORE_SPARE))
                             ->v;
#ifdef ATTN_INJECT_DEN
        inject(&core, now, rows, &unread);
#endif
        core_absorb(&core, piece, 0, rows, &now->rows, next, h->into);
        h->summed += now->rows.n;
        if (h->into == &h->run && (h->summed >= ATTN_RUN || now->ends)) {
            attn_state_absorb(&h->state, &h->run, rows, p->dim_v);
            attn_state_clear(&h->run, rows, core.dim_v);
            h->summed = 0;
        }
        if (now->ends && piece->whole)
            attn_state_finish(args, piece, &h->state, 0, rows);
    }
}

static void merge(const struct attn_args *args, int rank, int ranks)
{
    attn_pieces_merge(args, ROWS, rank, ranks);
}

ATTN_DEFINE_KERNEL = {
    ATTN_KERNEL_IDENTITY,
    .summary = "SIMD decode: one pass for the whole group, split-KV, merge",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_K,
    .v_types = ATTN_TYPES_V,
    .layouts = ATTN_LAYOUTS_ALL,
    .phases = 1u << ATTN_DECODE | 1u << ATTN_PREFILL,
    .tile_most = TILE_MAX,
    .prefetch_most = AHEAD,
    .splits_most = ATTN_SPLITS_ANY,
    .cut_rows = ROWS,
    .scratch_bytes = scratch_bytes,
    .phase = {attend, merge},
    .phase_name = {"attend", "merge"},
};
