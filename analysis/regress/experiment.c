/* SPDX-License-Identifier: Apache-2.0 */
/* See experiment.h. */
#include "analysis/regress/experiment.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/regress/pairing.h"

/* Simulated and measured: eight launches miss a slowdown of twice the minimum effect rarely, and
 * twenty prove one of five percent on a machine whose launches differ by two. */
const struct reg_plan reg_plan_default = {
    .screens = 8,
    .screen_rounds = 2,
    .first = 20,
    .confirms = 40,
    .confirm_rounds = 6,
    .turn_seconds = 0.0005,
    .screen_seconds = 0.010,
    .confirm_seconds = 0.020,
    .budget = 600,
    .seed = 1,
};

static void show_progress(const struct reg_experiment *e, enum reg_stage stage, size_t target,
                          size_t items, double deadline)
{
    if (!e->progress)
        return;
    fprintf(stderr, "\r\033[K%s %zu cases: launch %zu of %zu, at most %.0f s left",
            stage == REG_SCREEN ? "screening" : "confirming", items, e->launches[stage] + 1, target,
            fmax(deadline - reg_now(), 0));
    fflush(stderr);
}

/*
 * Launches until there are `target`, or `deadline` would be passed. Time alone decides about
 * stopping early, never what was measured, so that the tests stay exact.
 */
static int launch_many(struct reg_experiment *e, enum reg_stage stage, size_t target, size_t least,
                       double deadline, struct reg_item *items, size_t n)
{
    double longest = 0;
    int error = 0;
    while (!error && n && e->launches[stage] < target) {
        const double begin = reg_now();
        if (e->launches[stage] >= least && begin + longest > deadline) {
            e->short_of_time = true;
            break;
        }
        show_progress(e, stage, target, n, deadline);
        error = reg_pair_launch(e, stage, items, n);
        longest = fmax(longest, reg_now() - begin);
    }
    return error;
}

/* Spread over the cases, at a random start. */
static void choose_controls(struct reg_experiment *e)
{
    size_t wanted = e->count / 20 > 3 ? e->count / 20 : 3;
    wanted = wanted > REG_CONTROLS_MAX ? REG_CONTROLS_MAX : wanted;
    wanted = wanted > e->count ? e->count : wanted;
    const size_t start = e->count ? reg_draw(&e->random) % e->count : 0;
    e->controls = wanted;
    for (size_t i = 0; i < wanted; i++)
        e->control[i] = (start + i * e->count / wanted) % e->count;
}

static size_t add_controls(const struct reg_experiment *e, struct reg_item *items, size_t n)
{
    for (size_t i = 0; i < e->controls; i++)
        items[n++] = (struct reg_item){.subject = e->control[i], .index = i, .control = true};
    return n;
}

static int close_series(struct reg_experiment *e, struct reg_series *series)
{
    const int error = reg_log_close(&e->log);
    if (!error)
        reg_log_series(&e->log, false, NULL, series, e->count);
    return error;
}

static int screen(struct reg_experiment *e, struct reg_item *items, struct reg_series *series,
                  double begin)
{
    size_t n = 0;
    for (size_t i = 0; i < e->count; i++)
        items[n++] = (struct reg_item){.subject = i, .index = i};
    n = add_controls(e, items, n);
    /* Half of the time; five launches are the least that can show anything to be equal. */
    int error =
        launch_many(e, REG_SCREEN, e->plan.screens, 5, begin + e->plan.budget / 2, items, n);
    if (!error)
        error = close_series(e, series);
    for (size_t i = 0; !error && i < e->count; i++)
        e->subjects[i].flagged =
            !reg_broken(&e->subjects[i]) && reg_flagged(&series[i], e->profile);
    return error;
}

size_t reg_fit_rounds(const struct reg_plan *plan, const struct reg_profile *profile,
                      const struct reg_pace *pace, size_t items, double left)
{
    /* The least that can be significant if most of the cases changed, and two for the noise. */
    const double launches = (double)reg_confirms_needed(profile, 1) + 2;
    const double screening = pace->round * (double)(plan->screen_rounds + 1);
    const double rest = fmax(pace->item - screening, 0); /* preparing and starting */
    const double round = fmax(pace->round, 2 * plan->confirm_seconds);
    const double rounds = (left / launches / (double)items - rest) / round - 1;
    return (size_t)fmax(1, fmin(floor(rounds), (double)plan->confirm_rounds));
}

static int confirm(struct reg_experiment *e, struct reg_item *items, struct reg_series *series,
                   struct reg_judged *judged, double begin)
{
    const double deadline = begin + e->plan.budget, screened = reg_now() - begin;
    const size_t asked = e->launches[REG_SCREEN] * (e->count + e->controls);
    const struct reg_pace pace = {reg_log_round_seconds(&e->log), screened / (double)asked};
    size_t n = 0, again = 0;
    for (size_t i = 0; i < e->count; i++)
        if (e->subjects[i].flagged)
            items[n++] = (struct reg_item){.subject = i, .index = i};
    if (!n)
        return 0;
    n = add_controls(e, items, n);
    e->confirm_rounds = reg_fit_rounds(&e->plan, e->profile, &pace, n, deadline - reg_now());
    e->looks.first = e->plan.confirms > e->plan.first ? e->plan.first : 0;
    const size_t first = e->looks.first ? e->looks.first : e->plan.confirms;
    int error = launch_many(e, REG_CONFIRM, first, 1, deadline, items, n);
    if (!error)
        error = close_series(e, series);
    if (!error)
        error = reg_judge(series, e->count, e->profile, &e->looks, judged);
    for (size_t i = 0; !error && i < e->count; i++)
        if (e->subjects[i].flagged && judged[i].verdict == REG_INCONCLUSIVE &&
            !reg_broken(&e->subjects[i]))
            items[again++] = (struct reg_item){.subject = i, .index = i};
    if (!error && e->launches[REG_CONFIRM] == first)
        error = launch_many(e, REG_CONFIRM, e->plan.confirms, first, deadline, items, again);
    return error;
}

/*
 * We wait where the programs run: the yardstick is then that of their CPU, and a CPU that passes
 * from one of us to the next never idles, which a hypervisor takes for an invitation.
 */
static bool join_programs(int cpu, cpu_set_t *before)
{
    cpu_set_t set;
    if (cpu < 0 || sched_getaffinity(0, sizeof(*before), before))
        return false;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    return sched_setaffinity(0, sizeof(set), &set) == 0;
}

int reg_experiment_run(struct reg_experiment *e)
{
    cpu_set_t before;
    const size_t most = e->count + REG_CONTROLS_MAX + 1;
    struct reg_item *const items = calloc(most, sizeof(*items));
    struct reg_series *const series = calloc(most, sizeof(*series));
    struct reg_judged *const judged = calloc(most, sizeof(*judged));
    const double begin = reg_now();
    int error = items && series && judged ? 0 : -ENOMEM;
    e->random = e->plan.seed;
    choose_controls(e);
    const bool joined = join_programs(e->base->cpu, &before);
    if (!error)
        error = screen(e, items, series, begin);
    if (!error)
        error = confirm(e, items, series, judged, begin);
    if (!error)
        error = reg_log_close(&e->log);
    if (joined)
        sched_setaffinity(0, sizeof(before), &before);
    if (e->progress)
        fputs("\r\033[K", stderr);
    e->seconds = reg_now() - begin;
    free(judged);
    free(series);
    free(items);
    return error;
}
