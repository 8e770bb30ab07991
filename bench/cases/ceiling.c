/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ceiling kernels run on the case's own data: the same planes, the same copies in turn, so that
 * memory is as cold and pages are as large as for the kernel. One call that finds the machine
 * disturbed is no harm, because only the best counts; hence a handful of calls, and an end by
 * time for the large ones.
 */
#include "bench/cases/ceiling.h"

#include "kernels/registry.h"

#include <stdlib.h>
#include <string.h>

enum { READING_NS = 15 * 1000 * 1000, CALLS_MIN = 3, LINE = 64 };

static struct attn_ceiling_team *find_team(struct attn_ceilings *c, uint32_t threads, bool hot)
{
    struct attn_ceiling_team *t = c->team;
    while (t < c->team + ATTN_CEILING_TEAMS - 1 && t->threads &&
           (t->threads != threads || t->hot != hot))
        t++;
    if (t->threads != threads || t->hot != hot)
        *t = (struct attn_ceiling_team){.threads = threads, .hot = hot};
    return t;
}

/* Calls until time and number are enough; the best call, in ns. */
static uint64_t reading(struct attn_data *data, const struct attn_kernel *ceiling,
                        struct team *team, const struct machine_clock *clock)
{
    const size_t bytes =
        ceiling->scratch_bytes ? ceiling->scratch_bytes(&data->problem, 0, team_ranks(team)) : 0;
    void *const scratch = bytes ? aligned_alloc(LINE, (bytes + LINE - 1) / LINE * LINE) : NULL;
    uint64_t best = 0, spent = 0;
    for (uint64_t call = 0; (!bytes || scratch) && (call < CALLS_MIN || spent < READING_NS);
         call++) {
        attn_data_turn(data);
        struct attn_args args = data->args;
        args.scratch = scratch;
        const uint64_t start = clock->wall_ns();
        team_phases(team, ceiling->phase, &args, NULL);
        const uint64_t ns = clock->wall_ns() - start;
        spent += ns ? ns : 1;
        if (!best || ns < best)
            best = ns;
    }
    free(scratch);
    return best;
}

static bool is_arithmetic(const struct attn_kernel *ceiling)
{
    return ceiling->kind == ATTN_CEILING && strncmp(ceiling->rung, "ceil_read", 9) != 0;
}

/* Of the kernel's own instruction set, or of an extension of it. */
static bool is_own(const struct attn_kernel *ceiling, const struct attn_kernel *kernel)
{
    return strncmp(ceiling->isa, kernel->isa, strlen(kernel->isa)) == 0;
}

/* Does this CPU and this build have an arithmetic ceiling of the kernel's own instruction set? */
static bool has_own_arithmetic(const struct attn_kernel *kernel, const struct attn_problem *p)
{
    size_t count;
    const struct attn_kernel *const *const all = attn_registry(&count);
    char why[160];
    for (size_t i = 0; i < count; i++)
        if (is_arithmetic(all[i]) && is_own(all[i], kernel) &&
            !attn_kernel_unsupported(all[i], p, why, sizeof(why)))
            return true;
    return false;
}

struct attn_ceiling attn_ceilings_read(struct attn_ceilings *ceilings, struct attn_data *data,
                                       const struct attn_kernel *kernel, struct team *team,
                                       bool hot, const struct machine_clock *clock)
{
    struct attn_ceiling_team *const t = find_team(ceilings, (uint32_t)team_ranks(team), hot);
    const bool own = has_own_arithmetic(kernel, &data->problem);
    struct attn_ceiling best = {0};
    size_t count, build = 0;
    const struct attn_kernel *const *const all = attn_registry(&count);
    char why[160];
    for (size_t i = 0; i < count && build < ATTN_CEILING_BUILDS; i++) {
        if (all[i]->kind != ATTN_CEILING)
            continue;
        uint64_t *const known = &t->best_ns[build++];
        const bool arithmetic = is_arithmetic(all[i]);
        if ((arithmetic && own && !is_own(all[i], kernel)) ||
            attn_kernel_unsupported(all[i], &data->problem, why, sizeof(why)))
            continue;
        const uint64_t ns = reading(data, all[i], team, clock);
        if (ns && (!*known || ns < *known))
            *known = ns;
        double *const slot = arithmetic ? &best.fma_ns : &best.read_ns;
        if (*known && (*slot == 0 || (double)*known < *slot))
            *slot = (double)*known;
    }
    return best;
}
