/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a case. Everything that could disturb the loop happens outside it: memory is found,
 * filled and touched in the set-up, the columns are worked out after the last repetition. A case
 * that fails its check at either end leaves an error row and never a time.
 */
#include "bench/cases/run.h"

#include "bench/cases/call.h"
#include "bench/cases/columns.h"
#include "bench/cases/fingerprint.h"
#include "bench/cases/generate_trial.h"
#include "bench/cases/outside.h"
#include "bench/machine/activity.h"
#include "bench/machine/counters/usage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct attn_trial {
    struct attn_session *session;
    const struct attn_case *c;
    struct team *team;
    struct attn_data data;
    struct attn_outcome outcome;
    struct attn_counted counted;
    uint64_t ticks, stolen; /* when the case was ready to be measured; UINT64_MAX: not known */
    struct attn_generate_trial token; /* of the phases of whole layers, in place of data */
    bool open;                        /* data are there */
};

static struct attn_group_state *group_of(const struct attn_trial *t)
{
    return &t->session->group[t->c->group];
}

static int open_team(struct attn_trial *t, struct attn_message *why)
{
    struct attn_host *const host = t->session->host;
    const uint32_t threads = t->c->name.threads;
    const enum machine_placement placement = attn_placement(&t->c->name);
    const int error = attn_host_team(host, placement, threads, &t->team, why);
    if (error)
        return error;
    if (*attn_host_team_warning(host, placement, threads, why->text, sizeof(why->text)))
        attn_display_warn(t->session->display, t->session->runner, why->text);
    return 0;
}

/* Everything up to the first call; -errno with the sentence for the row. */
static int prepare(struct attn_trial *t, struct attn_message *why)
{
    struct attn_host *const host = t->session->host;
    const struct attn_name *const name = &t->c->name;
    struct attn_size size;
    int error = open_team(t, why);
    if (error)
        return error;
    struct pool *const pool = attn_host_pool(host, name->pages, t->team);
    if (!pool)
        return attn_refuse(why, -EINVAL, "no memory pages are called \"%s\"", name->pages);
    error = attn_outside_try(t->c->kernel, name, host->seed, why);
    if (error)
        return error;
    attn_outside_watch_size(t->c->kernel, name);
    error = attn_size(&size, name, t->c->kernel,
                      attn_host_llc(host, attn_placement(name), name->threads));
    attn_outside_rest();
    if (error)
        return attn_refuse(why, -ENOMEM, "needs more memory than there are addresses");
    attn_outside_watch(t->c->kernel, name, size.rotation.copies); /* each is prepared */
    attn_call_prepare(t->team, t->c->kernel, true); /* prepare() may start threads already */
    error = attn_data_open(&t->data, name, t->c->kernel, &size, pool, host->seed, why);
    attn_call_prepare(t->team, t->c->kernel, false);
    attn_outside_rest();
    t->open = !error;
    return error ? error : attn_data_check(&t->data, why); /* prepare() may have written, too */
}

static bool computes(const struct attn_trial *t)
{
    return t->c->kernel->kind != ATTN_CEILING;
}

static void read_ceilings(struct attn_trial *t)
{
    if (t->c->kernel->kind == ATTN_RUNG && !t->session->paired)
        t->outcome.ceiling = attn_ceilings_read(&group_of(t)->ceilings, &t->data, t->c->kernel,
                                                t->team, t->c->name.hot, &machine_clock);
}

/* At the end, when the best ceilings are known. A kernel with threads of its own cannot share ours
 * from call to call. */
static void take_turns(struct attn_trial *t)
{
    const struct attn_kernel *const kernel = t->c->kernel;
    if (kernel->kind != ATTN_RUNG || kernel->owns_threads || t->session->paired)
        return;
    attn_outside_watch_loop(kernel, &t->c->name, &t->data.turns);
    t->outcome.turns = attn_ceilings_turns(&group_of(t)->ceilings, &t->data, kernel, t->team,
                                           t->c->name.hot, &machine_clock);
    attn_outside_rest();
}

