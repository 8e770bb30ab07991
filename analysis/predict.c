/* SPDX-License-Identifier: Apache-2.0 */
/* See predict.h. */
#include "analysis/predict.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool fits(const struct ana_set *set, enum attn_type k_type, enum attn_type v_type,
                 bool v_in_k, uint32_t threads)
{
    const struct attn_problem *const p = &set->like->problem;
    return p->phase == ATTN_DECODE && p->layout == ATTN_CONTIGUOUS && p->k_type == k_type &&
           p->v_type == v_type && p->v_is_k_prefix == v_in_k && p->mask == ATTN_CAUSAL &&
           !p->sinks && !p->alibi && !p->rel_bias && !(p->softcap > 0) &&
           (!threads || set->like->threads == threads);
}

static const char *name_types(enum attn_type k, enum attn_type v, char *buf, size_t size)
{
    snprintf(buf, size, "%s%s%s", attn_types[k].name, k == v ? "" : "+",
             k == v ? "" : attn_types[v].name);
    return buf;
}

const struct ana_set *ana_predict_set(const struct ana_sets *sets, enum attn_type k_type,
                                      enum attn_type v_type, bool v_in_k, uint32_t threads,
                                      char *message, size_t size)
{
    char asked[32], types[32], there[160] = "";
    for (size_t i = 0; i < sets->count; i++)
        if (fits(&sets->sets[i], k_type, v_type, v_in_k, threads)) {
            if (sets->sets[i].count >= ANA_LAW_LEAST)
                return &sets->sets[i];
            snprintf(message, size, "only %zu cases of \"%s\"; a fit takes %d", sets->sets[i].count,
                     sets->sets[i].name, ANA_LAW_LEAST);
            return NULL;
        }
    name_types(k_type, v_type, asked, sizeof(asked));
    for (size_t i = 0; i < sets->count; i++) {
        const struct attn_name *const n = sets->sets[i].like;
        const size_t at = strlen(there);
        if (sets->sets[i].count >= ANA_LAW_LEAST && n->problem.phase == ATTN_DECODE)
            snprintf(there + at, sizeof(there) - at, "%s%s%s with %u threads", at ? ", " : "",
                     name_types(n->problem.k_type, n->problem.v_type, types, sizeof(types)),
                     n->problem.v_is_k_prefix ? " (V in K)" : "", n->threads);
    }
    snprintf(message, size,
             "this file has no plain decode cases with a cache of type %s%s%s; it has %s", asked,
             v_in_k ? " with V in K" : "", threads ? " with so many threads" : "",
             *there ? there : "none to fit");
    return NULL;
}

/* What a layer has to be compared with what was measured. */
enum { BYTES, FLOPS, CONTEXT, BATCH, GROUP, DIM, MEASURES };
_Static_assert((int)MEASURES <= (int)ANA_OUTSIDE_MAX, "each may lie outside");

static const char *const measure_names[MEASURES] = {
    [BYTES] = "bytes a call", [FLOPS] = "operations a call",     [CONTEXT] = "visible context",
    [BATCH] = "batch",        [GROUP] = "query heads a KV head", [DIM] = "head dim",
};

static void measure(const struct attn_problem *p, double out[MEASURES])
{
    const uint32_t reach = p->window ? p->window : p->chunk;
    out[BYTES] = (double)attn_bytes(p);
    out[FLOPS] = (double)attn_flops(p);
    out[CONTEXT] = reach && reach < p->context ? reach : p->context;
    out[BATCH] = p->batch;
    out[GROUP] = attn_group(p);
    out[DIM] = p->dim;
}

