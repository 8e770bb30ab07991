/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much memory this process may still take before somebody gets killed. A case that needs more
 * is skipped with a sentence before anything is allocated.
 */
#ifndef MACHINE_MEMORY_H
#define MACHINE_MEMORY_H

#include <stdint.h>

struct machine_memory {
    uint64_t total;       /* MemTotal; 0: not known */
    uint64_t system_free; /* MemAvailable; UINT64_MAX: not known */
    uint64_t limit;       /* tightest cgroup limit; UINT64_MAX: none */
    uint64_t limit_free;  /* what the tightest cgroup leaves; UINT64_MAX: no limit */
};

/* Files are read below `root`; "" is this machine. Cannot fail: what is not readable is not known.
 */
void machine_memory_read(const char *root, struct machine_memory *m);

/* The least of what the system, the cgroups and "ulimit -v" leave; UINT64_MAX if nothing is known.
 */
uint64_t machine_memory_available(const char *root);

#endif
