/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regions. Sets are opened when a region begins and closed when it ends: a region is milliseconds
 * long, and sets that stay open belong to threads that may be gone when the next team counts. Only
 * starting and stopping lie inside the region.
 */
#include "bench/machine/counters/inside.h"
#include "bench/machine/counters/plausible.h"

#include <stdio.h>
#include <string.h>

enum { OVERHEAD_FACTOR = 100 };

static void open_rank(void *arg, int rank, int ranks)
{
    struct counters *const c = arg;
    struct rank_count *const r = &c->rank[rank];
    const struct counter_set *const set = &c->set[c->running];
    (void)ranks;
    *r = (struct rank_count){.live = {.n = (size_t)set->n}};
    for (int i = 0; i < set->n; i++)
        r->live.event[i] = &c->event[set->event[i]];
    r->live.event[0]->backend->open(&r->live, &r->trouble);
}

static void start_rank(void *arg, int rank, int ranks)
{
    struct counters *const c = arg;
    struct rank_count *const r = &c->rank[rank];
    (void)ranks;
    r->live.event[0]->backend->start(&r->live, &r->trouble);
}

/* A rank that failed to start has nothing to stop, one that failed to open nothing to close. */
static void stop_rank(void *arg, int rank, int ranks)
{
    struct counters *const c = arg;
    struct rank_count *const r = &c->rank[rank];
    (void)ranks;
    if (!r->trouble.state)
        r->live.event[0]->backend->stop(&r->live, r->value, &r->trouble);
}

static void close_rank(void *arg, int rank, int ranks)
{
    struct counters *const c = arg;
    struct rank_count *const r = &c->rank[rank];
    (void)ranks;
    if (r->live.n && r->live.event[0])
        r->live.event[0]->backend->close(&r->live);
}

static const struct counter_trouble *first_trouble(const struct counters *c)
{
    for (int rank = 0; rank < team_ranks(c->team); rank++)
        if (c->rank[rank].trouble.state)
            return &c->rank[rank].trouble;
    return NULL;
}

enum counter_state counters_start(struct counters *c, int set, struct team *team,
                                  struct counter_trouble *trouble)
{
    c->running = set;
    c->team = team;
    team_run(team, open_rank, c);
    const struct counter_trouble *failed = first_trouble(c);
    c->start_ns = c->clock->wall_ns();
    if (!failed) {
        team_run(team, start_rank, c);
        failed = first_trouble(c);
    }
    if (!failed)
        return COUNTER_OK;
    *trouble = *failed;
    team_run(team, close_rank, c);
    c->running = -1;
    return trouble->state;
}

static const char *check_rank(const struct counters *c, const struct counter_set *set, int rank,
                              double ns, int *which)
{
    const struct rank_count *const r = &c->rank[rank];
    const struct counter_limits limits = {
        .ns = ns,
        .max_hz = c->max_hz,
        .cycles = set->canary >= 0 ? r->value[set->canary] : 0,
    };
    for (int i = set->n - 1; i >= 0; i--) { /* the canary first */
        const char *const broken =
            counter_implausible(c->event[set->event[i]].meaning, r->value[i], &limits);
        if (broken) {
            *which = i;
            return broken;
        }
    }
    return NULL;
}

/* "" or why the reading is worth nothing. */
static void check(const struct counters *c, const struct counter_set *set,
                  struct counter_reading *reading)
{
    const struct counter_trouble *const failed = first_trouble(c);
    if (failed) {
        snprintf(reading->why, sizeof(reading->why), "%s", failed->reason);
        return;
    }
    /* What the kernel counts is exact however short it was. */
    if (c->event[set->event[0]].hardware && reading->ns < OVERHEAD_FACTOR * set->overhead_ns) {
        snprintf(reading->why, sizeof(reading->why),
                 "%.0f us are too short: counting itself takes %.1f us", reading->ns / 1e3,
                 set->overhead_ns / 1e3);
        return;
    }
    for (int rank = 0; rank < team_ranks(c->team); rank++) {
        int which = 0;
        const char *const broken = check_rank(c, set, rank, reading->ns, &which);
        if (broken) {
            snprintf(reading->why, sizeof(reading->why), "%s of thread %d %s: %lld",
                     c->event[set->event[which]].name, rank, broken,
                     (long long)c->rank[rank].value[which]);
            return;
        }
    }
}

void counters_stop(struct counters *c, struct counter_reading *reading)
{
    const struct counter_set *const set = &c->set[c->running];
    memset(reading, 0, sizeof(*reading));
    team_run(c->team, stop_rank, c);
    reading->ns = (double)(c->clock->wall_ns() - c->start_ns);
    check(c, set, reading);
    for (int i = 0; !*reading->why && i < set->n; i++) {
        const int index = set->event[i];
        reading->known[index] = true;
        for (int rank = 0; rank < team_ranks(c->team); rank++)
            reading->value[index] += (double)c->rank[rank].value[i];
    }
    team_run(c->team, close_rank, c);
    c->running = -1;
}
