/* SPDX-License-Identifier: Apache-2.0 */
/* Page faults and context switches of the whole process so far: one system call, any machine. */
#ifndef MACHINE_COUNTERS_USAGE_H
#define MACHINE_COUNTERS_USAGE_H

#include <stdint.h>

struct usage {
    int64_t page_faults, context_switches;
};

struct usage usage_read(void);

#endif
