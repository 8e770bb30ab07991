/* SPDX-License-Identifier: Apache-2.0 */
/* See experiment.h. */
#include "analysis/regress/experiment.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Simulated and measured: eight launches miss a slowdown of twice the minimum effect rarely, and
 * twenty prove one of five percent on a machine whose launches differ by two. */
const struct reg_plan reg_plan_default = {
    .screens = 8,
    .screen_rounds = 2,
    .first = 20,
    .confirms = 40,
    .confirm_rounds = 6,
    .screen_seconds = 0.010,
    .confirm_seconds = 0.020,
    .budget = 600,
    .seed = 1,
};

/* What a launch asks: a case, or base against itself on that case. */
struct item {
    size_t subject, index; /* index: as the log calls it */
    bool control;
};

enum side { BASE, HEAD, TWIN, SIDES };

static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void shuffle(uint64_t *random, struct item *items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        const size_t j = draw(random) % i;
        const struct item swap = items[i - 1];
        items[i - 1] = items[j];
        items[j] = swap;
    }
}

/* A control that fails says nothing of head; its case does, when its turn comes. */
static void note_failure(struct reg_experiment *e, const struct item *item,
                         struct reg_launch *const pair[2], const int status[2])
{
    struct reg_subject *const s = &e->subjects[item->subject];
    const int blamed = status[1] ? 1 : 0;
    char text[sizeof(pair[0]->trouble) + 8];
    if (item->control)
        return;
    s->base = status[0];
    s->head = status[1];
    snprintf(text, sizeof(text), "%s: %s", blamed ? "head" : "base", pair[blamed]->trouble);
    s->trouble = ana_arena_copy(e->arena, text);
}

struct measuring {
    struct reg_experiment *experiment;
    const struct item *item;
    enum reg_stage stage;
    uint32_t launch;
    struct reg_launch *pair[2]; /* base or its like first */
};

static double sample_seconds(const struct measuring *m)
{
    const struct reg_plan *const plan = &m->experiment->plan;
    return m->stage == REG_SCREEN ? plan->screen_seconds : plan->confirm_seconds;
}

/* Rounds after one that is thrown away. */
static size_t round_count(const struct measuring *m)
{
    const struct reg_plan *const plan = &m->experiment->plan;
    /* A program that is started for every sample has no warm rounds to gain from. */
    if (!m->experiment->base->serves)
        return plan->screen_rounds;
    return m->stage == REG_SCREEN ? plan->screen_rounds : plan->confirm_rounds;
}

static int measure_round(struct measuring *m, double iterations, bool head_first, size_t number,
                         int status[2])
{
    struct reg_sample sample[2] = {0};
    struct reg_round round = {
        .stage = m->stage,
        .launch = m->launch,
        .item = (uint32_t)m->item->index,
        .round = (uint32_t)number,
        .control = m->item->control,
        .head_first = head_first,
        .disturbance = reg_watch(),
    };
    for (int turn = 0; turn < 2; turn++) {
        const int side = turn ^ head_first;
        status[side] = reg_launch_run(m->pair[side], iterations, sample_seconds(m), &sample[side]);
        if (status[side])
            return 0;
    }
    reg_watched(&round.disturbance);
    round.base_ns = sample[0].ns;
    round.head_ns = sample[1].ns;
    round.switches = fmax(sample[0].switches, sample[1].switches);
    return number ? reg_log_add(&m->experiment->log, &round) : 0;
}

static int measure_rounds(struct measuring *m, int status[2])
{
    struct reg_experiment *const e = m->experiment;
    double *const iterations = &e->subjects[m->item->subject].iterations[m->stage];
    const size_t rounds = round_count(m), first = m->experiment->base->serves ? 0 : 1;
    const uint64_t orientation = draw(&e->random);
    int error = 0;
    /* One count for both sides and all launches: counts of their own would be a difference. */
    if (*iterations == 0)
        status[0] = reg_launch_calibrate(m->pair[0], sample_seconds(m), iterations);
    for (size_t r = first; !error && !status[0] && !status[1] && r <= rounds; r++)
        error = measure_round(m, *iterations, (r + orientation) & 1, r, status);
    return error;
}

/* One case in one launch, from preparing to dropping. 0 or -ENOMEM. */
static int measure(struct measuring *m)
{
    struct reg_experiment *const e = m->experiment;
    const char *const name = e->subjects[m->item->subject].name;
    const int begins = (int)(draw(&e->random) & 1);
    int status[2] = {0}, error = 0;
    for (int turn = 0; turn < 2; turn++)
        status[turn ^ begins] = reg_launch_prepare(m->pair[turn ^ begins], name);
    const bool prepared[2] = {!status[0], !status[1]};
    if (prepared[0] && prepared[1])
        error = measure_rounds(m, status);
    for (int side = 0; side < 2; side++) {
        const int dropped = prepared[side] ? reg_launch_drop(m->pair[side]) : 0;
        status[side] = status[side] ? status[side] : dropped;
    }
    if (status[0] || status[1])
        note_failure(e, m->item, m->pair, status);
    return error;
}

static bool broken(const struct reg_subject *s)
{
    return s->base || s->head;
}

