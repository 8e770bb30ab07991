/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no counter can honestly say. Each rule here stands for values that were seen from emulated
 * and multiplexed counters, returned without an error.
 */
#ifndef MACHINE_COUNTERS_PLAUSIBLE_H
#define MACHINE_COUNTERS_PLAUSIBLE_H

#include "bench/machine/counters/event.h"

/* What one thread could have done at most. */
struct counter_limits {
    double ns;      /* between start and stop */
    double max_hz;  /* 0: not known */
    int64_t cycles; /* counted beside; 0: not counted */
};

/* NULL, or the rule that `value` breaks, as the rest of a sentence ("is negative"). */
const char *counter_implausible(enum counter_meaning meaning, int64_t value,
                                const struct counter_limits *limits);

#endif
