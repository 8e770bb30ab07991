/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PMUs of nine kinds of machines as their kernels show them in sysfs, from the drivers'
 * documentation; no machine with any of them is at hand where this is tested.
 */
#ifndef ATTN_PMU_TREE_H
#define ATTN_PMU_TREE_H

#include "tests/tree.h"

#define PMU_DEVICES "/sys/bus/event_source/devices"

static inline void pmu_file(const char *root, const char *pmu, const char *file, const char *text)
{
    char path[256], line[256];
    snprintf(path, sizeof(path), PMU_DEVICES "/%s/%s", pmu, file);
    snprintf(line, sizeof(line), "%s\n", text);
    tree_write(root, path, line);
}

static inline void pmu_dir(const char *root, const char *pmu, int type, const char *cpumask)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", type);
    pmu_file(root, pmu, "type", number);
    if (cpumask)
        pmu_file(root, pmu, "cpumask", cpumask);
}

/* An event that is counted in lines and reported in MiB. */
static inline void pmu_lines(const char *root, const char *pmu, const char *event,
                             const char *terms)
{
    char file[96];
    snprintf(file, sizeof(file), "events/%s", event);
    pmu_file(root, pmu, file, terms);
    snprintf(file, sizeof(file), "events/%s.scale", event);
    pmu_file(root, pmu, file, "6.103515625e-5");
    snprintf(file, sizeof(file), "events/%s.unit", event);
    pmu_file(root, pmu, file, "MiB");
}

static inline void pmu_cpu(const char *root, const char *vendor, int family, int model)
{
    char text[256];
    snprintf(text, sizeof(text),
             "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %d\nmodel\t\t: %d\n"
             "model name\t: of a test\n",
             vendor, family, model);
    tree_write(root, "/proc/cpuinfo", text);
}

static inline void intel_imc(const char *root, int channels, const char *cpumask,
                             const char *read_terms, const char *write_terms)
{
    for (int i = 0; i < channels; i++) {
        char pmu[32];
        snprintf(pmu, sizeof(pmu), "uncore_imc_%d", i);
        pmu_dir(root, pmu, 20 + i, cpumask);
        pmu_file(root, pmu, "format/event", "config:0-7");
        pmu_file(root, pmu, "format/umask", "config:8-15");
        pmu_file(root, pmu, "format/edge", "config:18");
        pmu_file(root, pmu, "format/inv", "config:23");
        pmu_file(root, pmu, "format/thresh", "config:24-31");
        pmu_file(root, pmu, "events/clockticks", "event=0x00");
        pmu_lines(root, pmu, "cas_count_read", read_terms);
        pmu_lines(root, pmu, "cas_count_write", write_terms);
    }
}

static inline void intel_free_running(const char *root, int channels, const char *read,
                                      const char *write)
{
    for (int i = 0; i < channels; i++) {
        char pmu[48];
        snprintf(pmu, sizeof(pmu), "uncore_imc_free_running_%d", i);
        pmu_dir(root, pmu, 60 + i, "0");
        pmu_file(root, pmu, "format/event", "config:0-7");
        pmu_file(root, pmu, "format/umask", "config:8-15");
        pmu_lines(root, pmu, read, "event=0xff,umask=0x20");
        pmu_lines(root, pmu, write, "event=0xff,umask=0x30");
    }
}

/* Two sockets of six channels. */
static inline void tree_skylake_x(const char *root)
{
    pmu_cpu(root, "GenuineIntel", 6, 85);
    intel_imc(root, 6, "0,24", "event=0x04,umask=0x03", "event=0x04,umask=0x0c");
}

static inline void tree_ice_lake_sp(const char *root)
{
    pmu_cpu(root, "GenuineIntel", 6, 106);
    intel_imc(root, 8, "0", "event=0x04,umask=0x0f", "event=0x04,umask=0x30");
    intel_free_running(root, 4, "read", "write");
}

static inline void tree_sapphire_rapids(const char *root)
{
    pmu_cpu(root, "GenuineIntel", 6, 143);
    intel_imc(root, 8, "0", "event=0x05,umask=0xcf", "event=0x05,umask=0xf0");
    intel_free_running(root, 4, "rpq_cycles", "wpq_cycles");
}

