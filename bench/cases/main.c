/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attn-bench: options -> sweep -> cases -> the harness. Everything that is wrong with what was
 * typed is said in one line on stderr before anything is measured, and ends with status 1 and
 * nothing on stdout.
 */
#include "bench/cases/case.h"
#include "bench/cases/command.h"
#include "bench/cases/count.h"
#include "bench/cases/display.h"
#include "bench/cases/host.h"
#include "bench/cases/machine.h"
#include "bench/cases/options.h"
#include "bench/cases/outside.h"
#include "bench/cases/overwrite.h"
#include "bench/cases/plan.h"
#include "bench/cases/resume.h"
#include "bench/cases/run.h"
#include "bench/cases/session.h"
#include "bench/cases/show.h"
#include "bench/cases/sim.h"
#include "bench/cases/survey_file.h"
#include "bench/cases/sweep.h"
#include "kernels/cpu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAILED = 1 };

struct program {
    struct attn_command command;
    struct attn_sweep sweep;
    struct attn_host host;
    struct attn_cases cases;
    struct attn_session session;
    struct attn_sim sim;
    struct attn_counting counting;
    struct benchmark_runner *runner;
    struct machine_context context;
    struct attn_display display;
    FILE *nowhere; /* where the harness displays when we print the table; else NULL */
    bool *finished;
};

static int fail(const struct attn_message *why)
{
    fprintf(stderr, "attn-bench: %s\n", why->text);
    return FAILED;
}

/* Options that print something and end the program. */
static bool show(const struct attn_settings *settings)
{
    if (attn_option_flag(settings, ATTN_OPT_HELP)) {
        attn_options_help(stdout);
    } else if (attn_option_flag(settings, ATTN_OPT_VERSION)) {
        puts("attn-bench " ATTN_VERSION);
    } else if (attn_option_flag(settings, ATTN_OPT_LIST_KERNELS)) {
        attn_show_kernels(stdout);
    } else if (attn_option_flag(settings, ATTN_OPT_LIST_SUITES)) {
        attn_show_suites(stdout);
    } else {
        return false;
    }
    return true;
}

/* A suite, the command line as one block, or with neither the suite quick. */
static int open_sweep(struct program *p, struct attn_message *why)
{
    const struct attn_settings *const settings = &p->command.settings;
    const char *const suite = settings->text[ATTN_OPT_SUITE];
    if (!suite && attn_options_any_axis(settings))
        return attn_sweep_from_settings(settings, &p->sweep, why);
    const int error = attn_sweep_open(suite ? suite : "quick", &p->sweep, why);
    if (!error)
        attn_sweep_override(&p->sweep, settings);
    return error;
}

/* What the sweep left out: one line, not one a combination. */
static void note_dropped(struct program *p)
{
    const struct attn_cases *const c = &p->cases;
    if (c->dropped)
        context_warn(&p->context, "%zu combination%s dropped: %s%s", c->dropped,
                     c->dropped == 1 ? "" : "s", c->dropped_first.text,
                     c->dropped == 1 ? "" : " (the first of them)");
    attn_outside_note_unused(&p->context, c);
    char more[48] = "";
    if (c->unfit > 1)
        snprintf(more, sizeof(more), "; and %zu more", c->unfit - 1);
    if (c->unfit)
        context_warn(&p->context, "not every kernel of a glob could run: %s%s", c->unfit_first.text,
                     more);
}

/* Fills the context, and notes which cases an earlier run has finished. */
static int take_over(struct program *p, struct attn_message *why)
{
    const char *const path = p->command.settings.text[ATTN_OPT_RESUME];
    attn_session_context(&p->context, &p->host, &p->command, &p->cases);
    attn_sim_describe(&p->sim, &p->context);
    attn_survey_recall(&p->host.topology, &p->context);
    p->finished = calloc(p->cases.n, sizeof(*p->finished));
    if (!p->finished)
        return attn_refuse(why, -ENOMEM, "out of memory");
    return path ? attn_resume(path, &p->context, attn_command_repetitions(p->runner), &p->cases,
                              p->runner, p->finished, why)
                : 0;
}

static int print_plan(struct program *p, struct attn_message *why)
{
    const size_t warnings = p->context.warnings;
    if (p->command.settings.text[ATTN_OPT_RESUME] && take_over(p, why))
        return fail(why);
    const struct attn_plan_options options = {
        .min_time = attn_command_min_time(p->runner),
        .repetitions = attn_command_repetitions(p->runner),
        .sim = attn_option_flag(&p->command.settings, ATTN_OPT_SIM),
        .finished = p->finished,
    };
    attn_plan_print(stdout, &p->host, &p->cases, &options);
    for (size_t i = 0; i < warnings; i++)
        fprintf(stderr, "attn-bench: %s\n", p->context.warning[i]);
    return fflush(stdout) ? FAILED : 0;
}

/* At a terminal we speak for the harness, whose own display goes nowhere. */
static void print_warnings(const struct machine_context *context, size_t from)
{
    for (size_t i = from; i < context->warnings; i++)
        fprintf(stderr, "attn-bench: %s\n", context->warning[i]);
}

/* What the end of a run has to say, where there is somebody to read it. */
static void close_table(const struct program *p, size_t warnings)
{
    if (p->session.begun)
        print_warnings(&p->context, warnings);
    if (p->session.begun && !*benchmark_flag_value(p->runner, "benchmark_out"))
        fputs("attn-bench: nothing was kept; --benchmark_out=FILE writes the results\n", stderr);
}

