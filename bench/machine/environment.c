/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment in three tables: files taken as they are, files that offer a choice with the
 * chosen word in brackets, and fields of the CPU's own description. What needs arithmetic has a
 * function. What is wrong with any of it is said by advice.c.
 */
#include "bench/machine/environment.h"

#include "bench/machine/advice.h"
#include "bench/machine/build.h"
#include "bench/machine/commit.h"
#include "bench/machine/memory.h"
#include "bench/machine/process.h"
#include "bench/machine/sysfile.h"

#include <dirent.h>
#include <gnu/libc-version.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define CPU "/sys/devices/system/cpu/"
#define CPU0 CPU "cpu0/cpufreq/"
#define THP "/sys/kernel/mm/transparent_hugepage/"

/* In a section of its own and always as long, so that builds of two commits whose code is the same
 * are equal everywhere else: attn-stat regress ab then has nothing to time. */
__attribute__((section(".build_identity"))) static const char commit[64] = MACHINE_COMMIT;

static const struct {
    const char *key, *path;
    bool choice; /* "always [madvise] never" */
} plain_files[] = {
    {"env.governor", CPU0 "scaling_governor", false},
    {"env.scaling_driver", CPU0 "scaling_driver", false},
    {"env.scaling_min_khz", CPU0 "scaling_min_freq", false},
    {"env.scaling_max_khz", CPU0 "scaling_max_freq", false},
    {"env.smt", CPU "smt/active", false},
    {"env.isolated", CPU "isolated", false},
    {"env.nohz_full", CPU "nohz_full", false},
    {"env.thp", THP "enabled", true},
    {"env.thp_defrag", THP "defrag", true},
    {"env.hugetlb_pages", "/proc/sys/vm/nr_hugepages", false},
    {"env.numa_balancing", "/proc/sys/kernel/numa_balancing", false},
    {"env.clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource", false},
    {"env.perf_paranoid", "/proc/sys/kernel/perf_event_paranoid", false},
    {"env.ksm", "/sys/kernel/mm/ksm/run", false},
    {"env.watchdog", "/proc/sys/kernel/watchdog", false},
    {"env.aslr", "/proc/sys/kernel/randomize_va_space", false},
    {"env.boot_id", "/proc/sys/kernel/random/boot_id", false},
    {"env.vm_vendor", "/sys/class/dmi/id/sys_vendor", false},
};

static void add_file(struct machine_context *c, const char *root, const char *key, const char *path,
                     bool choice)
{
    char text[1024];
    sysfile_read(root, path, text, sizeof(text));
    char *from = choice ? strchr(text, '[') : NULL;
    char *const end = from ? strchr(from, ']') : NULL;
    if (end) {
        from++;
        *end = '\0';
    }
    context_set(c, key, "%s", end ? from : text);
}

static void add_files(struct machine_context *c, const char *root)
{
    for (size_t i = 0; i < sizeof(plain_files) / sizeof(plain_files[0]); i++)
        add_file(c, root, plain_files[i].key, plain_files[i].path, plain_files[i].choice);
}

/* "yes" when boost is on: two drivers, one of which asks the question the other way round. */
static void add_turbo(struct machine_context *c, const char *root)
{
    uint64_t value;
    const char *word = "unknown";
    if (sysfile_u64(root, CPU "intel_pstate/no_turbo", &value) == 0)
        word = value ? "off" : "on";
    else if (sysfile_u64(root, CPU "cpufreq/boost", &value) == 0)
        word = value ? "on" : "off";
    context_set(c, "env.turbo", "%s", word);
}

/* Calls f with the name and text of each file of a directory that is `root` + path. */
static void each_file(const char *root, const char *path, const char *inside,
                      void (*f)(void *user, const char *name, const char *text), void *user)
{
    char full[PATH_MAX];
    snprintf(full, sizeof(full), "%s%s", root, path);
    struct dirent **names = NULL;
    const int n = scandir(full, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char text[256];
        snprintf(full, sizeof(full), "%s%s%s", path, names[i]->d_name, inside);
        if (names[i]->d_name[0] != '.' && sysfile_read(root, full, text, sizeof(text)) > 0)
            f(user, names[i]->d_name, text);
        free(names[i]);
    }
    free(names);
}

struct word_list {
    char text[512];
};

static void add_word(struct word_list *list, const char *word)
{
    const size_t used = strlen(list->text);
    if (used + strlen(word) + 2 < sizeof(list->text))
        snprintf(list->text + used, sizeof(list->text) - used, "%s%s", used ? " " : "", word);
}

/* [0] what the kernel works around at a cost, [1] what it leaves open. */
static void sort_vulnerability(void *user, const char *name, const char *text)
{
    struct word_list *const lists = user;
    if (strncmp(text, "Mitigation", 10) == 0)
        add_word(&lists[0], name);
    else if (strncmp(text, "Vulnerable", 10) == 0)
        add_word(&lists[1], name);
}

