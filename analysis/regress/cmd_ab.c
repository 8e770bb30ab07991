/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat regress ab: two builds, run alternately on this machine. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/number.h"
#include "analysis/option.h"
#include "analysis/regress/output.h"
#include "analysis/regress/pairing.h"
#include "analysis/regress/percent.h"
#include "analysis/regress/regress.h"
#include "analysis/regress/store.h"
#include "analysis/results.h"

struct request {
    const struct ana_command *self;
    struct reg_run_options run;
    struct reg_files files;
    const char *replay;
    uint64_t swaps;
    bool strict;
    const char *profile, *effect, *q, *test; /* NULL: as the stored run has it, or the default */
};

/* "60s", "10m", "1h", "90". */
static int parse_seconds(const char *text, double *seconds)
{
    size_t length = strlen(text);
    const char unit = length ? text[length - 1] : '\0';
    const double factor = unit == 'm' ? 60 : unit == 'h' ? 3600 : 1;
    double value;
    length -= unit == 's' || unit == 'm' || unit == 'h';
    if (ana_parse_real(text, length, &value) || !(value > 0) || value > 1e6)
        return -EINVAL;
    *seconds = value * factor;
    return 0;
}

/* Changes of `profile` what was asked for. 0, or an exit status. */
static int apply_rules(const struct request *request, struct reg_profile *profile)
{
    const struct ana_command *const self = request->self;
    if (request->profile) {
        const struct reg_profile *const found = reg_profile_find(request->profile);
        if (!found)
            return ana_complain(self, "--profile=%s: it is vm or bare", request->profile);
        const bool sign = profile->sign;
        *profile = *found;
        profile->sign = sign;
    }
    if (request->effect && (reg_parse_share(request->effect, &profile->effect) ||
                            !(profile->effect >= 0 && profile->effect < 10)))
        return ana_complain(self, "--effect=%s: it takes a share such as 2%% or 0.02",
                            request->effect);
    if (request->q &&
        (reg_parse_share(request->q, &profile->q) || !(profile->q > 0 && profile->q < 1)))
        return ana_complain(self, "-q %s: it takes a share such as 1%% or 0.01", request->q);
    if (!request->test)
        return 0;
    profile->sign = strcmp(request->test, "sign") == 0;
    if (!profile->sign && strcmp(request->test, "signed-rank") != 0)
        return ana_complain(self, "--test=%s: it is signed-rank or sign", request->test);
    return 0;
}

static int store(const void *what, FILE *out)
{
    return reg_store_write(what, out);
}

static int write_all(const struct request *request, const struct reg_run *run,
                     const struct reg_report *report)
{
    const struct reg_stored stored = {run, report};
    char message[512];
    /* Files first: whoever reads our output may end before we do. */
    if (reg_files_write(&request->files, report, message, sizeof(message)) ||
        reg_file_write(request->files.json, store, &stored, message, sizeof(message)))
        return ana_complain(request->self, "%s", message);
    const int error = reg_write_text(report, stdout);
    if (error)
        return ana_complain(request->self, "%s", strerror(-error));
    return ana_finish_stdout(request->self) ? ANA_EXIT_USAGE : report->status;
}

/*
 * Were the sides exchanged launch by launch, at random, the run would have to be quiet: how often
 * would it fail all the same? Needs no model of noise, only a run that was stored.
 */
static int replay_swapped(const struct request *request, const struct reg_run *run)
{
    uint64_t failed = 0, random = request->run.plan.seed, swaps[REG_STAGES];
    for (uint64_t i = 0; i < request->swaps; i++) {
        size_t count[REG_VERDICTS];
        struct reg_report report;
        struct ana_arena *const arena = ana_arena_new();
        for (int stage = 0; stage < REG_STAGES; stage++)
            swaps[stage] = reg_draw(&random);
        const int error = arena ? reg_run_report(run, swaps, false, arena, &report) : -ENOMEM;
        if (!error)
            reg_tally(&report, count);
        ana_arena_free(arena);
        if (error)
            return ana_complain(request->self, "not enough memory");
        failed += count[REG_REGRESSED] > 0;
    }
    printf("%llu of %llu runs with exchanged sides would have failed (%.2f %%, q is %g %%)\n",
           (unsigned long long)failed, (unsigned long long)request->swaps,
           100 * (double)failed / (double)request->swaps, 100 * run->profile.q);
    return ana_finish_stdout(request->self);
}

static int replay(const struct request *request, struct ana_arena *arena)
{
    struct reg_run run;
    struct reg_report report;
    char message[512];
    if (reg_store_read(request->replay, arena, &run, message, sizeof(message)))
        return ana_complain(request->self, "%s", message);
    /* What the file says holds, unless something else was asked for. */
    int status = apply_rules(request, &run.profile);
    run.experiment.log.keep_disturbed |= request->run.keep_disturbed;
    if (!status && request->swaps)
        status = replay_swapped(request, &run);
    else if (!status && reg_run_report(&run, NULL, request->strict, arena, &report))
        status = ana_complain(request->self, "not enough memory");
    else if (!status)
        status = write_all(request, &run, &report);
    reg_run_close(&run);
    return status;
}

