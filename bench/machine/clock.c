/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clock readings and what they cost. The cost is taken as a minimum over short batches: an
 * interrupt can only lengthen a batch, never shorten it.
 */
#include "bench/machine/clock.h"

#include <time.h>

enum { BATCHES = 16, READINGS = 64, STEP_READINGS = 4096 };

static uint64_t read_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t wall_ns(void)
{
    return read_ns(CLOCK_MONOTONIC_RAW);
}

static uint64_t cpu_ns(void)
{
    return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

const struct machine_clock machine_clock = {.wall_ns = wall_ns, .cpu_ns = cpu_ns};

double machine_clock_cost_ns(const struct machine_clock *clock)
{
    uint64_t best = UINT64_MAX;
    for (int b = 0; b < BATCHES; b++) {
        const uint64_t start = clock->wall_ns();
        uint64_t end = start;
        for (int i = 0; i < READINGS; i++)
            end = clock->wall_ns();
        if (end - start < best)
            best = end - start;
    }
    return (double)best / READINGS;
}

uint64_t machine_clock_step_ns(const struct machine_clock *clock)
{
    uint64_t best = 0;
    uint64_t last = clock->wall_ns();
    for (int i = 0; i < STEP_READINGS; i++) {
        const uint64_t now = clock->wall_ns();
        if (now != last && (best == 0 || now - last < best))
            best = now - last;
        last = now;
    }
    return best;
}