static void add_mitigations(struct machine_context *c, const char *root)
{
    struct word_list lists[2] = {0};
    char one[256];
    each_file(root, CPU "vulnerabilities/", "", sort_vulnerability, lists);
    const bool known = sysfile_read(root, CPU "vulnerabilities/meltdown", one, sizeof(one)) > 0;
    context_set(c, "env.mitigations", "%s", *lists[0].text ? lists[0].text : known ? "none" : "");
    context_set(c, "env.vulnerable", "%s", *lists[1].text ? lists[1].text : known ? "none" : "");
}

/* "0" of a mains supply is a laptop on its battery. */
static void note_supply(void *user, const char *name, const char *text)
{
    (void)name;
    *(const char **)user = strcmp(text, "0") == 0 ? "battery" : "mains";
}

static void add_power(struct machine_context *c, const char *root)
{
    const char *supply = "unknown";
    each_file(root, "/sys/class/power_supply/", "/online", note_supply, &supply);
    context_set(c, "env.power_supply", "%s", supply);
}

/*
 * Boot parameters that bear on speed. Not the whole line: results are published, and a line may
 * hold addresses and keys.
 */
static void add_boot(struct machine_context *c, const char *root)
{
    static const char *const names[] = {
        "mitigations",    "isolcpus",
        "nohz_full",      "transparent_hugepage",
        "hugepages",      "hugepagesz",
        "intel_pstate",   "amd_pstate",
        "idle",           "processor.max_cstate",
        "numa_balancing", "nosmt",
        "nopti",          "tsc",
    };
    char text[4096], kept[512] = "", *next;
    const int n = sysfile_read(root, "/proc/cmdline", text, sizeof(text));
    size_t used = 0;
    for (char *word = strtok_r(text, " ", &next); word; word = strtok_r(NULL, " ", &next)) {
        const size_t length = strcspn(word, "=");
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            if (strlen(names[i]) == length && strncmp(word, names[i], length) == 0 &&
                used + strlen(word) + 2 < sizeof(kept))
                used += (size_t)snprintf(kept + used, sizeof(kept) - used, " %s", word);
        }
    }
    context_set(c, "env.boot_parameters", "%s", n < 0 ? "unknown" : used ? kept : "none");
}

/* Value of "name<tabs>: value" in the first processor's block, as a start and a length. */
static const char *cpuinfo_value(const char *text, const char *name, size_t *length)
{
    const char *value = sysfile_line(text, name);
    if (value && *value == ':')
        value += 1 + strspn(value + 1, " ");
    *length = value ? strcspn(value, "\n") : 0;
    return value;
}

static bool has_word(const char *text, size_t length, const char *word)
{
    const size_t n = strlen(word);
    for (size_t i = 0; i + n <= length; i++) {
        if (strncmp(text + i, word, n) == 0 && (i == 0 || text[i - 1] == ' ') &&
            (i + n == length || text[i + n] == ' '))
            return true;
    }
    return false;
}

static void add_cpu(struct machine_context *c, const char *root)
{
    static const struct {
        const char *key, *x86, *arm;
    } fields[] = {
        {"env.cpu_model", "model name", "CPU part"},
        {"env.microcode", "microcode", "CPU revision"},
        {"env.mhz_before", "cpu MHz", "-"},
    };
    char text[8192];
    size_t n;
    sysfile_read(root, "/proc/cpuinfo", text, sizeof(text));
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const char *value = cpuinfo_value(text, fields[i].x86, &n);
        if (!value)
            value = cpuinfo_value(text, fields[i].arm, &n);
        context_set(c, fields[i].key, "%.*s", (int)n, value ? value : "unknown");
    }
    const char *flags = cpuinfo_value(text, "flags", &n);
    if (!flags)
        flags = cpuinfo_value(text, "Features", &n);
    if (!flags) {
        context_set(c, "env.flags_hash", "unknown");
        context_set(c, "env.hypervisor", "unknown");
        return;
    }
    context_set(c, "env.flags_hash", "%016llx", (unsigned long long)process_text_hash(flags, n));
    context_set(c, "env.hypervisor", "%s", has_word(flags, n, "hypervisor") ? "yes" : "no");
    context_set(c, "env.tsc", "%s",
                has_word(flags, n, "constant_tsc") && has_word(flags, n, "nonstop_tsc")
                    ? "constant nonstop"
                    : "not constant");
}

static void add_memory(struct machine_context *c, const char *root)
{
    struct machine_memory m;
    char text[4096];
    uint64_t kib;
    machine_memory_read(root, &m);
    context_set(c, "env.memory_bytes", m.total ? "%llu" : "unknown", (unsigned long long)m.total);
    context_set(c, "env.memory_available_bytes", m.system_free != UINT64_MAX ? "%llu" : "unknown",
                (unsigned long long)m.system_free);
    context_set(c, "env.memory_limit_bytes", m.limit != UINT64_MAX ? "%llu" : "none",
                (unsigned long long)m.limit);
    sysfile_read(root, "/proc/meminfo", text, sizeof(text));
    const bool known = sysfile_field(text, "SwapTotal:", &kib);
    context_set(c, "env.swap_bytes", known ? "%llu" : "unknown",
                (unsigned long long)(known ? kib : 0) * 1024);
}