static int measure(const struct request *request, struct reg_run *run, struct ana_arena *arena)
{
    struct reg_report report;
    int error = reg_run_measure(run);
    if (!error)
        error = reg_run_report(run, NULL, request->strict, arena, &report);
    /* Once more is no fishing: the first answer was that there is none. */
    if (!error && report.noisy && report.status != REG_EXIT_BROKEN) {
        if (request->run.progress)
            fprintf(stderr, "attn-stat %s: %s; trying once more\n", request->self->name,
                    report.remarks[0]);
        reg_run_again(run);
        error = reg_run_measure(run);
        if (!error)
            error = reg_run_report(run, NULL, request->strict, arena, &report);
    }
    if (error)
        return ana_complain(request->self, "not enough memory");
    return write_all(request, run, &report);
}

static int compare(const struct request *request, char **argv, struct ana_arena *arena)
{
    struct reg_program base = {.path = argv[0],
                               .arguments = (const char *const *)(uintptr_t)(argv + 2),
                               .cpu = -1,
                               .patience = request->run.patience};
    struct reg_program head = base;
    struct reg_run run;
    char message[600];
    head.path = argv[1];
    if (reg_files_check(&request->files, message, sizeof(message)))
        return ana_complain(request->self, "%s", message);
    int status = reg_run_open(&run, &base, &head, &request->run, arena, message, sizeof(message));
    if (status) {
        ana_complain(request->self, "%s", message);
        return run.head_broken ? REG_EXIT_BROKEN : ANA_EXIT_USAGE;
    }
    if (!run.count)
        status = ana_complain(request->self, "neither program has a case%s%s",
                              *run.arguments ? " with " : "", run.arguments);
    else
        status = measure(request, &run, arena);
    reg_run_close(&run);
    return status;
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    const char *budget = "10m", *timeout = "60s";
    bool no_fingerprint = false;
    struct request request = {
        .self = self, .run = {.plan = reg_plan_default, .profile = *reg_profile_find("vm")}};
    const struct ana_option options[] = {
        {"budget", ANA_TEXT, &budget, "time the run may take (10m)"},
        {"profile", ANA_TEXT, &request.profile, "what the machine can resolve: vm or bare (vm)"},
        {"effect", ANA_TEXT, &request.effect, "slowdowns up to this pass (2% on vm, 0.5% on bare)"},
        {"q", ANA_TEXT, &request.q, "accepted share of false alarms (1% on vm, 5% on bare)"},
        {"test", ANA_TEXT, &request.test, "what decides: signed-rank or sign (signed-rank)"},
        {"no_fingerprint", ANA_FLAG, &no_fingerprint, "time cases whose code is the same, too"},
        {"keep_disturbed", ANA_FLAG, &request.run.keep_disturbed,
         "judge rounds that the machine disturbed, too"},
        {"strict", ANA_FLAG, &request.strict, "a noisy run ends with 3, inconclusive cases with 5"},
        {"seed", ANA_COUNT, &request.run.plan.seed, "of the random orders (1)"},
        {"timeout", ANA_TEXT, &timeout, "time after which a program that is silent hangs (60s)"},
        {"markdown", ANA_TEXT, &request.files.markdown, "file for a comment on a pull request"},
        {"junit", ANA_TEXT, &request.files.junit, "file for the test pages of a CI"},
        {"json", ANA_TEXT, &request.files.json, "file for everything, raw rounds included"},
        {"replay", ANA_TEXT, &request.replay, "judge a stored --json again instead of running"},
        {"swaps", ANA_COUNT, &request.swaps, "with --replay: exchange the sides so often"},
        {0},
    };
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    if (apply_rules(&request, &request.run.profile))
        return ANA_EXIT_USAGE;
    request.run.fingerprint = !no_fingerprint;
    request.run.progress = isatty(STDERR_FILENO);
    if (parse_seconds(budget, &request.run.plan.budget))
        return ana_complain(self, "--budget=%s: it takes a time such as 60s or 10m", budget);
    if (parse_seconds(timeout, &request.run.patience))
        return ana_complain(self, "--timeout=%s: it takes a time such as 60s or 10m", timeout);
    if (request.swaps && !request.replay)
        return ana_complain(self, "--swaps needs a stored run; give --replay=FILE");
    if (request.replay ? argc != 0 : argc < 2)
        return ana_complain(self,
                            request.replay ? "--replay takes no programs; found %d words"
                                           : "needs two programs, base and head; found %d",
                            argc);
    struct ana_arena *const arena = ana_arena_new();
    if (!arena)
        return ana_complain(self, "not enough memory");
    argv[argc] = NULL;
    const int status = request.replay ? replay(&request, arena) : compare(&request, argv, arena);
    ana_arena_free(arena);
    return status;
}

const struct ana_command reg_cmd_ab = {
    .name = "regress ab",
    .arguments = "BASE_EXE HEAD_EXE -- ARGS",
    .summary = "Two builds of a program, run alternately: what became slower",
    .run = run,
};
