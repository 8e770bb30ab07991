/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Estimates. Memory is exact, since it is the same arithmetic the run uses. Time is a guess from
 * assumed rates, good for telling a minute from an hour, which is what people ask a plan for.
 */
#include "bench/cases/plan.h"

#include "bench/cases/data.h"
#include "bench/cases/layer_engine.h"
#include "bench/cases/outside.h"
#include "bench/machine/memory.h"
#include "kernels/check.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* A simulated multiply-add is a function call of its own. */
static const double simulated_flops_per_second = 3e7, simulator_seconds = 0.5;

/* What surrounds the repetitions of a case. */
static const double search_factor = 1.5, ceiling_seconds = 0.015, filled_per_second = 1e9;

static double call_seconds(const struct attn_name *name)
{
    const bool layers = attn_phase_has_layers(name->problem.phase);
    const struct engine_cost cost = layers ? engine_cost(name)
                                           : (struct engine_cost){
                                                 .bytes = attn_bytes(&name->problem),
                                                 .flops = attn_flops(&name->problem),
                                             };
    const double bytes = (double)cost.bytes / (ATTN_PLAN_GB_PER_SECOND * 1e9);
    const double flops = (double)cost.flops / (ATTN_PLAN_GFLOPS * 1e9 * name->threads);
    return bytes > flops ? bytes : flops;
}

/* Of whole layers as much of the size as is printed. */
static int layers_size(struct attn_size *size, const struct attn_case *c,
                       const struct attn_kernel *kernel, uint64_t llc)
{
    struct engine_size layers;
    if (engine_size(&layers, &c->name, kernel, llc))
        return -EOVERFLOW;
    *size = (struct attn_size){
        .rotation.copies = layers.copies,
        .pool_bytes = layers.pool + layers.head,
        .total_bytes = layers.total,
    };
    engine_pool_need(&layers, &c->name, size->layout.need);
    return 0;
}

static int size_of(struct attn_size *size, const struct attn_case *c, uint64_t llc)
{
    const struct attn_kernel *const kernel =
        attn_outside_fails(c->kernel, &c->name) ? NULL : c->kernel;
    attn_outside_watch_size(c->kernel, &c->name);
    const int error = attn_phase_has_layers(c->name.problem.phase)
                          ? layers_size(size, c, kernel, llc)
                          : attn_size(size, &c->name, kernel, llc);
    attn_outside_rest();
    return error;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double case_seconds(const struct attn_case *c, const struct attn_plan_options *options)
{
    const double call = call_seconds(&c->name);
    const double reading = larger(ceiling_seconds, 3 * call);
    const double ceilings = c->kernel->kind == ATTN_RUNG ? 2 * 4 * reading : 0;
    return options->repetitions * search_factor * larger(options->min_time, call) + ceilings +
           2 * call;
}

/* Two samples of rows in double precision, once a group. */
static double oracle_seconds(const struct attn_name *name)
{
    const struct attn_problem *const p = &name->problem;
    const double work = 2.0 * (double)attn_check_sample_size(p) * p->context * (p->dim + p->dim_v);
    return work / (3e8 * name->threads);
}

static const char *duration(double seconds, char *buf, size_t size)
{
    if (seconds < 10)
        snprintf(buf, size, "%.1f s", seconds);
    else if (seconds < 120)
        snprintf(buf, size, "%.0f s", seconds);
    else if (seconds < 7200)
        snprintf(buf, size, "%.0f min", seconds / 60);
    else
        snprintf(buf, size, "%.1f h", seconds / 3600);
    return buf;
}

void attn_plan_print(FILE *out, const struct attn_host *host, const struct attn_cases *cases,
                     const struct attn_plan_options *options)
{
    uint64_t arena[ARENA_PAGES][FILL_CONTENTS] = {{0}}, block = 0, memory = 0;
    double seconds = 0;
    size_t runnable = 0, finished = 0;
    char text[32], time_text[32];
    const uint64_t available = machine_memory_available("");

    fprintf(out, "%8s %10s %9s  %s\n", "Copies", "Memory", "Time", "Case");
    for (size_t i = 0; i < cases->n; i++) {
        const struct attn_case *const c = &cases->item[i];
        struct attn_size size;
        if (options->finished && options->finished[i]) {
            finished++;
            fprintf(out, "%8s %10s %9s  %s\n", "-", "-", "finished", c->text);
            continue;
        }
        if (c->skip ||
            size_of(&size, c, attn_host_llc(host, attn_placement(&c->name), c->name.threads))) {
            fprintf(out, "%8s %10s %9s  %s: %s\n", "-", "-", "skipped", c->text,
                    c->skip ? c->skip : "needs more memory than there are addresses");
            continue;
        }
        if (available != UINT64_MAX && size.total_bytes > available / 10 * 9) {
            fprintf(out, "%8" PRIu64 " %10s %9s  %s: more memory than is free\n",
                    size.rotation.copies, attn_bytes_text(size.total_bytes, text, sizeof(text)),
                    "skipped", c->text);
            continue;
        }
        enum arena_pages pages = ARENA_THP;
        if (*c->name.pages)
            arena_pages_parse(c->name.pages, &pages);
        double took = case_seconds(c, options);
        if (options->sim)
            took += simulator_seconds +
                    (double)attn_flops(&c->name.problem) / simulated_flops_per_second;
        for (int t = 0; t < FILL_CONTENTS; t++) {
            uint64_t *const has = &arena[pages][t];
            const uint64_t need = size.layout.need[t];
            if (need <= *has)
                continue;
            took += (double)(need - *has) / filled_per_second;
            memory += need - *has;
            *has = need;
        }
        if (i == cases->group[c->group].first)
            took += oracle_seconds(&c->name);
        if (size.total_bytes - size.pool_bytes > block)
            block = size.total_bytes - size.pool_bytes;
        seconds += took;
        runnable++;
        fprintf(out, "%8" PRIu64 " %10s %9s  %s\n", size.rotation.copies,
                attn_bytes_text(size.total_bytes, text, sizeof(text)),
                duration(took, time_text, sizeof(time_text)), c->text);
    }

    fprintf(out, "\n%zu cases of %zu problems", cases->n, cases->groups);
    if (finished)
        fprintf(out, ", %zu of them finished before", finished);
    if (runnable + finished < cases->n)
        fprintf(out, ", %zu of them skipped", cases->n - runnable - finished);
    fprintf(out,
            "; about %s with %d repetitions of %g s, supposing %d GB/s and %d GFLOP/s a "
            "thread\n",
            duration(seconds, time_text, sizeof(time_text)), options->repetitions,
            options->min_time, ATTN_PLAN_GB_PER_SECOND, ATTN_PLAN_GFLOPS);
    fprintf(out, "%s of memory at most", attn_bytes_text(memory + block, text, sizeof(text)));
    if (available != UINT64_MAX)
        fprintf(out, ", %s is free", attn_bytes_text(available, text, sizeof(text)));
    fputs("\n", out);
}