/* Rows that were taken over stand in the file alone. */
static void print_finished(const struct program *p)
{
    const char *const path = p->command.settings.text[ATTN_OPT_RESUME];
    size_t n = 0;
    for (size_t i = 0; i < p->cases.n; i++)
        n += p->finished[i];
    if (path)
        fprintf(stderr, "attn-bench: %zu of %zu cases are finished in %s\n", n, p->cases.n, path);
}

/* Counting starts when nothing else can go wrong any more: it takes a moment. What is compared call
 * by call with another build has no passes to count in. */
static int count(struct program *p, struct attn_message *why)
{
    const bool lists = strcmp(benchmark_flag_value(p->runner, "benchmark_list_tests"), "true") == 0;
    uint32_t threads = 1;
    for (size_t i = 0; i < p->cases.n; i++)
        if (!p->finished[i] && p->cases.item[i].name.threads > threads)
            threads = p->cases.item[i].name.threads;
    if (!lists && !p->session.paired) {
        const int error = attn_counting_open(&p->counting, &p->command.settings, p->runner,
                                             &p->host, threads, why);
        if (error)
            return error;
        p->session.counting = &p->counting;
        attn_display_measured(&p->display, p->counting.bytes.id);
    }
    attn_counting_describe(&p->counting, &p->context);
    return 0;
}

static void end_counting(void *user)
{
    const struct program *const p = user;
    attn_counting_end(&p->counting, p->runner);
}

static int run(struct program *p, struct attn_message *why)
{
    if (take_over(p, why))
        return fail(why);
    if (p->nowhere)
        print_finished(p);
    if (attn_session_open(&p->session, &p->host, &p->cases, p->runner, p->finished, why))
        return fail(why);
    attn_display_open(&p->display, &p->cases, p->runner, p->nowhere);
    p->session.display = &p->display;
    p->session.sim = &p->sim;
    if (count(p, why))
        return fail(why);
    p->session.step_log = p->command.settings.text[ATTN_OPT_STEP_LOG];
    benchmark_on_row(p->runner, attn_display_row, &p->display);

    const bool late = attn_session_publish(&p->context, p->runner);
    if (late || p->nowhere)
        p->session.late = &p->context;
    const size_t warnings = p->context.warnings;
    const int status = attn_session_run(&p->context, p->runner, end_counting, p);
    if (p->nowhere)
        close_table(p, warnings);
    for (size_t i = warnings; late && p->session.begun && i < p->context.warnings; i++)
        benchmark_warn(p->runner, "%s", p->context.warning[i]);
    return status;
}

/* Makes the runner; with a table its own output goes to /dev/null. */
static bool open_runner(struct program *p)
{
    struct benchmark_hooks hooks = {.struct_size = sizeof(hooks)};
    const bool machine = attn_option_flag(&p->command.settings, ATTN_OPT_MACHINE);
    if (machine ? attn_command_is_formless(&p->command) : attn_command_wants_table(&p->command))
        p->nowhere = fopen("/dev/null", "we");
    hooks.out = p->nowhere;
    if (!machine)
        attn_session_hooks(&hooks);
    p->runner = benchmark_runner_new(&hooks);
    return p->runner;
}

static int program(struct program *p, int argc, char **argv)
{
    struct attn_message why;
    int status;
    if (attn_command_parse(&p->command, argc, argv, &why))
        return fail(&why);
    if (attn_command_mask_cpu(&p->command.settings, &why))
        return fail(&why);
    attn_sim_mask_cpu(&p->command.settings);
    if (show(&p->command.settings))
        return fflush(stdout) ? FAILED : 0;
    if (open_sweep(p, &why))
        return fail(&why);

    if (!open_runner(p)) {
        attn_refuse(&why, -1, "out of memory");
        return fail(&why);
    }
    if (!attn_command_initialize(&p->command, &p->sweep, p->runner, p->nowhere, &status))
        return status;
    if (attn_command_repetitions(p->runner) < 1) {
        attn_refuse(&why, -EINVAL, "--benchmark_repetitions: 0 is too small, the smallest is 1");
        return fail(&why);
    }
    if (attn_overwrite_check(p->runner, p->command.settings.text[ATTN_OPT_SUITE], &p->sweep, &why))
        return fail(&why);
    if (attn_host_open(&p->host, attn_command_seed(&p->command.settings), &why))
        return fail(&why);
    if (attn_option_flag(&p->command.settings, ATTN_OPT_MACHINE)) {
        attn_session_context(&p->context, &p->host, &p->command, &p->cases);
        return attn_machine_run(p->nowhere ? stdout : NULL, &p->host, &p->context, p->runner);
    }
    if (attn_cases_expand(&p->sweep, p->host.topology.cores, &p->cases, &why))
        return fail(&why);
    note_dropped(p);
    if (attn_option_flag(&p->command.settings, ATTN_OPT_PLAN))
        return print_plan(p, &why);
    if (attn_sim_open(&p->sim, &p->command.settings, &why))
        return fail(&why);
    return run(p, &why);
}

int main(int argc, char **argv)
{
    static struct program p;
    struct attn_message why;
    const char *const simulated = attn_sim_asked();
    if (simulated)
        return attn_sim_inside(simulated, &why) ? fail(&why) : 0;
    const int status = program(&p, argc, argv);
    benchmark_runner_free(p.runner);
    attn_session_close(&p.session);
    attn_counting_close(&p.counting);
    attn_sim_close(&p.sim);
    attn_cases_free(&p.cases);
    attn_host_close(&p.host);
    attn_sweep_free(&p.sweep);
    attn_command_free(&p.command);
    context_free(&p.context);
    free(p.finished);
    if (p.nowhere)
        fclose(p.nowhere);
    attn_outside_leave(status);
    return status;
}
