/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Launches of two builds, run alternately: first a few of all cases (screening), then fresh ones of
 * those that look changed (confirming). In every launch a few cases also run base against a second
 * process of base: what those show is what this machine makes up today.
 *
 * What is random is random on purpose and repeatable by the seed: which process starts first, the
 * order of cases, who prepares first, who begins the first round. The first round of a case is
 * thrown away, since it finds the caches as somebody else left them.
 *
 * Within a round both sides take turns of half a millisecond, and what counts is the median of the
 * turns' ratios. Where a neighbour shares the core, speed jumps by half within milliseconds:
 * samples of 20 ms, six of them a side, then differ by 6 % from launch to launch, and turns of 0.5
 * ms over the same time by 0.3 %. Turns of 0.1 ms would be better still, but a turn costs 0.2 ms.
 */
#ifndef REG_EXPERIMENT_H
#define REG_EXPERIMENT_H

#include "analysis/regress/log.h"
#include "analysis/regress/program.h"

struct reg_plan {
    size_t screens, screen_rounds;
    size_t first, confirms, confirm_rounds; /* launches of the first look, of both; most rounds */
    double turn_seconds;                    /* a sample, of a program that serves */
    double screen_seconds, confirm_seconds; /* each side in a round */
    double budget;                          /* seconds, of the whole */
    uint64_t seed;
};

extern const struct reg_plan reg_plan_default;

/* A case of both builds, and what became of it. */
struct reg_subject {
    const char *name;
    double iterations[REG_STAGES]; /* 0 until calibrated */
    int base, head;                /* 0, REG_SKIPPED or REG_FAILED */
    const char *trouble;           /* the sentence of the first that is not 0 */
    bool flagged;                  /* screened as changed */
};

enum { REG_CONTROLS_MAX = 10 };

struct reg_experiment {
    const struct reg_program *base, *head;
    const struct reg_profile *profile;
    struct reg_plan plan;
    struct ana_arena *arena;
    bool progress; /* on stderr */

    struct reg_subject *subjects;
    size_t count;
    size_t control[REG_CONTROLS_MAX]; /* indices of subjects */
    size_t controls;

    struct reg_log log;
    size_t launches[REG_STAGES]; /* that were done */
    size_t confirm_rounds;       /* that the budget has room for */
    struct reg_looks looks;
    bool short_of_time; /* the budget cut launches */
    double seconds;     /* it took */
    uint64_t random;
};

/* Seconds that screening took: a round of both sides, a launch of one item. */
struct reg_pace {
    double round, item;
};

/*
 * Rounds of a confirming launch of so many items. All that are planned, unless so many cases look
 * changed that the seconds `left` would not do for the launches a verdict takes: launches are what
 * is replicated, and rounds only make each of them more exact. At least 1.
 */
size_t reg_fit_rounds(const struct reg_plan *plan, const struct reg_profile *profile,
                      const struct reg_pace *pace, size_t items, double left);

/* Screens and confirms the subjects. 0 or -ENOMEM; what goes wrong with a case is in its subject.
 * The log is to be freed by the caller. */
int reg_experiment_run(struct reg_experiment *experiment);

#endif
