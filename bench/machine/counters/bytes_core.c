/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cores know of memory: lines that came from it. They count our threads alone and need no
 * privilege, and are blind to lines that are written back or streamed past the caches. Names change
 * with every generation of CPUs; those of other CPUs are simply not there. Prefetches into L2 that
 * miss L3 count beside the fills of L1, since a stream is fetched by both, in shares that vary.
 */
#include "bench/machine/counters/bytes.h"
#include "bench/machine/sysfile.h"

#include <stdlib.h>
#include <string.h>

enum { LINE = 64 };

#define ZEN_3 "amd64_fam19h_zen3::"
#define ZEN_4 "amd64_fam19h_zen4::"

struct recipe {
    const char *event[COUNTERS_CORE_SET];
};

static const struct recipe fills[] = {
    {{ZEN_3 "ANY_DATA_CACHE_FILLS_FROM_SYSTEM:MEM_IO_LCL",
      ZEN_3 "ANY_DATA_CACHE_FILLS_FROM_SYSTEM:MEM_IO_RMT",
      ZEN_3 "L2_PREFETCH_MISS_L3:L2_HW_PREFETCHER"}},
    {{ZEN_4 "ANY_DATA_CACHE_FILLS_FROM_SYSTEM:DRAM_IO_NEAR",
      ZEN_4 "ANY_DATA_CACHE_FILLS_FROM_SYSTEM:DRAM_IO_FAR",
      ZEN_4 "L2_PREFETCH_MISS_L3:L2_STREAM:L2_NEXT_LINE:L2_UP_DOWN:L2_BURST:L2_STRIDE"}},
    {{"spr::OCR:READS_TO_CORE_DRAM"}},
    {{"icx::OCR:READS_TO_CORE_DRAM"}},
    {{"clx::OFFCORE_RESPONSE_0:ANY_DATA:L3_MISS"}},
    {{"skx::OFFCORE_RESPONSE_0:ANY_DATA:L3_MISS"}},
    {{NULL}},
};

static const struct recipe misses[] = {
    {{"arm_n1::LL_CACHE_MISS_RD"}},
    {{"arm_n2::LL_CACHE_MISS_RD"}},
    {{"arm_v1::LL_CACHE_MISS_RD"}},
    {{"arm_v2::LL_CACHE_MISS_RD"}},
    {{"perf::CACHE-MISSES"}},
    {{"cache-misses"}},
    {{NULL}},
};

struct core {
    struct counters *counters;
    int index[COUNTERS_CORE_SET], n;
};

static enum counter_state start(void *self, int pass, struct team *team,
                                struct counter_trouble *trouble)
{
    struct core *const c = self;
    (void)pass;
    return counters_start(c->counters, counters_set_of(c->counters, c->index[0]), team, trouble);
}

static enum counter_state stop(void *self, int pass, struct byte_count *count, double *ns,
                               struct counter_trouble *trouble)
{
    struct core *const c = self;
    struct counter_reading reading;
    (void)pass;
    counters_stop(c->counters, &reading);
    *ns = reading.ns;
    if (*reading.why)
        return counter_trouble_set(trouble, COUNTER_IMPLAUSIBLE, "%s", reading.why);
    for (int i = 0; i < c->n; i++)
        count->read += reading.value[c->index[i]] * LINE;
    return COUNTER_OK;
}

/* Adds a recipe to the counters; false with the trouble of its first event that cannot be counted.
 * `known`: this CPU has the event, whatever else is wrong. */
static bool add(struct core *core, const struct recipe *r, struct counter_trouble *trouble)
{
    char why[COUNTER_REASON];
    for (core->n = 0; core->n < COUNTERS_CORE_SET && r->event[core->n]; core->n++)
        if (counters_can(core->counters, r->event[core->n], trouble))
            return false;
    const int error = counters_add_together(core->counters, r->event, core->n, core->index, why);
    if (error)
        counter_trouble_set(trouble, COUNTER_BROKEN, "%s", why);
    return !error;
}

static void drop(struct core *c)
{
    for (int i = 0; i < c->n; i++)
        counters_drop(c->counters, c->index[i]);
}

static void close_core(void *self)
{
    drop(self);
    free(self);
}

/* Did all of them pass? One that did not makes the others worthless. */
static bool whole(struct core *c, struct counter_trouble *trouble)
{
    for (int i = 0; i < c->n; i++) {
        const struct counter_event *const e = counters_event(c->counters, c->index[i]);
        if (!e->trouble.state)
            continue;
        *trouble = e->trouble;
        drop(c);
        return false;
    }
    return true;
}

static enum counter_state open_first(const struct recipe *recipes, const char *none,
                                     struct byte_meter *meter, struct counters *counters,
                                     struct counter_trouble *trouble)
{
    struct core *const c = calloc(1, sizeof(*c));
    struct counter_trouble last = {.state = COUNTER_ABSENT};
    if (!c)
        return counter_trouble_set(trouble, COUNTER_BROKEN, "out of memory");
    c->counters = counters;
    counter_trouble_set(&last, COUNTER_ABSENT, "%s", none);
    for (const struct recipe *r = recipes; r->event[0]; r++) {
        struct counter_trouble one = {.state = COUNTER_OK};
        if (!add(c, r, &one)) {
            if (one.state != COUNTER_ABSENT)
                last = one;
            continue;
        }
        counters_prove(counters);
        if (!whole(c, &last))
            continue;
        *meter = (struct byte_meter){.passes = 1,
                                     .event = c->index[0],
                                     .self = c,
                                     .start = start,
                                     .stop = stop,
                                     .close = close_core};
        return COUNTER_OK;
    }
    free(c);
    *trouble = last;
    return trouble->state;
}

enum counter_state bytes_open_fill(struct byte_meter *meter, const char *root,
                                   struct counters *counters, struct counter_trouble *trouble)
{
    (void)root;
    return open_first(fills, "no event is known here that counts lines from memory", meter,
                      counters, trouble);
}

enum counter_state bytes_open_miss(struct byte_meter *meter, const char *root,
                                   struct counters *counters, struct counter_trouble *trouble)
{
    char text[4096];
    sysfile_read(root, "/proc/cpuinfo", text, sizeof(text));
    if (strstr(text, "AuthenticAMD") || strstr(text, "HygonGenuine"))
        return counter_trouble_set(trouble, COUNTER_IMPLAUSIBLE,
                                   "cache misses show a tenth of the traffic on this maker's CPUs");
    return open_first(misses, "this machine counts no misses of the last-level cache", meter,
                      counters, trouble);
}
