/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of the machine is in the context before the first row; what only the end of a run
 * can tell is added to the result file, which is rewritten whole, and said on stderr where it is
 * bad.
 */
#include "bench/cases/session.h"

#include "bench/cases/outside.h"
#include "bench/machine/activity.h"
#include "bench/machine/environment.h"
#include "kernels/cpu.h"

#include <inttypes.h>
#include <string.h>

static uint32_t most_threads(const struct attn_cases *cases)
{
    uint32_t most = 1;
    for (size_t i = 0; i < cases->n; i++)
        if (cases->item[i].name.threads > most)
            most = cases->item[i].name.threads;
    return most;
}

void attn_session_context(struct machine_context *context, const struct attn_host *host,
                          const struct attn_command *command, const struct attn_cases *cases)
{
    const struct environment_options options = {
        .root = "",
        .topology = &host->topology,
        .threads = (int)most_threads(cases),
    };
    char features[160];
    environment_collect(context, &options);
    attn_cpu_describe(attn_cpu_features(), features, sizeof(features));
    context_set(context, "env.cpu_features", "%s", *features ? features : "portable");
    context_set(context, "command_line", "%s", command->line);
    context_set(context, "seed", "%" PRIu64, host->seed);
    context_set(context, "attnbench_schema", "%s", ATTN_SCHEMA);
    attn_outside_context(context);
}

static bool displays_json(const struct benchmark_runner *runner)
{
    return strcmp(benchmark_flag_value(runner, "benchmark_format"), "json") == 0;
}

bool attn_session_publish(const struct machine_context *context, struct benchmark_runner *runner)
{
    for (size_t i = 0; i < context->items; i++)
        benchmark_add_context(runner, context->item[i].key, context->item[i].value);
    if (!displays_json(runner))
        return true;
    for (size_t i = 0; i < context->warnings; i++)
        benchmark_warn(runner, "%s", context->warning[i]);
    return false;
}

struct ending {
    struct machine_activity before;
    struct machine_context *context;
    struct benchmark_runner *runner;
    void (*at_end)(void *user);
    void *user;
};

static void report_activity(void *user)
{
    struct ending *const ending = user;
    struct machine_activity after;
    struct machine_context during = {0};
    activity_read("", &after);
    activity_report(&during, &ending->before, &after);
    for (size_t i = 0; i < during.items; i++)
        benchmark_add_context(ending->runner, during.item[i].key, during.item[i].value);
    for (size_t i = 0; i < during.warnings; i++)
        context_warn(ending->context, "%s", during.warning[i]);
    context_free(&during);
    if (ending->at_end)
        ending->at_end(ending->user);
}

int attn_session_run(struct machine_context *context, struct benchmark_runner *runner,
                     void (*at_end)(void *user), void *user)
{
    struct ending ending = {.context = context, .runner = runner, .at_end = at_end, .user = user};
    activity_read("", &ending.before);
    benchmark_at_end(runner, report_activity, &ending);
    const int status = benchmark_run(runner);
    benchmark_at_end(runner, NULL, NULL);
    return status;
}
