/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A survey is kept only if it is whole: one that was filtered, cut short or ended by Ctrl-C would
 * take the place of a better one. Where it cannot be kept that is said on stderr and is no failure,
 * for the readings have been printed.
 */
#include "bench/cases/machine.h"

#include "bench/cases/session.h"
#include "bench/cases/show.h"
#include "bench/cases/survey.h"
#include "bench/cases/survey_file.h"
#include "bench/cases/survey_show.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct machine {
    FILE *out;
    struct attn_survey survey;
    struct attn_survey_file file;
    struct machine_context before, ceilings;
    uint64_t age;
    struct benchmark_runner *runner;
    size_t done;
};

static void on_row(void *user, const struct benchmark_row *row)
{
    struct machine *const m = user;
    m->done += row->repetition_index == 0 && row->kind == BENCHMARK_ROW_ITERATION;
    fprintf(stderr, "\r%zu of %zu readings\033[K", m->done, m->survey.readings);
}

/* Between the last reading and the last word of the result file. */
static void at_end(void *user)
{
    struct machine *const m = user;
    double cost, jitter;
    benchmark_clock_quality(m->runner, &cost, &jitter);
    m->survey.clock_cost_ns = 1e9 * cost;
    m->survey.jitter_ns = 1e9 * jitter;
    attn_survey_describe(&m->survey, &m->ceilings);
    context_set(&m->ceilings, "ceiling.age_seconds", "0");
    for (size_t i = 0; i < m->ceilings.items; i++)
        benchmark_add_context(m->runner, m->ceilings.item[i].key, m->ceilings.item[i].value);
}

static void keep(struct machine *m)
{
    struct attn_message why;
    if (!attn_survey_complete(&m->survey)) {
        fputs("attn-bench: the readings are not kept, because some were left out\n", stderr);
    } else if (strcmp(benchmark_flag_value(m->runner, "benchmark_dry_run"), "true") == 0) {
        fputs("attn-bench: the readings of a dry run are not kept\n", stderr);
    } else if (attn_survey_file_write(&m->file, &m->ceilings, &why)) {
        fprintf(stderr, "attn-bench: %s\n", why.text);
    } else if (m->out) {
        fprintf(m->out, "kept in   %s\n", m->file.path);
    }
}

/* What an earlier run has left. A file that cannot be used is said and then written over. */
static void look_back(struct machine *m, struct machine_context *context)
{
    struct attn_message why;
    attn_survey_file_find(&m->file, &m->survey.host->topology);
    if (attn_survey_file_read(&m->file, &m->before, &m->age, &why) == -EINVAL)
        context_warn(context, "%s", why.text);
}

static void show(struct machine *m, const struct machine_context *context)
{
    attn_survey_show(m->out, &m->survey);
    attn_survey_compare(m->out, &m->survey, &m->before, m->age, context);
}

int attn_machine_run(FILE *out, struct attn_host *host, struct machine_context *context,
                     struct benchmark_runner *runner)
{
    struct machine *const m = calloc(1, sizeof(*m));
    struct attn_message why;
    int status = 1;
    if (!m || attn_survey_open(&m->survey, host, runner, &why)) {
        fprintf(stderr, "attn-bench: %s\n", m ? why.text : "out of memory");
        free(m);
        return status;
    }
    m->out = out;
    m->runner = runner;
    look_back(m, context);
    if (out && isatty(STDERR_FILENO))
        benchmark_on_row(runner, on_row, m);
    if (out) {
        attn_show_machine(out, host);
        fflush(out); /* what follows takes a while */
    }
    const bool late = attn_session_publish(context, runner);
    status = attn_session_run(context, runner, at_end, m);
    if (out && isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    if (out && benchmark_matched(runner))
        show(m, context);
    if (status == 0)
        keep(m);
    if (out)
        attn_show_context(out, context);
    for (size_t i = 0; late && !out && i < context->warnings; i++)
        benchmark_warn(runner, "%s", context->warning[i]);
    context_free(&m->before);
    context_free(&m->ceilings);
    attn_survey_close(&m->survey);
    free(m);
    return out && fflush(out) ? 1 : status;
}
