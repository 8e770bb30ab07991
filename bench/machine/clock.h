/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clocks everything is timed with, behind a struct of two functions so that a test can put its
 * own time in. Wall time is CLOCK_MONOTONIC_RAW: the same on every architecture, read without a
 * system call where the kernel's clock source allows it, and not bent by NTP during a run.
 */
#ifndef MACHINE_CLOCK_H
#define MACHINE_CLOCK_H

#include <stdint.h>

struct machine_clock {
    uint64_t (*wall_ns)(void); /* since some fixed moment */
    uint64_t (*cpu_ns)(void);  /* CPU time of all threads of the process */
};

extern const struct machine_clock machine_clock; /* the real ones */

/* What one reading of the wall clock costs, in nanoseconds: the best of a few short runs. */
double machine_clock_cost_ns(const struct machine_clock *clock);

/* The smallest step between two different readings, in nanoseconds; 0 if the clock stands. */
uint64_t machine_clock_step_ns(const struct machine_clock *clock);

#endif
