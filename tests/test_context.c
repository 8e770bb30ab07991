/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context of machines made of files: a well kept server without a word of warning, a noisy
 * virtual machine with one for each fault, an empty root where everything is unknown, and what
 * two readings of a run's activity say.
 */
#include "bench/machine/context.h"

#include "bench/machine/activity.h"
#include "bench/machine/environment.h"
#include "tests/test.h"
#include "tests/tree.h"

#define CPU "/sys/devices/system/cpu/"

static void test_list(void)
{
    struct machine_context c = {0};
    char key[16];
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof(key), "key%d", i);
        context_set(&c, key, "%d", i);
    }
    context_set(&c, "key7", "  a\tb\n\001\"\303\244\" ");
    context_set(&c, "key8", "%s", "");
    CHECK(c.items == 100, "%zu keys", c.items);
    CHECK_STR(context_get(&c, "key7"), "a b  \"\?\?\"");
    CHECK_STR(context_get(&c, "key8"), "unknown");
    CHECK_STR(context_get(&c, "key99"), "99");
    CHECK_STR(c.item[0].key, "key0");
    CHECK(!context_get(&c, "key"), "a key that was never set");
    for (int i = 0; i < 100; i++)
        context_warn(&c, "warning %d", i % 50);
    CHECK(c.warnings == 50, "%zu warnings", c.warnings);
    CHECK_STR(c.warning[49], "warning 49");
    context_free(&c);
    context_free(&c);
}

static void collect(struct machine_context *c, const char *root)
{
    *c = (struct machine_context){0};
    environment_collect(c, &(struct environment_options){.root = root, .threads = 2});
}

static bool warned(const struct machine_context *c, const char *part)
{
    for (size_t i = 0; i < c->warnings; i++) {
        if (strstr(c->warning[i], part))
            return true;
    }
    return false;
}

/* Warnings about the build, which has nothing to do with the tree. */
static size_t build_warnings(const struct machine_context *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->warnings; i++)
        n += strncmp(c->warning[i], "built ", 6) == 0;
    return n;
}

