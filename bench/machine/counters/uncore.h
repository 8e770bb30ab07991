/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which events of which PMUs outside the cores add up to the bytes of memory, found in files. The
 * kernel names some of the events itself; for those it does not, the codes stand in uncore.c with
 * the CPUs they hold for.
 */
#ifndef MACHINE_COUNTERS_UNCORE_H
#define MACHINE_COUNTERS_UNCORE_H

#include "bench/machine/counters/bytes.h"
#include "bench/machine/counters/pmu.h"

enum { UNCORE_MOST = 512 };

enum uncore_direction { UNCORE_READ, UNCORE_WRITE, UNCORE_BOTH };

struct uncore_event {
    char pmu[PMU_NAME];
    uint32_t type;
    uint64_t config[PMU_CONFIGS];
    int cpu;      /* to open it on */
    double bytes; /* a count */
    enum uncore_direction direction;
    int pass; /* a PMU has fewer counters than some plans have events of it */
};

struct uncore_plan {
    struct uncore_event event[UNCORE_MOST];
    size_t n;
    int passes;
};

/* The plan of mc.cas, mc.fabric or llc.miss on the machine below `root`; not ok says why not. */
enum counter_state uncore_plan(const char *root, enum byte_source_id id, struct uncore_plan *plan,
                               struct counter_trouble *trouble);

#endif
