/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: select, list or measure the cases, and say how it went in one exit status. The order of
 * measuring is that of registration, or a shuffled one in which the repetitions of all cases mix,
 * so that a slow spell of the machine falls on all of them.
 */
#include "bench/harness/baseline.h"
#include "bench/harness/caches.h"
#include "bench/harness/complexity.h"
#include "bench/harness/output.h"
#include "bench/harness/percentiles.h"
#include "bench/harness/progress.h"
#include "bench/harness/schedule.h"
#include "bench/harness/trial.h"
#include "bench/harness/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run {
    struct benchmark_runner *runner;
    const struct instances *instances;
    struct output output;
    struct progress progress;
    struct baseline baseline;
    /* By family_index: points so far and cases still to come. */
    struct complexity_points *points;
    size_t *due;
};

/* What a finished case adds: its rows, and the curve of its family once that is complete. */
static int report(struct run *run, struct trial *trial)
{
    const struct instance *const instance = trial->instance;
    const struct benchmark_family *const family = instance->family;
    const size_t index = (size_t)instance->family_index;
    int rc = 0;

    run->due[index]--;
    rc = bm_baseline_apply(&run->baseline, &trial->rows, family, run->runner->hooks.err);
    if (rc)
        return rc;
    if (family->complexity != BENCHMARK_O_NONE) {
        rc = bm_complexity_note(&run->points[index], &trial->rows);
        if (!rc && !run->due[index])
            rc = bm_complexity_rows(&trial->rows, &run->points[index], instance);
    }
    bm_progress_clear(&run->progress);
    run->progress.done++;
    return rc ? rc : bm_output_rows(&run->output, &trial->rows, family);
}

/* Before each repetition: nothing here is timed. */
static int step(struct run *run, struct trial *trial)
{
    const struct settings *const settings = &run->runner->settings;
    int rc = 0;
    bm_output_tick(&run->output);
    bm_progress_show(&run->progress, trial->instance->name);
    if (!trial->begun) {
        if (settings->cooldown > 0 && run->progress.done)
            run->runner->hooks.sleep(run->runner->hooks.user, settings->cooldown);
        rc = bm_trial_begin(trial);
        if (rc || bm_interrupted() || bm_trial_complete(trial))
            return rc;
    }
    return bm_trial_repeat(trial);
}

/* Tears down what was set up, and reports what was completed. */
static int finish(struct run *run, struct trial *trial, int rc)
{
    const bool complete = bm_trial_complete(trial);
    const int ended = trial->begun ? bm_trial_end(trial) : 0;
    if (!rc)
        rc = ended;
    if (!rc && complete)
        rc = report(run, trial);
    bm_trial_free(trial);
    return rc;
}

/* Before the last case: somebody wants that, or nobody can read what follows. */
static bool ends(const struct run *run)
{
    return bm_interrupted() || run->output.lost;
}

static int run_in_order(struct run *run)
{
    int rc = 0;
    for (size_t i = 0; !rc && !ends(run) && i < run->instances->count; i++) {
        struct trial trial;
        bm_trial_init(&trial, run->runner, &run->instances->items[i]);
        while (!rc && !bm_interrupted() && trial.repetitions && !bm_trial_complete(&trial))
            rc = step(run, &trial);
        rc = finish(run, &trial, rc);
    }
    return rc;
}

/* One round: every repetition known to be due, shuffled. Sets *more when there was any. */
static int run_round(struct run *run, struct trial *trials, uint64_t *random, bool *more)
{
    size_t count = 0, *order = NULL;
    for (size_t i = 0; i < run->instances->count; i++)
        count +=
            trials[i].runner && trials[i].repetitions ? (size_t)bm_trial_remaining(&trials[i]) : 0;
    *more = count > 0;
    if (!count)
        return 0;
    order = malloc(count * sizeof(*order));
    if (!order)
        return -ENOMEM;
    for (size_t i = 0, at = 0; i < run->instances->count; i++) {
        const int due =
            trials[i].runner && trials[i].repetitions ? bm_trial_remaining(&trials[i]) : 0;
        for (int r = 0; r < due; r++)
            order[at++] = i;
    }
    bm_shuffle(order, count, random);
    int rc = 0;
    for (size_t i = 0; !rc && !ends(run) && i < count; i++) {
        struct trial *const trial = &trials[order[i]];
        if (!trial->runner)
            continue;
        rc = step(run, trial);
        if (!rc && bm_trial_complete(trial)) {
            rc = finish(run, trial, 0);
            trial->runner = NULL;
        }
    }
    free(order);
    return rc;
}