static void note_outside(const struct ana_set *set, const struct attn_problem *p,
                         struct ana_forecast *f)
{
    double asked[MEASURES], low[MEASURES], high[MEASURES];
    measure(p, asked);
    for (size_t i = 0; i < set->count; i++) {
        double m[MEASURES];
        measure(&set->cases[i]->row->attn->problem, m);
        for (size_t k = 0; k < MEASURES; k++) {
            low[k] = i ? fmin(low[k], m[k]) : m[k];
            high[k] = i ? fmax(high[k], m[k]) : m[k];
        }
    }
    for (size_t k = 0; k < MEASURES; k++) {
        const double edge = asked[k] > high[k] ? high[k] : asked[k] < low[k] ? low[k] : asked[k];
        const double factor = fmax(asked[k] / edge, edge / asked[k]);
        size_t at = 0;
        if (!(factor > 1))
            continue;
        while (at < f->outside_count && f->outside[at].what != measure_names[k])
            at++;
        const struct ana_outside *const there = &f->outside[at];
        if (at < f->outside_count &&
            fmax(there->value / there->edge, there->edge / there->value) >= factor)
            continue;
        f->outside[at] = (struct ana_outside){measure_names[k], asked[k], edge};
        f->outside_count += at == f->outside_count;
        f->outside_factor = fmax(f->outside_factor, factor);
    }
}

int ana_predict(const struct ana_result *result, const struct ana_set *set,
                const struct ana_tried *tried, const struct ana_model *model,
                const struct ana_layers *kind, const struct ana_cache *cache, uint64_t context,
                uint64_t batch, struct ana_forecast *forecast, char *message, size_t size)
{
    char why[160];
    double own = 0, calls = 0;
    *forecast = (struct ana_forecast){.outside_factor = 1};
    forecast->kv_bytes = (double)ana_batch_bytes(model, cache, context, batch);
    enum ana_level level = ana_level_of(result, forecast->kv_bytes, set->like->threads);
    if (!tried->law.measured[level])
        level = ANA_MEMORY;
    if (!tried->law.measured[level]) {
        snprintf(message, size,
                 "all cases of \"%s\" found their data in a cache of the CPU; "
                 "what memory allows was not measured",
                 set->name);
        return -ENOTSUP;
    }
    for (size_t i = 0; i < model->kind_count; i++)
        own += model->kinds[i].layers;
    for (size_t i = 0; i < model->kind_count; i++) {
        const struct ana_layers *const k = &model->kinds[i];
        struct attn_problem p = attn_problem_default();
        ana_model_problem_of(model, k, &p);
        p.k_type = cache->k_type;
        p.v_type = cache->v_type;
        p.batch = (uint32_t)batch;
        p.context = (uint32_t)context;
        if (batch > UINT32_MAX || context > UINT32_MAX ||
            attn_problem_invalid(&p, why, sizeof(why))) {
            snprintf(message, size, "no such attention: %s",
                     batch > UINT32_MAX || context > UINT32_MAX ? "batch or context too large"
                                                                : why);
            return -ENOTSUP;
        }
        if (kind && kind != k)
            continue;
        const struct ana_guess one =
            ana_law_guess(tried, (double)attn_bytes(&p), (double)attn_flops(&p), level);
        const double layers = k->layers * (1 + model->reuse_layers / own);
        forecast->step.ns += layers * one.ns;
        forecast->step.low += layers * one.low;
        forecast->step.high += layers * one.high;
        calls += layers;
        note_outside(set, &p, forecast);
    }
    forecast->layer_calls = calls;
    return 0;
}

void ana_outside_say(const struct ana_forecast *f, char *buf, size_t size)
{
    *buf = '\0';
    for (size_t i = 0; i < f->outside_count; i++) {
        const struct ana_outside *const o = &f->outside[i];
        const size_t at = strlen(buf);
        const bool above = o->value > o->edge;
        snprintf(buf + at, size - at, "%s%s %.10g is %s%.3g%s the %s measured (%.10g)",
                 at ? "; " : "", o->what, o->value, above ? "" : "1/",
                 above ? o->value / o->edge : o->edge / o->value, above ? " times" : " of",
                 above ? "largest" : "smallest", o->edge);
    }
}
