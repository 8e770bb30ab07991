/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An iteration is long enough for its start to be lost in it and short enough to be left alone by
 * whatever else runs: tens of MiB are read, of a small level again and again, of a large one the
 * next part. The fastest iteration of a repetition is its reading. Memory is touched by the thread
 * that reads it, on huge pages where the system grants them, so that neither distance nor page
 * tables stand in for the level.
 */
#include "bench/cases/survey_run.h"

#include "analysis/column.h"
#include "bench/machine/arena.h"
#include "bench/machine/chase.h"
#include "bench/machine/read_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE = 64,
    STEP = 4096,
    CALLS = 64,
    READ_BYTES = 32 << 20,
    CHASE_STEPS = 20000,
    CHASE_WARM = 1 << 20,
    FLOPS_A_THREAD = 20 * 1000 * 1000
};

struct work {
    struct team *team;
    struct arena arena;
    const struct attn_reading *reading;
    /* Reading: what each rank has to do, and where its fold goes. */
    read_loop *loop;
    uint64_t passes;
    uint64_t part, parts, next; /* bytes of one iteration, and how many there are to go through */
    const void *at;             /* in the chase */
    struct attn_problem problem;
    struct attn_args args;
    float q[LINE / sizeof(float)];
    char *scratch; /* a line for each rank */
};

static void read_share(void *arg, int rank, int ranks)
{
    const struct work *const w = arg;
    (void)ranks;
    const size_t offset = (size_t)rank * w->reading->bytes + w->next * w->part;
    const uint64_t fold = w->loop(w->arena.base + offset, w->part, w->passes);
    *(volatile uint64_t *)(void *)(w->scratch + (size_t)rank * LINE) = fold;
}

static void nothing(const struct attn_args *args, int rank, int ranks)
{
    (void)args;
    (void)rank;
    (void)ranks;
}

static void iterate(struct work *w)
{
    static attn_phase_fn *const one_phase[ATTN_PHASES_MAX] = {nothing};
    switch (w->reading->kind) {
    case ATTN_SURVEY_READ:
        w->next = (w->next + 1) % w->parts;
        team_run(w->team, read_share, w);
        break;
    case ATTN_SURVEY_ARITHMETIC:
    case ATTN_SURVEY_INTEGER:
        team_phases(w->team, w->reading->kernel->phase, &w->args, NULL);
        break;
    case ATTN_SURVEY_LATENCY:
        w->at = chase_follow(w->at, CHASE_STEPS);
        break;
    default:
        for (int call = 0; call < CALLS; call++)
            team_phases(w->team, one_phase, &w->args, NULL);
        break;
    }
}

/* What one iteration comes to: bytes, flops, loads or calls. */
static double amount(const struct work *w)
{
    switch (w->reading->kind) {
    case ATTN_SURVEY_READ:
        return (double)w->part * (double)w->passes * w->reading->threads;
    case ATTN_SURVEY_ARITHMETIC:
    case ATTN_SURVEY_INTEGER:
        return (double)attn_flops(&w->problem);
    case ATTN_SURVEY_LATENCY:
        return CHASE_STEPS;
    default:
        return CALLS;
    }
}

/* The faster of the two loops, found by two calls each: which it is depends on level and CPU. */
static void choose_loop(struct work *w, const struct machine_clock *clock)
{
    const struct read_loops *const loops = read_loops_best();
    read_loop *const choice[] = {loops->one, loops->eight};
    uint64_t best = UINT64_MAX;
    read_loop *chosen = loops->one;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 2; i++) {
            w->loop = choice[i];
            const uint64_t begin = clock->wall_ns();
            iterate(w);
            const uint64_t ns = clock->wall_ns() - begin;
            if (round && ns < best) {
                best = ns;
                chosen = choice[i];
            }
        }
    }
    w->loop = chosen;
}

static int prepare_memory(struct work *w)
{
    const struct attn_reading *const r = w->reading;
    const size_t bytes = (size_t)r->bytes * r->threads;
    const int error = arena_reserve(&w->arena, bytes, ARENA_THP);
    if (error)
        return error;
    arena_touch(&w->arena, w->team, ARENA_BY_SLICE);
    w->passes = r->bytes < READ_BYTES ? READ_BYTES / r->bytes : 1;
    w->parts = (r->bytes + READ_BYTES - 1) / READ_BYTES;
    w->part = r->bytes / w->parts / STEP * STEP;
    if (r->kind == ATTN_SURVEY_READ) {
        choose_loop(w, &machine_clock);
    } else {
        chase_link(w->arena.base, bytes, r->survey->host->seed);
        w->at = chase_follow(w->arena.base, bytes / CHASE_LINE % CHASE_WARM);
    }
    return 0;
}

