/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attn-stat regress history bisect: which commit made a case slower? A change point is a suspicion
 * from numbers taken on different days; each step here measures two builds side by side, on fresh
 * data, and so do the first step, which confirms the suspicion, and the last, which confirms the
 * answer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/arena.h"
#include "analysis/regress/history/commits.h"
#include "analysis/regress/history/start.h"
#include "analysis/regress/history/words.h"
#include "analysis/regress/names.h"
#include "analysis/regress/regress.h"
#include "analysis/results.h"

enum { ARGUMENTS_MAX = 64, DOUBLINGS = 3, BUDGET_SECONDS = 60 };

struct bisection {
    const struct ana_command *self;
    const char *with, *repository;
    char **arguments; /* for the comparing program */
    int argument_count;
    char filter[4096];          /* of the case a history suspects; "" if commits were named */
    struct reg_commits commits; /* [0] is good, the last is bad */
};

/*
 * Does head differ from base by a slowdown? 1 yes, 0 no, -1 not known even after more time, or an
 * exit status above 1 when the comparison itself broke.
 */
static int compare(const struct bisection *b, const char *base, const char *head)
{
    int budget = BUDGET_SECONDS;
    for (int attempt = 0; attempt <= DOUBLINGS; attempt++, budget *= 2) {
        const char *argv[ARGUMENTS_MAX + 9] = {b->with, base, head, "--strict"};
        char text[32];
        int n = 4;
        snprintf(text, sizeof(text), "--budget=%ds", budget);
        argv[n++] = text;
        argv[n++] = "--";
        for (int i = 0; i < b->argument_count; i++)
            argv[n++] = b->arguments[i];
        if (*b->filter)
            argv[n++] = b->filter;
        printf("%.12s against %.12s: ", head, base);
        fflush(stdout);
        const int status = reg_start(argv, b->repository);
        if (status < 0)
            return ana_complain(b->self, "cannot run %s: %s", b->with, strerror(-status));
        puts(status == ANA_EXIT_OK                                      ? "not slower"
             : status == REG_EXIT_REGRESSED                             ? "slower"
             : status == REG_EXIT_NOISY || status == REG_EXIT_UNDECIDED ? "cannot be told yet"
                                                                        : "could not be compared");
        if (status == ANA_EXIT_OK || status == REG_EXIT_REGRESSED)
            return status;
        if (status != REG_EXIT_NOISY && status != REG_EXIT_UNDECIDED)
            return status == REG_EXIT_BROKEN
                       ? REG_EXIT_BROKEN
                       : ana_complain(b->self, "%s ended with status %d%s", b->with, status,
                                      *b->filter ? "; what stands behind -- chooses the case as "
                                                   "it was measured"
                                                 : "");
    }
    return -1;
}

/* Halves until two neighbours are left: [*good] is fast and [*bad] slow. 0, or as compare(). */
static int halve(const struct bisection *b, size_t *good, size_t *bad)
{
    while (*bad - *good > 1) {
        const size_t middle = *good + (*bad - *good) / 2;
        const int answer = compare(b, b->commits.list[0], b->commits.list[middle]);
        if (answer < 0 || answer > 1)
            return answer;
        *(answer ? bad : good) = middle;
    }
    return 0;
}

static int undecided(const struct bisection *b, const char *what)
{
    printf("%s; the machine is too noisy for a difference of this size\n", what);
    const int finished = ana_finish_stdout(b->self);
    return finished ? finished : REG_EXIT_UNDECIDED;
}

/* 1 when a commit was found, 0 when nothing is slower. */
static int bisect(const struct bisection *b)
{
    size_t good = 0, bad = b->commits.count - 1;
    int answer = compare(b, b->commits.list[good], b->commits.list[bad]);
    if (answer < 0)
        return undecided(b, "not confirmed");
    if (answer == 0)
        puts("not confirmed: measured side by side, the last commit is not slower than the first");
    if (answer != 1)
        return answer;
    answer = halve(b, &good, &bad);
    if (answer > 1)
        return answer;
    const bool told = answer == 0;
    if (told && b->commits.count > 2) {
        answer = compare(b, b->commits.list[good], b->commits.list[bad]);
        if (answer > 1)
            return answer;
    } else {
        answer = told;
    }
    if (answer == 1)
        printf("confirmed: %s made it slower\n", b->commits.list[bad]);
    else
        printf("slower between %s and %s, and no single commit of them by enough to be told\n",
               b->commits.list[good], b->commits.list[bad]);
    return REG_EXIT_REGRESSED;
}

