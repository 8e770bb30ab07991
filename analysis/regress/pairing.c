/* SPDX-License-Identifier: Apache-2.0 */
/* See pairing.h. */
#include "analysis/regress/pairing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/stats.h"

enum side { BASE, HEAD, TWIN, SIDES };

uint64_t reg_draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void shuffle(uint64_t *random, struct reg_item *items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        const size_t j = reg_draw(random) % i;
        const struct reg_item swap = items[i - 1];
        items[i - 1] = items[j];
        items[j] = swap;
    }
}

/* A control that fails says nothing of head; its case does, when its turn comes. */
static void note_failure(struct reg_experiment *e, const struct reg_item *item,
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
    const struct reg_item *item;
    enum reg_stage stage;
    uint32_t launch;
    struct reg_launch *pair[2]; /* base or its like first */
};

/* Of one side in one round. */
static double side_seconds(const struct measuring *m)
{
    const struct reg_plan *const plan = &m->experiment->plan;
    return m->stage == REG_SCREEN ? plan->screen_seconds : plan->confirm_seconds;
}

/* A program that is started for every sample takes one a round, and a long one. */
static double sample_seconds(const struct measuring *m)
{
    return m->experiment->base->serves ? m->experiment->plan.turn_seconds : side_seconds(m);
}

/* Rounds after one that is thrown away. */
static size_t round_count(const struct measuring *m)
{
    const struct reg_plan *const plan = &m->experiment->plan;
    /* A program that is started for every sample has no warm rounds to gain from. */
    if (!m->experiment->base->serves)
        return plan->screen_rounds;
    return m->stage == REG_SCREEN ? plan->screen_rounds : m->experiment->confirm_rounds;
}

/* Samples of both sides that followed each other at once, again and again. */
enum { TURNS_MAX = 256 };
struct turns {
    double ns[2][TURNS_MAX], ratio[TURNS_MAX];
    double switches[2];
    size_t count;
};

/* Both sides, head first or base first. */
static void take_turn(struct measuring *m, double iterations, bool head_first, struct turns *turns,
                      int status[2])
{
    struct reg_sample sample[2] = {0};
    for (int i = 0; i < 2; i++) {
        const int side = i ^ head_first;
        status[side] = reg_launch_run(m->pair[side], iterations, sample_seconds(m), &sample[side]);
        if (status[side])
            return;
    }
    for (int side = 0; side < 2; side++) {
        turns->ns[side][turns->count] = sample[side].ns;
        turns->switches[side] += sample[side].switches;
    }
    turns->ratio[turns->count++] = sample[1].ns / sample[0].ns;
}

/* The clock ends a round, never what was measured; who begins changes from turn to turn. */
static void take_turns(struct measuring *m, double iterations, bool head_first, struct turns *turns,
                       int status[2])
{
    const size_t most = m->experiment->base->serves ? TURNS_MAX : 1;
    const double end = reg_now() + 2 * side_seconds(m);
    do {
        for (int i = 0; i < 2 && turns->count < most && !status[0] && !status[1]; i++)
            take_turn(m, iterations, head_first ^ i, turns, status);
    } while (!status[0] && !status[1] && turns->count < most && reg_now() < end);
}

static double median(double *values, size_t n)
{
    ana_sort(values, n);
    return ana_median(values, n);
}

static int measure_round(struct measuring *m, double iterations, bool head_first, size_t number,
                         int status[2])
{
    struct turns turns = {0};
    struct reg_round round = {
        .stage = m->stage,
        .launch = m->launch,
        .item = (uint32_t)m->item->index,
        .round = (uint32_t)number,
        .control = m->item->control,
        .head_first = head_first,
        .disturbance = reg_watch(m->experiment->base->cpu),
    };
    take_turns(m, iterations, head_first, &turns, status);
    if (status[0] || status[1])
        return 0;
    reg_watched(&round.disturbance);
    round.base_ns = median(turns.ns[0], turns.count);
    round.head_ns = median(turns.ns[1], turns.count);
    round.ratio = median(turns.ratio, turns.count);
    round.turns = (uint32_t)turns.count;
    round.switches = fmax(turns.switches[0], turns.switches[1]);
    return number ? reg_log_add(&m->experiment->log, &round) : 0;
}

static int measure_rounds(struct measuring *m, int status[2])
{
    struct reg_experiment *const e = m->experiment;
    double *const iterations = &e->subjects[m->item->subject].iterations[m->stage];
    const size_t rounds = round_count(m), first = m->experiment->base->serves ? 0 : 1;
    const uint64_t orientation = reg_draw(&e->random);
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
    const int begins = (int)(reg_draw(&e->random) & 1);
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

bool reg_broken(const struct reg_subject *s)
{
    return s->base || s->head;
}

/* All processes of a launch, and in them all items in a new order. */
int reg_pair_launch(struct reg_experiment *e, enum reg_stage stage, struct reg_item *items,
                    size_t n)
{
    const struct reg_program *const programs[SIDES] = {e->base, e->head, e->base};
    struct reg_launch launches[SIDES];
    const size_t first = reg_draw(&e->random) % SIDES;
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
        if (items[i].control && reg_draw(&e->random) & 1)
            m.pair[0] = &launches[TWIN], m.pair[1] = &launches[BASE];
        if (!reg_broken(&e->subjects[items[i].subject]))
            error = measure(&m);
    }
    for (size_t i = 0; i < SIDES; i++)
        reg_launch_close(&launches[i]);
    e->launches[stage]++;
    return error;
}