static int run_interleaved(struct run *run)
{
    struct trial *const trials = calloc(run->instances->count, sizeof(*trials));
    uint64_t random = (uint64_t)run->runner->settings.interleaving_seed;
    bool more = true;
    int rc = trials ? 0 : -ENOMEM;

    for (size_t i = 0; !rc && i < run->instances->count; i++)
        bm_trial_init(&trials[i], run->runner, &run->instances->items[i]);
    while (!rc && more && !ends(run))
        rc = run_round(run, trials, &random, &more);
    for (size_t i = 0; trials && i < run->instances->count; i++)
        if (trials[i].runner)
            rc = finish(run, &trials[i], rc ? rc : 0);
    free(trials);
    return rc;
}

/* What the flags want prepared and written down before the context is printed. */
static int prepare(struct run *run)
{
    struct benchmark_runner *const runner = run->runner;
    struct settings *const settings = &runner->settings;
    int rc = 0;

    if (settings->random_interleaving) {
        char seed[16];
        if (!settings->interleaving_seed)
            settings->interleaving_seed = bm_draw_seed();
        snprintf(seed, sizeof(seed), "%d", settings->interleaving_seed);
        rc = bm_key_values_set(&runner->context, "interleaving_seed", seed, true);
    }
    if (!rc && settings->cache_mode == CACHE_COLD) {
        const struct context *const context = &run->output.context;
        int64_t largest = 0;
        for (size_t i = 0; i < context->cache_count; i++)
            if (context->caches[i].size_bytes > largest)
                largest = context->caches[i].size_bytes;
        rc = bm_key_values_set(&runner->context, "cache_mode", "cold", true);
        if (!rc && runner->hooks.evict_caches == bm_evict)
            rc = bm_evictor_init((size_t)largest);
    }
    if (settings->percentiles.count)
        bm_clock_measure(runner);
    if (*settings->perf_counters && !runner->hooks.counter_passes)
        benchmark_warn(runner, "--benchmark_perf_counters: this library reads no hardware "
                               "counters; the program itself may");
    return rc;
}

static int measure(struct run *run)
{
    const struct instances *const instances = run->instances;
    struct benchmark_runner *const runner = run->runner;
    run->points = calloc(instances->count, sizeof(*run->points));
    run->due = calloc(instances->count, sizeof(*run->due));
    int rc = run->points && run->due ? prepare(run) : -ENOMEM;
    if (!rc) {
        for (size_t i = 0; i < instances->count; i++)
            run->due[instances->items[i].family_index]++;
        bm_output_begin(&run->output);
        bm_progress_init(&run->progress, runner, instances->count,
                         isatty(fileno(runner->hooks.err)) && !runner->settings.verbosity);
        if (!run->output.status)
            rc = runner->settings.random_interleaving ? run_interleaved(run) : run_in_order(run);
        bm_progress_clear(&run->progress);
    }
    for (size_t i = 0; run->points && i < instances->count; i++)
        bm_complexity_free(&run->points[i]);
    free(run->points);
    free(run->due);
    bm_evictor_free();
    return rc;
}

static int open_baseline(struct run *run)
{
    const struct settings *const settings = &run->runner->settings;
    if (!*settings->baseline && settings->baseline_fail_threshold >= 0) {
        fputs("--benchmark_baseline_fail_threshold needs a --benchmark_baseline\n",
              run->runner->hooks.err);
        return -EINVAL;
    }
    if (!*settings->baseline)
        return 0;
    const int rc = bm_baseline_read(&run->baseline, settings->baseline, run->runner->hooks.err);
    run->baseline.fail_threshold = settings->baseline_fail_threshold;
    return rc;
}