/*
 * The commits around the newest loss of time that stands, and a filter for its case: others may
 * have changed in that range, too. Counts are not asked: their steps are exact, and a comparison of
 * times could deny what nobody doubts.
 */
static int range_of_history(struct bisection *b, const char *path,
                            struct reg_history_options *options, struct ana_arena *arena,
                            const char *range[2])
{
    const struct ana_command *const self = b->self;
    struct reg_look look;
    if (options->metric && strcmp(options->metric, "real_ns") != 0)
        return ana_complain(self,
                            "--metric=%s: only real_ns is bisected; the steps of counts are "
                            "exact, and attn-stat regress sim repeats them",
                            options->metric);
    options->metric = "real_ns";
    const int status = reg_look_open(self, path, REG_HISTORY_READ, options, &look);
    if (status)
        return status;
    const struct reg_finding *newest = NULL;
    for (size_t i = 0; i < look.found.count; i++) {
        const struct reg_finding *const f = &look.found.list[i];
        if (f->stands && f->kind == REG_SLOWER &&
            (!newest || f->series->points[f->at].time > newest->series->points[newest->at].time))
            newest = f;
    }
    if (newest) {
        const struct reg_point *const at = &newest->series->points[newest->at];
        printf("%s %s\n", newest->series->name, newest->series->metric);
        range[0] = ana_arena_copy(arena, at[-1].commit);
        range[1] = ana_arena_copy(arena, at->commit);
        strcpy(b->filter, "--benchmark_filter=^");
        if (reg_pattern_add(newest->series->name, b->filter, sizeof(b->filter), 1))
            strcat(b->filter, "$");
        else
            *b->filter = '\0';
    }
    reg_look_close(&look);
    if (!newest)
        return ana_complain(self, "no regression of times stands in the chosen series of %s", path);
    if (!range[0] || !range[1] || !*range[0] || !*range[1])
        return ana_complain(self,
                            "the history does not know the commits of that change; name them");
    return 0;
}

static int start(struct bisection *b, const char *range[2])
{
    char message[400];
    if (reg_commits_between(b->repository, range[0], range[1], &b->commits, message,
                            sizeof(message)))
        return ana_complain(b->self, "%s", message);
    printf("%zu commits after %.12s\n", b->commits.count - 1, b->commits.list[0]);
    const int status = bisect(b);
    reg_commits_free(&b->commits);
    const int finished = ana_finish_stdout(b->self);
    return finished ? finished : status;
}

/* Our operands end at "--", which ana_options() takes away; what follows is for the comparison. */
static int cut_arguments(int *argc, char **argv, struct bisection *b)
{
    for (int i = 0; i < *argc; i++)
        if (strcmp(argv[i], "--") == 0) {
            b->arguments = argv + i + 1;
            b->argument_count = *argc - i - 1;
            *argc = i;
        }
    return b->argument_count <= ARGUMENTS_MAX ? 0 : -E2BIG;
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    struct reg_history_options o = REG_HISTORY_DEFAULTS;
    struct bisection b = {.self = self, .with = "scripts/ab.sh", .repository = "."};
    const char *range[2] = {0};
    const struct ana_option options[] = {
        {"with", ANA_TEXT, &b.with, "compares two commits as attn-stat regress ab (scripts/ab.sh)"},
        {"repository", ANA_TEXT, &b.repository, "where the commits are (.)"},
        REG_HISTORY_CHOICE(o),
        REG_HISTORY_RULE(o),
        {0},
    };
    if (cut_arguments(&argc, argv, &b))
        return ana_complain(self, "more than %d arguments behind --", ARGUMENTS_MAX);
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    if (argc != 1 && argc != 2)
        return ana_complain(self, "needs a history, or a good and a bad commit; found %d operands",
                            argc);
    struct ana_arena *const arena = ana_arena_new();
    int status = arena ? 0 : ana_complain(self, "not enough memory");
    if (!status && argc == 1)
        status = range_of_history(&b, argv[0], &o, arena, range);
    else
        memcpy(range, argv, sizeof(range));
    if (!status)
        status = start(&b, range);
    ana_arena_free(arena);
    return status;
}

const struct ana_command reg_cmd_history_bisect = {
    .name = "regress history bisect",
    .arguments = "{HISTORY.db | GOOD BAD} [-- ARGUMENTS]",
    .summary = "Find and confirm the commit behind a loss, by measuring",
    .run = run,
};
