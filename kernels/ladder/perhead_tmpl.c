/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rung: SIMD, one query head at a time, the way popular decode kernels go about grouped heads. The
 * context is cut among ranks; each rank then walks its chunk once per *query* head, so what the
 * group shares is read again for every head of it: from memory, or from a cache if the chunk
 * happens to fit. Two honest forms of it: `perhead` walks the whole chunk for one head before the
 * next, `perhead_l2` goes by blocks that fit a second-level cache and walks each for all heads.
 * Inner loops are those of `split`; the difference between the rungs is the order alone.
 */
#include "kernels/ladder/core.h"
#include "kernels/ladder/tmpl.h"

/* Half of a small second-level cache: K and V of a block stay while the heads take turns. */
enum { ROWS = 128, BLOCK_BYTES = 256 << 10 };

static uint32_t block_tokens(const struct attn_problem *p)
{
#ifdef ATTN_RUNG_PERHEAD_L2
    const size_t token = attn_row_bytes(&attn_types[p->k_type], p->dim) +
                         attn_row_bytes(&attn_types[p->v_type], p->dim_v);
    const uint32_t tokens = (uint32_t)(BLOCK_BYTES / token) / TILE_MAX * TILE_MAX;
    return tokens < TILE_MAX ? TILE_MAX : tokens > ATTN_RUN ? ATTN_RUN : tokens;
#else
    (void)p;
    return UINT32_MAX;
#endif
}

static size_t workspace_floats(const struct attn_problem *p)
{
    const uint32_t rows = attn_cut_rows(p, ROWS);
    return attn_state_floats(rows, p->dim_v) + attn_state_floats(1, p->dim_v) +
           core_floats(p, rows);
}

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    return attn_pieces_scratch(p, ROWS, splits, ranks, workspace_floats(p));
}

/* Row r over positions [first, end), summed up in runs and absorbed into its place in `state`. */
static void walk_row(const struct core *core, const struct attn_piece *piece, uint32_t r,
                     uint32_t first, uint32_t end, const struct attn_state *run,
                     const struct attn_state *state)
{
    const struct attn_problem *const p = core->p;
    const struct attn_state row = {.m = state->m + r,
                                   .l = state->l + r,
                                   .acc = state->acc + r * state->stride,
                                   .stride = state->stride};
    const uint32_t most = core_tile(core->args, 1);
    struct attn_rows tiles[2];
    uint32_t summed = 0;

    attn_state_clear(run, 1, core->dim_v);
    attn_kv_rows(&core->args->kv, piece->batch, piece->kv_head, first,
                 end - first < most ? end - first : most, &tiles[0]);
    for (uint32_t pos = first, turn = 0; pos < end; turn ^= 1) {
        struct attn_rows *const now = &tiles[turn], *const next = &tiles[turn ^ 1];
        const uint32_t n = now->n, after = pos + n, left = end - after;
        if (left)
            attn_kv_rows(&core->args->kv, piece->batch, piece->kv_head, after,
                         left < most ? left : most, next);
        for (uint32_t j = left < n ? left : n; left && j < n; j++)
            next->k[j] = next->k[left - 1];
        core_absorb(core, piece, r, 1, now, left ? next : now, run);
        pos = after;
        summed += n;
        if (summed >= ATTN_RUN || pos == end) {
            attn_state_absorb(&row, run, 1, p->dim_v);
            attn_state_clear(run, 1, core->dim_v);
            summed = 0;
        }
    }
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const uint32_t most = attn_cut_rows(p, ROWS), block = block_tokens(p);
    const size_t state_floats = attn_state_floats(most, p->dim_v);
    float *const memory = attn_pieces_workspace(args, ROWS, workspace_floats(p), rank, ranks);
    const struct attn_state run = attn_state_at(memory + state_floats, 1, p->dim_v);
    struct core core =
        core_at(args, most, 1, memory + state_floats + attn_state_floats(1, p->dim_v));
    struct attn_piece piece;
    struct attn_cut cut;

    attn_cut_begin(&cut, args, ROWS, rank, rank + 1, ranks);
    while (attn_cut_next(&cut, &piece)) {
        const uint32_t rows = (piece.q_end - piece.q_first) * attn_group(p);
        const struct attn_state state = attn_pieces_state(args, &piece, ROWS, memory);
        core_pack_q(&core, &piece, rows);
        attn_state_clear(&state, rows, core.dim_v);
        for (uint32_t pos = piece.first; pos < piece.end;) {
            const uint32_t end = piece.end - pos < block ? piece.end : pos + block;
            for (uint32_t r = 0; r < rows; r++)
                walk_row(&core, &piece, r, pos, end, &run, &state);
            pos = end;
        }
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
#ifdef ATTN_RUNG_PERHEAD_L2
    .summary = "SIMD, one query head at a time over blocks that fit an L2",
#else
    .summary = "SIMD, one query head at a time over the whole chunk",
#endif
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_K,
    .v_types = ATTN_TYPES_V,
    .layouts = ATTN_LAYOUTS_ALL,
    .tile_most = TILE_MAX,
    .splits_most = ATTN_SPLITS_ANY,
    .cut_rows = ROWS,
    .scratch_bytes = scratch_bytes,
    .phase = {attend, merge},
    .phase_name = {"attend", "merge"},
};
