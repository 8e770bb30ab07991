/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read of PMUs in sysfs and made of it: nine machines described by files, and files as no
 * kernel should write them.
 */
#include "bench/machine/counters/pmu.h"

#include "bench/machine/counters/uncore.h"
#include "tests/pmu_tree.h"
#include "tests/test.h"

#include <errno.h>

static struct uncore_plan plan;

static void check_plan(const char *machine, void (*make)(const char *root), enum byte_source_id id,
                       size_t events, int passes, const struct uncore_event *first)
{
    char root[TREE_MAX];
    struct counter_trouble trouble = {.reason = ""};
    tree_make(root);
    make(root);
    const enum counter_state state = uncore_plan(root, id, &plan, &trouble);
    if (!first) {
        CHECK(state == COUNTER_ABSENT && *trouble.reason, "%s: %d %s", machine, state,
              trouble.reason);
        tree_remove(root);
        return;
    }
    CHECK(state == COUNTER_OK, "%s: %s", machine, trouble.reason);
    CHECK(plan.n == events && plan.passes == passes, "%s: %zu events in %d passes", machine, plan.n,
          plan.passes);
    const struct uncore_event *const e = &plan.event[0];
    CHECK_STR(e->pmu, first->pmu);
    CHECK(e->type == first->type && e->config[0] == first->config[0] && e->cpu == 0 &&
              e->direction == first->direction && e->bytes == 64,
          "%s: type %u config %llx cpu %d direction %d bytes %g", machine, e->type,
          (unsigned long long)e->config[0], e->cpu, e->direction, e->bytes);
    tree_remove(root);
}

static void machines(void)
{
    check_plan("Skylake-X", tree_skylake_x, BYTES_MC_CAS, 6 * 2 * 2, 1,
               &(struct uncore_event){.pmu = "uncore_imc_0", .type = 20, .config = {0x0304}});
    CHECK(plan.event[1].cpu == 24, "the second socket: %d", plan.event[1].cpu);
    check_plan("Ice Lake-SP", tree_ice_lake_sp, BYTES_MC_CAS, 8 * 2, 1,
               &(struct uncore_event){.pmu = "uncore_imc_0", .type = 20, .config = {0x0f04}});
    CHECK(plan.event[1].direction == UNCORE_WRITE && plan.event[1].config[0] == 0x3004, "writes");
    check_plan("Sapphire Rapids", tree_sapphire_rapids, BYTES_MC_CAS, 8 * 2, 1,
               &(struct uncore_event){.pmu = "uncore_imc_0", .type = 20, .config = {0xcf05}});
    check_plan("Granite Rapids", tree_granite_rapids, BYTES_MC_CAS, 12 * 4, 1,
               &(struct uncore_event){.pmu = "uncore_imc_0", .type = 20, .config = {0xcf05}});
    CHECK(plan.event[1].config[0] == 0xcf06 && plan.event[3].config[0] == 0xf006, "both halves");
    check_plan("old Intel client", tree_old_intel_client, BYTES_MC_CAS, 2, 1,
               &(struct uncore_event){.pmu = "uncore_imc", .type = 12, .config = {0x01}});
    check_plan(
        "Intel client", tree_intel_client, BYTES_MC_CAS, 2 * 2, 1,
        &(struct uncore_event){.pmu = "uncore_imc_free_running_0", .type = 60, .config = {0x20ff}});
    check_plan("Zen 3", tree_zen_3, BYTES_MC_CAS, 0, 0, NULL);
    check_plan("Zen 3", tree_zen_3, BYTES_MC_FABRIC, 8, 2,
               &(struct uncore_event){
                   .pmu = "amd_df", .type = 30, .config = {0x3807}, .direction = UNCORE_BOTH});
    CHECK(plan.event[4].config[0] == 0x100003807 && plan.event[4].pass == 1 &&
              plan.event[3].pass == 0,
          "channel 4 is event 0x107, %llx", (unsigned long long)plan.event[4].config[0]);
    check_plan("Zen 3", tree_zen_3, BYTES_LLC_MISS, 2, 1,
               &(struct uncore_event){.pmu = "amd_l3", .type = 31, .config = {0x0104}});
    CHECK(plan.event[1].cpu == 8, "the second core complex");
    check_plan("Zen 4", tree_zen_4, BYTES_MC_CAS, 12 * 2, 1,
               &(struct uncore_event){.pmu = "amd_umc_0", .type = 40, .config = {0x010a}});
    CHECK(strcmp(plan.event[4].pmu, "amd_umc_2") == 0, "by number: %s", plan.event[4].pmu);
    check_plan("Zen 4", tree_zen_4, BYTES_MC_FABRIC, 0, 0, NULL);
    check_plan("Neoverse", tree_neoverse, BYTES_MC_CAS, 0, 0, NULL);
    check_plan("Neoverse", tree_neoverse, BYTES_MC_FABRIC, 1, 1,
               &(struct uncore_event){
                   .pmu = "arm_cmn_0", .type = 12, .config = {0xd0005}, .direction = UNCORE_BOTH});
}

