/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perf_event_open() and the reasons it gives for refusing, in words. What an errno means depends on
 * the machine (EACCES is a setting, EPERM may be a container), so the settings are read to tell.
 */
#ifndef MACHINE_COUNTERS_PERF_OPEN_H
#define MACHINE_COUNTERS_PERF_OPEN_H

#include "bench/machine/counters/event.h"

struct perf_request {
    uint32_t type;
    uint64_t config[3];
    int cpu;     /* -1: of the calling thread, wherever it runs; else all that runs on the CPU */
    bool kernel; /* what the kernel does counts as well */
};

/* A descriptor that is not yet counting, or -errno. */
int perf_open(const struct perf_request *request);

/* From 0. 0 or -errno. *missed is the time the event has not counted so far although it was meant
 * to, which adds up over all that is counted with the descriptor. */
int perf_start(int fd, uint64_t *missed);

/* Stops and reads. 0, -errno, or -ERANGE when the event missed some of the time since its start. */
int perf_stop(int fd, uint64_t missed, int64_t *value);

/* What perf_open()'s -errno means on the machine below `root`. */
enum counter_state perf_explain(const char *root, int error, const struct perf_request *request,
                                struct counter_trouble *trouble);

/* kernel.perf_event_paranoid; -1 if there is no perf here, 100 if it cannot be read. */
int perf_paranoid(const char *root);

#endif
