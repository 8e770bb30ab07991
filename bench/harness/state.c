/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a benchmark function sees. The loop's fast path is in the header; here is what happens at
 * its two ends, between which nothing of ours runs, and everything that is misuse, which turns the
 * case into an error row instead of stopping the program.
 */
#include "bench/harness/state.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SAMPLES = 1 << 20 };

void bm_outcome_init(struct outcome *outcome)
{
    *outcome = (struct outcome){0};
    pthread_mutex_init(&outcome->lock, NULL);
}

void bm_outcome_free(struct outcome *outcome)
{
    pthread_mutex_destroy(&outcome->lock);
    free(outcome->message);
    outcome->message = NULL;
}

void bm_outcome_set(struct outcome *outcome, enum benchmark_row_status status, const char *message)
{
    pthread_mutex_lock(&outcome->lock);
    if (outcome->status == BENCHMARK_ROW_OK) {
        outcome->message = strdup(message);
        outcome->status = (int)status;
    }
    pthread_mutex_unlock(&outcome->lock);
}

int bm_samples_append(struct samples *samples, const double *seconds, size_t count)
{
    if (samples->count + count > samples->capacity) {
        const size_t capacity = 2 * (samples->count + count);
        double *const grown = realloc(samples->seconds, capacity * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        samples->seconds = grown;
        samples->capacity = capacity;
    }
    if (count)
        memcpy(samples->seconds + samples->count, seconds, count * sizeof(*seconds));
    samples->count += count;
    return 0;
}

void bm_thread_init(struct benchmark_thread *thread, struct benchmark_runner *runner,
                    const struct instance *instance, struct outcome *outcome)
{
    *thread = (struct benchmark_thread){
        .runner = runner, .instance = instance, .outcome = outcome, .phase = PHASE_CONTROL};
    thread->state.self = thread;
}

void bm_thread_free(struct benchmark_thread *thread)
{
    bm_counters_free(&thread->counters);
    free(thread->label);
    free(thread->samples.seconds);
}

static void start_timer(struct benchmark_thread *thread)
{
    const struct benchmark_hooks *const hooks = &thread->runner->hooks;
    thread->cpu_start = hooks->cpu_clock(hooks->user, thread->instance->family->process_cpu_time);
    thread->real_start = hooks->wall_clock(hooks->user);
}

static void stop_timer(struct benchmark_thread *thread)
{
    const struct benchmark_hooks *const hooks = &thread->runner->hooks;
    thread->real_used += hooks->wall_clock(hooks->user) - thread->real_start;
    thread->cpu_used += hooks->cpu_clock(hooks->user, thread->instance->family->process_cpu_time) -
                        thread->cpu_start;
}

static bool skipped(const struct benchmark_thread *thread)
{
    return thread->outcome->status != BENCHMARK_ROW_OK;
}

/* No further iterations; those done become those asked for. */
static void cut_short(struct benchmark_thread *thread)
{
    if (thread->phase == PHASE_READY)
        thread->iterations = 0;
    else if (thread->phase == PHASE_RUNNING)
        thread->iterations -= thread->stepping ? thread->pending : thread->state.left;
    thread->state.left = thread->pending = 0;
}

static void misuse(struct benchmark_thread *thread, const char *message)
{
    bm_outcome_set(thread->outcome, BENCHMARK_ROW_ERROR, message);
    cut_short(thread);
}

static void start_loop(struct benchmark_thread *thread)
{
    thread->phase = PHASE_RUNNING;
    if (thread->stepping) {
        thread->pending = thread->iterations;
        thread->stride = 1 + (thread->iterations - 1) / MAX_SAMPLES;
    } else {
        thread->state.left = thread->iterations;
    }
    if (thread->cold)
        thread->runner->hooks.evict_caches(thread->runner->hooks.user);
    bm_gate_wait(thread->gate);
    start_timer(thread);
    thread->step_start = thread->real_start;
}

static void finish_loop(struct benchmark_thread *thread)
{
    if (thread->paused && !skipped(thread))
        misuse(thread, "the loop ended while timing was paused");
    if (!thread->paused)
        stop_timer(thread);
    thread->phase = PHASE_DONE;
    bm_gate_wait(thread->gate);
}

/* The end of one call is the start of the next: one clock reading each. */
static void step(struct benchmark_thread *thread, int64_t batch)
{
    const double now = bm_wall(thread->runner);
    const int64_t call = thread->iterations - thread->pending;
    const double each = (now - thread->step_start) / (double)batch;
    if (call % thread->stride == 0 && bm_samples_append(&thread->samples, &each, 1))
        misuse(thread, "out of memory for per-call samples");
    thread->step_start = now;
    if (thread->cold && thread->pending > 0 && !thread->paused) {
        stop_timer(thread);
        thread->runner->hooks.evict_caches(thread->runner->hooks.user);
        start_timer(thread);
        thread->step_start = thread->real_start;
    }
}

bool benchmark_keep_running_batch(struct benchmark_state *state, int64_t batch)
{
    struct benchmark_thread *const thread = state->self;
    int64_t *const left = thread->stepping ? &thread->pending : &state->left;

    if (batch < 1)
        misuse(thread, "a batch has at least one iteration");
    if (thread->phase == PHASE_CONTROL)
        misuse(thread, "the timed loop belongs into the benchmark function, not into its setup");
    if (thread->phase == PHASE_READY && !skipped(thread))
        start_loop(thread);
    else if (thread->phase == PHASE_RUNNING && thread->stepping && !skipped(thread))
        step(thread, batch);
    if (thread->phase != PHASE_RUNNING)
        return false;
    /* The pass is thrown away; the inlined part of the loop is not slowed down by looking. */
    if (bm_interrupted())
        cut_short(thread);
    if (*left > 0) {
        *left -= batch;
        return true;
    }
    finish_loop(thread);
    return false;
}

bool benchmark_keep_running_slow(struct benchmark_state *state)
{
    return benchmark_keep_running_batch(state, 1);
}

int64_t benchmark_loop_batch(struct benchmark_state *state, int64_t undone)
{
    struct benchmark_thread *const thread = state->self;
    if (undone > 0) {
        if (!skipped(thread))
            misuse(thread, "the function left its loop before the last iteration");
        thread->iterations -= undone;
    }
    if (!benchmark_keep_running_slow(state))
        return 0;
    const int64_t rest = state->left;
    state->left = 0;
    return 1 + rest;
}

void bm_thread_close(struct benchmark_thread *thread)
{
    const enum phase reached = thread->phase;
    if (reached == PHASE_READY && !skipped(thread))
        misuse(thread, "the function neither ran its loop nor skipped");
    if (reached == PHASE_RUNNING && !skipped(thread))
        misuse(thread, "the function left its loop before the last iteration");
    if (reached == PHASE_READY)
        thread->iterations = 0;
    thread->phase = PHASE_DONE;
    if (reached != PHASE_DONE)
        bm_gate_leave(thread->gate);
}

int64_t benchmark_arg(struct benchmark_state *state, int index)
{
    struct benchmark_thread *const thread = state->self;
    if (index >= 0 && index < thread->instance->arg_count)
        return thread->instance->args[index];
    char message[96];
    snprintf(message, sizeof(message), "argument %d asked for, but the case has %d", index,
             thread->instance->arg_count);
    misuse(thread, message);
    return 0;
}

void *benchmark_user(const struct benchmark_state *state)
{
    return state->self->instance->family->user;
}

const char *benchmark_name(const struct benchmark_state *state)
{
    return state->self->instance->name;
}

int benchmark_thread_index(const struct benchmark_state *state)
{
    return state->self->index;
}

int benchmark_threads(const struct benchmark_state *state)
{
    return state->self->instance->reported_threads;
}

int64_t benchmark_max_iterations(const struct benchmark_state *state)
{
    return state->self->iterations;
}

int64_t benchmark_iterations(const struct benchmark_state *state)
{
    const struct benchmark_thread *const thread = state->self;
    if (thread->phase != PHASE_RUNNING && thread->phase != PHASE_DONE)
        return 0;
    return thread->iterations - (thread->stepping ? thread->pending : state->left);
}

void benchmark_pause_timing(struct benchmark_state *state)
{
    struct benchmark_thread *const thread = state->self;
    if (thread->phase != PHASE_RUNNING || thread->paused) {
        misuse(thread, "timing can only be paused inside the loop, and once");
        return;
    }
    stop_timer(thread);
    thread->pause_start = bm_wall(thread->runner);
    thread->paused = true;
}

void benchmark_resume_timing(struct benchmark_state *state)
{
    struct benchmark_thread *const thread = state->self;
    if (thread->phase != PHASE_RUNNING || !thread->paused) {
        misuse(thread, "timing can only be resumed inside the loop, after it was paused");
        return;
    }
    thread->paused = false;
    start_timer(thread);
    /* A call's sample leaves the pause out, as the sum does. */
    thread->step_start += thread->real_start - thread->pause_start;
}

void benchmark_set_iteration_time(struct benchmark_state *state, double seconds)
{
    struct benchmark_thread *const thread = state->self;
    if (!isfinite(seconds) || seconds < 0)
        misuse(thread, "an iteration time is a number of seconds, not negative");
    else
        thread->manual_used += seconds;
}

static void skip(struct benchmark_state *state, enum benchmark_row_status status,
                 const char *format, va_list args) __attribute__((format(printf, 3, 0)));
static void skip(struct benchmark_state *state, enum benchmark_row_status status,
                 const char *format, va_list args)
{
    struct benchmark_thread *const thread = state->self;
    char *message = NULL;
    if (vasprintf(&message, format, args) < 0)
        message = NULL;
    bm_outcome_set(thread->outcome, status, message ? message : "");
    free(message);
    cut_short(thread);
}

void benchmark_skip_with_error(struct benchmark_state *state, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    skip(state, BENCHMARK_ROW_ERROR, format, args);
    va_end(args);
}

void benchmark_skip_with_message(struct benchmark_state *state, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    skip(state, BENCHMARK_ROW_SKIPPED, format, args);
    va_end(args);
}

bool benchmark_skipped(const struct benchmark_state *state)
{
    return skipped(state->self);
}

bool benchmark_stop_requested(const struct benchmark_state *state)
{
    (void)state;
    return bm_interrupted() != 0;
}

void benchmark_set_counter(struct benchmark_state *state, const char *name, double value,
                           unsigned flags)
{
    struct benchmark_thread *const thread = state->self;
    if (bm_counter_name_reserved(name))
        benchmark_warn(thread->runner, "%s: a counter cannot be called \"%s\", a key of every row",
                       thread->instance->name, name);
    else if (bm_counters_set(&thread->counters, name, value, flags))
        misuse(thread, "out of memory for a counter");
}

void benchmark_set_bytes_processed(struct benchmark_state *state, int64_t bytes)
{
    benchmark_set_counter(state, "bytes_per_second", (double)bytes,
                          BENCHMARK_COUNTER_RATE | BENCHMARK_COUNTER_BASE_1024);
}

void benchmark_set_items_processed(struct benchmark_state *state, int64_t items)
{
    benchmark_set_counter(state, "items_per_second", (double)items, BENCHMARK_COUNTER_RATE);
}

void benchmark_set_complexity_n(struct benchmark_state *state, int64_t n)
{
    state->self->complexity_n = (double)n;
}

void benchmark_set_label(struct benchmark_state *state, const char *format, ...)
{
    struct benchmark_thread *const thread = state->self;
    char *label = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&label, format, args) < 0)
        label = NULL;
    va_end(args);
    free(thread->label);
    thread->label = label;
}

const double *benchmark_samples(const struct benchmark_state *state, size_t *count)
{
    const struct samples *const samples = state->self->case_samples;
    *count = samples ? samples->count : 0;
    return *count ? samples->seconds : NULL;
}
