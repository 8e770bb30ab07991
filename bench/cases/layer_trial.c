/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/cases/layer_trial.h"

#include "analysis/column.h"
#include "bench/cases/layer_ceiling.h"

#include <errno.h>

static void set(struct benchmark_state *state, enum ana_column_id id, double value, unsigned flags)
{
    benchmark_set_counter(state, ana_columns[id].name, value, flags);
}

/* The worse of two checks is the one that is reported. Stages have bounds of their own, so error
 * and bound are those of the element that came nearest to its bound. */
void attn_layer_note_check(struct attn_layer_trial *t, const struct layer_check *check)
{
    struct attn_outcome *const o = t->outcome;
    if (!o->checked || check->worst > o->check.worst) {
        o->check.worst = check->worst;
        o->check.error_bound = check->error_bound;
        o->check.max_abs_error = check->worst * check->error_bound;
    }
    o->checked = true;
}

int attn_layer_open_unchecked(struct attn_layer_trial *t, struct attn_host *host, struct team *team,
                              struct attn_message *why)
{
    if (t->c->kernel->kind == ATTN_CEILING)
        return attn_refuse(why, -ENOTSUP, "%s computes nothing that a layer could go on with",
                           t->c->kernel->rung);
    return engine_open(&t->engine, &t->c->name, t->c->kernel, host, team, why);
}

int attn_layer_open(struct attn_layer_trial *t, struct attn_host *host, struct team *team,
                    struct attn_message *why)
{
    struct layer_check check;
    int error = attn_layer_open_unchecked(t, host, team, why);
    if (error)
        return error;
    error = engine_check(&t->engine, host->seed, &check, why);
    attn_layer_note_check(t, &check);
    if (error)
        engine_close(&t->engine);
    else if (t->ceilings)
        engine_ceilings_read(&t->engine, &t->outcome->ceiling);
    return error;
}

static const enum ana_column_id part_columns[LAYER_PARTS] = {
    [LAYER_PART_NORM] = ANA_NORM_NS,
    [LAYER_PART_QKV] = ANA_QKV_NS,
    [LAYER_PART_ROPE] = ANA_ROPE_NS,
    [LAYER_PART_APPEND] = ANA_APPEND_NS,
    [LAYER_PART_ATTENTION] = ANA_ATTENTION_NS,
    [LAYER_PART_CROSS] = ANA_CROSS_NS,
    [LAYER_PART_OUT] = ANA_OUT_NS,
    [LAYER_PART_FFN] = ANA_FFN_NS,
    [LAYER_PART_HEAD] = ANA_HEAD_NS,
};

/* A part with its waits: what the step spends on it. */
static double spent(const struct engine_times *times, enum layer_part part)
{
    return (double)times->part[part] + (double)times->wait[part];
}

/* Of a token in a head's cache, scales included. */
static double row_bytes(enum attn_type type, uint32_t dim)
{
    const struct attn_type_info *const t = &attn_types[type];
    return (double)attn_row_bytes(t, dim) + (double)attn_row_scale_bytes(t, dim);
}

/*
 * Shazeer 2019, sections 2.4.1 and 3.1, with G KV heads in place of h or one, and n the tokens an
 * attention sees, the mean of all; the same figure without the constants he leaves out, cache and
 * weights by their own widths; and what the machine could have read in the time of the step.
 */
static void ratio_columns(struct benchmark_state *state, const struct attn_name *name,
                          const struct engine_cost *cost, double read_ns, double step_ns)
{
    const struct attn_problem *const p = &name->problem;
    const double d = name->layer.width, tokens = (double)attn_items(p);
    const double element = attn_types[name->layer.weights].bits / 8.0;
    const double wide = row_bytes(p->k_type, p->dim) + row_bytes(p->v_type, p->dim_v);
    const double cached = (double)cost->attention_bytes / wide * (p->dim + p->dim_v);
    const double attended = cost->attentions * tokens * d * p->heads * (p->dim + p->dim_v);
    const double counted =
        ((double)cost->projection_bytes / element + cached) / ((double)cost->flops / 2);
    set(state, ANA_MEMORY_RATIO, 1 / d + cached / attended + 1 / tokens, 0);
    set(state, ANA_MEMORY_RATIO_COUNTED, counted, 0);
    if (read_ns > 0)
        set(state, ANA_MEMORY_RATIO_MEASURED, counted * step_ns / read_ns, 0);
}