/* Two NUMA nodes of one socket split the channels. */
static void nodes(void)
{
    char root[TREE_MAX];
    struct counter_trouble trouble;
    tree_make(root);
    tree_zen_3(root);
    tree_write(root, "/sys/devices/system/node/node1/cpulist", "16-31\n");
    CHECK(uncore_plan(root, BYTES_MC_FABRIC, &plan, &trouble) == COUNTER_ABSENT &&
              strstr(trouble.reason, "NPS1"),
          "%s", trouble.reason);
    tree_remove(root);
}

/* Half of what a plan needs is none of it. */
static void incomplete(void)
{
    char root[TREE_MAX], path[TREE_MAX + 96];
    struct counter_trouble trouble;
    tree_make(root);
    tree_intel_client(root);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path),
                 "%s" PMU_DEVICES "/uncore_imc_free_running_%d/events/data_write", root, i);
        CHECK(remove(path) == 0, "%s", path);
    }
    CHECK(uncore_plan(root, BYTES_MC_CAS, &plan, &trouble) == COUNTER_ABSENT &&
              strstr(trouble.reason, "names no events"),
          "%s", trouble.reason);
    tree_remove(root);
    tree_make(root);
    CHECK(uncore_plan(root, BYTES_MC_CAS, &plan, &trouble) == COUNTER_ABSENT &&
              strstr(trouble.reason, "uncore_imc"),
          "%s", trouble.reason);
    tree_remove(root);
}

static void encoding(void)
{
    static const struct {
        const char *terms;
        uint64_t config, config1;
        const char *why; /* NULL: it is right */
    } cases[] = {
        {"event=0x1c7,umask=0x38", 0x1000038c7, 0, NULL},
        {"event=0xffff", 0, 0, "pmu: 0xffff is too large for event, which has 14 bits"},
        {"edge", 1 << 18, 0, NULL},
        {"edge=1,event=1", (1 << 18) + 1, 0, NULL},
        {"wide=0xffffffffffffffff", 0, UINT64_MAX, NULL},
        {"umask=256", 0, 0, "pmu: 0x100 is too large for umask, which has 8 bits"},
        {"umask=-1", 0, 0, "pmu: \"-1\" is no number for umask"},
        {"umask=", 0, 0, "pmu: \"\" is no number for umask"},
        {"umask=1;", 0, 0, "pmu: \"1;\" is no number for umask"},
        {"umask=99999999999999999999", 0, 0,
         "pmu: \"99999999999999999999\" is no number for umask"},
        {"mask=1", 0, 0, "pmu: events of this PMU have no term \"mask\""},
        {"=1", 0, 0, "pmu: events of this PMU have no term \"\""},
        {",", 0, 0, "pmu: events of this PMU have no term \"\""},
        {"", 0, 0, "pmu: the event is empty"},
    };
    char root[TREE_MAX], why[PMU_WHY] = "";
    struct pmu pmu;
    struct pmu_event event;
    tree_make(root);
    pmu_dir(root, "pmu", 7, "0-2,5");
    pmu_file(root, "pmu", "format/event", "config:0-7,32-35,59-60");
    pmu_file(root, "pmu", "format/umask", "config:8-15");
    pmu_file(root, "pmu", "format/edge", "config:18");
    pmu_file(root, "pmu", "format/wide", "config1:0-63");
    CHECK(pmu_read(root, "pmu", &pmu, why) == 0 && pmu.type == 7 && pmu.cpus == 4 &&
              pmu.cpu[3] == 5 && pmu.fields == 4,
          "%s", why);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const int error = pmu_encode(&pmu, cases[i].terms, &event, why);
        if (cases[i].why) {
            CHECK(error == -EINVAL, "%s is taken", cases[i].terms);
            CHECK_STR(why, cases[i].why);
            continue;
        }
        CHECK(error == 0 && event.config[0] == cases[i].config &&
                  event.config[1] == cases[i].config1,
              "%s: %llx %llx %s", cases[i].terms, (unsigned long long)event.config[0],
              (unsigned long long)event.config[1], why);
    }
    tree_remove(root);
}

