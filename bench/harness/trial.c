/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a case: setup, warm-up, search, repetitions, teardown, rows. Only the first repetition
 * searches; the others do as many iterations, so that they may be averaged.
 */
#include "bench/harness/trial.h"

#include "bench/harness/counted.h"
#include "bench/harness/memory.h"
#include "bench/harness/percentiles.h"
#include "bench/harness/schedule.h"
#include "bench/harness/search.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void bm_trial_init(struct trial *trial, struct benchmark_runner *runner,
                   const struct instance *instance)
{
    const struct benchmark_family *const family = instance->family;
    *trial = (struct trial){.runner = runner, .instance = instance};
    trial->repetitions = runner->settings.dry_run ? 1
                         : family->repetitions    ? family->repetitions
                                                  : runner->settings.repetitions;
    bm_outcome_init(&trial->outcome);
    bm_thread_init(&trial->control, runner, instance, &trial->outcome);
    trial->control.case_samples = &trial->samples;
}

void bm_trial_free(struct trial *trial)
{
    bm_thread_free(&trial->control);
    bm_outcome_free(&trial->outcome);
    bm_rows_free(&trial->rows);
    free(trial->samples.seconds);
    free(trial->per_iteration.seconds);
}

int bm_trial_begin(struct trial *trial)
{
    const struct benchmark_family *const family = trial->instance->family;
    trial->begun = true;
    if (family->setup)
        family->setup(family->user, &trial->control.state);
    return 0;
}

static bool failed(const struct trial *trial)
{
    return trial->outcome.status != BENCHMARK_ROW_OK;
}

bool bm_trial_complete(const struct trial *trial)
{
    const struct progress_of_case progress = {
        .done = trial->done,
        .wanted = trial->repetitions,
        .seconds = trial->per_iteration.seconds,
        .count = trial->per_iteration.count,
        .elapsed = trial->elapsed,
    };
    return trial->begun &&
           (failed(trial) || bm_repeated_enough(&progress, &trial->runner->settings));
}

int bm_trial_remaining(const struct trial *trial)
{
    const int fixed = trial->repetitions - trial->done;
    return bm_trial_complete(trial) ? 0 : fixed > 1 ? fixed : 1;
}

/* The seconds the search goes by: those the case is about. */
static double measured(const struct pass_result *result, const struct benchmark_family *family)
{
    return family->use_manual_time ? result->manual
           : family->use_real_time ? result->real
                                   : result->cpu;
}

/* Passes of growing length until one lasts min_time; that one is in *result. */
static int search(struct trial *trial, double min_time, int64_t *iterations,
                  struct pass_result *result)
{
    const struct instance *const instance = trial->instance;
    const struct settings *const settings = &trial->runner->settings;
    int64_t asked = 1;

    for (;;) {
        const int rc = bm_pass_run(trial->runner, instance, asked, result);
        if (rc || result->status != BENCHMARK_ROW_OK || bm_interrupted())
            return rc;
        *iterations = asked;
        const int64_t ran = result->iterations / instance->threads;
        const double seconds = measured(result, instance->family);
        if (settings->verbosity >= 2)
            fprintf(trial->runner->hooks.err, "%s: %" PRId64 " iterations took %g s of %g s\n",
                    instance->name, ran, seconds, min_time);
        if (bm_search_done(ran, seconds, result->real, min_time, instance->family->use_manual_time))
            return 0;
        asked = bm_search_next(ran, seconds, min_time);
        bm_pass_result_free(result);
    }
}

static int warm_up(struct trial *trial)
{
    const double family_seconds = trial->instance->family->min_warmup_time;
    const struct settings *const settings = &trial->runner->settings;
    const double seconds = family_seconds > 0 ? family_seconds : settings->min_warmup_time;
    if (seconds <= 0 || settings->dry_run)
        return 0;
    struct pass_result result = {0};
    int64_t ignored;
    const int rc = search(trial, seconds, &ignored, &result);
    bm_pass_result_free(&result);
    return rc;
}

/* Iterations known beforehand, or 0. */
static int64_t fixed_iterations(const struct trial *trial)
{
    const struct settings *const settings = &trial->runner->settings;
    if (settings->dry_run)
        return 1;
    if (trial->instance->family->iterations)
        return trial->instance->family->iterations;
    return settings->min_time.iterations;
}

static int measure(struct trial *trial, struct pass_result *result)
{
    const struct benchmark_family *const family = trial->instance->family;
    int rc = 0;

    if (!trial->done)
        rc = warm_up(trial);
    if (rc || bm_interrupted())
        return rc;
    if (!trial->iterations)
        trial->iterations = fixed_iterations(trial);
    if (trial->iterations)
        return bm_pass_run(trial->runner, trial->instance, trial->iterations, result);
    const struct settings *const settings = &trial->runner->settings;
    double min_time = family->min_time > 0 ? family->min_time : settings->min_time.seconds;
    if (settings->max_time > 0 && min_time > settings->max_time)
        min_time = settings->max_time;
    int64_t found = 0;
    rc = search(trial, min_time, &found, result);
    /* A repetition that failed has found nothing; the next one searches again. */
    if (!rc && result->status == BENCHMARK_ROW_OK)
        trial->iterations = found;
    return rc;
}

