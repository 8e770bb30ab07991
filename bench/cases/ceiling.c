/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ceiling kernels run on the case's own data: the same planes, the same copies in turn, so that
 * memory is as cold and pages are as large as for the kernel. One call that finds the machine
 * disturbed is no harm, because only the best counts; hence a handful of calls, and an end by
 * time for the large ones.
 */
#include "bench/cases/ceiling.h"

#include "analysis/stats.h"
#include "kernels/registry.h"

#include <stdlib.h>
#include <string.h>

enum { READING_NS = 15 * 1000 * 1000, CALLS_MIN = 3, LINE = 64 };
enum { TURNS_NS = 100 * 1000 * 1000, TURNS_MIN = 5, TURNS_MAX = 99 };

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

/* A kernel or a ceiling that is called on the data of a case, each with scratch of its own. */
struct caller {
    const struct attn_kernel *kernel; /* NULL: nothing is called */
    struct attn_data *data;
    struct team *team;
    const struct machine_clock *clock;
    void *scratch;
};

/* false, with nothing to call, if there is no memory. */
static bool open_caller(struct caller *caller, const struct attn_kernel *ceiling)
{
    const size_t bytes =
        ceiling && ceiling->scratch_bytes
            ? ceiling->scratch_bytes(&caller->data->problem, 0, team_ranks(caller->team))
            : 0;
    caller->scratch = bytes ? aligned_alloc(LINE, (bytes + LINE - 1) / LINE * LINE) : NULL;
    caller->kernel = bytes && !caller->scratch ? NULL : ceiling;
    return caller->kernel;
}

/* ns of a call on the copy whose turn it is; at least 1. */
static uint64_t timed(const struct caller *caller)
{
    attn_data_turn(caller->data);
    struct attn_args args = caller->data->args;
    args.scratch = caller->scratch;
    const uint64_t start = caller->clock->wall_ns();
    team_phases(caller->team, caller->kernel->phase, &args, NULL);
    const uint64_t ns = caller->clock->wall_ns() - start;
    return ns ? ns : 1;
}

/* Calls until time and number are enough; the best call, in ns. */
static uint64_t reading(struct caller caller, const struct attn_kernel *ceiling)
{
    uint64_t best = 0, spent = 0;
    if (!open_caller(&caller, ceiling))
        return 0;
    for (uint64_t call = 0; call < CALLS_MIN || spent < READING_NS; call++) {
        const uint64_t ns = timed(&caller);
        spent += ns;
        if (!best || ns < best)
            best = ns;
    }
    free(caller.scratch);
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

/* Is this build a ceiling of the kernel's problem? */
static bool concerns(const struct attn_kernel *ceiling, const struct attn_kernel *kernel, bool own,
                     const struct attn_problem *p)
{
    char why[160];
    return !(is_arithmetic(ceiling) && own && !is_own(ceiling, kernel)) &&
           !attn_kernel_unsupported(ceiling, p, why, sizeof(why));
}

struct attn_ceiling attn_ceilings_read(struct attn_ceilings *ceilings, struct attn_data *data,
                                       const struct attn_kernel *kernel, struct team *team,
                                       bool hot, const struct machine_clock *clock)
{
    struct attn_ceiling_team *const t = find_team(ceilings, (uint32_t)team_ranks(team), hot);
    const bool own = has_own_arithmetic(kernel, &data->problem);
    const struct caller caller = {.data = data, .team = team, .clock = clock};
    struct attn_ceiling best = {0};
    size_t count, build = 0;
    const struct attn_kernel *const *const all = attn_registry(&count);
    for (size_t i = 0; i < count && build < ATTN_CEILING_BUILDS; i++) {
        if (all[i]->kind != ATTN_CEILING)
            continue;
        uint64_t *const known = &t->best_ns[build++];
        if (!concerns(all[i], kernel, own, &data->problem))
            continue;
        const uint64_t ns = reading(caller, all[i]);
        if (ns && (!*known || ns < *known))
            *known = ns;
        double *const slot = is_arithmetic(all[i]) ? &best.fma_ns : &best.read_ns;
        if (*known && (*slot == 0 || (double)*known < *slot))
            *slot = (double)*known;
    }
    return best;
}

/* The ceiling that read fastest, or that computed fastest; NULL if there is none. */
static const struct attn_kernel *fastest(const struct attn_ceiling_team *t,
                                         const struct attn_kernel *kernel,
                                         const struct attn_problem *p, bool arithmetic)
{
    const bool own = has_own_arithmetic(kernel, p);
    const struct attn_kernel *best = NULL;
    uint64_t least = 0;
    size_t count, build = 0;
    const struct attn_kernel *const *const all = attn_registry(&count);
    for (size_t i = 0; i < count && build < ATTN_CEILING_BUILDS; i++) {
        if (all[i]->kind != ATTN_CEILING)
            continue;
        const uint64_t known = t->best_ns[build++];
        if (is_arithmetic(all[i]) != arithmetic || !known || (best && known >= least) ||
            !concerns(all[i], kernel, own, p))
            continue;
        best = all[i];
        least = known;
    }
    return best;
}

static double middle(double *values, size_t n)
{
    ana_sort(values, n);
    return ana_median(values, n);
}

struct attn_turn_fractions attn_ceilings_turns(struct attn_ceilings *ceilings,
                                               struct attn_data *data,
                                               const struct attn_kernel *kernel, struct team *team,
                                               bool hot, const struct machine_clock *clock)
{
    const struct attn_ceiling_team *const t = find_team(ceilings, (uint32_t)team_ranks(team), hot);
    const struct caller call = {.kernel = kernel,
                                .data = data,
                                .team = team,
                                .clock = clock,
                                .scratch = data->args.scratch};
    struct caller side[2] = {call, call}; /* reading, arithmetic */
    double fraction[2][TURNS_MAX];
    uint64_t spent = 0;
    size_t turns = 0;
    for (int s = 0; s < 2; s++)
        open_caller(&side[s], fastest(t, kernel, &data->problem, s));
    for (; turns < TURNS_MAX && (turns < TURNS_MIN || spent < TURNS_NS); turns++) {
        /* The call in the middle, and each ceiling as often before it as behind. */
        const int first = turns & 1, last = !first;
        uint64_t ns[2] = {0};
        ns[first] = side[first].kernel ? timed(&side[first]) : 0;
        const uint64_t own = timed(&call);
        ns[last] = side[last].kernel ? timed(&side[last]) : 0;
        for (int s = 0; s < 2; s++)
            fraction[s][turns] = (double)ns[s] / (double)own;
        spent += ns[0] + ns[1] + own;
    }
    for (int s = 0; s < 2; s++)
        free(side[s].kernel ? side[s].scratch : NULL);
    return (struct attn_turn_fractions){middle(fraction[0], turns), middle(fraction[1], turns)};
}
