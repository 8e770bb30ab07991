/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases of the result files as points. What a file lacks and the shape decides (bytes, flops) is
 * computed from the shape; what only a measurement can say stays missing.
 */
#include "analysis/report/point.h"
#include "analysis/summary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static const struct {
    const char *figure;
    size_t offset;
} read_as_is[] = {
    {"kv_bytes", offsetof(struct rep_point, kv_bytes)},
    {"bytes", offsetof(struct rep_point, bytes)},
    {"flops", offsetof(struct rep_point, flops)},
    {"ceiling_fraction", offsetof(struct rep_point, ceiling_fraction)},
    {"ceiling_read_ns", offsetof(struct rep_point, read_ns)},
    {"ceiling_fma_ns", offsetof(struct rep_point, fma_ns)},
    {"max_abs_error", offsetof(struct rep_point, error)},
    {"error_bound", offsetof(struct rep_point, bound)},
    {"p50_ns", offsetof(struct rep_point, p50_ns)},
    {"p90_ns", offsetof(struct rep_point, p90_ns)},
    {"p99_ns", offsetof(struct rep_point, p99_ns)},
    {"max_ns", offsetof(struct rep_point, max_ns)},
    {"dram_bytes", offsetof(struct rep_point, dram_bytes)},
    {"read_amplification", offsetof(struct rep_point, amplification)},
    {"sim_dram_bytes", offsetof(struct rep_point, sim_dram_bytes)},
    {"quant_error", offsetof(struct rep_point, quant_error)},
    {"attention_fraction", offsetof(struct rep_point, attention_fraction)},
    {"weight_bytes", offsetof(struct rep_point, weight_bytes)},
    {"memory_ratio", offsetof(struct rep_point, memory_ratio)},
    {"memory_ratio_counted", offsetof(struct rep_point, memory_ratio_counted)},
    {"memory_ratio_measured", offsetof(struct rep_point, memory_ratio_measured)},
    {"prefill_ns", offsetof(struct rep_point, prefill_ns)},
    {"tpot_p50_ns", offsetof(struct rep_point, tpot_p50_ns)},
    {"tpot_p99_ns", offsetof(struct rep_point, tpot_p99_ns)},
    {"kv_reserved_bytes", offsetof(struct rep_point, kv_reserved_bytes)},
    {"longest", offsetof(struct rep_point, longest)},
    {"items_per_second", offsetof(struct rep_point, items_per_second)},
};

static double unless_missing(double value, double otherwise)
{
    return isfinite(value) && value > 0 ? value : otherwise;
}

static void read_shape(struct rep_point *p)
{
    const struct attn_problem *const s = &p->name->problem;
    p->batch = s->batch;
    p->heads = s->heads;
    p->kv_heads = s->kv_heads;
    p->group = attn_group(s);
    p->dim = s->dim;
    p->context = s->context;
    p->q_len = s->q_len;
    p->threads = p->name->threads ? p->name->threads : 1;
    /* Without a trace every sequence grows to the context, which older files say nothing of. */
    if (rep_is_run(p) && !p->name->layer.trace)
        p->longest = unless_missing(p->longest, p->context);
    if (rep_has_layers(p))
        return; /* the shape alone does not know what else a layer reads and does */
    p->kv_bytes = unless_missing(p->kv_bytes, (double)attn_kv_bytes(s));
    p->bytes = unless_missing(p->bytes, (double)attn_bytes(s));
    p->flops = unless_missing(p->flops, (double)attn_flops(s));
}

static double reach(const struct attn_problem *s)
{
    const double a_position = 2.0 * s->heads * (s->dim + s->dim_v) * s->batch * s->q_len;
    return s->window || s->chunk ? (double)attn_flops(s) / a_position : NAN;
}

static void derive(struct rep_point *p)
{
    const double items = (double)attn_items(&p->name->problem), seconds = p->time_ns * 1e-9;
    /* A run that generates passes other tokens than one step. */
    if (!rep_is_run(p))
        p->items_per_second = items / seconds;
    p->bytes_per_second = p->bytes / seconds;
    p->flops_per_second = p->flops / seconds;
    p->intensity = p->flops / p->bytes;
    /* fmax() takes the one that is there if the other is missing. */
    p->floor_ns = unless_missing(fmax(p->read_ns, p->fma_ns), NAN);
    if (isfinite(p->floor_ns))
        p->ceiling_fraction = p->floor_ns / p->time_ns;
    p->floor_rate = items / p->floor_ns * 1e9;
    p->amplification = unless_missing(p->amplification, p->dram_bytes / p->bytes);
    p->loss = isfinite(p->quant_error) ? p->quant_error : p->error;
    p->error_used = p->bound > 0 ? p->error / p->bound : NAN;
    p->attending_ns = p->attention_fraction * p->time_ns;
    p->attention_speedup = NAN;
    p->token_ns = p->time_ns / items;
    p->reach = reach(&p->name->problem);
    p->relative = p->cases = 1;
    p->speedup = p->ideal_speedup = p->floor_speedup = p->efficiency = NAN;
}

int rep_points_read(struct ana_result *const *results, size_t count,
                    const struct ana_summary *summary, struct rep_points *points)
{
    *points = (struct rep_points){
        .points = calloc(summary->case_count + 1, sizeof(*points->points)),
    };
    if (!points->points)
        return -ENOMEM;
    for (size_t i = 0; i < summary->case_count; i++) {
        const struct ana_case *const c = &summary->cases[i];
        if (!c->row->attn || c->error || !(c->real_ns > 0) || !isfinite(c->real_ns))
            continue;
        struct rep_point *const p = &points->points[points->count++];
        *p = (struct rep_point){
            .name = c->row->attn,
            .text = c->row->run_name,
            .label = c->row->label,
            .time_ns = c->real_ns,
            .low_ns = c->low_ns,
            .high_ns = c->high_ns,
            .calls = c->samples ? (double)c->samples * c->row->iterations : NAN,
        };
        while (p->file < count && results[p->file] != c->result)
            p->file++;
        for (size_t f = 0; f < sizeof(read_as_is) / sizeof(*read_as_is); f++)
            *(double *)(void *)((char *)p + read_as_is[f].offset) =
                ana_case_figure(summary, c, read_as_is[f].figure);
        read_shape(p);
        derive(p);
    }
    return 0;
}