/* Checks once more; the worse of the two results is the one that is reported. */
static int verify(struct attn_trial *t, enum attn_sample sample, struct attn_message *why)
{
    struct attn_check check;
    attn_outside_watch(t->c->kernel, &t->c->name, 1);
    const int error =
        attn_verify(&group_of(t)->oracle, sample, &t->data, t->c->kernel, t->team, &check, why);
    attn_outside_rest();
    if (sample == ATTN_BEFORE || check.worst > t->outcome.check.worst)
        t->outcome.check = check;
    t->outcome.checked = true;
    return error;
}

/* What the machine has to say is said once something is measured on it. */
static void begin(struct attn_trial *t)
{
    struct attn_session *const s = t->session;
    for (size_t i = 0; s->late && i < s->late->warnings; i++)
        attn_display_warn(s->display, s->runner, s->late->warning[i]);
    s->late = NULL;
    s->begun = true;
    if (s->display)
        attn_display_begin(s->display, t->c->text);
}

static void setup(void *user, struct benchmark_state *state)
{
    struct attn_trial *const t = user;
    struct attn_message why;
    begin(t);
    if (t->c->skip) {
        benchmark_skip_with_message(state, "%s", t->c->skip);
        return;
    }
    int error = prepare(t, &why);
    if (error == -ENOMEM) {
        benchmark_skip_with_message(state, "%s", why.text);
        return;
    }
    if (!error && computes(t)) {
        error =
            attn_oracle_ask(&group_of(t)->oracle, &t->data, t->team, t->session->host->seed, &why);
    }
    if (!error && computes(t))
        error = verify(t, ATTN_BEFORE, &why);
    if (error) {
        benchmark_skip_with_error(state, "%s", why.text);
        return;
    }
    read_ceilings(t);
    activity_ticks("", &t->ticks, &t->stolen);
}

static void run(struct benchmark_state *state)
{
    struct attn_trial *const t = benchmark_user(state);
    const struct attn_kernel *const kernel = t->c->kernel;
    struct attn_phase_sums sums = {0};
    struct team_times times;
    attn_call_prepare(t->team, kernel, true);
    attn_outside_watch_loop(kernel, &t->c->name, &t->data.turns);
    const struct usage before = usage_read();
    while (benchmark_keep_running(state)) {
        attn_data_turn(&t->data);
        attn_call(t->team, kernel, &t->data.args, &times);
        attn_phase_sums_add(&sums, &times);
    }
    const struct usage after = usage_read();
    attn_outside_rest();
    attn_call_prepare(t->team, kernel, false);
    attn_columns_of_pass(state, &t->c->name.problem, kernel, &sums);
    attn_columns_of_usage(state, &before, &after);
}

/* How much of the machine went elsewhere since the set-up. */
static void note_steal(struct attn_trial *t)
{
    uint64_t ticks, stolen;
    activity_ticks("", &ticks, &stolen);
    if (ticks == UINT64_MAX || t->ticks == UINT64_MAX || stolen < t->stolen)
        return;
    t->outcome.ticks = ticks - t->ticks;
    t->outcome.stolen = stolen - t->stolen;
}

static bool is_stopped(void *user)
{
    return benchmark_stop_requested(user);
}

/* A case that was to be simulated and could not has failed: counts that are missing would look
 * like counts that did not change. One that was interrupted is not finished, for --resume. */
static void simulate(struct attn_trial *t, struct benchmark_state *state)
{
    struct attn_message why;
    const int error =
        attn_sim_case(t->session->sim, t->c, is_stopped, state, &t->outcome.sim, &why);
    if (error == -EINTR)
        benchmark_skip_with_message(state, "interrupted before it was simulated");
    else if (error)
        benchmark_skip_with_error(state, "%s", why.text);
}

static void check_counting(struct attn_trial *t)
{
    if (t->session->counting)
        t->outcome.dropped =
            attn_counting_check(t->session->counting, &t->counted, t->session->runner);
}

/* The data are of no more use. */
static void give_up(struct attn_trial *t, struct benchmark_state *state,
                    const struct attn_message *why)
{
    if (!benchmark_skipped(state))
        benchmark_skip_with_error(state, "%s", why->text);
    attn_data_close(&t->data);
    t->open = false;
}

