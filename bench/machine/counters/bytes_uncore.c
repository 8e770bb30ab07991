/* SPDX-License-Identifier: Apache-2.0 */
/* Meters of what lies outside the cores: one descriptor for every event of the plan. */
#include "bench/machine/counters/perf_open.h"
#include "bench/machine/counters/uncore.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct uncore {
    struct uncore_plan plan;
    int fd[UNCORE_MOST];
    uint64_t missed[UNCORE_MOST];
    uint64_t start_ns;
};

static void close_uncore(void *self)
{
    struct uncore *const u = self;
    for (size_t i = 0; i < u->plan.n; i++)
        if (u->fd[i] >= 0)
            close(u->fd[i]);
    free(u);
}

/* Counters of a package run whoever works; the team is not asked. */
static enum counter_state start(void *self, int pass, struct team *team,
                                struct counter_trouble *trouble)
{
    struct uncore *const u = self;
    (void)team;
    u->start_ns = machine_clock.wall_ns();
    for (size_t i = 0; i < u->plan.n; i++) {
        const int error = u->plan.event[i].pass == pass ? perf_start(u->fd[i], &u->missed[i]) : 0;
        if (error)
            return counter_trouble_set(trouble, COUNTER_BROKEN, "%s cannot be started: %s",
                                       u->plan.event[i].pmu, strerror(-error));
    }
    return COUNTER_OK;
}

static enum counter_state stop(void *self, int pass, struct byte_count *count, double *ns,
                               struct counter_trouble *trouble)
{
    struct uncore *const u = self;
    enum counter_state state = COUNTER_OK;
    for (size_t i = 0; i < u->plan.n; i++) {
        const struct uncore_event *const e = &u->plan.event[i];
        int64_t value = 0;
        const int error = e->pass == pass ? perf_stop(u->fd[i], u->missed[i], &value) : 0;
        if (error && !state)
            state = counter_trouble_set(trouble, COUNTER_IMPLAUSIBLE,
                                        "%s was counted part of the time or not at all", e->pmu);
        if ((value < 0 || value >= INT64_C(1) << 46) && !state)
            state = counter_trouble_set(trouble, COUNTER_IMPLAUSIBLE, "%s says %lld", e->pmu,
                                        (long long)value);
        *(e->direction == UNCORE_READ    ? &count->read
          : e->direction == UNCORE_WRITE ? &count->write
                                         : &count->both) += (double)value * e->bytes;
    }
    *ns = (double)(machine_clock.wall_ns() - u->start_ns);
    return state;
}

static enum counter_state open_plan(enum byte_source_id id, struct byte_meter *meter,
                                    const char *root, struct counter_trouble *trouble)
{
    struct uncore *const u = calloc(1, sizeof(*u));
    if (!u)
        return counter_trouble_set(trouble, COUNTER_BROKEN, "out of memory");
    const enum counter_state state = uncore_plan(root, id, &u->plan, trouble);
    if (state) {
        free(u);
        return state;
    }
    memset(u->fd, -1, sizeof(u->fd));
    for (size_t i = 0; i < u->plan.n; i++) {
        const struct uncore_event *const e = &u->plan.event[i];
        struct perf_request request = {.type = e->type, .cpu = e->cpu};
        memcpy(request.config, e->config, sizeof(request.config));
        u->fd[i] = perf_open(&request);
        if (u->fd[i] >= 0)
            continue;
        perf_explain(root, u->fd[i], &request, trouble);
        close_uncore(u);
        return trouble->state;
    }
    *meter = (struct byte_meter){
        .passes = u->plan.passes,
        .event = -1,
        .self = u,
        .start = start,
        .stop = stop,
        .close = close_uncore,
    };
    return COUNTER_OK;
}

enum counter_state bytes_open_cas(struct byte_meter *meter, const char *root,
                                  struct counters *counters, struct counter_trouble *trouble)
{
    (void)counters;
    return open_plan(BYTES_MC_CAS, meter, root, trouble);
}

enum counter_state bytes_open_fabric(struct byte_meter *meter, const char *root,
                                     struct counters *counters, struct counter_trouble *trouble)
{
    (void)counters;
    return open_plan(BYTES_MC_FABRIC, meter, root, trouble);
}

enum counter_state bytes_open_l3(struct byte_meter *meter, const char *root,
                                 struct counters *counters, struct counter_trouble *trouble)
{
    (void)counters;
    return open_plan(BYTES_LLC_MISS, meter, root, trouble);
}