/* All processes of a launch, and in them all items in a new order. */
static int launch(struct reg_experiment *e, enum reg_stage stage, struct item *items, size_t n)
{
    const struct reg_program *const programs[SIDES] = {e->base, e->head, e->base};
    struct reg_launch launches[SIDES];
    const size_t first = draw(&e->random) % SIDES;
    int error = 0;
    for (size_t i = 0; i < SIDES; i++)
        reg_launch_open(&launches[(first + i) % SIDES], programs[(first + i) % SIDES]);
    shuffle(&e->random, items, n);
    for (size_t i = 0; !error && i < n; i++) {
        struct measuring m = {
            .experiment = e,
            .item = &items[i],
            .stage = stage,
            .launch = (uint32_t)e->launches[stage],
            .pair = {&launches[BASE], &launches[items[i].control ? TWIN : HEAD]},
        };
        /* Which of two equal processes plays head is a coin as well. */
        if (items[i].control && draw(&e->random) & 1)
            m.pair[0] = &launches[TWIN], m.pair[1] = &launches[BASE];
        if (!broken(&e->subjects[items[i].subject]))
            error = measure(&m);
    }
    for (size_t i = 0; i < SIDES; i++)
        reg_launch_close(&launches[i]);
    e->launches[stage]++;
    return error;
}

static void show_progress(const struct reg_experiment *e, enum reg_stage stage, size_t target,
                          size_t items, double started)
{
    if (!e->progress)
        return;
    fprintf(stderr, "\r\033[K%s %zu cases: launch %zu of %zu, %.0f s",
            stage == REG_SCREEN ? "screening" : "confirming", items, e->launches[stage] + 1, target,
            reg_now() - started);
    fflush(stderr);
}

/*
 * Launches until there are `target`, or `deadline` would be passed. Time alone decides about
 * stopping early, never what was measured, so that the tests stay exact.
 */
static int launch_many(struct reg_experiment *e, enum reg_stage stage, size_t target, size_t least,
                       double deadline, struct item *items, size_t n)
{
    double longest = 0;
    int error = 0;
    while (!error && n && e->launches[stage] < target) {
        const double begin = reg_now();
        if (e->launches[stage] >= least && begin + longest > deadline) {
            e->short_of_time = true;
            break;
        }
        show_progress(e, stage, target, n, begin);
        error = launch(e, stage, items, n);
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
    const size_t start = e->count ? draw(&e->random) % e->count : 0;
    e->controls = wanted;
    for (size_t i = 0; i < wanted; i++)
        e->control[i] = (start + i * e->count / wanted) % e->count;
}

static size_t add_controls(const struct reg_experiment *e, struct item *items, size_t n)
{
    for (size_t i = 0; i < e->controls; i++)
        items[n++] = (struct item){.subject = e->control[i], .index = i, .control = true};
    return n;
}

static int close_series(struct reg_experiment *e, struct reg_series *series)
{
    const int error = reg_log_close(&e->log);
    if (!error)
        reg_log_series(&e->log, false, NULL, series, e->count);
    return error;
}

static int screen(struct reg_experiment *e, struct item *items, struct reg_series *series,
                  double begin)
{
    size_t n = 0;
    for (size_t i = 0; i < e->count; i++)
        items[n++] = (struct item){.subject = i, .index = i};
    n = add_controls(e, items, n);
    /* Half of the time; five launches are the least that can show anything to be equal. */
    int error =
        launch_many(e, REG_SCREEN, e->plan.screens, 5, begin + e->plan.budget / 2, items, n);
    if (!error)
        error = close_series(e, series);
    for (size_t i = 0; !error && i < e->count; i++)
        e->subjects[i].flagged = !broken(&e->subjects[i]) && reg_flagged(&series[i], e->profile);
    return error;
}

static int confirm(struct reg_experiment *e, struct item *items, struct reg_series *series,
                   struct reg_judged *judged, double begin)
{
    const double deadline = begin + e->plan.budget;
    size_t n = 0, again = 0;
    for (size_t i = 0; i < e->count; i++)
        if (e->subjects[i].flagged)
            items[n++] = (struct item){.subject = i, .index = i};
    if (!n)
        return 0;
    n = add_controls(e, items, n);
    e->looks.first = e->plan.confirms > e->plan.first ? e->plan.first : 0;
    const size_t first = e->looks.first ? e->looks.first : e->plan.confirms;
    int error = launch_many(e, REG_CONFIRM, first, 1, deadline, items, n);
    if (!error)
        error = close_series(e, series);
    if (!error)
        error = reg_judge(series, e->count, e->profile, &e->looks, judged);
    for (size_t i = 0; !error && i < e->count; i++)
        if (e->subjects[i].flagged && judged[i].verdict == REG_INCONCLUSIVE &&
            !broken(&e->subjects[i]))
            items[again++] = (struct item){.subject = i, .index = i};
    if (!error && e->launches[REG_CONFIRM] == first)
        error = launch_many(e, REG_CONFIRM, e->plan.confirms, first, deadline, items, again);
    return error;
}

int reg_experiment_run(struct reg_experiment *e)
{
    const size_t most = e->count + REG_CONTROLS_MAX + 1;
    struct item *const items = calloc(most, sizeof(*items));
    struct reg_series *const series = calloc(most, sizeof(*series));
    struct reg_judged *const judged = calloc(most, sizeof(*judged));
    const double begin = reg_now();
    int error = items && series && judged ? 0 : -ENOMEM;
    e->random = e->plan.seed;
    choose_controls(e);
    if (!error)
        error = screen(e, items, series, begin);
    if (!error)
        error = confirm(e, items, series, judged, begin);
    if (!error)
        error = reg_log_close(&e->log);
    if (e->progress)
        fputs("\r\033[K", stderr);
    e->seconds = reg_now() - begin;
    free(judged);
    free(series);
    free(items);
    return error;
}
