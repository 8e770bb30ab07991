/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A team of pinned threads that runs one function on all ranks at a time. Rank 0 is the thread
 * that created the team, bound like the others for as long as the team lives: a benchmark's loop
 * and its first share of work then run on the same core. Nothing is allocated after creation.
 *
 * Every function here is called by rank 0's thread only, and never from inside a job.
 */
#ifndef MACHINE_TEAM_H
#define MACHINE_TEAM_H

#include "bench/machine/clock.h"
#include "bench/machine/topology.h"
#include "kernels/kernel.h"

#include <stdint.h>

struct team;

typedef void team_fn(void *arg, int rank, int ranks);

struct team_options {
    int ranks;                               /* 1..ATTN_RANKS_MAX */
    const struct machine_topology *topology; /* outlives the team; NULL: nobody is bound */
    enum machine_placement placement;
    const struct machine_clock *clock; /* of team_phases(); NULL: the real one */
};

/*
 * 0 or -errno: -EINVAL for the number of ranks, -ENOMEM, -EAGAIN if the system allows no more
 * threads. A thread that could not be bound is a warning (team_warning()), not an error. More
 * ranks than PUs share them in turn and sleep rather than spin when they wait.
 */
int team_create(struct team **team, const struct team_options *options);

/* Ends the threads and lets the caller run on every PU again. NULL is allowed. */
void team_destroy(struct team *team);

int team_ranks(const struct team *team);

/* "" or a sentence on who could not be bound and why. */
const char *team_warning(const struct team *team);

/* Runs fn(arg, rank, ranks) on every rank; returns when all have finished. */
void team_run(struct team *team, team_fn *fn, void *arg);

/* Readings of rank 0's wall clock. Phase i of rank 0 takes done_ns[i] - (i ? met_ns[i-1] :
 * start_ns), and it waits for the others from done_ns[i] to met_ns[i]. */
struct team_times {
    uint64_t start_ns;
    uint64_t done_ns[ATTN_PHASES_MAX]; /* rank 0 finished its own share */
    uint64_t met_ns[ATTN_PHASES_MAX];  /* every rank had finished */
    int phases;
};

/*
 * Runs the phases of a kernel in order on every rank, with a barrier after each; a NULL ends a
 * list shorter than ATTN_PHASES_MAX. Without `times` no clock is read.
 */
void team_phases(struct team *team, attn_phase_fn *const phase[ATTN_PHASES_MAX],
                 const struct attn_args *args, struct team_times *times);

/* The same for a kernel that brings its own threads: on the calling thread as the only rank, while
 * the team sleeps. */
void team_phases_alone(struct team *team, attn_phase_fn *const phase[ATTN_PHASES_MAX],
                       const struct attn_args *args, struct team_times *times);

/* Lets rank 0 run on every PU, for a library whose threads inherit that, or binds it again. */
void team_lend(struct team *team, bool lend);

#endif
