/* SPDX-License-Identifier: Apache-2.0 */
/* Every combination, predicted and judged; see advise.h. */
#include "analysis/advise.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats.h"

const struct ana_mix ana_mixes[] = {
    {"as the model has it", 0, 1, 0},
    {"every other layer sees 4096 tokens, as in Gemma-2", 1, 1, 4096},
    {"5 of 6 layers see 1024 tokens, as in Gemma-3", 5, 1, 1024},
    {"every other layer sees 128 tokens, as in gpt-oss", 1, 1, 128},
};
const size_t ana_mix_count = sizeof(ana_mixes) / sizeof(*ana_mixes);

static const uint32_t shares[] = {1, 2, 3, 4};
enum { SHARES = sizeof(shares) / sizeof(*shares), DIM_LEAST = 32, TYPES_MAX = 16 };

/* A type of cache that was measured, with its law. */
struct type {
    enum attn_type k, v;
    const struct ana_set *set;
    struct ana_tried law;
    double tail; /* 99th percentile of a call over its time, NAN if not measured */
};

struct state {
    const struct ana_task *task;
    struct ana_sets sets;
    struct type types[TYPES_MAX];
    size_t type_count;
    struct ana_advice *advice;
    size_t room;
};

/* The middle of what single calls took at worst, over the cases of a set. */
static double tail_of(const struct ana_summary *summary, const struct ana_set *set)
{
    double *const ratios = calloc(set->count, sizeof(*ratios));
    size_t n = 0;
    for (size_t i = 0; ratios && i < set->count; i++) {
        const double p99 = ana_case_figure(summary, set->cases[i], "p99_ns");
        if (p99 > 0)
            ratios[n++] = fmax(p99 / set->cases[i]->real_ns, 1);
    }
    if (ratios)
        ana_sort(ratios, n);
    const double tail = ratios ? ana_median(ratios, n) : NAN;
    free(ratios);
    return tail;
}

static int find_types(struct state *s, char *message, size_t size)
{
    const struct ana_task *const task = s->task;
    const bool v_in_k = task->model->kinds[0].v_in_k;
    uint32_t threads = task->threads;
    for (size_t i = 0; i < s->sets.count && s->type_count < TYPES_MAX; i++) {
        const struct ana_set *const set = &s->sets.sets[i];
        const struct attn_problem *const p = &set->like->problem;
        bool known = false;
        for (size_t k = 0; k < s->type_count; k++)
            known = known || (s->types[k].k == p->k_type && s->types[k].v == p->v_type);
        if (known || set->count < ANA_LAW_LEAST ||
            ana_predict_set(&s->sets, p->k_type, p->v_type, v_in_k, threads, message, size) != set)
            continue;
        struct type *const t = &s->types[s->type_count];
        *t = (struct type){.k = p->k_type, .v = p->v_type, .set = set};
        if (ana_law_try(set, "", &t->law))
            continue;
        t->tail = tail_of(task->summary, set);
        threads = threads ? threads : set->like->threads; /* all types with the same team */
        s->type_count++;
    }
    if (s->type_count)
        return 0;
    ana_predict_set(&s->sets, task->cache.k_type, task->cache.v_type, v_in_k, task->threads,
                    message, size);
    return -ENODATA;
}

static void name_unmeasured(struct state *s)
{
    char *const text = s->advice->unmeasured;
    for (size_t type = 0; type < ATTN_TYPES; type++) {
        bool known = false;
        for (size_t k = 0; k < s->type_count; k++)
            known = known || s->types[k].k == type;
        const size_t at = strlen(text);
        if (!known)
            snprintf(text + at, sizeof(s->advice->unmeasured) - at, "%s%s", at ? ", " : "",
                     attn_types[type].name);
    }
}

/* Layers of one kind, without a window: what mixes can be made of. */
static bool is_plain(const struct ana_model *m)
{
    return m->kind_count == 1 && !m->kinds[0].window && !m->kinds[0].chunk && !m->latent;
}

