/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steal is compared with all ticks of all CPUs, so it reads as the share of the machine that was
 * somebody else's. A counter missing on either side makes its key "unknown", not zero.
 */
#include "bench/machine/activity.h"

#include "bench/machine/clock.h"
#include "bench/machine/sysfile.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static uint64_t field(const char *text, const char *key)
{
    uint64_t value;
    return sysfile_field(text, key, &value) ? value : UINT64_MAX;
}

/* "cpu user nice system idle iowait irq softirq steal ..."; guest time is inside user time. */
static void read_stat(const char *root, struct machine_activity *a)
{
    char text[1024];
    uint64_t tick[8];
    sysfile_read(root, "/proc/stat", text, sizeof(text));
    const char *const line = sysfile_line(text, "cpu ");
    if (!line ||
        sscanf(line,
               "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64,
               &tick[0], &tick[1], &tick[2], &tick[3], &tick[4], &tick[5], &tick[6], &tick[7]) != 8)
        return;
    a->steal_ticks = tick[7];
    a->cpu_ticks = 0;
    for (int i = 0; i < 8; i++)
        a->cpu_ticks += tick[i];
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=1234" */
static uint64_t pressure(const char *root, const char *path)
{
    char text[256];
    uint64_t total;
    sysfile_read(root, path, text, sizeof(text));
    const char *const at = strstr(text, "total=");
    return at && sscanf(at, "total=%" SCNu64, &total) == 1 ? total : UINT64_MAX;
}

static uint64_t throttled(const char *root)
{
    char text[1024];
    if (sysfile_read(root, "/sys/fs/cgroup/cpu.stat", text, sizeof(text)) > 0)
        return field(text, "throttled_usec ");
    sysfile_read(root, "/sys/fs/cgroup/cpu/cpu.stat", text, sizeof(text));
    const uint64_t ns = field(text, "throttled_time ");
    return ns == UINT64_MAX ? ns : ns / 1000;
}

void activity_read(const char *root, struct machine_activity *a)
{
    char text[16384];
    struct rusage u;
    memset(a, 0xff, sizeof(*a));
    a->wall_ns = machine_clock.wall_ns();
    read_stat(root, a);
    a->throttled_us = throttled(root);
    a->pressure_cpu_us = pressure(root, "/proc/pressure/cpu");
    a->pressure_memory_us = pressure(root, "/proc/pressure/memory");
    sysfile_read(root, "/proc/vmstat", text, sizeof(text));
    const uint64_t in = field(text, "pswpin "), out = field(text, "pswpout ");
    if (in != UINT64_MAX && out != UINT64_MAX)
        a->swapped_pages = in + out;
    if (getrusage(RUSAGE_SELF, &u) == 0) {
        a->minor_faults = (uint64_t)u.ru_minflt;
        a->major_faults = (uint64_t)u.ru_majflt;
        a->preempted = (uint64_t)u.ru_nivcsw;
        a->context_switches = (uint64_t)u.ru_nvcsw + (uint64_t)u.ru_nivcsw;
    }
}

/* Whether both readings are there; the growth, never negative, goes to *delta. */
static bool grown(uint64_t before, uint64_t after, double *delta)
{
    *delta = after > before ? (double)(after - before) : 0;
    return before != UINT64_MAX && after != UINT64_MAX;
}

static double share(struct machine_context *c, const char *key, bool is_known, double part,
                    double whole)
{
    const double pct = is_known && whole > 0 ? 100 * part / whole : 0;
    context_set(c, key, is_known ? "%.2f" : "unknown", pct);
    return pct;
}

void activity_report(struct machine_context *c, const struct machine_activity *before,
                     const struct machine_activity *after)
{
    double ticks, steal, us, value;
    const double wall_us = (double)(after->wall_ns - before->wall_ns) / 1000;
    const bool stat = grown(before->steal_ticks, after->steal_ticks, &steal) &&
                      grown(before->cpu_ticks, after->cpu_ticks, &ticks);
    if (share(c, "env.steal_pct", stat, steal, stat ? ticks : 0) > 1)
        context_warn(c, "the hypervisor gave %s %% of this machine's time to others",
                     context_get(c, "env.steal_pct"));

    bool is_known = grown(before->throttled_us, after->throttled_us, &us);
    context_set(c, "env.throttled_usec", is_known ? "%.0f" : "unknown", us);
    if (is_known && us > 0)
        context_warn(c, "a CPU quota stopped this run for %.0f microseconds", us);

    is_known = grown(before->pressure_cpu_us, after->pressure_cpu_us, &us);
    if (share(c, "env.psi_cpu_pct", is_known, us, wall_us) > 1)
        context_warn(c, "threads waited for a CPU during %s %% of the run",
                     context_get(c, "env.psi_cpu_pct"));
    is_known = grown(before->pressure_memory_us, after->pressure_memory_us, &us);
    if (share(c, "env.psi_memory_pct", is_known, us, wall_us) > 1)
        context_warn(c, "threads waited for memory during %s %% of the run",
                     context_get(c, "env.psi_memory_pct"));

    is_known = grown(before->swapped_pages, after->swapped_pages, &value);
    context_set(c, "env.swapped_pages", is_known ? "%.0f" : "unknown", value);
    if (is_known && value > 0)
        context_warn(c, "the system swapped %.0f pages during the run", value);

    is_known = grown(before->minor_faults, after->minor_faults, &value);
    context_set(c, "env.minor_faults", is_known ? "%.0f" : "unknown", value);
    is_known = grown(before->major_faults, after->major_faults, &value);
    context_set(c, "env.major_faults", is_known ? "%.0f" : "unknown", value);
    is_known = grown(before->context_switches, after->context_switches, &value);
    context_set(c, "env.ctxt", is_known ? "%.0f" : "unknown", value);
    is_known = grown(before->preempted, after->preempted, &value);
    context_set(c, "env.preempted", is_known ? "%.0f" : "unknown", value);
}
