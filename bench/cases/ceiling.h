/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ceilings beside a case: how long this machine takes, at this moment and with this team, to
 * read the bytes the case reads, and to issue its multiply-adds from registers, in the fastest way
 * there is for the types of its cache. Readings are
 * short and taken before and after each case; the best of all that were taken for the same
 * problem by the same number of threads is the ceiling, so that it does not flatter.
 *
 * Where a core is shared, it is half as fast at one moment and not at the next, and a case may be
 * held against a moment it never had. So kernel and ceilings also take turns, call by call, and
 * what the calls reached of the ceilings beside them is a figure of its own.
 */
#ifndef ATTN_CEILING_H
#define ATTN_CEILING_H

#include "bench/cases/data.h"
#include "bench/machine/clock.h"

enum { ATTN_CEILING_TEAMS = 8, ATTN_CEILING_BUILDS = 32 };

/* Best readings of one group: by team, then by build. 0 is: never read. */
struct attn_ceilings {
    struct attn_ceiling_team {
        uint32_t threads;
        bool hot;
        uint64_t best_ns[ATTN_CEILING_BUILDS];
    } team[ATTN_CEILING_TEAMS];
};

/* What holds for one kernel: 0 where this build has no such ceiling. */
struct attn_ceiling {
    double read_ns, fma_ns;
};

/*
 * Takes a reading of every ceiling that concerns `kernel` and returns the best so far. The
 * arithmetic ceiling is that of the kernel's own instruction set and its extensions, where there is
 * one: a portable build is not held against instructions it was not compiled for.
 */
struct attn_ceiling attn_ceilings_read(struct attn_ceilings *ceilings, struct attn_data *data,
                                       const struct attn_kernel *kernel, struct team *team,
                                       bool hot, const struct machine_clock *clock);

/* What calls reached of the ceilings that ran right before and after them, median of the turns: 0
 * where there is no such ceiling. At least five turns; more of them until a tenth of a second is
 * over. */
struct attn_turn_fractions {
    double read, fma;
};

/* Of the ceilings that were the best so far, hence after attn_ceilings_read(). */
struct attn_turn_fractions attn_ceilings_turns(struct attn_ceilings *ceilings,
                                               struct attn_data *data,
                                               const struct attn_kernel *kernel, struct team *team,
                                               bool hot, const struct machine_clock *clock);

#endif
