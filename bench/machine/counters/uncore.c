/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans, from most to least exact. A PMU that is there and cannot be read ends the search with the
 * reason: going on would quietly use something worse.
 */
#include "bench/machine/counters/uncore.h"

#include "bench/machine/sysfile.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64, EVENTS_MOST = 8, DF_COUNTERS = 4, FAMILY_17H = 0x17, FAMILY_19H = 0x19 };

/* Which AMD CPUs a code holds for. */
enum amd { ANY_CPU, ZEN_1_TO_3, ZEN_3_ON };

static const struct recipe {
    enum byte_source_id id;
    const char *pmu;
    struct {
        const char *event; /* a name of the kernel's, or terms */
        enum uncore_direction direction;
    } event[EVENTS_MOST];
    enum amd amd;
    int counters;    /* events of one PMU at a time; 0: all of them */
    bool one_a_node; /* right only while a package is one NUMA node */
} recipes[] = {
    /* Intel servers. Granite Rapids names the halves of a channel apart. */
    {BYTES_MC_CAS,
     "uncore_imc",
     {{"cas_count_read", UNCORE_READ}, {"cas_count_write", UNCORE_WRITE}}},
    {BYTES_MC_CAS,
     "uncore_imc",
     {{"cas_count_read_sch0", UNCORE_READ},
      {"cas_count_read_sch1", UNCORE_READ},
      {"cas_count_write_sch0", UNCORE_WRITE},
      {"cas_count_write_sch1", UNCORE_WRITE}}},
    /* Intel clients, up to Skylake's relatives and after them. */
    {BYTES_MC_CAS, "uncore_imc", {{"data_reads", UNCORE_READ}, {"data_writes", UNCORE_WRITE}}},
    {BYTES_MC_CAS,
     "uncore_imc_free_running",
     {{"data_read", UNCORE_READ}, {"data_write", UNCORE_WRITE}}},
    /* AMD from Zen 4 on, with a kernel of 6.7 or newer: column commands, reads and writes. */
    {BYTES_MC_CAS,
     "amd_umc",
     {{"event=0x0a,rdwrmask=0x1", UNCORE_READ}, {"event=0x0a,rdwrmask=0x2", UNCORE_WRITE}}},
    /* AMD before that: eight channels of the data fabric, which has four counters. */
    {BYTES_MC_FABRIC,
     "amd_df",
     {{"event=0x07,umask=0x38", UNCORE_BOTH},
      {"event=0x47,umask=0x38", UNCORE_BOTH},
      {"event=0x87,umask=0x38", UNCORE_BOTH},
      {"event=0xc7,umask=0x38", UNCORE_BOTH},
      {"event=0x107,umask=0x38", UNCORE_BOTH},
      {"event=0x147,umask=0x38", UNCORE_BOTH},
      {"event=0x187,umask=0x38", UNCORE_BOTH},
      {"event=0x1c7,umask=0x38", UNCORE_BOTH}},
     .amd = ZEN_1_TO_3,
     .counters = DF_COUNTERS,
     .one_a_node = true},
    /* Arm's mesh: requests its home nodes send to memory. */
    {BYTES_MC_FABRIC, "arm_cmn", {{"hnf_mc_reqs", UNCORE_BOTH}}},
    {BYTES_LLC_MISS, "amd_l3", {{"event=0x04,umask=0x01", UNCORE_READ}}, .amd = ZEN_3_ON},
};

struct search {
    const char *root;
    const struct recipe *recipe;
    struct uncore_plan *plan;
    struct counter_trouble *trouble;
    int pmus; /* of the recipe's name */
};

static uint64_t cpu_field(const char *text, const char *key)
{
    const char *const line = sysfile_line(text, key);
    const char *const colon = line ? strchr(line, ':') : NULL;
    return colon ? strtoull(colon + 1, NULL, 10) : 0;
}

static bool is_cpu(const char *root, enum amd amd)
{
    char text[4096];
    if (amd == ANY_CPU)
        return true;
    sysfile_read(root, "/proc/cpuinfo", text, sizeof(text));
    if (!strstr(text, "AuthenticAMD"))
        return false;
    /* "model" alone would find "model name" when that comes first; the kernel writes it second. */
    const uint64_t family = cpu_field(text, "cpu family"), model = cpu_field(text, "model");
    const bool zen_3 = family == FAMILY_19H && (model < 0x10 || (model >= 0x20 && model < 0x60));
    return amd == ZEN_1_TO_3 ? family == FAMILY_17H || zen_3 : family >= FAMILY_19H;
}

