/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What about this machine can change a number, as `env.*` keys, with a warning in words for every
 * setting that is known to make numbers worse or less repeatable. A key that cannot be read says
 * "unknown"; it is never left out, so two files can be compared key by key.
 */
#ifndef MACHINE_ENVIRONMENT_H
#define MACHINE_ENVIRONMENT_H

#include "bench/machine/clock.h"
#include "bench/machine/context.h"
#include "bench/machine/topology.h"

struct environment_options {
    const char *root;                        /* "" is this machine; see sysfile.h */
    const struct machine_topology *topology; /* NULL: its keys are left out */
    const struct machine_clock *clock;       /* NULL: the real one */
    int threads;                             /* that will work; 0: not known */
};

/*
 * Adds env.* keys, git_commit and warnings. What the C library does not know (a BLAS library's
 * name, the instruction set in use) is added by whoever does, with context_set().
 */
void environment_collect(struct machine_context *c, const struct environment_options *options);

#endif
