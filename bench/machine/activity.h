/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went on during a run that was not the run: time stolen by the hypervisor, time we were
 * stopped by a quota, pressure on CPU and memory, swapping, changes of the clock frequency. Two
 * readings, before and after; the difference goes to the context.
 */
#ifndef MACHINE_ACTIVITY_H
#define MACHINE_ACTIVITY_H

#include "bench/machine/context.h"

#include <stdint.h>

/* Counters since boot; UINT64_MAX is one that cannot be read. */
struct machine_activity {
    uint64_t wall_ns;
    uint64_t cpu_ticks, steal_ticks; /* over all CPUs */
    uint64_t throttled_us;           /* of our cgroup, version 2 or 1 */
    uint64_t pressure_cpu_us, pressure_memory_us;
    uint64_t swapped_pages, context_switches;
    uint64_t interrupts, soft_interrupts; /* of the whole machine */
    uint64_t messages;                    /* number of the newest line of the kernel's log */
    uint64_t huge_kib;                    /* of this process on huge pages, at that moment */
    uint64_t cpu_khz;   /* the clock of CPU 0 at that moment; on some machines a constant */
    uint64_t throttles; /* times CPU 0's core was slowed down for heat */
    uint64_t minor_faults, major_faults, preempted; /* of this process */
};

/* CPU time of all CPUs since boot and how much of it went to others; UINT64_MAX: not known. The
 * cheap part of activity_read(), for what is asked once a case. */
void activity_ticks(const char *root, uint64_t *all, uint64_t *stolen);

void activity_read(const char *root, struct machine_activity *a);

/*
 * Adds env.steal_pct, env.throttled_usec, env.psi_cpu_pct, env.psi_memory_pct, env.swapped_pages,
 * env.throttle, env.mhz_after, env.anonhuge_kb, env.dmesg_new, env.irq, env.softirq,
 * env.minor_faults, env.major_faults, env.ctxt, env.preempted and warnings about them.
 */
void activity_report(struct machine_context *c, const struct machine_activity *before,
                     const struct machine_activity *after);

#endif
