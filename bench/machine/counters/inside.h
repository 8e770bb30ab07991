/* SPDX-License-Identifier: Apache-2.0 */
/* What the files behind counters.h share, and nobody else sees. */
#ifndef MACHINE_COUNTERS_INSIDE_H
#define MACHINE_COUNTERS_INSIDE_H

#include "bench/machine/counters/counters.h"

enum { COUNTERS_BACKENDS = 4 };

/* What one rank does between start and stop. */
struct rank_count {
    struct counter_live live;
    struct counter_trouble trouble;
    int64_t value[COUNTER_SET_MOST];
};

struct counter_set {
    int event[COUNTER_SET_MOST];
    int n;
    int canary; /* index into event[] of cycles, or -1 */
    double overhead_ns;
};

struct counters {
    const char *root;
    const struct counter_backend *backend[COUNTERS_BACKENDS];
    struct counter_trouble backend_trouble[COUNTERS_BACKENDS];
    int backends;
    const struct machine_clock *clock;
    double max_hz;
    struct counter_event event[COUNTERS_MOST];
    bool proved[COUNTERS_MOST];
    bool dropped[COUNTERS_MOST]; /* nobody asks any more */
    int together[COUNTERS_MOST]; /* events of one number share a set; 0: anywhere */
    int count, groups;
    struct counter_set set[COUNTERS_MOST];
    int sets;
    /* The region that is being counted. */
    struct team *team;
    int running; /* set, or -1 */
    uint64_t start_ns;
    struct rank_count rank[ATTN_RANKS_MAX];
};

#endif
