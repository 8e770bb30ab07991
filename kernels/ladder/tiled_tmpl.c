/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rung: prefill and chunked prefill. A block of queries, the whole group of each packed with it,
 * walks the positions it sees tile by tile in order; K and V of a tile are widened once and serve
 * all its rows. Arithmetic decides here, not memory, so there is one stream of addresses and no
 * merge but where a rank's share ends inside a block.
 *
 * At the edge of a causal mask every few rows end at a token of their own: each block of rows
 * takes only the tokens its last row sees, so next to nothing is computed to be thrown away.
 */
#include "kernels/ladder/core.h"
#include "kernels/ladder/tmpl.h"

/* Rows whose values stay in a second-level cache while tiles pass by. */
enum { ROWS = 128 };

static size_t workspace_floats(const struct attn_problem *p)
{
    const uint32_t rows = attn_cut_rows(p, ROWS);
    return 2 * attn_state_floats(rows, p->dim_v) + core_floats(p, rows);
}

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    return attn_pieces_scratch(p, ROWS, splits, ranks, workspace_floats(p));
}

/* The tile at `pos`; empty past the end of the piece. */
static void tile_at(const struct core *core, const struct attn_piece *piece, uint32_t pos,
                    uint32_t most, struct attn_rows *tile)
{
    const uint32_t left = pos < piece->end ? piece->end - pos : 0;
    tile->n = 0;
    if (left)
        attn_kv_rows(&core->args->kv, piece->batch, piece->kv_head, pos, left < most ? left : most,
                     tile);
}

static void walk_piece(const struct core *core, const struct attn_piece *piece, uint32_t rows,
                       const struct attn_state *run, const struct attn_state *state)
{
    const uint32_t most = core_tile(core->args, attn_cut_rows(core->p, ROWS));
    struct attn_rows tiles[2], *now = &tiles[0], *next = &tiles[1];
    uint32_t summed = 0;

    core_pack_q(core, piece, rows);
    attn_state_clear(state, rows, core->dim_v);
    attn_state_clear(run, rows, core->dim_v);
    tile_at(core, piece, piece->first, most, now);
    for (uint32_t pos = piece->first; pos < piece->end;) {
        const uint32_t n = now->n;
        tile_at(core, piece, pos + n, most, next);
        for (uint32_t j = next->n; next->n && j < n; j++)
            next->k[j] = next->k[next->n - 1];
        core_absorb(core, piece, 0, rows, now, next->n ? next : now, run);
        pos += n;
        summed += n;
        if (summed >= ATTN_RUN || pos == piece->end) {
            attn_state_absorb(state, run, rows, core->p->dim_v);
            attn_state_clear(run, rows, core->dim_v);
            summed = 0;
        }
        struct attn_rows *const done = now;
        now = next;
        next = done;
    }
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t most = attn_cut_rows(p, ROWS);
    const size_t state_floats = attn_state_floats(most, p->dim_v);
    float *const memory = attn_pieces_workspace(args, ROWS, workspace_floats(p), rank, ranks);
    const struct attn_state run = attn_state_at(memory + state_floats, most, p->dim_v);
    struct core core = core_at(args, most, most, memory + 2 * state_floats);
    struct attn_piece piece;
    struct attn_cut cut;

    core.ordered = true;
    attn_cut_begin(&cut, args, ROWS, rank, rank + 1, ranks);
    while (attn_cut_next(&cut, &piece)) {
        const uint32_t rows = (piece.q_end - piece.q_first) * attn_group(p);
        const struct attn_state state = attn_pieces_state(args, &piece, ROWS, memory);
        walk_piece(&core, &piece, rows, &run, &state);
        if (piece.whole)
            attn_state_finish(args, &piece, &state, 0, rows);
    }
}

static void merge(const struct attn_args *args, int rank, int ranks)
{
    attn_pieces_merge(args, ROWS, rank, ranks);
}

ATTN_DEFINE_KERNEL = {
    ATTN_KERNEL_IDENTITY,
    .summary = "SIMD prefill: query blocks by KV tiles, the mask's edge followed row by row",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_K,
    .v_types = ATTN_TYPES_V,
    .layouts = ATTN_LAYOUTS_ALL,
    .phases = 1u << ATTN_PREFILL,
    .tile_most = TILE_MAX,
    .splits_most = ATTN_SPLITS_ANY,
    .cut_rows = ROWS,
    .scratch_bytes = scratch_bytes,
    .phase = {attend, merge},
    .phase_name = {"attend", "merge"},
};
