/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proving events and making sets. Each event is counted alone over a loop that takes about a
 * millisecond: instructions have to come out as written, cycles at all, anything else within what
 * is possible.
 */
#include "bench/machine/counters/inside.h"
#include "bench/machine/counters/known_loop.h"
#include "bench/machine/counters/plausible.h"

#include <stdlib.h>

enum {
    LOOP_TURNS = 2000000,
    OVERHEAD_READINGS = 5,
    PERCENT = 5 /* a known number may be off by */
};

static void judge(struct counters *c, struct counter_event *e, int64_t value, double ns)
{
    const int64_t known = (int64_t)LOOP_TURNS * KNOWN_LOOP_INSTRUCTIONS;
    const struct counter_limits limits = {.ns = ns, .max_hz = c->max_hz};
    const char *const broken = counter_implausible(e->meaning, value, &limits);
    if (broken)
        counter_trouble_set(&e->trouble, COUNTER_IMPLAUSIBLE, "%lld of a loop that is known %s",
                            (long long)value, broken);
    else if (e->meaning == COUNTER_INSTRUCTIONS && llabs(value - known) > known / 100 * PERCENT)
        counter_trouble_set(&e->trouble, COUNTER_IMPLAUSIBLE,
                            "counted %lld instructions of a loop that has %lld", (long long)value,
                            (long long)known);
}

static void prove(struct counters *c, struct counter_event *e)
{
    struct rank_count one = {.live = {.event = {e}, .n = 1}};
    int64_t value[COUNTER_SET_MOST] = {0};
    if (e->backend->open(&one.live, &e->trouble))
        return;
    const uint64_t start = c->clock->wall_ns();
    if (!e->backend->start(&one.live, &e->trouble)) {
        known_loop(LOOP_TURNS);
        if (!e->backend->stop(&one.live, value, &e->trouble))
            judge(c, e, value[0], (double)(c->clock->wall_ns() - start));
    }
    e->backend->close(&one.live);
}

static int find_cycles(const struct counters *c, const struct counter_backend *backend)
{
    for (int i = 0; i < c->count; i++)
        if (c->event[i].meaning == COUNTER_CYCLES && c->event[i].backend == backend &&
            !c->event[i].trouble.state)
            return i;
    return -1;
}

static bool fits(const struct counters *c, const struct counter_set *set, int index)
{
    const struct counter_event *const e = &c->event[index], *const first = &c->event[set->event[0]];
    const int most = e->hardware ? COUNTERS_CORE_SET : COUNTER_SET_MOST - 1;
    return set->n < most && first->backend == e->backend && first->hardware == e->hardware &&
           c->together[set->event[0]] == c->together[index];
}

/* Cycles join every set of their back end, last. */
static void make_sets(struct counters *c)
{
    c->sets = 0;
    for (int i = 0; i < c->count; i++) {
        const struct counter_event *const e = &c->event[i];
        if (e->trouble.state || c->dropped[i] || (e->meaning == COUNTER_CYCLES && !c->together[i]))
            continue;
        struct counter_set *set = c->set;
        while (set < c->set + c->sets && !fits(c, set, i))
            set++;
        if (set == c->set + c->sets)
            c->set[c->sets++] = (struct counter_set){.canary = -1};
        set->event[set->n++] = i;
    }
    for (struct counter_set *set = c->set; set < c->set + c->sets; set++) {
        const struct counter_event *const first = &c->event[set->event[0]];
        const int cycles = first->hardware ? find_cycles(c, first->backend) : -1;
        if (cycles < 0)
            continue;
        set->canary = set->n;
        set->event[set->n++] = cycles;
    }
    for (int i = 0; i < c->count; i++) /* cycles and nothing else */
        if (!c->event[i].trouble.state && !c->dropped[i] && c->event[i].meaning == COUNTER_CYCLES &&
            counters_set_of(c, i) < 0)
            c->set[c->sets++] = (struct counter_set){.event = {i}, .n = 1, .canary = 0};
}

/* On this thread alone: the best of a few, since an interruption can only lengthen one. */
static double measure_overhead(const struct counters *c, const struct counter_set *set)
{
    struct rank_count one = {.live = {.n = (size_t)set->n}};
    int64_t value[COUNTER_SET_MOST];
    double best = 0;
    for (int i = 0; i < set->n; i++)
        one.live.event[i] = &c->event[set->event[i]];
    const struct counter_backend *const b = one.live.event[0]->backend;
    if (b->open(&one.live, &one.trouble))
        return 0;
    for (int i = 0; i < OVERHEAD_READINGS; i++) {
        const uint64_t start = c->clock->wall_ns();
        if (b->start(&one.live, &one.trouble) || b->stop(&one.live, value, &one.trouble))
            break;
        const double ns = (double)(c->clock->wall_ns() - start);
        if (i == 0 || ns < best)
            best = ns;
    }
    b->close(&one.live);
    return best;
}

void counters_prove(struct counters *c)
{
    for (int i = 0; i < c->count; i++) {
        if (!c->proved[i] && !c->event[i].trouble.state)
            prove(c, &c->event[i]);
        c->proved[i] = true;
    }
    make_sets(c);
    for (struct counter_set *set = c->set; set < c->set + c->sets; set++)
        set->overhead_ns = measure_overhead(c, set);
}