/* Files with anything in them leave a sentence or a PMU with fewer fields, and nothing else. */
static void hostile(void)
{
    static const struct {
        const char *file, *text, *why;
    } cases[] = {
        {"type", "seven", "type says \"seven\", which is no number"},
        {"type", "", "type says \"\", which is no number"},
        {"type", "99999999999", "which is no number"},
        {"type", "7x", "which is no number"},
        {"cpumask", "0-", "cpumask says \"0-\", which is no list of CPUs"},
        {"cpumask", "9-3", "which is no list of CPUs"},
        {"cpumask", "0-4294967296", "which is no list of CPUs"},
        {"cpumask", "0-9999", "which is no list of CPUs"},
        {"cpumask", "a", "which is no list of CPUs"},
        {"format/event", "config:0-64", NULL},
        {"format/event", "config:7-0", NULL},
        {"format/event", "config3:0-7", NULL},
        {"format/event", "config", NULL},
        {"format/event", "config:", NULL},
        {"format/event", "config:0-63,0-63", NULL},
        {"format/event", "config:0,1,2,3,4,5,6,7,8", NULL},
        {"format/event", "\377\376", NULL},
    };
    char root[TREE_MAX], why[PMU_WHY];
    struct pmu pmu;
    struct pmu_event event;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        tree_make(root);
        pmu_dir(root, "pmu", 7, "0");
        pmu_file(root, "pmu", cases[i].file, cases[i].text);
        const int error = pmu_read(root, "pmu", &pmu, why);
        if (cases[i].why)
            CHECK(error == -EINVAL && strstr(why, cases[i].why), "%s \"%s\": %d %s", cases[i].file,
                  cases[i].text, error, why);
        else
            CHECK(error == 0 && pmu.fields == 0, "%s \"%s\": %d, %u fields", cases[i].file,
                  cases[i].text, error, pmu.fields);
        tree_remove(root);
    }
    tree_make(root);
    CHECK(pmu_read(root, "pmu", &pmu, why) == -ENOENT, "nothing there");
    CHECK(pmu_read(root, "../x", &pmu, why) == -ENOENT, "a path is no name");
    CHECK(pmu_read(root, "", &pmu, why) == -ENOENT, "no name at all");
    pmu_dir(root, "pmu", 7, NULL);
    pmu_file(root, "pmu", "format/event", "config:0-7");
    CHECK(pmu_read(root, "pmu", &pmu, why) == 0 && pmu.cpus == 0, "the PMU of the cores");
    pmu_lines(root, "pmu", "bytes", "event=1");
    CHECK(pmu_named(root, &pmu, "bytes", &event, why) == 0 && event.bytes == 64, "%g", event.bytes);
    for (size_t i = 0; i < 4; i++) {
        pmu_file(root, "pmu", "events/bytes.scale", ((const char *[]){"0", "-1", "nan", "1x"})[i]);
        CHECK(pmu_named(root, &pmu, "bytes", &event, why) == -EINVAL, "scale %zu", i);
    }
    pmu_file(root, "pmu", "events/bytes.unit", "furlongs");
    pmu_file(root, "pmu", "events/bytes.scale", "1");
    CHECK(pmu_named(root, &pmu, "bytes", &event, why) == 0 && event.bytes == 0, "no unit of bytes");
    CHECK(pmu_named(root, &pmu, "../type", &event, why) == -ENOENT, "a path is no event");
    CHECK(pmu_named(root, &pmu, "none", &event, why) == -ENOENT, "no such event");
    tree_remove(root);
}

/* A PMU that is there and cannot be read is a reason, and never passed over for a worse one. */
static void unreadable(void)
{
    char root[TREE_MAX], path[TREE_MAX + 96];
    struct counter_trouble trouble;
    tree_make(root);
    tree_skylake_x(root);
    snprintf(path, sizeof(path), "%s" PMU_DEVICES "/uncore_imc_3/type", root);
    CHECK(remove(path) == 0 && mkdir(path, 0700) == 0, "%s", path); /* unreadable to root as well */
    CHECK(uncore_plan(root, BYTES_MC_CAS, &plan, &trouble) == COUNTER_BROKEN &&
              strstr(trouble.reason, "uncore_imc_3/type cannot be read: Is a directory"),
          "%s", trouble.reason);
    if (geteuid() != 0) {
        rmdir(path);
        pmu_dir(root, "uncore_imc_3", 23, "0");
        chmod(path, 0);
        CHECK(uncore_plan(root, BYTES_MC_CAS, &plan, &trouble) == COUNTER_FORBIDDEN, "%s",
              trouble.reason);
    }
    tree_remove(root);
}

static int note(void *user, const char *name)
{
    char *const seen = user;
    strcat(strcat(seen, name), " ");
    return 0;
}

static void listing(void)
{
    char root[TREE_MAX], seen[512] = "";
    tree_make(root);
    for (int i = 11; i >= 0; i--) {
        char pmu[32];
        snprintf(pmu, sizeof(pmu), "imc_%d", i);
        pmu_dir(root, pmu, i, NULL);
    }
    pmu_dir(root, "imc_free_0", 1, NULL);
    pmu_dir(root, "imc_x", 1, NULL);
    pmu_dir(root, "imc_", 1, NULL);
    pmu_each(root, "imc", note, seen);
    CHECK_STR(seen, "imc_0 imc_1 imc_2 imc_3 imc_4 imc_5 imc_6 imc_7 imc_8 imc_9 imc_10 imc_11 ");
    tree_remove(root);
}

int main(void)
{
    machines();
    nodes();
    incomplete();
    encoding();
    hostile();
    unreadable();
    listing();
    return test_exit();
}
