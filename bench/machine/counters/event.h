/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event that can be counted, and what became of the wish to count it. A name is resolved by the
 * first back end that knows it; whether the event really counts is found out by counting a loop
 * whose numbers are known, since libraries and kernels accept events that then read 0.
 */
#ifndef MACHINE_COUNTERS_EVENT_H
#define MACHINE_COUNTERS_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum { COUNTER_NAME = 192, COUNTER_REASON = 384, COUNTER_SET_MOST = 16 };

enum counter_state {
    COUNTER_OK,
    COUNTER_ABSENT,      /* this CPU, kernel or hypervisor has no such event */
    COUNTER_FORBIDDEN,   /* it has, and does not let us */
    COUNTER_OFF,         /* whole facility missing or switched off */
    COUNTER_IMPLAUSIBLE, /* counts, and what it says cannot be true */
    COUNTER_BROKEN,      /* any other error */
    COUNTER_STATES
};

/* Indexed by enum counter_state: "ok", "absent", ... */
extern const char *const counter_state_name[COUNTER_STATES];

/* Why a state is not ok, with the remedy where there is one. */
struct counter_trouble {
    enum counter_state state;
    char reason[COUNTER_REASON];
};

/* What is known of the values of an event beforehand; plausible.h holds the rules. */
enum counter_meaning { COUNTER_PLAIN, COUNTER_INSTRUCTIONS, COUNTER_CYCLES };

struct counter_backend;

struct counter_event {
    char name[COUNTER_NAME]; /* as asked for */
    const struct counter_backend *backend;
    enum counter_meaning meaning;
    bool hardware; /* takes one of the few counters of a core */
    bool kernel;   /* is counted in kernel mode as well, which takes a privilege */
    /* What the back end made of the name; perf_event_open()'s words, or a number of its own. */
    uint32_t type;
    uint64_t config[3];
    int code;
    struct counter_trouble trouble;
};

/* Sets the state and returns it; the sentence is printf's. */
enum counter_state counter_trouble_set(struct counter_trouble *trouble, enum counter_state state,
                                       const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