/* The model with this design's parts. */
static struct ana_model build(const struct ana_model *base, const struct ana_design *d)
{
    struct ana_model m = *base;
    m.heads = d->heads;
    for (size_t i = 0; i < m.kind_count; i++) {
        struct ana_layers *const k = &m.kinds[i];
        if (m.latent || d->own)
            continue;
        if (d->dim != base->kinds[0].dim) {
            k->dim_v = k->dim_v == k->dim ? d->dim : k->dim_v;
            k->dim = d->dim;
            k->heads = d->heads;
        }
        k->kv_heads = d->kv_heads;
    }
    if (d->mix->local) {
        const uint32_t layers = m.kinds[0].layers, all = d->mix->local + d->mix->global;
        const uint32_t local = layers / all * d->mix->local +
                               (layers % all < d->mix->local ? layers % all : d->mix->local);
        m.kinds[1] = m.kinds[0];
        m.kinds[1].layers = local;
        m.kinds[1].window = d->mix->window;
        m.kinds[0].layers = layers - local;
        m.kind_count = m.kinds[0].layers ? 2 : 1;
        if (m.kind_count == 1)
            m.kinds[0] = m.kinds[1];
    }
    ana_model_share(&m, d->share);
    return m;
}

static unsigned parts_of(const struct ana_design *d, const struct ana_model *base)
{
    bool windows = false;
    for (size_t i = 0; i < d->model.kind_count; i++)
        windows = windows || d->model.kinds[i].window || d->model.kinds[i].chunk;
    const bool latent = base->latent;
    return (!latent && d->kv_heads == 1 && d->heads > 1 ? ANA_PART_MQA : 0u) |
           (!latent && d->kv_heads > 1 && d->kv_heads < d->heads ? ANA_PART_GQA : 0u) |
           (windows ? ANA_PART_WINDOW : 0u) |
           (d->share > 1 || d->model.reuse_layers ? ANA_PART_SHARE : 0u) |
           (attn_types[d->k_type].bits < 16 || attn_types[d->v_type].bits < 16 ? ANA_PART_NARROW
                                                                               : 0u) |
           (d->dim < base->kinds[0].dim ? ANA_PART_DIM : 0u);
}

static int judge(const struct state *s, const struct type *type, struct ana_design *d,
                 char *message, size_t size)
{
    const struct ana_task *const task = s->task;
    struct ana_cache cache = task->cache;
    cache.k_type = d->k_type;
    cache.v_type = d->v_type;
    const int status =
        ana_predict(task->summary->cases[0].result, type->set, &type->law, &d->model, NULL, &cache,
                    task->context, task->batch, &d->forecast, message, size);
    if (status)
        return status;
    d->p99_ns = d->forecast.step.ns * type->tail;
    const double over = d->forecast.kv_bytes / (double)task->memory;
    if (over > 1)
        snprintf(d->why_not, sizeof(d->why_not), "its cache of %.3g GiB is %.3g times the memory",
                 d->forecast.kv_bytes / 0x1p30, over);
    else if (task->p99_ns > 0 && !(d->p99_ns <= task->p99_ns))
        snprintf(d->why_not, sizeof(d->why_not), "a step would take %.3g ms at the 99th percentile",
                 d->p99_ns * 1e-6);
    d->feasible = !*d->why_not;
    return 0;
}

static int add(struct state *s, const struct type *type, struct ana_design d, char *message,
               size_t size)
{
    struct ana_advice *const a = s->advice;
    d.k_type = type->k;
    d.v_type = type->v;
    d.model = build(s->task->model, &d);
    d.parts = parts_of(&d, s->task->model);
    const int status = judge(s, type, &d, message, size);
    if (status)
        return d.own ? status : 0; /* a shape nothing can be said of, unless it is the model's */
    if (a->count == s->room) {
        const size_t room = s->room ? 2 * s->room : 256;
        struct ana_design *const more = realloc(a->designs, room * sizeof(*more));
        if (!more) {
            snprintf(message, size, "not enough memory");
            return -ENOMEM;
        }
        a->designs = more;
        s->room = room;
    }
    a->designs[a->count++] = d;
    a->feasible += d.feasible;
    return 0;
}

/* All designs of one type: KV heads, widths, mixes, sharing. */
static int enumerate(struct state *s, const struct type *type, char *message, size_t size)
{
    const struct ana_model *const m = s->task->model;
    const struct ana_layers *const k = &m->kinds[0];
    bool alike = !m->latent;
    for (size_t i = 1; i < m->kind_count; i++)
        alike = alike && m->kinds[i].heads == k->heads && m->kinds[i].dim == k->dim &&
                m->kinds[i].kv_heads == k->kv_heads;
    const bool own_type = type->k == s->task->cache.k_type && type->v == s->task->cache.v_type;
    const uint32_t dims = alike && k->dim % 2 == 0 && k->dim / 2 >= DIM_LEAST ? 2 : 1;
    for (uint32_t halved = 0; halved < dims; halved++)
        for (uint32_t g = k->heads << halved; g >= 1; g--) {
            if ((k->heads << halved) % g || (!alike && g != k->kv_heads))
                continue;
            for (size_t mix = 0; mix < (is_plain(m) ? ana_mix_count : 1); mix++)
                for (size_t share = 0; share < (m->reuse_layers ? 1 : SHARES); share++) {
                    const struct ana_design d = {
                        .heads = k->heads << halved,
                        .kv_heads = g,
                        .dim = k->dim >> halved,
                        .share = shares[share],
                        .mix = &ana_mixes[mix],
                        .own = own_type && !halved && g == k->kv_heads && !mix && !share,
                    };
                    const int status = add(s, type, d, message, size);
                    if (status)
                        return status;
                }
        }
    return 0;
}

