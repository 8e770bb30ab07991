/* SPDX-License-Identifier: Apache-2.0 */
/* The library's own clock, binding and sleep, for whatever the client leaves to it. */
#include "bench/harness/runner.h"

#include "bench/harness/caches.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

static double read_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double wall_clock(void *user)
{
    (void)user;
    return read_clock(CLOCK_MONOTONIC);
}

static double cpu_clock(void *user, bool process_wide)
{
    (void)user;
    return read_clock(process_wide ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_THREAD_CPUTIME_ID);
}

static int bind_thread(void *user, int cpu)
{
    (void)user;
    cpu_set_t set;
    if (cpu < 0 || cpu >= CPU_SETSIZE)
        return -EINVAL;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

static void sleep_seconds(void *user, double seconds)
{
    (void)user;
    struct timespec t = {.tv_sec = (time_t)seconds};
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    nanosleep(&t, NULL);
}

void bm_hooks_complete(struct benchmark_hooks *hooks)
{
    if (!hooks->wall_clock)
        hooks->wall_clock = wall_clock;
    if (!hooks->cpu_clock)
        hooks->cpu_clock = cpu_clock;
    if (!hooks->bind_thread)
        hooks->bind_thread = bind_thread;
    if (!hooks->evict_caches)
        hooks->evict_caches = bm_evict;
    if (!hooks->sleep)
        hooks->sleep = sleep_seconds;
    if (!hooks->out)
        hooks->out = stdout;
    if (!hooks->err)
        hooks->err = stderr;
}
