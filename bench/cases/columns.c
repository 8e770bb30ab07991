/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of a row. Figures that a time cannot give (a percentage, a standard deviation) are left
 * out rather than written as something else. A row above its own ceiling says so in its label: it
 * means that the ceiling was read too low or the caches were not cold, and hiding the row would
 * hide that.
 */
#include "bench/cases/columns.h"

#include "analysis/column.h"
#include "analysis/stats.h"
#include "kernels/cut.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double flagged_above = 1.10;

static void set(struct benchmark_state *state, enum ana_column_id id, double value, unsigned flags)
{
    benchmark_set_counter(state, ana_columns[id].name, value, flags);
}

void attn_phase_sums_add(struct attn_phase_sums *sums, const struct team_times *times)
{
    for (int i = 0; i < times->phases; i++) {
        const uint64_t from = i ? times->met_ns[i - 1] : times->start_ns;
        *(i ? &sums->merge : &sums->attend) += times->done_ns[i] - from;
        sums->barrier += times->met_ns[i] - times->done_ns[i];
    }
}

static bool is_rung(const struct attn_kernel *kernel, const char *prefix)
{
    return strncmp(kernel->rung, prefix, strlen(prefix)) == 0;
}

void attn_columns_of_pass(struct benchmark_state *state, const struct attn_problem *problem,
                          const struct attn_kernel *kernel, const struct attn_phase_sums *sums)
{
    const double calls = (double)benchmark_iterations(state);
    /* A reading ceiling makes no tokens, an arithmetic one moves no bytes. */
    if (kernel->kind != ATTN_CEILING || is_rung(kernel, "ceil_read"))
        benchmark_set_bytes_processed(state, (int64_t)((double)attn_bytes(problem) * calls));
    if (!is_rung(kernel, "ceil_read"))
        set(state, ANA_FLOPS_PER_SECOND, (double)attn_flops(problem) * calls,
            BENCHMARK_COUNTER_RATE);
    if (kernel->kind != ATTN_CEILING)
        benchmark_set_items_processed(state, (int64_t)((double)attn_items(problem) * calls));
    set(state, ANA_ATTEND_NS, (double)sums->attend, BENCHMARK_COUNTER_AVG_ITERATIONS);
    set(state, ANA_BARRIER_NS, (double)sums->barrier, BENCHMARK_COUNTER_AVG_ITERATIONS);
    if (kernel->phase[1])
        set(state, ANA_MERGE_NS, (double)sums->merge, BENCHMARK_COUNTER_AVG_ITERATIONS);
}

void attn_columns_of_usage(struct benchmark_state *state, const struct usage *before,
                           const struct usage *after)
{
    set(state, ANA_PAGE_FAULTS, (double)(after->page_faults - before->page_faults),
        BENCHMARK_COUNTER_AVG_ITERATIONS);
    set(state, ANA_CONTEXT_SWITCHES, (double)(after->context_switches - before->context_switches),
        BENCHMARK_COUNTER_AVG_ITERATIONS);
}

/* Nearest rank: the smallest value that at least this share of the calls did not exceed. */
static double percentile(const double *sorted, size_t n, double share)
{
    const double rank = ceil(share * (double)n);
    return sorted[rank < 1 ? 0 : (size_t)rank - 1];
}

/* Latency of single calls over all repetitions; the median call in seconds, 0 if not known. */
static double latency_columns(struct benchmark_state *state, struct benchmark_runner *runner)
{
    /* A percentile that so few calls cannot tell from the slowest of them is left out. */
    static const struct {
        enum ana_column_id id;
        double share;
        size_t least;
    } percentiles[] = {
        {ANA_P50_NS, 0.50, 1},
        {ANA_P90_NS, 0.90, 10},
        {ANA_P99_NS, 0.99, 100},
        {ANA_P999_NS, 0.999, 1000},
    };
    double cost, jitter;
    size_t n;
    const double *const samples = benchmark_samples(state, &n);
    double *const sorted = n ? malloc(n * sizeof(*sorted)) : NULL;
    if (!sorted)
        return 0;
    memcpy(sorted, samples, n * sizeof(*sorted));
    ana_sort(sorted, n);
    const double median = percentile(sorted, n, 0.50);
    for (size_t i = 0; i < sizeof(percentiles) / sizeof(*percentiles); i++)
        if (n >= percentiles[i].least)
            set(state, percentiles[i].id, round(1e9 * percentile(sorted, n, percentiles[i].share)),
                0);
    set(state, ANA_MIN_NS, round(1e9 * sorted[0]), 0);
    set(state, ANA_MAX_NS, round(1e9 * sorted[n - 1]), 0);
    benchmark_clock_quality(runner, &cost, &jitter);
    set(state, ANA_CLOCK_COST_NS, round(1e9 * cost), 0);
    set(state, ANA_JITTER_FLOOR_NS, round(1e9 * jitter), 0);
    free(sorted);
    return median;
}

