/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting over a team: events by name, each proved on a loop whose numbers are known, put into
 * small sets that are counted one after the other over repetitions of the same work. Every rank
 * counts for itself, on its own thread; values are sums over the ranks. A set of core events holds
 * few of them and ends with cycles, which tell when the CPU had fewer counters than it promised.
 *
 *     counters_open(&c, &options);
 *     counters_add(c, "PAPI_TOT_INS", why);      any number of times
 *     counters_prove(c);
 *     for (set = 0; set < counters_sets(c); set++)
 *         counters_start(c, set, team), work, counters_stop(c, &reading);
 *
 * Rank 0's thread makes all calls.
 */
#ifndef MACHINE_COUNTERS_COUNTERS_H
#define MACHINE_COUNTERS_COUNTERS_H

#include "bench/machine/counters/backend.h"
#include "bench/machine/team.h"

enum { COUNTERS_MOST = 64, COUNTERS_CORE_SET = 3 };

struct counters;

struct counters_options {
    const char *root; /* of /proc and /sys, as in sysfile.h */
    /* In the order in which they are asked for a name, ended by NULL; NULL: all of this build. */
    const struct counter_backend *const *backends;
    const struct machine_clock *clock; /* NULL: the real one */
};

/* 0 or -ENOMEM. A machine that can count nothing is no error: events then say so. */
int counters_open(struct counters **counters, const struct counters_options *options);
void counters_close(struct counters *counters); /* NULL is allowed */

/*
 * The event's index; the same name twice is one event. -EINVAL with a sentence for a name that
 * nobody knows and that some back end would know, -E2BIG beyond COUNTERS_MOST. An event that cannot
 * be counted here is not an error: it has an index and a trouble.
 */
int counters_add(struct counters *counters, const char *name, char why[COUNTER_REASON]);

/* Several events that have to be counted in one set, no more than COUNTERS_CORE_SET of them.
 * Indices go to index[]. As counters_add(). */
int counters_add_together(struct counters *counters, const char *const *names, int n, int *index,
                          char why[COUNTER_REASON]);

/* Can this event be counted here, as far as opening it tells? Adds nothing. */
enum counter_state counters_can(struct counters *counters, const char *name,
                                struct counter_trouble *trouble);

/* Leaves an event out of the sets that are made from now on. */
void counters_drop(struct counters *counters, int index);

/* Counts a loop with each event alone, on this thread, and judges; then makes the sets of those
 * that passed, and measures what counting costs. May be called again after more have been added. */
void counters_prove(struct counters *counters);

int counters_count(const struct counters *counters);
const struct counter_event *counters_event(const struct counters *counters, int index);

int counters_sets(const struct counters *counters);
/* The set an event is counted in, or -1. */
int counters_set_of(const struct counters *counters, int index);

/* Nanoseconds one start and stop of a set takes a thread; a region has to last a hundred times
 * that. */
double counters_overhead_ns(const struct counters *counters, int set);

struct counter_reading {
    double value[COUNTERS_MOST]; /* by index of the event, sum of the ranks */
    bool known[COUNTERS_MOST];
    double ns;
    char why[COUNTER_REASON]; /* what was rejected, or "" */
};

/* Ok, or what failed; nothing is counting then. One set at a time. */
enum counter_state counters_start(struct counters *counters, int set, struct team *team,
                                  struct counter_trouble *trouble);
/* Ends counters_start(). A reading with nothing known says why. */
void counters_stop(struct counters *counters, struct counter_reading *reading);

#endif