/* Is a at least as rich as b in every part? Heads are as rich as they are wide and cache. */
static bool as_rich(const struct ana_design *a, const struct ana_design *b)
{
    return a->dim >= b->dim && (uint64_t)a->kv_heads * a->dim >= (uint64_t)b->kv_heads * b->dim &&
           a->share <= b->share && attn_types[a->k_type].bits >= attn_types[b->k_type].bits &&
           attn_types[a->v_type].bits >= attn_types[b->v_type].bits &&
           (a->mix == b->mix || !a->mix->local);
}

/* Speeds nearer than this are one: a law cannot tell them apart. */
static const double same_speed = 1.005;

static void mark_beaten(struct ana_advice *a)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < a->count && !a->designs[i].beaten; j++) {
            const struct ana_design *const x = &a->designs[j];
            struct ana_design *const d = &a->designs[i];
            d->beaten = j != i && x->feasible && as_rich(x, d) && !as_rich(d, x) &&
                        x->forecast.step.ns <= d->forecast.step.ns * same_speed;
        }
}

static int by_speed(const void *a, const void *b)
{
    const struct ana_design *const x = a, *const y = b;
    if (x->feasible != y->feasible)
        return x->feasible ? -1 : 1;
    const double s = x->forecast.step.ns, t = y->forecast.step.ns;
    if (s < t || s > t)
        return s < t ? -1 : 1;
    if (x->share != y->share)
        return x->share < y->share ? -1 : 1;
    return (x->kv_heads < y->kv_heads) - (x->kv_heads > y->kv_heads);
}

int ana_advise(const struct ana_task *task, struct ana_advice *advice, char *message, size_t size)
{
    struct state s = {.task = task, .advice = advice};
    *advice = (struct ana_advice){0};
    snprintf(message, size, "not enough memory");
    if (ana_sets_make(task->summary, NULL, NULL, &s.sets))
        return -ENOMEM;
    int status = find_types(&s, message, size);
    if (!status && task->p99_ns > 0 && isnan(s.types[0].tail)) {
        snprintf(message, size,
                 "a bound on the 99th percentile needs p99_ns, which no case of "
                 "this file has");
        status = -ENODATA;
    }
    for (size_t i = 0; i < s.type_count && !status; i++)
        status = enumerate(&s, &s.types[i], message, size);
    if (!status) {
        const struct type *const t = &s.types[0];
        advice->cases = t->set->count;
        advice->median_error = t->law.median_error;
        advice->high_error = t->law.high_error;
        name_unmeasured(&s);
        mark_beaten(advice);
        qsort(advice->designs, advice->count, sizeof(*advice->designs), by_speed);
    }
    for (size_t i = 0; i < s.type_count; i++)
        ana_tried_free(&s.types[i].law);
    ana_sets_free(&s.sets);
    if (status)
        ana_advice_free(advice);
    return status;
}

void ana_advice_free(struct ana_advice *advice)
{
    free(advice->designs);
    *advice = (struct ana_advice){0};
}

void ana_design_say(const struct ana_design *d, char *buf, size_t size)
{
    char kind[32];
    ana_model_attention(&d->model, kind, sizeof(kind));
    const bool mixed = d->k_type != d->v_type;
    size_t at = (size_t)snprintf(buf, size, "%s of %u x %u, %s%s%s", kind, d->heads, d->dim,
                                 attn_types[d->k_type].name, mixed ? "+" : "",
                                 mixed ? attn_types[d->v_type].name : "");
    if (d->mix->local && at < size)
        at += (size_t)snprintf(buf + at, size - at, ", %s", d->mix->name);
    if (d->share > 1 && at < size)
        snprintf(buf + at, size - at, ", %u layers share a cache", d->share);
}