static void test_server(void)
{
    char root[TREE_MAX];
    struct machine_context c;
    tree_make(root);
    tree_write(root, "/proc/cpuinfo",
               "processor\t: 0\nmodel name\t: Example 9000\nmicrocode\t: 0x12\n"
               "cpu MHz\t\t: 3000.000\nflags\t\t: fpu avx2 constant_tsc nonstop_tsc\n\n");
    tree_write(root, "/proc/meminfo", "MemTotal: 100 kB\nMemAvailable: 50 kB\nSwapTotal: 0 kB\n");
    tree_write(root, "/proc/loadavg", "0.10 0.2 0.3 1/200 4711\n");
    tree_write(root, "/proc/uptime", "12345.67 1.0\n");
    tree_write(root, "/proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-7\nMems:\t0\n");
    tree_write(root, CPU "cpu0/cpufreq/scaling_governor", "performance\n");
    tree_write(root, CPU "intel_pstate/no_turbo", "1\n");
    tree_write(root, CPU "smt/active", "0\n");
    tree_write(root, "/proc/cmdline", "quiet secret=7 isolcpus=2-7 mitigations=off idlex=1\n");
    tree_write(root, "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    tree_write(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
    tree_write(root, CPU "vulnerabilities/meltdown", "Not affected\n");
    tree_write(root, CPU "vulnerabilities/spectre_v1", "Mitigation: usercopy barriers\n");
    tree_write(root, CPU "vulnerabilities/spectre_v2", "Mitigation: Retpolines\n");
    tree_write(root, CPU "vulnerabilities/mds", "Vulnerable; SMT disabled\n");
    tree_write(root, "/sys/class/power_supply/AC0/online", "1\n");
    collect(&c, root);
    CHECK_STR(context_get(&c, "env.mitigations"), "spectre_v1 spectre_v2");
    CHECK_STR(context_get(&c, "env.vulnerable"), "mds");
    CHECK_STR(context_get(&c, "env.power_supply"), "mains");
    CHECK_STR(context_get(&c, "env.cpu_model"), "Example 9000");
    CHECK_STR(context_get(&c, "env.microcode"), "0x12");
    CHECK_STR(context_get(&c, "env.hypervisor"), "no");
    CHECK_STR(context_get(&c, "env.tsc"), "constant nonstop");
    CHECK_STR(context_get(&c, "env.governor"), "performance");
    CHECK_STR(context_get(&c, "env.turbo"), "off");
    CHECK_STR(context_get(&c, "env.boot_parameters"), "isolcpus=2-7 mitigations=off");
    CHECK_STR(context_get(&c, "env.thp"), "madvise");
    CHECK_STR(context_get(&c, "env.loadavg"), "0.10");
    CHECK_STR(context_get(&c, "env.runnable"), "1/200");
    CHECK_STR(context_get(&c, "env.affinity"), "0-7");
    CHECK_STR(context_get(&c, "env.uptime_seconds"), "12345");
    CHECK_STR(context_get(&c, "env.memory_bytes"), "102400");
    CHECK_STR(context_get(&c, "env.memory_limit_bytes"), "none");
    CHECK_STR(context_get(&c, "env.swap_bytes"), "0");
    CHECK_STR(context_get(&c, "env.cgroup_quota"), "none");
    CHECK(strlen(context_get(&c, "env.flags_hash")) == 16, "hash of the flags");
    CHECK(context_get(&c, "git_commit") && context_get(&c, "env.compiler"), "build");
    CHECK(c.warnings == build_warnings(&c), "%s", c.warnings ? c.warning[0] : "");
    context_free(&c);
    tree_remove(root);
}

static void test_noisy(void)
{
    char root[TREE_MAX];
    struct machine_context c;
    tree_make(root);
    tree_write(root, "/proc/cpuinfo", "flags : fpu hypervisor\n");
    tree_write(root, "/proc/loadavg", "3.50 2.0 1.0 5/200 4711\n");
    tree_write(root, CPU "cpu0/cpufreq/scaling_governor", "powersave\n");
    tree_write(root, CPU "cpufreq/boost", "1\n");
    tree_write(root, "/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
    tree_write(root, "/sys/kernel/mm/ksm/run", "1\n");
    tree_write(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
    tree_write(root, "/sys/fs/cgroup/cpu.max", "150000 100000\n");
    tree_write(root, "/sys/class/power_supply/AC0/online", "0\n");
    tree_write(root, CPU "smt/active", "1\n");
    collect(&c, root);
    static const char *const parts[] = {
        "powersave", "boost is on", "3.50",    "huge pages are off", "virtual machine", "hpet",
        "1.50",      "samepage",    "battery", "share cores"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        CHECK(warned(&c, parts[i]), "no warning about \"%s\"", parts[i]);
    CHECK(c.warnings == sizeof(parts) / sizeof(parts[0]) + build_warnings(&c), "%zu", c.warnings);
    context_free(&c);

    tree_write(root, "/sys/fs/cgroup/cpu.max", "max 100000\n");
    collect(&c, root);
    CHECK_STR(context_get(&c, "env.cgroup_quota"), "none");
    context_free(&c);
    tree_write(root, "/sys/fs/cgroup/cpu.max", "400000 100000\n");
    collect(&c, root);
    CHECK_STR(context_get(&c, "env.cgroup_quota"), "4.00 CPUs");
    CHECK(!warned(&c, "quota"), "two threads within four CPUs");
    context_free(&c);
    tree_remove(root);
}

static void test_unknown(void)
{
    char root[TREE_MAX];
    struct machine_context c;
    tree_make(root);
    collect(&c, root);
    static const char *const keys[] = {"env.cpu_model",   "env.governor",    "env.turbo",
                                       "env.thp",         "env.hypervisor",  "env.loadavg",
                                       "env.microcode",   "env.affinity",    "env.memory_bytes",
                                       "env.smt",         "env.flags_hash",  "env.uptime_seconds",
                                       "env.clocksource", "env.mitigations", "env.power_supply"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        CHECK_STR(context_get(&c, keys[i]), "unknown");
    CHECK(c.warnings == build_warnings(&c), "%s", c.warnings ? c.warning[0] : "");
    context_free(&c);
    tree_remove(root);
}

static void test_activity(void)
{
    char root[TREE_MAX];
    struct machine_context c = {0};
    struct machine_activity before, after;
    tree_make(root);
    activity_read(root, &before);
    activity_report(&c, &before, &before);
    CHECK_STR(context_get(&c, "env.steal_pct"), "unknown");
    CHECK_STR(context_get(&c, "env.throttled_usec"), "unknown");
    CHECK(c.warnings == 0, "%s", c.warnings ? c.warning[0] : "");

    tree_write(root, "/proc/stat",
               "cpu  100 0 100 700 0 0 0 10 0 0\ncpu0 1 2 3 4\nintr 50 1 2\nsoftirq 7 1\n");
    tree_write(root, "/dev/kmsg", "6,41,1000,-;link is up\n");
    tree_write(root, "/proc/self/smaps_rollup", "Rss: 9 kB\nAnonHugePages:   4096 kB\n");
    tree_write(root, "/proc/vmstat", "nr_free 1\npswpin 5\npswpout 6\n");
    tree_write(root, "/proc/cpuinfo", "processor\t: 0\ncpu MHz\t\t: 3000.000\n");
    tree_write(root, CPU "cpu0/thermal_throttle/core_throttle_count", "7\n");
    tree_write(root, "/sys/fs/cgroup/cpu/cpu.stat", "nr_throttled 1\nthrottled_time 1000000\n");
    tree_write(root, "/proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n");
    activity_read(root, &before);
    tree_write(root, "/proc/stat",
               "cpu  180 0 110 750 0 0 5 65 0 0\ncpu0 1 2 3 4\nintr 80 1 2\nsoftirq 9 1\n");
    tree_write(root, "/dev/kmsg", "4,43,2000,-;link is down\n");
    tree_write(root, "/proc/vmstat", "nr_free 1\npswpin 5\npswpout 9\n");
    tree_write(root, "/proc/cpuinfo", "processor\t: 0\ncpu MHz\t\t: 2400.500\n");
    tree_write(root, CPU "cpu0/thermal_throttle/core_throttle_count", "9\n");
    tree_write(root, "/sys/fs/cgroup/cpu/cpu.stat", "nr_throttled 1\nthrottled_time 3000000\n");
    tree_write(root, "/proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=3000\n");
    activity_read(root, &after);
    uint64_t all, stolen;
    activity_ticks(root, &all, &stolen);
    CHECK(all == 1110 && stolen == 65, "%llu ticks, %llu stolen", (unsigned long long)all,
          (unsigned long long)stolen);
    activity_ticks("/nonexistent", &all, &stolen);
    CHECK(all == UINT64_MAX && stolen == UINT64_MAX, "ticks of no machine");
    before.wall_ns = 0;
    after.wall_ns = 100000000;
    activity_report(&c, &before, &after);
    CHECK_STR(context_get(&c, "env.steal_pct"), "27.50");
    CHECK_STR(context_get(&c, "env.swapped_pages"), "3");
    CHECK_STR(context_get(&c, "env.throttled_usec"), "2000");
    CHECK_STR(context_get(&c, "env.psi_cpu_pct"), "2.00");
    CHECK_STR(context_get(&c, "env.psi_memory_pct"), "unknown");
    CHECK(warned(&c, "27.50") && warned(&c, "(3 pages)") && warned(&c, "2000 micro"), "warnings");
    CHECK_STR(context_get(&c, "env.throttle"), "2");
    CHECK_STR(context_get(&c, "env.irq"), "30");
    CHECK_STR(context_get(&c, "env.softirq"), "2");
    CHECK_STR(context_get(&c, "env.dmesg_new"), "2");
    CHECK_STR(context_get(&c, "env.anonhuge_kb"), "4096");
    CHECK_STR(context_get(&c, "env.mhz_after"), "2400.500");
    CHECK(warned(&c, "heat (2 times)") && warned(&c, "clock fell by 20 %"), "warnings");
    CHECK(c.warnings == 7, "%zu warnings", c.warnings);
    context_free(&c);
    tree_remove(root);
}

/* Here: every value is set and printable, and the topology's keys are there. */
static void test_here(void)
{
    struct machine_context c = {0};
    struct machine_topology t;
    if (machine_topology_load(&t, NULL))
        return;
    environment_collect(&c, &(struct environment_options){.root = "", .topology = &t});
    for (size_t i = 0; i < c.items; i++) {
        printf("%s: %s\n", c.item[i].key, c.item[i].value);
        CHECK(c.item[i].value[0], "%s is empty", c.item[i].key);
    }
    for (size_t i = 0; i < c.warnings; i++)
        printf("warning: %s\n", c.warning[i]);
    CHECK(context_get(&c, "env.topology") && context_get(&c, "env.cores"), "topology");
    machine_topology_free(&t);
    context_free(&c);
}

int main(void)
{
    test_list();
    test_server();
    test_noisy();
    test_unknown();
    test_activity();
    test_here();
    return test_exit();
}