static void teardown(void *user, struct benchmark_state *state)
{
    struct attn_trial *const t = user;
    struct attn_message why;
    note_steal(t);
    /* Asked even if there is an error already: the next case reads the same cache. */
    if (t->open && attn_data_check(&t->data, &why))
        give_up(t, state, &why);
    if (t->open && !benchmark_skipped(state)) {
        if (computes(t) && verify(t, ATTN_AFTER, &why)) {
            benchmark_skip_with_error(state, "%s", why.text);
        } else {
            read_ceilings(t);
            take_turns(t);
        }
        if (attn_data_check(&t->data, &why))
            give_up(t, state, &why);
    }
    if (t->open && !benchmark_skipped(state) && t->session->sim && t->session->sim->on)
        simulate(t, state);
    if (t->open && !benchmark_skipped(state))
        check_counting(t);
    if (t->open && !benchmark_skipped(state))
        attn_columns_of_case(state, t->session->runner, t->c,
                             t->session->cases->group[t->c->group].label, &t->data, &t->outcome);
    if (t->open)
        attn_data_close(&t->data);
    t->open = false;
    if (--group_of(t)->left == 0)
        attn_oracle_free(&group_of(t)->oracle);
}

/* An arithmetic ceiling has none; those of whole layers are not the problem's alone. */
static double bytes_that_move(const struct attn_case *c)
{
    return strcmp(c->kernel->rung, "ceil_fma") == 0 || attn_phase_has_layers(c->name.problem.phase)
               ? 0
               : (double)attn_bytes(&c->name.problem);
}

static void finish(void *user, struct benchmark_row *row)
{
    const struct attn_trial *const t = user;
    attn_columns_of_row(row, &t->outcome);
    if (t->session->counting)
        attn_counting_row(t->session->counting, &t->counted, bytes_that_move(t->c), row);
}

/* A kernel with threads of its own cannot be counted through the team's. */
static int counter_passes(void *user, void *of_case)
{
    const struct attn_trial *const t = of_case;
    const struct attn_counting *const counting = t->session->counting;
    (void)user;
    return counting && !t->c->kernel->owns_threads ? attn_counting_passes(counting) : 0;
}

static void counter_start(void *user, void *of_case, int pass)
{
    const struct attn_trial *const t = of_case;
    (void)user;
    attn_counting_start(t->session->counting, pass, t->team);
}

static void counter_stop(void *user, void *of_case, int pass, int64_t iterations,
                         struct benchmark_row *row)
{
    struct attn_trial *const t = of_case;
    (void)user;
    attn_counting_stop(t->session->counting, pass, iterations, row, &t->counted);
}

void attn_session_hooks(struct benchmark_hooks *hooks)
{
    hooks->counter_passes = counter_passes;
    hooks->counter_start = counter_start;
    hooks->counter_stop = counter_stop;
}

/* ---- the same for whole layers */

static bool generates(const struct attn_trial *t)
{
    return t->c->name.problem.phase == ATTN_GENERATE;
}

/* A kernel from outside is tried on the attention of the first layer. */
static int try_outside(struct attn_trial *t, struct attn_message *why)
{
    struct attn_name alone = t->c->name;
    struct layer_kind kind;
    layer_config_kind(&alone.layer, &alone.problem, 0, &kind);
    alone.problem = kind.problem;
    const int error = attn_outside_try(t->c->kernel, &alone, t->session->host->seed, why);
    if (!error)
        attn_outside_watch(t->c->kernel, &t->c->name, 1);
    return error;
}

static void layer_setup(void *user, struct benchmark_state *state)
{
    struct attn_trial *const t = user;
    struct attn_message why;
    begin(t);
    if (t->c->skip) {
        benchmark_skip_with_message(state, "%s", t->c->skip);
        return;
    }
    t->token.layer.c = t->c;
    t->token.layer.outcome = &t->outcome;
    t->token.layer.ceilings = !t->session->paired;
    int error = t->session->sim && t->session->sim->on
                    ? attn_refuse(&why, -ENOTSUP, "a step of whole layers is not simulated")
                    : open_team(t, &why);
    if (!error)
        error = try_outside(t, &why);
    if (!error)
        error = generates(t) ? attn_generate_open(&t->token, t->session->host, t->team, &why)
                             : attn_layer_open(&t->token.layer, t->session->host, t->team, &why);
    attn_outside_rest();
    t->open = !error;
    if (error == -ENOMEM || error == -ENOTSUP)
        benchmark_skip_with_message(state, "%s", why.text);
    else if (error)
        benchmark_skip_with_error(state, "%s", why.text);
    activity_ticks("", &t->ticks, &t->stolen);
}

