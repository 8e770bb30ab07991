/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of libpfm, newest CPUs first; names of other CPUs are not there and are passed over.
 * Generic names stand last: what a kernel maps them to is its own choice.
 */
#include "bench/machine/counters/roles.h"

#include <stdio.h>

enum { CANDIDATES = 9 };

#define AMD_WALKS                                                                               \
    "::L1_DTLB_MISS:TLB_RELOAD_4K_L2_MISS:TLB_RELOAD_COALESCED_PAGE_MISS:TLB_RELOAD_2M_L2_MISS" \
    ":TLB_RELOAD_1G_L2_MISS"

static const char *const roles[COUNTER_ROLES][CANDIDATES] = {
    [ROLE_INSTRUCTIONS] = {"PAPI_TOT_INS", "instructions"},
    [ROLE_CYCLES] = {"PAPI_TOT_CYC", "cycles"},
    [ROLE_PAGE_WALKS] = {"amd64_fam19h_zen4" AMD_WALKS, "amd64_fam19h_zen3" AMD_WALKS,
                         "spr::DTLB_LOAD_MISSES:WALK_COMPLETED",
                         "icx::DTLB_LOAD_MISSES:WALK_COMPLETED",
                         "skx::DTLB_LOAD_MISSES:WALK_COMPLETED", "arm_n1::DTLB_WALK",
                         "arm_v1::DTLB_WALK", "perf::DTLB-LOAD-MISSES"},
    [ROLE_STALL_CYCLES] = {"spr::CYCLE_ACTIVITY:STALLS_L3_MISS",
                           "icx::CYCLE_ACTIVITY:STALLS_L3_MISS",
                           "skx::CYCLE_ACTIVITY:STALLS_L3_MISS", "arm_v1::STALL_BACKEND_MEM",
                           "arm_n1::STALL_BACKEND"},
};

int counters_add_role(struct counters *c, enum counter_role role, struct counter_trouble *trouble)
{
    bool told = false;
    for (const char *const *name = roles[role]; name < roles[role] + CANDIDATES && *name; name++) {
        struct counter_trouble one;
        char why[COUNTER_REASON];
        if (!counters_can(c, *name, &one))
            return counters_add(c, *name, why);
        if (!told)
            *trouble = one;
        told = true;
    }
    return -1;
}
