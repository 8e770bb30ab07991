/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steal is compared with all ticks of all CPUs, so it reads as the share of the machine that was
 * somebody else's. A counter missing on either side makes its key "unknown", not zero.
 */
#include "bench/machine/activity.h"

#include "bench/machine/clock.h"
#include "bench/machine/sysfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t field(const char *text, const char *key)
{
    uint64_t value;
    return sysfile_field(text, key, &value) ? value : UINT64_MAX;
}

/* "cpu user nice system idle iowait irq softirq steal ..."; guest time is inside user time. */
static void read_stat(const char *root, struct machine_activity *a)
{
    char text[1 << 16]; /* one number for every interrupt line of the machine */
    uint64_t tick[8];
    sysfile_read(root, "/proc/stat", text, sizeof(text));
    a->interrupts = field(text, "intr ");
    a->soft_interrupts = field(text, "softirq ");
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

void activity_ticks(const char *root, uint64_t *all, uint64_t *stolen)
{
    struct machine_activity a;
    memset(&a, 0xff, sizeof(a));
    read_stat(root, &a);
    *all = a.cpu_ticks;
    *stolen = a.steal_ticks;
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

/* The number of the newest kernel message; each read gives one of them. */
static uint64_t newest_message(const char *root)
{
    char path[512], text[2048];
    uint64_t newest = UINT64_MAX;
    snprintf(path, sizeof(path), "%s/dev/kmsg", root);
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    for (ssize_t n; fd >= 0; newest = strtoull(text, NULL, 10)) {
        do
            n = read(fd, text, sizeof(text) - 1);
        while (n < 0 && errno == EPIPE); /* what was next has been overwritten meanwhile */
        if (n <= 0)
            break;
        text[n] = '\0';
        const char *const comma = strchr(text, ',');
        memmove(text, comma ? comma + 1 : "", comma ? strlen(comma) : 1);
    }
    if (fd >= 0)
        close(fd);
    return newest;
}

static uint64_t cpu_khz(const char *root)
{
    char text[4096];
    double mhz;
    sysfile_read(root, "/proc/cpuinfo", text, sizeof(text));
    const char *const line = sysfile_line(text, "cpu MHz");
    return line && sscanf(line, ": %lf", &mhz) == 1 && mhz > 0 ? (uint64_t)(mhz * 1000)
                                                               : UINT64_MAX;
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
    a->cpu_khz = cpu_khz(root);
    a->messages = newest_message(root);
    sysfile_read(root, "/proc/self/smaps_rollup", text, sizeof(text));
    a->huge_kib = field(text, "AnonHugePages:");
    sysfile_u64(root, "/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count",
                &a->throttles);
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

#define FIELD(name) offsetof(struct machine_activity, name)

/* Counters whose growth is reported; one with a complaint should not have grown at all. */
static const struct {
    const char *key;
    size_t field;
    const char *complaint, *unit;
} counts[] = {
    {"env.throttled_usec", FIELD(throttled_us), "a CPU quota stopped this run", "microseconds"},
    {"env.swapped_pages", FIELD(swapped_pages), "the system swapped during the run", "pages"},
    {"env.throttle", FIELD(throttles), "the CPU was slowed down for heat", "times"},
    {"env.dmesg_new", FIELD(messages), "the kernel reported something", "lines of dmesg"},
    {"env.irq", FIELD(interrupts), NULL, NULL},
    {"env.softirq", FIELD(soft_interrupts), NULL, NULL},
    {"env.minor_faults", FIELD(minor_faults), NULL, NULL},
    {"env.major_faults", FIELD(major_faults), NULL, NULL},
    {"env.ctxt", FIELD(context_switches), NULL, NULL},
    {"env.preempted", FIELD(preempted), NULL, NULL},
};

/* Counters reported as a percentage of another, with a complaint above one percent. */
static const struct {
    const char *key;
    size_t part, whole;
    double scale; /* units of part in one of whole */
    const char *complaint;
} shares[] = {
    {"env.steal_pct", FIELD(steal_ticks), FIELD(cpu_ticks), 1,
     "the hypervisor gave this machine's time to others"},
    {"env.psi_cpu_pct", FIELD(pressure_cpu_us), FIELD(wall_ns), 1e-3,
     "threads had to wait for a CPU"},
    {"env.psi_memory_pct", FIELD(pressure_memory_us), FIELD(wall_ns), 1e-3,
     "threads had to wait for memory"},
};

static uint64_t value_of(const struct machine_activity *a, size_t field)
{
    uint64_t value;
    memcpy(&value, (const char *)a + field, sizeof(value));
    return value;
}

/* Growth of a counter, never negative; false if a reading is missing. */
static bool grown(const struct machine_activity *before, const struct machine_activity *after,
                  size_t field, double *growth)
{
    const uint64_t from = value_of(before, field), to = value_of(after, field);
    *growth = to > from ? (double)(to - from) : 0;
    return from != UINT64_MAX && to != UINT64_MAX;
}

/* A clock that rose has only woken up; one that fell makes later cases slower than earlier ones. */
static void report_clock(struct machine_context *c, uint64_t before, uint64_t after)
{
    if (after == UINT64_MAX) {
        context_set(c, "env.mhz_after", "unknown");
        return;
    }
    context_set(c, "env.mhz_after", "%.3f", (double)after / 1000);
    const double fall = before == UINT64_MAX ? 0 : 100 * (1 - (double)after / (double)before);
    if (fall > 3)
        context_warn(c, "the CPU clock fell by %.0f %% during the run", fall);
}

void activity_report(struct machine_context *c, const struct machine_activity *before,
                     const struct machine_activity *after)
{
    double part, whole;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        const bool known = grown(before, after, counts[i].field, &part);
        context_set(c, counts[i].key, known ? "%.0f" : "unknown", part);
        if (known && part > 0 && counts[i].complaint)
            context_warn(c, "%s (%.0f %s)", counts[i].complaint, part, counts[i].unit);
    }
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        const bool known = grown(before, after, shares[i].part, &part) &&
                           grown(before, after, shares[i].whole, &whole);
        const double percent = known && whole > 0 ? 100 * part / (whole * shares[i].scale) : 0;
        context_set(c, shares[i].key, known ? "%.2f" : "unknown", percent);
        if (percent > 1)
            context_warn(c, "%s (%.2f %% of the run)", shares[i].complaint, percent);
    }
    context_set(c, "env.anonhuge_kb", after->huge_kib != UINT64_MAX ? "%" PRIu64 : "unknown",
                after->huge_kib);
    report_clock(c, before->cpu_khz, after->cpu_khz);
}
