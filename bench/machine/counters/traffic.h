/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels that read, write and stream a known number of bytes over a range several times the
 * last-level caches, so that all of them come from memory or go there.
 */
#ifndef MACHINE_COUNTERS_TRAFFIC_H
#define MACHINE_COUNTERS_TRAFFIC_H

#include "bench/machine/arena.h"
#include "bench/machine/counters/bytes.h"

enum { TRAFFIC_FACTOR = 4 };

struct traffic {
    struct arena arena;
    struct team *team;
    enum byte_kernel kernel; /* the one that runs */
    struct byte_work work;   /* for bytes_open() */
};

/*
 * Reserves and touches TRAFFIC_FACTOR times llc_bytes (0: not known) by the team, which outlives
 * it. 0, -ENOMEM when less than twice that is free, or another -errno.
 */
int traffic_open(struct traffic *traffic, struct team *team, uint64_t llc_bytes);
void traffic_close(struct traffic *traffic);

#endif