static unsigned count_nodes(const char *root)
{
    char path[PATH_MAX];
    unsigned n = 0;
    snprintf(path, sizeof(path), "%s/sys/devices/system/node", root);
    DIR *const dir = opendir(path);
    if (!dir)
        return 0;
    for (const struct dirent *e; (e = readdir(dir));)
        n += strncmp(e->d_name, "node", 4) == 0 && e->d_name[4] >= '0' && e->d_name[4] <= '9';
    closedir(dir);
    return n;
}

static int refuse(struct search *s, enum counter_state state, const char *why)
{
    counter_trouble_set(s->trouble, state, "%s", why);
    return -EINVAL;
}

static int add_event(struct search *s, const struct pmu *pmu, const struct pmu_event *event,
                     size_t index)
{
    struct uncore_plan *const plan = s->plan;
    const int cpus = pmu->cpus ? (int)pmu->cpus : 1;
    const int pass = s->recipe->counters ? (int)index / s->recipe->counters : 0;
    for (int i = 0; i < cpus; i++) {
        if (plan->n == UNCORE_MOST)
            return refuse(s, COUNTER_BROKEN, "more counters than this program has room for");
        struct uncore_event *const e = &plan->event[plan->n++];
        *e = (struct uncore_event){
            .type = pmu->type,
            .cpu = pmu->cpus ? pmu->cpu[i] : 0,
            .bytes = event->bytes > 0 ? event->bytes : LINE,
            .direction = s->recipe->event[index].direction,
            .pass = pass,
        };
        strcpy(e->pmu, pmu->name);
        memcpy(e->config, event->config, sizeof(e->config));
    }
    plan->passes = pass + 1 > plan->passes ? pass + 1 : plan->passes;
    return 0;
}

/* An event the kernel does not name on this PMU is no error: another recipe may fit. */
static int add_pmu(void *user, const char *name)
{
    struct search *const s = user;
    struct pmu pmu;
    struct pmu_event event;
    char why[PMU_WHY];
    int error = pmu_read(s->root, name, &pmu, why);
    s->pmus++;
    if (error)
        return refuse(s, error == -EACCES || error == -EPERM ? COUNTER_FORBIDDEN : COUNTER_BROKEN,
                      why);
    if (s->recipe->one_a_node && count_nodes(s->root) > pmu.cpus)
        return refuse(s, COUNTER_ABSENT,
                      "its channels add up only where a socket is one NUMA node (NPS1)");
    for (size_t i = 0; i < EVENTS_MOST && s->recipe->event[i].event; i++) {
        const char *const text = s->recipe->event[i].event;
        error = strchr(text, '=') ? pmu_encode(&pmu, text, &event, why)
                                  : pmu_named(s->root, &pmu, text, &event, why);
        if (error == -ENOENT)
            continue;
        if (error)
            return refuse(s, error == -EACCES ? COUNTER_FORBIDDEN : COUNTER_BROKEN, why);
        error = add_event(s, &pmu, &event, i);
        if (error)
            return error;
    }
    return 0;
}

/* Every direction of the recipe has to be there. */
static bool complete(const struct uncore_plan *plan, const struct recipe *recipe)
{
    for (size_t i = 0; i < EVENTS_MOST && recipe->event[i].event; i++) {
        bool found = false;
        for (size_t e = 0; e < plan->n; e++)
            found = found || plan->event[e].direction == recipe->event[i].direction;
        if (!found)
            return false;
    }
    return true;
}

static const char *missing(enum byte_source_id id)
{
    return id == BYTES_MC_CAS      ? "sysfs has no PMU of a memory controller (uncore_imc, amd_umc)"
           : id == BYTES_MC_FABRIC ? "sysfs has no PMU of a fabric that counts memory (amd_df of "
                                     "Zen 1 to 3, arm_cmn)"
                                   : "sysfs has no PMU of last-level caches (amd_l3 of Zen 3 on)";
}

enum counter_state uncore_plan(const char *root, enum byte_source_id id, struct uncore_plan *plan,
                               struct counter_trouble *trouble)
{
    int pmus = 0;
    for (size_t i = 0; i < sizeof(recipes) / sizeof(*recipes); i++) {
        struct search s = {.root = root, .recipe = &recipes[i], .plan = plan, .trouble = trouble};
        if (recipes[i].id != id || !is_cpu(root, recipes[i].amd))
            continue;
        plan->n = 0;
        plan->passes = 0;
        if (pmu_each(root, recipes[i].pmu, add_pmu, &s))
            return trouble->state;
        if (plan->n && complete(plan, &recipes[i]))
            return COUNTER_OK;
        pmus += s.pmus;
    }
    if (pmus)
        return counter_trouble_set(
            trouble, COUNTER_ABSENT,
            "the kernel names no events of the bytes of memory for this CPU");
    return counter_trouble_set(trouble, COUNTER_ABSENT, "%s", missing(id));
}