static double ceiling_ns(const struct attn_ceiling *c)
{
    return c->read_ns > c->fma_ns ? c->read_ns : c->fma_ns;
}

void attn_columns_of_outcome(struct benchmark_state *state, struct benchmark_runner *runner,
                             const struct attn_case *c, const char *label,
                             const struct attn_outcome *outcome)
{
    if (outcome->ticks)
        set(state, ANA_STEAL_FRACTION, (double)outcome->stolen / (double)outcome->ticks, 0);
    if (outcome->checked) {
        set(state, ANA_MAX_ABS_ERROR, outcome->check.max_abs_error, 0);
        set(state, ANA_ERROR_BOUND, outcome->check.error_bound, 0);
        if (outcome->check.quant_bound > 0) {
            set(state, ANA_QUANT_ERROR, outcome->check.quant_error, 0);
            set(state, ANA_QUANT_BOUND, outcome->check.quant_bound, 0);
        }
    }
    if (outcome->ceiling.read_ns > 0)
        set(state, ANA_CEILING_READ_NS, outcome->ceiling.read_ns, 0);
    if (outcome->ceiling.fma_ns > 0)
        set(state, ANA_CEILING_FMA_NS, outcome->ceiling.fma_ns, 0);
    if (outcome->turns.read > 0)
        set(state, ANA_TURN_READ_FRACTION, outcome->turns.read, 0);
    if (outcome->turns.fma > 0)
        set(state, ANA_TURN_FMA_FRACTION, outcome->turns.fma, 0);
    const double median = latency_columns(state, runner);
    const bool faster = median > 0 && ceiling_ns(&outcome->ceiling) > flagged_above * 1e9 * median;
    if (faster || outcome->dropped)
        benchmark_set_label(state, "%s%s%s%s%s", label, *label ? "; " : "",
                            faster ? "faster than its ceiling" : "",
                            faster && outcome->dropped ? "; " : "",
                            outcome->dropped ? "dram_bytes dropped" : "");
    if (!faster)
        return;
    const double fraction = ceiling_ns(&outcome->ceiling) / (1e9 * median);
    benchmark_warn(runner,
                   "%s: ceiling_fraction is %.2f; the ceiling was disturbed or the cache "
                   "not cold",
                   c->text, fraction);
}

void attn_columns_of_case(struct benchmark_state *state, struct benchmark_runner *runner,
                          const struct attn_case *c, const char *label,
                          const struct attn_data *data, const struct attn_outcome *outcome)
{
    const struct attn_problem *const p = &c->name.problem;
    struct arena_state pages;
    set(state, ANA_KV_BYTES, (double)attn_kv_bytes(p), 0);
    if (attn_kv_design_bytes(p) != attn_kv_bytes(p))
        set(state, ANA_KV_DESIGN_BYTES, (double)attn_kv_design_bytes(p), 0);
    set(state, ANA_BYTES, (double)attn_bytes(p), 0);
    set(state, ANA_FLOPS, (double)attn_flops(p), 0);
    set(state, ANA_COPIES, (double)data->size.rotation.copies, 0);
    if (c->kernel->scratch_bytes)
        set(state, ANA_SCRATCH_BYTES, (double)data->size.scratch_bytes, 0);
    if (c->kernel->cut_rows)
        set(state, ANA_SPLITS_USED,
            (double)attn_cut_chunks(&data->args, c->kernel->cut_rows,
                                    attn_kernel_ranks(c->kernel, c->name.threads)),
            0);
    if (!pool_state(data->pool, &pages) && pages.resident_bytes)
        set(state, ANA_HUGE_FRACTION, (double)pages.huge_bytes / (double)pages.resident_bytes, 0);
    if (outcome->sim.instructions > 0) {
        set(state, ANA_SIM_INSTRUCTIONS, outcome->sim.instructions, 0);
        set(state, ANA_SIM_DRAM_BYTES, outcome->sim.dram_bytes, 0);
        set(state, ANA_SIM_AMPLIFICATION, outcome->sim.dram_bytes / (double)attn_bytes(p), 0);
    }
    attn_columns_of_outcome(state, runner, c, label, outcome);
}

void attn_columns_of_row(struct benchmark_row *row, const struct attn_outcome *outcome)
{
    const double ns = 1e9 * row->real_time, ceiling = ceiling_ns(&outcome->ceiling);
    const char *const aggregate = row->aggregate_name;
    const bool central =
        !aggregate || strcmp(aggregate, "mean") == 0 || strcmp(aggregate, "median") == 0;
    if (central && ns > 0 && ceiling > 0)
        benchmark_row_set_counter(row, ana_columns[ANA_CEILING_FRACTION].name, ceiling / ns, 0);
}
