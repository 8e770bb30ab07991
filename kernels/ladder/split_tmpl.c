/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rung: decode at the machine's limit. All rows of a KV head (its query heads times the queries)
 * share one pass over the cache whatever their number; the cache is cut among ranks along batch,
 * KV head and context by cost; each rank leaves at most two partials and a short second phase
 * merges them.
 *
 * The walk looks one tile ahead, across pieces too, so that memory is asked for the next K while
 * the current V is being multiplied, and for V while K is.
 */
#include "kernels/ladder/core.h"
#include "kernels/ladder/tmpl.h"

enum { ROWS = 128 };

/* Tiles of a rank in order, one looked ahead. */
struct walk {
    struct attn_cut cut;
    struct attn_piece piece;
    uint32_t pos, tile;
    bool more;
};

struct step {
    struct attn_piece piece;
    struct attn_rows rows;
    bool begins, ends; /* its piece */
};

static bool walk_next(struct walk *w, const struct attn_args *args, struct step *step)
{
    if (!w->more)
        return false;
    const uint32_t left = w->piece.end - w->pos, n = left < w->tile ? left : w->tile;
    attn_kv_rows(&args->kv, w->piece.batch, w->piece.kv_head, w->pos, n, &step->rows);
    step->piece = w->piece;
    step->begins = w->pos == w->piece.first;
    step->ends = n == left;
    w->pos += n;
    if (step->ends) {
        w->more = attn_cut_next(&w->cut, &w->piece);
        w->pos = w->piece.first;
    }
    return true;
}

static size_t workspace_floats(const struct attn_problem *p)
{
    const uint32_t rows = attn_cut_rows(p, ROWS);
    return 2 * attn_state_floats(rows, p->dim_v) + core_floats(p, rows);
}

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    return attn_pieces_scratch(p, ROWS, splits, ranks, workspace_floats(p));
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t most = attn_cut_rows(p, ROWS);
    const size_t state_floats = attn_state_floats(most, p->dim_v);
    float *const memory = attn_pieces_workspace(args, ROWS, workspace_floats(p), rank, ranks);
    const struct attn_state run = attn_state_at(memory + state_floats, most, p->dim_v);
    const struct core core = core_at(args, most, memory + 2 * state_floats);
    struct walk walk = {.tile = core_tile(p, most)};
    struct step steps[2], *now = &steps[0], *next = &steps[1];
    struct attn_state state = {0}, into = {0};
    uint32_t summed = 0;

    attn_cut_begin(&walk.cut, args, ROWS, rank, rank + 1, ranks);
    walk.more = attn_cut_next(&walk.cut, &walk.piece);
    walk.pos = walk.piece.first;
    for (bool more = walk_next(&walk, args, now); more;) {
        const struct attn_piece *const piece = &now->piece;
        const uint32_t rows = (piece->q_end - piece->q_first) * attn_group(p);
        more = walk_next(&walk, args, next);
        if (now->begins) {
            core_pack_q(&core, piece, rows);
            state = attn_pieces_state(args, piece, ROWS, memory);
            attn_state_clear(&state, rows, core.dim_v);
            into = piece->end - piece->first <= ATTN_RUN ? state : run;
            if (into.m == run.m)
                attn_state_clear(&run, rows, core.dim_v);
            summed = 0;
        }
        /* A shorter next tile must still have a row to ask for at every step of this one. */
        const uint32_t n = now->rows.n, ahead = more ? next->rows.n : 0;
        for (uint32_t j = ahead; more && j < n; j++)
            next->rows.k[j] = next->rows.k[ahead - 1];
        core_absorb(&core, piece, 0, rows, &now->rows, more ? &next->rows : &now->rows, &into);
        summed += n;
        if (into.m == run.m && (summed >= ATTN_RUN || now->ends)) {
            attn_state_absorb(&state, &run, rows, p->dim_v);
            attn_state_clear(&run, rows, core.dim_v);
            summed = 0;
        }
        if (now->ends && piece->whole)
            attn_state_finish(args, piece, &state, 0, rows);
        struct step *const done = now;
        now = next;
        next = done;
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
    .k_types = ATTN_TYPES_STORED,
    .v_types = ATTN_TYPES_STORED,
    .layouts = ATTN_LAYOUTS_ALL,
    .phases = 1u << ATTN_DECODE | 1u << ATTN_PREFILL,
    .scratch_bytes = scratch_bytes,
    .phase = {attend, merge},
    .phase_name = {"attend", "merge"},
};
