/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of libpfm, newest CPUs first; names of other CPUs are not there and are passed over.
 * Generic names stand last: what a kernel maps them to is its own choice. AMD has no one event for
 * what comes into L2: it is asked for by L1, or by L2's own prefetcher, which then finds it in L3
 * or does not.
 */
#include "bench/machine/counters/roles.h"

#include <string.h>

enum { RECIPES = 9 };

#define ZEN_3 "amd64_fam19h_zen3::"
#define ZEN_4 "amd64_fam19h_zen4::"
#define AMD_WALKS                                                                             \
    "L1_DTLB_MISS:TLB_RELOAD_4K_L2_MISS:TLB_RELOAD_COALESCED_PAGE_MISS:TLB_RELOAD_2M_L2_MISS" \
    ":TLB_RELOAD_1G_L2_MISS"
#define AMD_L2_MISSES "CORE_TO_L2_CACHEABLE_REQUEST_ACCESS_STATUS:LS_RD_BLK_C"
#define AMD_LOAD_QUEUE "DISPATCH_RESOURCE_STALL_CYCLES_1:LOAD_QUEUE_RSRC_STALL"
#define ZEN_4_PREFETCHERS ":L2_STREAM:L2_NEXT_LINE:L2_UP_DOWN:L2_BURST:L2_STRIDE"

static const struct recipe {
    const char *event[COUNTERS_CORE_SET];
} roles[COUNTER_ROLES][RECIPES] = {
    [ROLE_INSTRUCTIONS] = {{{"PAPI_TOT_INS"}}, {{"instructions"}}},
    [ROLE_CYCLES] = {{{"PAPI_TOT_CYC"}}, {{"cycles"}}},
    [ROLE_L2_FILLS] = {{{ZEN_4 AMD_L2_MISSES, ZEN_4 "L2_PREFETCH_HIT_L3" ZEN_4_PREFETCHERS,
                         ZEN_4 "L2_PREFETCH_MISS_L3" ZEN_4_PREFETCHERS}},
                       {{ZEN_3 AMD_L2_MISSES, ZEN_3 "L2_PREFETCH_HIT_L3:L2_HW_PREFETCHER",
                         ZEN_3 "L2_PREFETCH_MISS_L3:L2_HW_PREFETCHER"}},
                       {{"spr::L2_LINES_IN:ALL"}},
                       {{"icx::L2_LINES_IN:ALL"}},
                       {{"clx::L2_LINES_IN:ALL"}},
                       {{"skx::L2_LINES_IN:ALL"}},
                       {{"arm_v1::L2D_CACHE_REFILL"}},
                       {{"arm_n1::L2D_CACHE_REFILL"}}},
    [ROLE_PAGE_WALKS] = {{{ZEN_4 AMD_WALKS}},
                         {{ZEN_3 AMD_WALKS}},
                         {{"spr::DTLB_LOAD_MISSES:WALK_COMPLETED"}},
                         {{"icx::DTLB_LOAD_MISSES:WALK_COMPLETED"}},
                         {{"skx::DTLB_LOAD_MISSES:WALK_COMPLETED"}},
                         {{"arm_n1::DTLB_WALK"}},
                         {{"arm_v1::DTLB_WALK"}},
                         {{"perf::DTLB-LOAD-MISSES"}}},
    [ROLE_STALL_CYCLES] = {{{ZEN_4 AMD_LOAD_QUEUE}},
                           {{ZEN_3 AMD_LOAD_QUEUE}},
                           {{"spr::CYCLE_ACTIVITY:STALLS_L3_MISS"}},
                           {{"icx::CYCLE_ACTIVITY:STALLS_L3_MISS"}},
                           {{"skx::CYCLE_ACTIVITY:STALLS_L3_MISS"}},
                           {{"arm_v1::STALL_BACKEND_MEM"}},
                           {{"arm_n1::STALL_BACKEND"}}},
};

/* 0 if all of its events can be opened here; *n is how many they are. */
static enum counter_state can(struct counters *c, const struct recipe *r, int *n,
                              struct counter_trouble *trouble)
{
    for (*n = 0; *n < COUNTERS_CORE_SET && r->event[*n]; (*n)++)
        if (counters_can(c, r->event[*n], trouble))
            return trouble->state;
    return COUNTER_OK;
}

/* That another CPU's event is missing says nothing of this one. */
static bool is_generic(const char *event)
{
    return !strstr(event, "::") || strncmp(event, "perf::", 6) == 0;
}

void counters_add_role(struct counters *c, enum counter_role role, struct counter_sum *sum)
{
    char why[COUNTER_REASON];
    bool told = false;
    *sum = (struct counter_sum){.n = 0};
    counter_trouble_set(&sum->trouble, COUNTER_ABSENT, "no event for it can be counted here");
    for (const struct recipe *r = roles[role]; r < roles[role] + RECIPES && r->event[0]; r++) {
        struct counter_trouble one;
        int n;
        if (can(c, r, &n, &one)) {
            if (!told && (one.state != COUNTER_ABSENT || is_generic(r->event[0]))) {
                sum->trouble = one;
                told = true;
            }
            continue;
        }
        int error = 0;
        if (n == 1)
            error = sum->index[0] = counters_add(c, r->event[0], why);
        else
            error = counters_add_together(c, r->event, n, sum->index, why);
        if (error < 0) {
            counter_trouble_set(&sum->trouble, COUNTER_BROKEN, "%s", why);
        } else {
            sum->trouble.state = COUNTER_OK;
            sum->n = n;
        }
        return;
    }
}

void counters_settle_role(struct counters *c, struct counter_sum *sum)
{
    for (int i = 0; i < sum->n; i++)
        if (counters_event(c, sum->index[i])->trouble.state)
            sum->trouble = counters_event(c, sum->index[i])->trouble;
    if (!sum->n || !sum->trouble.state)
        return;
    for (int i = 0; sum->n > 1 && i < sum->n; i++)
        counters_drop(c, sum->index[i]);
    sum->n = 0;
}