/* In words, for those who look at a table; the numbers are in the rows. */
static void close_baseline(struct run *run)
{
    const struct baseline *const b = &run->baseline;
    if (*run->runner->settings.baseline && run->runner->settings.format != FORMAT_JSON)
        fprintf(run->runner->hooks.err,
                "Baseline: %zu cases compared, %zu slower, %zu faster, the others not told apart\n",
                b->compared, b->slower, b->faster);
    bm_baseline_free(&run->baseline);
}

static int open_samples(struct benchmark_runner *runner)
{
    const char *const path = runner->settings.dump_samples;
    if (!*path)
        return 0;
    runner->samples_file = fopen(path, "we");
    if (!runner->samples_file) {
        fprintf(runner->hooks.err, "invalid file name: '%s': %s\n", path, strerror(errno));
        return -errno;
    }
    fputs("name,repetition_index,call,ns\n", runner->samples_file);
    return 0;
}

static int close_samples(struct benchmark_runner *runner)
{
    if (!runner->samples_file)
        return 0;
    const bool failed = ferror(runner->samples_file);
    if (fclose(runner->samples_file) || failed) {
        fprintf(runner->hooks.err, "error: cannot write %s: %s\n", runner->settings.dump_samples,
                strerror(errno));
        return 1;
    }
    runner->samples_file = NULL;
    return 0;
}

static int list(struct benchmark_runner *runner, const struct instances *instances)
{
    struct reporter reporter = {.kind = bm_reporters[runner->settings.format],
                                .out = runner->hooks.out};
    reporter.kind->list(&reporter, instances);
    if (!fflush(runner->hooks.out) && !ferror(runner->hooks.out))
        return 0;
    fprintf(runner->hooks.err, "error: cannot write the list: %s\n", strerror(errno));
    return 1;
}

/* 0 or 1, before interrupts are considered. */
static int run_all(struct benchmark_runner *runner, const struct instances *instances)
{
    struct run run = {.runner = runner, .instances = instances};
    if (open_baseline(&run) || bm_output_open(&run.output, runner, instances) ||
        open_samples(runner)) {
        bm_baseline_free(&run.baseline);
        bm_output_free(&run.output);
        return 1;
    }
    int rc = 0;
    /* A program that took over every row of an earlier run has left nothing to match. */
    const bool all_finished = !runner->families.count && runner->finished_rows.count;
    if (instances->count) {
        rc = measure(&run);
    } else if (all_finished) {
        bm_output_begin(&run.output);
    } else {
        const char *const filter = runner->settings.filter;
        fprintf(runner->hooks.err, "Failed to match any benchmarks against regex: %s\n",
                *filter ? filter : ".");
    }
    if (runner->at_end)
        runner->at_end(runner->at_end_user);
    bm_output_end(&run.output);
    if (rc)
        fprintf(runner->hooks.err, "error: the run ended early: %s\n", strerror(-rc));
    close_baseline(&run);
    const bool failure = run.output.error_rows || (!instances->count && !all_finished);
    const int status = close_samples(runner) || rc || run.output.status || run.baseline.failed ||
                       (runner->settings.fail_on_error && failure);
    bm_output_free(&run.output);
    return status;
}

int benchmark_run(struct benchmark_runner *runner)
{
    struct instances instances;
    runner->context_displayed = false;
    runner->matched = 0;
    if (bm_instances_select(&instances, &runner->families, runner->settings.filter,
                            runner->hooks.err)) {
        runner->status = 1;
        return 1;
    }
    runner->matched = instances.count;
    if (runner->settings.list_tests) {
        runner->status = list(runner, &instances);
    } else {
        bm_interrupt_install();
        runner->status = runner->settings.worker ? bm_worker_run(runner, &instances)
                                                 : run_all(runner, &instances);
        if (bm_interrupted())
            runner->status = 128 + bm_interrupted();
        bm_interrupt_remove();
    }
    bm_instances_free(&instances);
    return runner->status;
}
