/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of a kernel the way its contract says: by all ranks of the team or, when it brings
 * threads of its own, by rank 0 alone while the others sleep.
 */
#ifndef ATTN_CALL_H
#define ATTN_CALL_H

#include "bench/machine/team.h"

static inline void attn_call(struct team *team, const struct attn_kernel *kernel,
                             const struct attn_args *args, struct team_times *times)
{
    if (kernel->owns_threads)
        team_phases_alone(team, kernel->phase, args, times);
    else
        team_phases(team, kernel->phase, args, times);
}

/*
 * Around calls, not in the timed loop: a library's threads inherit the binding of the thread that
 * starts them, and all of them on the CPU of rank 0 would measure something else.
 */
static inline void attn_call_prepare(struct team *team, const struct attn_kernel *kernel, bool lend)
{
    if (kernel->owns_threads)
        team_lend(team, lend);
}

#endif