static void columns_of_pass(struct attn_layer_trial *t, struct benchmark_state *state,
                            const struct engine_times *times)
{
    const struct engine_cost cost = engine_cost(&t->engine.name);
    const double calls = (double)benchmark_iterations(state);
    double parts = 0, waits = 0;
    for (int i = 0; i < LAYER_PARTS; i++) {
        parts += (double)times->part[i];
        waits += (double)times->wait[i];
        if (times->part[i])
            set(state, part_columns[i], (double)times->part[i], BENCHMARK_COUNTER_AVG_ITERATIONS);
    }
    set(state, ANA_PARTS_NS, parts, BENCHMARK_COUNTER_AVG_ITERATIONS);
    set(state, ANA_BARRIER_NS, waits, BENCHMARK_COUNTER_AVG_ITERATIONS);
    const double attention = spent(times, LAYER_PART_ATTENTION) + spent(times, LAYER_PART_CROSS);
    set(state, ANA_ATTENTION_FRACTION, attention / (parts + waits), 0);
    const double products = spent(times, LAYER_PART_QKV) + spent(times, LAYER_PART_OUT) +
                            spent(times, LAYER_PART_FFN) + spent(times, LAYER_PART_HEAD);
    const double read_ns =
        t->outcome->ceiling.read_ns * (double)cost.projection_bytes / (double)cost.bytes;
    if (read_ns > 0 && products > 0)
        set(state, ANA_PROJECTION_FRACTION, read_ns / (products / calls), 0);
    ratio_columns(state, &t->engine.name, &cost, t->outcome->ceiling.read_ns,
                  (parts + waits) / calls);
    benchmark_set_bytes_processed(state, (int64_t)((double)cost.bytes * calls));
    benchmark_set_items_processed(state,
                                  (int64_t)((double)attn_items(&t->engine.name.problem) * calls));
    set(state, ANA_FLOPS_PER_SECOND, (double)cost.flops * calls, BENCHMARK_COUNTER_RATE);
}

void attn_layer_run(struct attn_layer_trial *t, struct benchmark_state *state)
{
    struct engine_times times = {0};
    while (benchmark_keep_running(state))
        engine_step(&t->engine, &times);
    columns_of_pass(t, state, &times);
}

int attn_layer_finish(struct attn_layer_trial *t, struct benchmark_state *state, uint64_t seed,
                      struct attn_message *why)
{
    const struct attn_name *const name = &t->c->name;
    const struct engine_cost cost = engine_cost(name);
    struct layer_check check;
    const int error = engine_check(&t->engine, seed + 1, &check, why);
    attn_layer_note_check(t, &check);
    if (error)
        return error;
    if (t->ceilings)
        engine_ceilings_read(&t->engine, &t->outcome->ceiling);
    set(state, ANA_KV_BYTES, (double)cost.kv_bytes, 0);
    set(state, ANA_BYTES, (double)cost.bytes, 0);
    set(state, ANA_WEIGHT_BYTES, (double)cost.projection_bytes, 0);
    set(state, ANA_FLOPS, (double)cost.flops, 0);
    set(state, ANA_COPIES, (double)t->engine.size.copies, 0);
    if (name->layer.layers)
        set(state, ANA_LAYERS_RUN, (double)name->layer.layers_run, 0);
    return 0;
}

void attn_layer_close(struct attn_layer_trial *t)
{
    engine_close(&t->engine);
}
