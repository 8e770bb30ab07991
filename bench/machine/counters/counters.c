/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and back ends. A name is resolved once, and at once opened for a moment: tables of
 * libraries hold events that this kernel refuses, and then another back end may still be able to
 * count them.
 */
#include "bench/machine/counters/inside.h"
#include "bench/machine/sysfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct counter_backend *const all_backends[] = {&counter_papi, &counter_perf,
                                                             &counter_usage, NULL};

/* Some counters are read with an instruction that valgrind does not know and dies of. It runs a
 * program with its own libraries in LD_PRELOAD. */
static bool under_valgrind(void)
{
    const char *const preloaded = getenv("LD_PRELOAD");
    return preloaded && strstr(preloaded, "vgpreload_");
}

/* 0 where it is not known: acpi-cpufreq, which has the file for the boost, leaves the boost out. */
static double max_hz(const char *root)
{
    uint64_t khz, boost;
    if (sysfile_u64(root, "/sys/devices/system/cpu/cpufreq/boost", &boost) == 0)
        return 0;
    return sysfile_u64(root, "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", &khz)
               ? 0
               : 1e3 * (double)khz;
}

int counters_open(struct counters **out, const struct counters_options *options)
{
    struct counters *const c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    c->root = options->root;
    c->clock = options->clock ? options->clock : &machine_clock;
    c->max_hz = max_hz(options->root);
    c->running = -1;
    const struct counter_backend *const *b = options->backends ? options->backends : all_backends;
    for (; *b && c->backends < COUNTERS_BACKENDS; b++) {
        struct counter_trouble *const trouble = &c->backend_trouble[c->backends];
        c->backend[c->backends++] = *b;
        if (under_valgrind() && *b != &counter_usage)
            counter_trouble_set(trouble, COUNTER_OFF,
                                "valgrind does not know the instruction that reads counters");
        else if ((*b)->begin)
            (*b)->begin(c->root, trouble);
    }
    *out = c;
    return 0;
}

void counters_close(struct counters *c)
{
    free(c);
}

/* One that has nothing to begin knows its names even when it is off. */
static bool knows_names(const struct counters *c, int backend)
{
    return c->backend_trouble[backend].state == COUNTER_OK || !c->backend[backend]->begin;
}

static int refuse_unknown(const struct counters *c, const char *name, char why[COUNTER_REASON])
{
    struct ana_nearest near = {.word = name};
    for (int i = 0; i < c->backends; i++)
        if (knows_names(c, i) && c->backend[i]->offer)
            c->backend[i]->offer(c->root, &near);
    const char *const best = ana_nearest_best(&near);
    if (best)
        snprintf(why, COUNTER_REASON, "no event is called \"%.100s\"; did you mean %s?", name,
                 best);
    else
        snprintf(why, COUNTER_REASON,
                 "no event is called \"%.100s\"; papi_avail and papi_native_avail list PAPI's, and "
                 "r01c0 or cpu/event=0xc0/ are raw",
                 name);
    return -EINVAL;
}

/* A name that only a library with tables of its own could know. */
static bool of_a_library(const char *name)
{
    return strncmp(name, "PAPI_", 5) == 0 || strstr(name, "::");
}

/* The first back end that knows the name and can count it; else the reason of the first that knows
 * it, else that of one that is off and might have known it. */
static int find(const struct counters *c, struct counter_event *event, char why[COUNTER_REASON])
{
    struct counter_event first = *event;
    const struct counter_trouble *off = NULL;
    for (int i = 0; i < c->backends; i++) {
        struct counter_event found = *event;
        if (c->backend_trouble[i].state)
            off = off ? off : &c->backend_trouble[i];
        if (!knows_names(c, i) || !c->backend[i]->find(c->root, &found))
            continue;
        found.backend = c->backend[i];
        if (c->backend_trouble[i].state)
            found.trouble = c->backend_trouble[i];
        if (!found.trouble.state) {
            struct rank_count one = {.live = {.event = {&found}, .n = 1}};
            if (!found.backend->open(&one.live, &found.trouble))
                found.backend->close(&one.live);
        }
        if (!found.trouble.state) {
            *event = found;
            return 0;
        }
        /* A library that lacks the event says less than a kernel that forbids it. */
        if (!first.backend ||
            (first.trouble.state == COUNTER_ABSENT && found.trouble.state != COUNTER_ABSENT))
            first = found;
    }
    if (first.backend) {
        *event = first;
        return 0;
    }
    if (!off || !of_a_library(event->name))
        return refuse_unknown(c, event->name, why);
    event->trouble = *off;
    return 0;
}

int counters_add(struct counters *c, const char *name, char why[COUNTER_REASON])
{
    struct counter_event event = {.backend = NULL};
    for (int i = 0; i < c->count; i++)
        if (strcmp(c->event[i].name, name) == 0 && !c->together[i])
            return i;
    if (strlen(name) >= sizeof(event.name)) {
        snprintf(why, COUNTER_REASON, "\"%.40s...\" is too long for the name of an event", name);
        return -EINVAL;
    }
    if (c->count == COUNTERS_MOST) {
        snprintf(why, COUNTER_REASON, "%.100s is one event too many; %d can be counted in a run",
                 name, COUNTERS_MOST);
        return -E2BIG;
    }
    strcpy(event.name, name);
    const int error = find(c, &event, why);
    if (error)
        return error;
    c->event[c->count] = event;
    return c->count++;
}

enum counter_state counters_can(struct counters *c, const char *name,
                                struct counter_trouble *trouble)
{
    struct counter_event event = {.backend = NULL};
    char why[COUNTER_REASON];
    snprintf(event.name, sizeof(event.name), "%s", name);
    if (find(c, &event, why))
        return counter_trouble_set(trouble, COUNTER_ABSENT, "%s", why);
    *trouble = event.trouble;
    return trouble->state;
}

int counters_add_together(struct counters *c, const char *const *names, int n, int *index,
                          char why[COUNTER_REASON])
{
    const int group = c->groups + 1;
    if (n > COUNTERS_CORE_SET) {
        snprintf(why, COUNTER_REASON, "%d events in one set; %d are counted right", n,
                 COUNTERS_CORE_SET);
        return -E2BIG;
    }
    for (int i = 0; i < n; i++) {
        const int before = c->count;
        index[i] = counters_add(c, names[i], why);
        if (index[i] < 0)
            return index[i];
        if (index[i] == before) {
            c->together[index[i]] = group;
            continue;
        }
        /* Asked for alone before: counted a second time, in this company. */
        if (c->count == COUNTERS_MOST) {
            snprintf(why, COUNTER_REASON, "%d events can be counted in a run", COUNTERS_MOST);
            return -E2BIG;
        }
        c->event[c->count] = c->event[index[i]];
        c->together[c->count] = group;
        index[i] = c->count++;
    }
    c->groups = group;
    return 0;
}

void counters_drop(struct counters *c, int index)
{
    c->dropped[index] = true;
}

int counters_count(const struct counters *c)
{
    return c->count;
}

const struct counter_event *counters_event(const struct counters *c, int index)
{
    return &c->event[index];
}

int counters_sets(const struct counters *c)
{
    return c->sets;
}

int counters_set_of(const struct counters *c, int index)
{
    for (int set = 0; set < c->sets; set++)
        for (int i = 0; i < c->set[set].n; i++)
            if (c->set[set].event[i] == index)
                return set;
    return -1;
}

double counters_overhead_ns(const struct counters *c, int set)
{
    return c->set[set].overhead_ns;
}
