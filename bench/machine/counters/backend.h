/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who counts: PAPI, perf_event_open() of our own, getrusage(), or a test's own invention. A back
 * end counts for the thread that calls it; the team is the business of counters.h.
 */
#ifndef MACHINE_COUNTERS_BACKEND_H
#define MACHINE_COUNTERS_BACKEND_H

#include "analysis/nearest.h"
#include "bench/machine/counters/event.h"

#include <stddef.h>
#include <sys/resource.h>

/* One set of events of one thread, between open and close. */
struct counter_live {
    const struct counter_event *event[COUNTER_SET_MOST];
    size_t n;
    union {
        struct {
            int fd[COUNTER_SET_MOST];
            uint64_t missed[COUNTER_SET_MOST];
        };
        int set;
        struct rusage usage;
    } at;
};

struct counter_backend {
    const char *name;
    /* Before anything else, any number of times; `root` as in sysfile.h. Not ok: no event is found,
     * and the reason is that of every event. NULL: nothing to begin. */
    enum counter_state (*begin)(const char *root, struct counter_trouble *trouble);
    /* Is the event's name one of mine? Then its code is filled, or its trouble. */
    bool (*find)(const char *root, struct counter_event *event);
    /* All names it knows, for misspelt ones. */
    void (*offer)(const char *root, struct ana_nearest *near);
    /* live->event and n are filled; ok, or nothing is open. */
    enum counter_state (*open)(struct counter_live *live, struct counter_trouble *trouble);
    enum counter_state (*start)(struct counter_live *live, struct counter_trouble *trouble);
    /* Values are set only when it is ok. */
    enum counter_state (*stop)(struct counter_live *live, int64_t value[COUNTER_SET_MOST],
                               struct counter_trouble *trouble);
    void (*close)(struct counter_live *live);
};

extern const struct counter_backend counter_perf;  /* perf_event_open() */
extern const struct counter_backend counter_usage; /* getrusage(): faults and switches */
extern const struct counter_backend counter_papi;  /* always off in builds without it */

#endif
