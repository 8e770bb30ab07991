/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/cases/layer_ceiling.h"

#include "kernels/registry.h"

#include <stdlib.h>
#include <string.h>

enum { TOKEN_BYTES = 4096, PART_BYTES = 64 << 20, PART_FLOPS = 1 << 28, CALLS = 4, LINE = 64 };
enum { READING_NS = 15 * 1000 * 1000 };

/* One call of a ceiling over `tokens` tokens of 4096 bytes from `at`, in ns. */
static uint64_t call_ns(struct engine *e, const struct attn_kernel *ceiling, const char *at,
                        uint32_t tokens)
{
    const struct attn_problem problem = {
        .struct_size = sizeof(problem),
        .k_type = ATTN_F32,
        .v_type = ATTN_F32,
        .batch = 1,
        .heads = 1,
        .kv_heads = 1,
        .dim = TOKEN_BYTES / 4,
        .dim_v = TOKEN_BYTES / 4,
        .context = tokens,
        .q_len = 1,
        .v_is_k_prefix = true,
    };
    const size_t bytes =
        ceiling->scratch_bytes ? ceiling->scratch_bytes(&problem, 0, team_ranks(e->team)) : 0;
    void *const scratch = aligned_alloc(LINE, (bytes + LINE) / LINE * LINE);
    struct attn_args args = {
        .struct_size = sizeof(args),
        .problem = &problem,
        .q = e->x[0],
        .kv = attn_kv_shape(&problem).view,
        .lengths = &tokens,
        .out = e->x[1],
        .scratch = scratch,
    };
    args.kv.k.base = args.kv.v.base = at;
    const uint64_t start = e->clock->wall_ns();
    if (scratch)
        team_phases(e->team, ceiling->phase, &args, NULL);
    const uint64_t ns = e->clock->wall_ns() - start;
    free(scratch);
    return ns;
}

static bool is_rung(const struct attn_kernel *kernel, const char *prefix)
{
    return strncmp(kernel->rung, prefix, strlen(prefix)) == 0;
}

/* The part of the weights that reading number `call` takes, each behind the one before it. */
static const char *part(const struct engine *e, uint64_t bytes, uint64_t call)
{
    const uint64_t all = e->size.pool + e->size.head, parts = all / bytes;
    return e->weights_base + call % (parts ? parts : 1) * bytes;
}

void engine_ceilings_read(struct engine *e, struct attn_ceiling *best)
{
    const struct engine_cost cost = engine_cost(&e->name);
    const uint64_t all = e->size.pool + e->size.head;
    const uint64_t like = cost.bytes < PART_BYTES ? cost.bytes + TOKEN_BYTES : PART_BYTES;
    const uint64_t read = (all < like ? all : like) / TOKEN_BYTES * TOKEN_BYTES;
    const uint64_t flops = cost.flops < PART_FLOPS ? cost.flops : PART_FLOPS;
    size_t count;
    const struct attn_kernel *const *const kernels = attn_registry(&count);
    uint64_t turn = e->turn;
    for (size_t i = 0; read && i < count; i++) {
        const bool fma = is_rung(kernels[i], "ceil_fma");
        if (kernels[i]->kind != ATTN_CEILING || strcmp(kernels[i]->isa, e->ops->isa) ||
            !(fma || is_rung(kernels[i], "ceil_read")))
            continue;
        uint64_t spent = 0;
        for (int call = 0; call < CALLS || spent < READING_NS; call++) {
            const uint64_t flop_tokens = flops / TOKEN_BYTES + 1;
            const uint64_t ns = call_ns(e, kernels[i], part(e, read, turn++),
                                        (uint32_t)(fma ? flop_tokens : read / TOKEN_BYTES));
            spent += ns ? ns : 1;
            const double scaled =
                fma ? (double)ns * (double)cost.flops / (double)(flop_tokens * TOKEN_BYTES)
                    : (double)ns * (double)cost.bytes / (double)read;
            double *const to = fma ? &best->fma_ns : &best->read_ns;
            if (scaled > 0 && (*to == 0 || scaled < *to))
                *to = scaled;
        }
    }
    /* The next step begins behind what was read last. */
    const uint64_t copy = e->size.pool / e->size.copies;
    if (read && copy)
        e->turn = (uint64_t)(part(e, read, turn) - e->weights_base) / copy + 1;
}