static void layer_run(struct benchmark_state *state)
{
    struct attn_trial *const t = benchmark_user(state);
    attn_outside_watch_loop(t->c->kernel, &t->c->name, &t->token.layer.engine.turn);
    if (generates(t))
        attn_generate_run(&t->token, state);
    else
        attn_layer_run(&t->token.layer, state);
    attn_outside_rest();
}

/* Checks once more, and works out the columns. */
static int layer_finish(struct attn_trial *t, struct benchmark_state *state,
                        struct attn_message *why)
{
    const uint64_t seed = t->session->host->seed;
    attn_outside_watch(t->c->kernel, &t->c->name, 1);
    const int error = generates(t)
                          ? attn_generate_finish(&t->token, state, seed, t->session->step_log, why)
                          : attn_layer_finish(&t->token.layer, state, seed, why);
    attn_outside_rest();
    return error;
}

static void layer_teardown(void *user, struct benchmark_state *state)
{
    struct attn_trial *const t = user;
    struct attn_message why;
    note_steal(t);
    if (t->open && !benchmark_skipped(state) && layer_finish(t, state, &why))
        benchmark_skip_with_error(state, "%s", why.text);
    if (t->open && !benchmark_skipped(state))
        check_counting(t);
    if (t->open && !benchmark_skipped(state))
        attn_columns_of_outcome(state, t->session->runner, t->c,
                                t->session->cases->group[t->c->group].label, &t->outcome);
    if (t->open && generates(t))
        attn_generate_close(&t->token);
    else if (t->open)
        attn_layer_close(&t->token.layer);
    t->open = false;
    group_of(t)->left--;
}

static int register_case(struct attn_session *s, size_t index, struct attn_message *why)
{
    struct attn_trial *const t = &s->trial[index];
    const struct attn_case *const c = &s->cases->item[index];
    *t = (struct attn_trial){.session = s, .c = c};
    const bool layers = attn_phase_has_layers(c->name.problem.phase);
    const struct benchmark_family family = {
        .struct_size = sizeof(family),
        .name = c->text,
        .verbatim_name = true,
        .family = (int64_t)c->group + 1,
        .run = layers ? layer_run : run,
        .user = t,
        .team_threads = (int)c->name.threads,
        .use_real_time = true,
        .process_cpu_time = true,
        .samples = true,
        .label = s->cases->group[c->group].label,
        .code = attn_fingerprint_of(c->kernel),
        .setup = layers ? layer_setup : setup,
        .teardown = layers ? layer_teardown : teardown,
        .finish = finish,
    };
    s->group[c->group].left++;
    const int error = benchmark_register(s->runner, &family);
    return error ? attn_refuse(why, error, "cannot register %s", c->text) : 0;
}

int attn_session_open(struct attn_session *session, struct attn_host *host,
                      const struct attn_cases *cases, struct benchmark_runner *runner,
                      const bool *finished, struct attn_message *why)
{
    *session = (struct attn_session){.host = host, .cases = cases, .runner = runner};
    session->paired = benchmark_is_worker(runner);
    session->group = calloc(cases->groups, sizeof(*session->group));
    session->trial = calloc(cases->n, sizeof(*session->trial));
    int error = session->group && session->trial ? 0 : attn_refuse(why, -ENOMEM, "out of memory");
    for (size_t i = 0; !error && i < cases->n; i++)
        if (!finished || !finished[i])
            error = register_case(session, i, why);
    if (error)
        attn_session_close(session);
    return error;
}

void attn_session_close(struct attn_session *session)
{
    for (size_t g = 0; session->group && g < session->cases->groups; g++)
        attn_oracle_free(&session->group[g].oracle);
    for (size_t i = 0; session->trial && i < session->cases->n; i++)
        attn_counted_free(&session->trial[i].counted);
    free(session->group);
    free(session->trial);
    *session = (struct attn_session){0};
}