static enum benchmark_unit unit_of(const struct trial *trial)
{
    const enum benchmark_unit own = trial->instance->family->unit;
    return own != BENCHMARK_UNIT_DEFAULT ? own
                                         : (enum benchmark_unit)trial->runner->settings.time_unit;
}

static int note_times(struct trial *trial, struct benchmark_row *row,
                      const struct pass_result *result)
{
    const struct benchmark_family *const family = trial->instance->family;
    const struct benchmark_runner *const runner = trial->runner;
    const bool by_wall = family->use_real_time || family->use_manual_time;
    int rc =
        bm_samples_append(&trial->per_iteration, by_wall ? &row->real_time : &row->cpu_time, 1);
    if (!rc)
        rc = bm_samples_append(&trial->samples, result->samples.seconds, result->samples.count);
    if (!rc && runner->settings.percentiles.count)
        rc = bm_row_add_percentiles(row, &result->samples, &runner->settings.percentiles,
                                    &runner->clock);
    if (runner->samples_file)
        bm_samples_write(runner->samples_file, row->name, row->repetition_index, &result->samples);
    return rc;
}

int bm_trial_repeat(struct trial *trial)
{
    struct pass_result result = {0};
    struct benchmark_row row;
    const double begin = bm_wall(trial->runner);
    int rc = measure(trial, &result);
    trial->elapsed += bm_wall(trial->runner) - begin;
    if (rc || bm_interrupted())
        goto out;
    rc = bm_row_init(&row, trial->instance, unit_of(trial));
    if (rc)
        goto out;
    row.repetition_index = trial->done++;
    rc = bm_row_from_pass(&row, &result, trial->instance);
    if (!rc && row.status == BENCHMARK_ROW_OK)
        rc = note_times(trial, &row, &result);
    if (!rc && row.status == BENCHMARK_ROW_OK)
        rc = bm_memory_measure(trial->runner, trial->instance, trial->iterations, &row);
    if (!rc && row.status == BENCHMARK_ROW_OK)
        rc = bm_counted_measure(trial->runner, trial->instance, trial->iterations, &row);
    if (rc) {
        bm_row_free(&row);
        goto out;
    }
    rc = bm_rows_add(&trial->rows, &row);
out:
    bm_pass_result_free(&result);
    return rc;
}

/* The whole case has no times: one row says why. */
static int fail_rows(struct trial *trial)
{
    struct benchmark_row row;
    bm_rows_free(&trial->rows);
    int rc = bm_row_init(&row, trial->instance, unit_of(trial));
    if (rc)
        return rc;
    row.status = (enum benchmark_row_status)(int)trial->outcome.status;
    row.message = strdup(trial->outcome.message ? trial->outcome.message : "");
    rc = bm_rows_add(&trial->rows, &row);
    return rc;
}

/* Counters and label of setup and teardown, then what the case makes of each row's own times. */
static int finish_row(struct trial *trial, struct benchmark_row *row)
{
    const struct benchmark_family *const family = trial->instance->family;
    int rc = 0;
    for (size_t i = 0; !rc && i < trial->control.counters.count; i++) {
        const struct benchmark_counter *const c = &trial->control.counters.items[i];
        if (row->kind == BENCHMARK_ROW_ITERATION)
            rc = bm_row_counter_set(row, c->name, c->value, c->flags);
    }
    if (!rc && trial->control.label && row->kind == BENCHMARK_ROW_ITERATION) {
        char *const label = strdup(trial->control.label);
        rc = label ? 0 : -ENOMEM;
        free(row->label);
        row->label = label;
    }
    if (!rc && family->finish)
        family->finish(family->user, row);
    return rc;
}

/* No output of ours holds NaN or infinity: half the readers of JSON refuse the file. */
static void drop_non_finite(struct trial *trial, struct benchmark_row *row)
{
    for (size_t i = row->counter_count; i-- > 0;) {
        if (isfinite(row->counters[i].value))
            continue;
        benchmark_warn(trial->runner, "%s: counter %s is not a finite number and was left out",
                       row->name, row->counters[i].name);
        bm_row_counter_drop(row, i);
    }
}

static int finish_rows(struct trial *trial, size_t first)
{
    int rc = 0;
    for (size_t i = first; !rc && i < trial->rows.count; i++) {
        struct benchmark_row *const row = &trial->rows.items[i];
        row->repetitions = trial->done;
        if (row->status != BENCHMARK_ROW_OK)
            continue;
        rc = finish_row(trial, row);
        drop_non_finite(trial, row);
    }
    return rc;
}

int bm_trial_end(struct trial *trial)
{
    const struct benchmark_family *const family = trial->instance->family;
    if (trial->begun && family->teardown)
        family->teardown(family->user, &trial->control.state);
    if (failed(trial))
        return fail_rows(trial);
    int rc = finish_rows(trial, 0);
    const size_t repetitions = trial->rows.count;
    if (!rc)
        rc = bm_rows_aggregate(&trial->rows, trial->instance);
    return rc ? rc : finish_rows(trial, repetitions);
}