/* CPUs worth of time a cgroup may use, or 0 for no quota; the tightest of what is visible. */
static double quota(const char *root)
{
    char text[128];
    double q, period;
    if (sysfile_read(root, "/sys/fs/cgroup/cpu.max", text, sizeof(text)) > 0)
        return sscanf(text, "%lf %lf", &q, &period) == 2 && period > 0 ? q / period : 0;
    uint64_t us;
    if (sysfile_read(root, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", text, sizeof(text)) > 0 &&
        sscanf(text, "%lf", &q) == 1 && q > 0 &&
        sysfile_u64(root, "/sys/fs/cgroup/cpu/cpu.cfs_period_us", &us) == 0 && us > 0)
        return q / (double)us;
    return 0;
}

static void add_quota(struct machine_context *c, const char *root)
{
    const double cpus = quota(root);
    context_set(c, "env.cgroup_quota", cpus > 0 ? "%.2f CPUs" : "none", cpus);
}

static void add_load(struct machine_context *c, const char *root)
{
    char text[4096];
    double one = 0;
    char runnable[32] = "";
    sysfile_read(root, "/proc/loadavg", text, sizeof(text));
    const int n = sscanf(text, "%lf %*f %*f %31s", &one, runnable);
    context_set(c, "env.loadavg", n >= 1 ? "%.2f" : "unknown", one);
    context_set(c, "env.runnable", "%s", runnable);
    sysfile_read(root, "/proc/self/status", text, sizeof(text));
    const char *const cpus = sysfile_line(text, "Cpus_allowed_list:");
    context_set(c, "env.affinity", "%.*s", cpus ? (int)strcspn(cpus, "\n") : 0,
                cpus ? cpus : "unknown");
    sysfile_read(root, "/proc/uptime", text, sizeof(text));
    context_set(c, "env.uptime_seconds", "%.*s", (int)strcspn(text, ". "), text);
}

static void add_software(struct machine_context *c, const struct environment_options *options)
{
    const struct machine_clock *const clock = options->clock ? options->clock : &machine_clock;
    struct utsname u;
    if (uname(&u) == 0) {
        context_set(c, "env.kernel", "%s %s", u.sysname, u.release);
        context_set(c, "env.machine", "%s", u.machine);
    }
    context_set(c, "env.libc", "glibc %s", gnu_get_libc_version());
    context_set(c, "env.compiler", "%s", MACHINE_COMPILER);
    context_set(c, "env.build_type", "%s", MACHINE_BUILD_TYPE);
    context_set(c, "env.flags", "%s", MACHINE_BUILD_FLAGS[0] ? MACHINE_BUILD_FLAGS : "none");
    context_set(c, "env.sanitizer", "%s", MACHINE_SANITIZE);
    context_set(c, "env.clock_cost_ns", "%.1f", machine_clock_cost_ns(clock));
    context_set(c, "env.clock_step_ns", "%llu", (unsigned long long)machine_clock_step_ns(clock));
    context_set(c, "git_commit", "%s", commit);
    process_describe(c, clock);
}

static void add_topology(struct machine_context *c, const struct machine_topology *t)
{
    char key[32];
    context_set(c, "env.topology", "%s", t->synthetic);
    context_set(c, "env.topology_source", "%s", t->source);
    context_set(c, "env.packages", "%u", t->packages);
    context_set(c, "env.numa_nodes", "%u", t->nodes);
    context_set(c, "env.cores", "%u", t->cores);
    context_set(c, "env.pus", "%u", t->pus);
    context_set(c, "env.llc_bytes", "%llu", (unsigned long long)t->llc_bytes);
    for (int i = 0; i < MACHINE_CACHE_LEVELS; i++) {
        const struct machine_cache *const l = &t->cache[i];
        snprintf(key, sizeof(key), "env.cache_l%d", i + 1);
        if (l->size)
            context_set(c, key, "%llu bytes, line %u, %u ways, %u of them, each for %u CPUs",
                        (unsigned long long)l->size, l->line, l->ways, l->instances, l->pus);
    }
    if (t->unknown[0])
        context_warn(c, "topology: %s", t->unknown);
    if (!t->real)
        context_warn(c, "the topology describes another machine; threads are not bound");
}

void environment_collect(struct machine_context *c, const struct environment_options *options)
{
    add_cpu(c, options->root);
    add_files(c, options->root);
    add_turbo(c, options->root);
    add_boot(c, options->root);
    add_mitigations(c, options->root);
    add_power(c, options->root);
    add_memory(c, options->root);
    add_load(c, options->root);
    add_quota(c, options->root);
    add_software(c, options);
    if (options->topology)
        add_topology(c, options->topology);
    advice_add(c, options->threads);
}
