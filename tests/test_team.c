/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Teams of one rank up to more ranks than CPUs: every rank runs every job once, writes of one
 * phase are read in the next, sleeping workers wake up, and the clock marks stand in order.
 */
#include "bench/machine/team.h"

#include "tests/test.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

enum { RANKS_MAX = 16, JOBS = 500 };

struct tally {
    int calls[RANKS_MAX]; /* plain: the team's own order has to make it safe */
    int ranks;
};

static void count_call(void *arg, int rank, int ranks)
{
    struct tally *const t = arg;
    t->calls[rank]++;
    if (rank == 0)
        t->ranks = ranks;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

static void test_jobs(struct team *team)
{
    struct tally t = {.ranks = 0};
    for (int i = 0; i < JOBS; i++)
        team_run(team, count_call, &t);
    nap(); /* long enough for the workers to fall asleep */
    team_run(team, count_call, &t);
    CHECK(t.ranks == team_ranks(team), "ranks as a job sees them");
    for (int r = 0; r < RANKS_MAX; r++)
        CHECK(t.calls[r] == (r < team_ranks(team) ? JOBS + 1 : 0), "rank %d: %d calls", r,
              t.calls[r]);
}

/* Three phases on the scratch array: everybody writes, everybody reads all, rank 0 sums. */
static void phase_write(const struct attn_args *args, int rank, int ranks)
{
    uint64_t *const cell = args->scratch;
    cell[rank] = (uint64_t)rank + 1;
    (void)ranks;
}

static void phase_read(const struct attn_args *args, int rank, int ranks)
{
    uint64_t *const cell = args->scratch, sum = 0;
    for (int r = 0; r < ranks; r++)
        sum += cell[r];
    cell[RANKS_MAX + rank] = sum;
}

static void phase_sum(const struct attn_args *args, int rank, int ranks)
{
    uint64_t *const cell = args->scratch;
    for (int r = 0; rank == 0 && r < ranks; r++)
        cell[2 * RANKS_MAX] += cell[RANKS_MAX + r];
}

static uint64_t ticks;

static uint64_t tick_ns(void)
{
    return ticks += 10;
}

static void test_phases(struct team *team)
{
    attn_phase_fn *const phase[ATTN_PHASES_MAX] = {phase_write, phase_read, phase_sum};
    attn_phase_fn *const one[ATTN_PHASES_MAX] = {phase_write};
    attn_phase_fn *const none[ATTN_PHASES_MAX] = {NULL};
    const uint64_t n = (uint64_t)team_ranks(team);
    struct team_times times;
    for (int i = 0; i < JOBS; i++) {
        uint64_t cell[2 * RANKS_MAX + 1] = {0};
        const struct attn_args args = {.struct_size = sizeof(args), .scratch = cell};
        team_phases(team, phase, &args, i % 2 ? &times : NULL);
        CHECK(cell[2 * RANKS_MAX] == n * (n * (n + 1) / 2), "%llu",
              (unsigned long long)cell[2 * RANKS_MAX]);
    }
    uint64_t cell[2 * RANKS_MAX + 1] = {0};
    const struct attn_args args = {.struct_size = sizeof(args), .scratch = cell};
    ticks = 0;
    team_phases(team, phase, &args, &times);
    CHECK(times.phases == 3 && times.start_ns == 10, "start of three phases");
    for (int i = 0; i < 3; i++)
        CHECK(times.done_ns[i] == 20 + 20 * (uint64_t)i && times.met_ns[i] == 30 + 20 * (uint64_t)i,
              "marks of a phase");
    team_phases(team, one, &args, &times);
    CHECK(times.phases == 1, "one phase");
    team_phases(team, none, &args, &times);
    CHECK(times.phases == 0, "no phase");
}

static void where(void *arg, int rank, int ranks)
{
    int *const cpu = arg;
    cpu[rank] = sched_getcpu();
    (void)ranks;
}

static void blocks_signals(void *arg, int rank, int ranks)
{
    sigset_t set;
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    ((int *)arg)[rank] = sigismember(&set, SIGINT);
    (void)ranks;
}

static void test_team(const struct machine_topology *t, int ranks)
{
    const struct machine_clock clock = {.wall_ns = tick_ns};
    const struct team_options options = {.ranks = ranks, .topology = t, .clock = &clock};
    struct team *team = NULL;
    const int err = team_create(&team, &options);
    CHECK(!err, "%d ranks: %s", ranks, strerror(-err));
    if (err)
        return;
    CHECK(team_ranks(team) == ranks, "ranks as the team says");
    test_jobs(team);
    test_phases(team);
    int value[RANKS_MAX];
    if (t && t->real) {
        uint32_t order[64];
        CHECK_STR(team_warning(team), "");
        team_run(team, where, value);
        machine_topology_order(t, MACHINE_COMPACT, order);
        for (int r = 0; r < ranks; r++)
            CHECK(value[r] == (int)t->pu[order[(uint32_t)r % t->pus]].os_index,
                  "rank %d of %d ran on CPU %d", r, ranks, value[r]);
    }
    team_run(team, blocks_signals, value);
    for (int r = 0; r < ranks; r++)
        CHECK(value[r] == (r > 0), "rank %d", r);
    team_destroy(team);
}

/* A machine that is not this one: the team works, unbound, and says so. */
static void test_foreign(struct machine_topology *t)
{
    struct team *team;
    t->real = false;
    CHECK(team_create(&team, &(struct team_options){.ranks = 3, .topology = t}) == 0,
          "a team without binding");
    CHECK(strstr(team_warning(team), "3 of 3 threads run unbound") != NULL, "%s",
          team_warning(team));
    test_jobs(team);
    team_destroy(team);
    t->real = true;
}

int main(void)
{
    static const int ranks[] = {1, 2, 3, 5, RANKS_MAX};
    struct machine_topology t;
    struct team *team;
    if (machine_topology_load(&t, NULL) || t.pus > 64) {
        printf("no usable topology\n");
        return TEST_SKIP;
    }
    for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++) {
        test_team(&t, ranks[i]);
        test_team(NULL, ranks[i] < 3 ? ranks[i] : 2);
    }
    test_foreign(&t);
    CHECK(team_create(&team, &(struct team_options){.ranks = 0}) == -EINVAL, "no rank");
    CHECK(team_create(&team, &(struct team_options){.ranks = ATTN_RANKS_MAX + 1}) == -EINVAL,
          "too many ranks");
    team_destroy(NULL);
    cpu_set_t set;
    CHECK(!t.real ||
              (sched_getaffinity(0, sizeof(set), &set) == 0 && (uint32_t)CPU_COUNT(&set) == t.pus),
          "the caller is still bound");
    machine_topology_free(&t);
    return test_exit();
}
