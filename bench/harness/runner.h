/* SPDX-License-Identifier: Apache-2.0 */
/* The runner object: what was asked for, what was registered, and what every part needs at hand. */
#ifndef BENCHMARK_C_RUNNER_H
#define BENCHMARK_C_RUNNER_H

#include "bench/harness/benchmark.h"
#include "bench/harness/cases.h"
#include "bench/harness/settings.h"

#include <locale.h>
#include <pthread.h>

struct strings {
    char **items;
    size_t count;
};

/* Measured once a run, when calls are timed one by one. */
struct clock_quality {
    bool known;
    double cost;   /* median seconds between two readings in a row */
    double jitter; /* 99.9th percentile of the same, less the median */
};

struct listener {
    void (*function)(void *user, const struct benchmark_row *row);
    void *user;
};

struct benchmark_runner {
    struct benchmark_hooks hooks; /* no member is NULL */
    struct settings settings;
    char *program;
    locale_t c_locale; /* numbers are written with a point, whatever the cases set */
    struct families families;
    struct key_values context;
    struct strings warnings;
    struct strings finished_rows;
    struct listener *listeners;
    size_t listener_count;
    void (*at_end)(void *user);
    void *at_end_user;
    pthread_mutex_t lock; /* guards warnings: threads of a case may warn */
    struct clock_quality clock;
    FILE *samples_file;     /* of --benchmark_dump_samples, or NULL */
    bool context_displayed; /* too late for the displayed context */
    int status;
    size_t matched;
};

int bm_strings_add(struct strings *list, const char *text, size_t length);
void bm_strings_free(struct strings *list);

/* Fills in the library's own for every hook that is NULL. */
void bm_hooks_complete(struct benchmark_hooks *hooks);

static inline double bm_wall(const struct benchmark_runner *runner)
{
    return runner->hooks.wall_clock(runner->hooks.user);
}

/* Ctrl-C and SIGTERM end a run in good order; the second one ends it at once. */
void bm_interrupt_install(void);
void bm_interrupt_remove(void);
/* The signal that asked for the end, or 0. */
int bm_interrupted(void);

#endif