/* The halves of a channel have events of their own. */
static inline void tree_granite_rapids(const char *root)
{
    pmu_cpu(root, "GenuineIntel", 6, 173);
    intel_imc(root, 12, "0", "event=0x05,umask=0xcf", "event=0x05,umask=0xf0");
    for (int i = 0; i < 12; i++) {
        char pmu[32], path[TREE_MAX];
        snprintf(pmu, sizeof(pmu), "uncore_imc_%d", i);
        snprintf(path, sizeof(path), "%.300s" PMU_DEVICES "/%s/events/cas_count_read", root, pmu);
        remove(path);
        snprintf(path, sizeof(path), "%.300s" PMU_DEVICES "/%s/events/cas_count_write", root, pmu);
        remove(path);
        pmu_lines(root, pmu, "cas_count_read_sch0", "event=0x05,umask=0xcf");
        pmu_lines(root, pmu, "cas_count_read_sch1", "event=0x06,umask=0xcf");
        pmu_lines(root, pmu, "cas_count_write_sch0", "event=0x05,umask=0xf0");
        pmu_lines(root, pmu, "cas_count_write_sch1", "event=0x06,umask=0xf0");
    }
}

/* Before counters that run free: one controller, without a number. */
static inline void tree_old_intel_client(const char *root)
{
    pmu_cpu(root, "GenuineIntel", 6, 94);
    pmu_dir(root, "uncore_imc", 12, "0");
    pmu_file(root, "uncore_imc", "format/event", "config:0-7");
    pmu_lines(root, "uncore_imc", "data_reads", "event=0x01");
    pmu_lines(root, "uncore_imc", "data_writes", "event=0x02");
}

static inline void tree_intel_client(const char *root)
{
    pmu_cpu(root, "GenuineIntel", 6, 151);
    intel_free_running(root, 2, "data_read", "data_write");
}

static inline void tree_zen_3(const char *root)
{
    pmu_cpu(root, "AuthenticAMD", 25, 1);
    pmu_dir(root, "amd_df", 30, "0");
    pmu_file(root, "amd_df", "format/event", "config:0-7,32-35,59-60");
    pmu_file(root, "amd_df", "format/umask", "config:8-15");
    pmu_dir(root, "amd_l3", 31, "0,8");
    pmu_file(root, "amd_l3", "format/event", "config:0-7");
    pmu_file(root, "amd_l3", "format/umask", "config:8-15");
    pmu_file(root, "amd_l3", "format/sliceid", "config:48-50");
    tree_write(root, "/sys/devices/system/node/node0/cpulist", "0-15\n");
}

static inline void tree_zen_4(const char *root)
{
    pmu_cpu(root, "AuthenticAMD", 25, 17);
    for (int i = 0; i < 12; i++) {
        char pmu[32];
        snprintf(pmu, sizeof(pmu), "amd_umc_%d", i);
        pmu_dir(root, pmu, 40 + i, "0");
        pmu_file(root, pmu, "format/event", "config:0-7");
        pmu_file(root, pmu, "format/rdwrmask", "config:8-9");
    }
    pmu_dir(root, "amd_df", 30, "0");
    pmu_file(root, "amd_df", "format/event", "config:0-7,32-37");
    pmu_file(root, "amd_df", "format/umask", "config:8-15,24-27");
}

static inline void tree_neoverse(const char *root)
{
    tree_write(root, "/proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\n");
    pmu_dir(root, "armv8_pmuv3_0", 10, NULL);
    pmu_dir(root, "arm_cmn_0", 12, "0");
    pmu_file(root, "arm_cmn_0", "format/type", "config:0-15");
    pmu_file(root, "arm_cmn_0", "format/eventid", "config:16-26");
    pmu_file(root, "arm_cmn_0", "format/bynodeid", "config:31");
    pmu_file(root, "arm_cmn_0", "format/nodeid", "config:32-47");
    pmu_file(root, "arm_cmn_0", "format/wp_val", "config1:0-63");
    pmu_file(root, "arm_cmn_0", "events/hnf_mc_reqs", "type=0x5,eventid=0xd");
}

#endif
