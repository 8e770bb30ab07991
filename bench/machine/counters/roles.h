/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What everybody wants counted, whatever each CPU calls it: a role is the first of its events that
 * can be counted here.
 */
#ifndef MACHINE_COUNTERS_ROLES_H
#define MACHINE_COUNTERS_ROLES_H

#include "bench/machine/counters/counters.h"

enum counter_role {
    ROLE_INSTRUCTIONS,
    ROLE_CYCLES,
    ROLE_PAGE_WALKS,   /* that loads of data had to wait for */
    ROLE_STALL_CYCLES, /* in which a core waited for memory */
    COUNTER_ROLES
};

/* Adds the role's event; its index, or -1 when there is none, with the trouble of the first that
 * this CPU could have had. */
int counters_add_role(struct counters *counters, enum counter_role role,
                      struct counter_trouble *trouble);

#endif
