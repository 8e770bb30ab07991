/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread inside one pass of a case, and what the threads of a pass share. A state that setup
 * and teardown are given is a thread that never runs.
 */
#ifndef BENCHMARK_C_STATE_H
#define BENCHMARK_C_STATE_H

#include "bench/harness/cases.h"
#include "bench/harness/counters.h"
#include "bench/harness/runner.h"

#include <stdatomic.h>

/* Why there are no times; the first message wins. */
struct outcome {
    _Atomic int status; /* enum benchmark_row_status */
    pthread_mutex_t lock;
    char *message;
};

void bm_outcome_init(struct outcome *outcome);
void bm_outcome_free(struct outcome *outcome);
void bm_outcome_set(struct outcome *outcome, enum benchmark_row_status status, const char *message);

/* A barrier that threads may leave for good. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    int members, waiting;
    unsigned generation;
};

void bm_gate_init(struct gate *gate, int members);
void bm_gate_free(struct gate *gate);
void bm_gate_wait(struct gate *gate);
void bm_gate_leave(struct gate *gate);

/* Wall times of single calls; every stride-th, so that a pass of a billion calls fits. */
struct samples {
    double *seconds;
    size_t count, capacity;
};

int bm_samples_append(struct samples *samples, const double *seconds, size_t count);

enum phase { PHASE_READY, PHASE_RUNNING, PHASE_DONE, PHASE_CONTROL };

struct benchmark_thread {
    struct benchmark_state state;
    struct benchmark_runner *runner;
    const struct instance *instance;
    struct outcome *outcome;
    struct gate *gate;
    int index;
    enum phase phase;
    bool paused;
    int64_t iterations; /* asked for */
    /* While every call is looked at, state.left stays 0 and what is left stands here. */
    bool stepping, cold;
    int64_t pending, stride;
    double step_start, pause_start;
    struct samples samples;
    const struct samples *case_samples; /* of a control state: those of the whole case */
    double real_start, cpu_start;
    double real_used, cpu_used, manual_used;
    struct counters counters;
    char *label;
    double complexity_n;
};

void bm_thread_init(struct benchmark_thread *thread, struct benchmark_runner *runner,
                    const struct instance *instance, struct outcome *outcome);
void bm_thread_free(struct benchmark_thread *thread);
/* Called when the function has returned: notes misuse and lets the other threads go on. */
void bm_thread_close(struct benchmark_thread *thread);

#endif
