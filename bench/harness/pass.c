/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pass. Threads are made anew for each, the calling one is thread 0, so a case of one thread runs
 * where the program was started and inherits its binding.
 */
#include "bench/harness/pass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The threads of a case take the CPUs of the list in turn. */
static void bind(struct benchmark_thread *thread)
{
    const struct benchmark_hooks *const hooks = &thread->runner->hooks;
    const struct numbers *const cpus = &thread->runner->settings.cpu_affinity;
    if (!cpus->count)
        return;
    const int cpu = (int)cpus->items[(size_t)thread->index % cpus->count];
    const int rc = hooks->bind_thread(hooks->user, cpu);
    if (rc)
        benchmark_skip_with_error(&thread->state, "thread %d cannot be bound to CPU %d: %s",
                                  thread->index, cpu, strerror(-rc));
}

static void *thread_main(void *argument)
{
    struct benchmark_thread *const thread = argument;
    bind(thread);
    thread->instance->family->run(&thread->state);
    bm_thread_close(thread);
    return NULL;
}

static void call_around(void (*function)(struct benchmark_state *), struct benchmark_runner *runner,
                        const struct instance *instance, struct outcome *outcome)
{
    if (!function)
        return;
    struct benchmark_thread control;
    bm_thread_init(&control, runner, instance, outcome);
    function(&control.state);
    bm_thread_free(&control);
}

static void run_threads(struct benchmark_thread *threads, int count, struct outcome *outcome)
{
    pthread_t *const ids = calloc((size_t)count, sizeof(*ids));
    int started = 1;
    for (; ids && started < count; started++)
        if (pthread_create(&ids[started], NULL, thread_main, &threads[started]))
            break;
    if (started < count) {
        char message[64];
        snprintf(message, sizeof(message), "only %d of %d threads could be started", started,
                 count);
        bm_outcome_set(outcome, BENCHMARK_ROW_ERROR, message);
        for (int i = started; i < count; i++)
            bm_gate_leave(threads[i].gate);
    }
    thread_main(&threads[0]);
    for (int i = 1; i < started; i++)
        pthread_join(ids[i], NULL);
    free(ids);
}

static int collect(struct pass_result *result, struct benchmark_thread *threads, int count,
                   const struct benchmark_family *family)
{
    int rc = 0;
    for (int i = 0; i < count; i++) {
        struct benchmark_thread *const t = &threads[i];
        result->iterations += benchmark_iterations(&t->state);
        result->real += t->real_used;
        result->manual += t->manual_used;
        /* Every thread reads the same clock of the process; it counts once. */
        if (!family->process_cpu_time || i == 0)
            result->cpu += t->cpu_used;
        if (!rc)
            rc = bm_counters_add(&result->counters, &t->counters);
        if (t->label && !result->label) {
            result->label = t->label;
            t->label = NULL;
        }
        result->complexity_n += t->complexity_n;
    }
    result->samples = threads[0].samples;
    threads[0].samples = (struct samples){0};
    return rc;
}

int bm_pass_run(struct benchmark_runner *runner, const struct instance *instance,
                int64_t iterations, struct pass_result *result)
{
    const struct settings *const settings = &runner->settings;
    const int count = instance->threads;
    struct benchmark_thread *const threads = calloc((size_t)count, sizeof(*threads));
    struct outcome outcome;
    struct gate gate;

    *result = (struct pass_result){0};
    if (!threads)
        return -ENOMEM;
    bm_outcome_init(&outcome);
    bm_gate_init(&gate, count);
    for (int i = 0; i < count; i++) {
        struct benchmark_thread *const t = &threads[i];
        bm_thread_init(t, runner, instance, &outcome);
        t->gate = &gate;
        t->index = i;
        t->iterations = iterations;
        t->cold = settings->cache_mode == CACHE_COLD;
        t->stepping =
            t->cold ||
            (!settings->worker &&
             (instance->family->samples || settings->percentiles.count || *settings->dump_samples));
        t->phase = PHASE_READY;
    }
    call_around(instance->family->pass_setup, runner, instance, &outcome);
    run_threads(threads, count, &outcome);
    call_around(instance->family->pass_teardown, runner, instance, &outcome);

    const int rc = collect(result, threads, count, instance->family);
    result->status = (enum benchmark_row_status)(int)outcome.status;
    result->message = outcome.message;
    outcome.message = NULL;
    for (int i = 0; i < count; i++)
        bm_thread_free(&threads[i]);
    bm_gate_free(&gate);
    bm_outcome_free(&outcome);
    free(threads);
    return rc;
}

void bm_pass_result_free(struct pass_result *result)
{
    free(result->message);
    free(result->label);
    free(result->samples.seconds);
    bm_counters_free(&result->counters);
    *result = (struct pass_result){0};
}
