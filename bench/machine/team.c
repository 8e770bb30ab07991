/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job is written by rank 0 and announced by a word the workers wait on; the barrier after the
 * last phase is where rank 0 takes the work back. Workers do not wait at that one: what they wait
 * for next is the next job. One announcement and one barrier a phase is all a call pays.
 */
#include "bench/machine/team.h"

#include "bench/machine/barrier.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Turns of spinning before sleeping: of the order of a millisecond, well above the pauses inside
 * a benchmark's loop and well below the pauses between cases.
 */
enum { SPINS = 10000 };

struct member {
    struct team *team;
    pthread_t thread;
    int rank, pu; /* pu: index into the topology, or MACHINE_UNBOUND */
    int bound;    /* 0 or -errno; set by the thread itself before it first waits */
};

struct team {
    struct wait_word job;
    struct barrier barrier;
    /* The job; written by rank 0 while the workers wait for the word. */
    team_fn *fn;
    void *arg;
    attn_phase_fn *const *phase;
    const struct attn_args *args;
    int phases;
    bool quit;

    const struct machine_clock *clock;
    const struct machine_topology *topology;
    struct member *member;
    int ranks;
    unsigned spins;
    char warning[256];
};

/* A thread just bound may not have moved yet; by the time the call returns Linux has moved it. */
static void bind_member(struct member *m)
{
    const struct machine_topology *const t = m->team->topology;
    if (m->pu == MACHINE_UNBOUND)
        return;
    m->bound = machine_bind(t, m->pu);
    const int found = machine_location(t);
    if (!m->bound && found >= 0 && found != m->pu)
        m->bound = -EBUSY;
}

/* After its last pass a rank must not look at the job: rank 0 may be writing the next one. */
static void work(struct team *team, int rank)
{
    const int phases = team->phases;
    if (team->fn) {
        team->fn(team->arg, rank, team->ranks);
        barrier_pass(&team->barrier);
        return;
    }
    for (int i = 0; i < phases; i++) {
        team->phase[i](team->args, rank, team->ranks);
        if (i + 1 < phases)
            barrier_wait(&team->barrier);
        else
            barrier_pass(&team->barrier);
    }
}

static void *worker(void *arg)
{
    struct member *const m = arg;
    struct team *const team = m->team;
    bind_member(m);
    barrier_pass(&team->barrier);
    for (unsigned seen = 0;; seen++) {
        wait_word_leave(&team->job, seen, team->spins);
        if (team->quit)
            return NULL;
        work(team, m->rank);
    }
}

static void announce(struct team *team)
{
    wait_word_set(&team->job, atomic_load_explicit(&team->job.value, memory_order_relaxed) + 1);
}