static void prepare_arithmetic(struct work *w)
{
    const struct attn_problem shape = attn_problem_default();
    w->problem = shape;
    w->problem.context = 1;
    const uint64_t a_token = attn_flops(&w->problem);
    w->problem.context = (uint32_t)(w->reading->threads * (uint64_t)FLOPS_A_THREAD / a_token) + 1;
    w->args = (struct attn_args){
        .struct_size = sizeof(w->args),
        .problem = &w->problem,
        .q = w->q,
        .scratch = w->scratch,
    };
}

static void setup(void *user, struct benchmark_state *state)
{
    struct attn_reading *const r = user;
    struct attn_message why;
    if (*r->why_not) {
        benchmark_skip_with_message(state, "%s", r->why_not);
        return;
    }
    struct work *const w = r->work = calloc(1, sizeof(*w));
    if (!w) {
        benchmark_skip_with_message(state, "out of memory");
        return;
    }
    w->reading = r;
    w->scratch = aligned_alloc(LINE, (size_t)r->threads * LINE);
    int error = w->scratch ? 0 : attn_refuse(&why, -ENOMEM, "out of memory");
    if (!error)
        error = attn_host_team(r->survey->host, MACHINE_COMPACT, r->threads, &w->team, &why);
    if (!error && r->bytes && (error = prepare_memory(w)))
        attn_refuse(&why, error, "cannot have %zu bytes of memory: %s",
                    (size_t)r->bytes * r->threads, strerror(-error));
    if (!error && r->kernel)
        prepare_arithmetic(w);
    if (error)
        benchmark_skip_with_message(state, "%s", why.text);
}

/* Where the fastest iteration of a repetition stands in its row. */
static const enum ana_column_id columns[ATTN_SURVEY_KINDS] = {
    [ATTN_SURVEY_READ] = ANA_BEST_BYTES_PER_SECOND,
    [ATTN_SURVEY_ARITHMETIC] = ANA_BEST_FLOPS_PER_SECOND,
    [ATTN_SURVEY_INTEGER] = ANA_BEST_FLOPS_PER_SECOND,
    [ATTN_SURVEY_LATENCY] = ANA_BEST_LATENCY_NS,
    [ATTN_SURVEY_BARRIER] = ANA_BEST_BARRIER_NS,
};

static void set(struct benchmark_state *state, enum ana_column_id id, double value, unsigned flags)
{
    benchmark_set_counter(state, ana_columns[id].name, value, flags);
}

static void run(struct benchmark_state *state)
{
    const struct attn_reading *const r = benchmark_user(state);
    struct work *const w = r->work;
    uint64_t best = UINT64_MAX;
    while (benchmark_keep_running(state)) {
        const uint64_t begin = machine_clock.wall_ns();
        iterate(w);
        const uint64_t ns = machine_clock.wall_ns() - begin;
        best = ns < best ? ns : best;
    }
    const double done = amount(w), n = (double)benchmark_iterations(state);
    const double fastest = done / (double)(best ? best : 1);
    if (r->kind == ATTN_SURVEY_READ)
        benchmark_set_bytes_processed(state, (int64_t)(done * n));
    if (attn_reading_is_arithmetic(r))
        set(state, ANA_FLOPS_PER_SECOND, done * n, BENCHMARK_COUNTER_RATE);
    set(state, columns[r->kind], attn_reading_is_rate(r) ? 1e9 * fastest : 1 / fastest, 0);
}

static void teardown(void *user, struct benchmark_state *state)
{
    struct attn_reading *const r = user;
    struct work *const w = r->work;
    (void)state;
    if (!w)
        return;
    arena_free(&w->arena);
    free(w->scratch);
    free(w);
    r->work = NULL;
}

double attn_survey_value(const struct attn_reading *r, const struct benchmark_row *row)
{
    const struct benchmark_counter *const c =
        benchmark_row_counter(row, ana_columns[columns[r->kind]].name);
    return c ? c->value : 0;
}

int attn_survey_register(struct attn_reading *r, size_t index)
{
    const struct benchmark_family family = {
        .struct_size = sizeof(family),
        .name = r->name,
        .verbatim_name = true,
        .family = (int64_t)index + 1,
        .run = run,
        .user = r,
        .team_threads = (int)r->threads,
        .use_real_time = true,
        .process_cpu_time = true,
        .setup = setup,
        .teardown = teardown,
    };
    return benchmark_register(r->survey->runner, &family);
}
