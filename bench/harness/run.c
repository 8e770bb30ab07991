/* SPDX-License-Identifier: Apache-2.0 */
/* A run: select, list or measure each case in turn, and say how it went in one exit status. */
#include "bench/harness/output.h"
#include "bench/harness/trial.h"

#include <errno.h>
#include <string.h>

static int run_case(struct benchmark_runner *runner, const struct instance *instance,
                    struct output *output)
{
    struct trial trial;
    bm_trial_init(&trial, runner, instance);
    int rc = 0;
    if (trial.repetitions > 0) {
        bm_output_tick(output);
        rc = bm_trial_begin(&trial);
        while (!rc && !bm_interrupted() && !bm_trial_complete(&trial)) {
            bm_output_tick(output);
            rc = bm_trial_repeat(&trial);
        }
        const bool complete = bm_trial_complete(&trial);
        if (!rc)
            rc = bm_trial_end(&trial);
        if (!rc && complete)
            rc = bm_output_rows(output, &trial.rows, instance->family);
    }
    bm_trial_free(&trial);
    return rc;
}

static int run_all(struct benchmark_runner *runner, const struct instances *instances,
                   struct output *output)
{
    int rc = 0;
    for (size_t i = 0; !rc && !bm_interrupted() && i < instances->count; i++)
        rc = run_case(runner, &instances->items[i], output);
    return rc;
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
static int run(struct benchmark_runner *runner, const struct instances *instances)
{
    struct output output;
    if (bm_output_open(&output, runner, instances)) {
        bm_output_free(&output);
        return 1;
    }
    int rc = 0;
    if (instances->count) {
        bm_output_begin(&output);
        rc = output.status ? 0 : run_all(runner, instances, &output);
    } else {
        const char *const filter = runner->settings.filter;
        fprintf(runner->hooks.err, "Failed to match any benchmarks against regex: %s\n",
                *filter ? filter : ".");
    }
    bm_output_end(&output);
    if (rc)
        fprintf(runner->hooks.err, "error: the run ended early: %s\n", strerror(-rc));
    const bool failure = output.error_rows || !instances->count;
    const int status = rc || output.status || (runner->settings.fail_on_error && failure);
    bm_output_free(&output);
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
        runner->status = run(runner, &instances);
        if (bm_interrupted())
            runner->status = 128 + bm_interrupted();
        bm_interrupt_remove();
    }
    bm_instances_free(&instances);
    return runner->status;
}