/* Signals belong to the thread that created the team: it is the one that can end a run in order. */
static int start_workers(struct team *team, int *started)
{
    sigset_t all, old;
    sigfillset(&all);
    /* A blocked fault ends the process without asking its handler. */
    const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int err = 0;
    for (*started = 1; *started < team->ranks; (*started)++) {
        struct member *const m = &team->member[*started];
        err = -pthread_create(&m->thread, NULL, worker, m);
        if (err)
            break;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return err;
}

static void stop_workers(struct team *team, int started)
{
    team->quit = true;
    announce(team);
    for (int r = 1; r < started; r++)
        pthread_join(team->member[r].thread, NULL);
}

static void assign(struct team *team, enum machine_placement placement, uint32_t *order)
{
    const struct machine_topology *const t = team->topology;
    if (order)
        machine_topology_order(t, placement, order);
    for (int r = 0; r < team->ranks; r++) {
        team->member[r].team = team;
        team->member[r].rank = r;
        team->member[r].pu = order ? (int)order[(uint32_t)r % t->pus] : MACHINE_UNBOUND;
    }
}

static void warn_unbound(struct team *team)
{
    const struct member *first = NULL;
    int n = 0;
    for (int r = team->ranks - 1; r >= 0; r--) {
        if (team->member[r].bound) {
            first = &team->member[r];
            n++;
        }
    }
    if (first)
        snprintf(team->warning, sizeof(team->warning),
                 "%d of %d threads run unbound; thread %d could not be bound to CPU %u: %s", n,
                 team->ranks, first->rank, team->topology->pu[first->pu].os_index,
                 first->bound == -EXDEV ? "the topology describes another machine"
                                        : strerror(-first->bound));
}

/* Spinning on a CPU that the awaited rank needs only keeps it waiting. */
static unsigned spins_for(int ranks, const struct machine_topology *t)
{
    const long cpus = t && t->real ? (long)t->pus : sysconf(_SC_NPROCESSORS_ONLN);
    return ranks > cpus ? 0 : SPINS;
}

static void team_free(struct team *team)
{
    free(team->member);
    free(team);
}

int team_create(struct team **out, const struct team_options *options)
{
    if (options->ranks < 1 || options->ranks > ATTN_RANKS_MAX)
        return -EINVAL;
    const struct machine_topology *const t = options->topology;
    struct team *const team = aligned_alloc(_Alignof(struct team), sizeof(*team));
    uint32_t *const order = t ? calloc(t->pus, sizeof(*order)) : NULL;
    int started = 1, err = -ENOMEM;
    if (!team || (t && !order))
        goto fail;
    memset(team, 0, sizeof(*team));
    team->ranks = options->ranks;
    team->topology = t;
    team->clock = options->clock ? options->clock : &machine_clock;
    team->spins = spins_for(options->ranks, t);
    team->member = calloc((size_t)team->ranks, sizeof(*team->member));
    if (!team->member)
        goto fail;
    atomic_init(&team->job.value, 0);
    atomic_init(&team->job.sleepers, 0);
    barrier_init(&team->barrier, (unsigned)team->ranks, team->spins);
    assign(team, options->placement, order);
    err = start_workers(team, &started);
    if (err) {
        stop_workers(team, started);
        team_free(team);
        free(order);
        return err;
    }
    bind_member(&team->member[0]);
    barrier_wait(&team->barrier);
    warn_unbound(team);
    free(order);
    *out = team;
    return 0;
fail:
    free(order);
    free(team);
    return err;
}

void team_destroy(struct team *team)
{
    if (!team)
        return;
    stop_workers(team, team->ranks);
    if (team->topology && !team->member[0].bound)
        machine_bind(team->topology, MACHINE_UNBOUND);
    team_free(team);
}

int team_ranks(const struct team *team)
{
    return team->ranks;
}

const char *team_warning(const struct team *team)
{
    return team->warning;
}

void team_run(struct team *team, team_fn *fn, void *arg)
{
    team->fn = fn;
    team->arg = arg;
    announce(team);
    fn(arg, 0, team->ranks);
    barrier_wait(&team->barrier);
}

void team_phases(struct team *team, attn_phase_fn *const phase[ATTN_PHASES_MAX],
                 const struct attn_args *args, struct team_times *times)
{
    int n = 0;
    while (n < ATTN_PHASES_MAX && phase[n])
        n++;
    if (times)
        *times = (struct team_times){.start_ns = team->clock->wall_ns(), .phases = n};
    if (n == 0)
        return;
    team->fn = NULL;
    team->phase = phase;
    team->args = args;
    team->phases = n;
    announce(team);
    for (int i = 0; i < n; i++) {
        phase[i](args, 0, team->ranks);
        if (times)
            times->done_ns[i] = team->clock->wall_ns();
        barrier_wait(&team->barrier);
        if (times)
            times->met_ns[i] = team->clock->wall_ns();
    }
}

void team_phases_alone(struct team *team, attn_phase_fn *const phase[ATTN_PHASES_MAX],
                       const struct attn_args *args, struct team_times *times)
{
    if (times)
        *times = (struct team_times){.start_ns = team->clock->wall_ns()};
    for (int i = 0; i < ATTN_PHASES_MAX && phase[i]; i++) {
        phase[i](args, 0, 1);
        if (times)
            times->done_ns[i] = times->met_ns[times->phases++] = team->clock->wall_ns();
    }
}

void team_lend(struct team *team, bool lend)
{
    if (team->topology && !team->member[0].bound)
        machine_bind(team->topology, lend ? MACHINE_UNBOUND : team->member[0].pu);
}
