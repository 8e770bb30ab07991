/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What everybody wants counted, whatever each CPU calls it: a role is the first of its recipes that
 * can be counted here, and its value the sum of the recipe's events.
 */
#ifndef MACHINE_COUNTERS_ROLES_H
#define MACHINE_COUNTERS_ROLES_H

#include "bench/machine/counters/counters.h"

enum counter_role {
    ROLE_INSTRUCTIONS,
    ROLE_CYCLES,
    ROLE_L2_FILLS,     /* lines that came into L2 */
    ROLE_PAGE_WALKS,   /* that loads of data had to wait for */
    ROLE_STALL_CYCLES, /* in which a core waited for memory */
    COUNTER_ROLES
};

/* Indices of events that are counted in one set. */
struct counter_sum {
    int index[COUNTERS_CORE_SET], n; /* n is 0: cannot be counted here */
    struct counter_trouble trouble;  /* why */
};

/* Adds the role's events; where there are none the trouble says why. */
void counters_add_role(struct counters *counters, enum counter_role role, struct counter_sum *sum);

/* Has proving found out that one of them does not count? Then the role has no events any more. */
void counters_settle_role(struct counters *counters, struct counter_sum *sum);

#endif
