/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Performance monitoring units as the kernel describes them below
 * /sys/bus/event_source/devices/<name>: a number for perf_event_open(), the CPUs to open it on,
 * which bits of the configuration words each term of an event fills, and named events with their
 * scale. Nothing here but reading files, so a test can describe any machine to it.
 */
#ifndef MACHINE_COUNTERS_PMU_H
#define MACHINE_COUNTERS_PMU_H

#include <stddef.h>
#include <stdint.h>

enum {
    PMU_NAME = 64,
    PMU_CPUS = 64,
    PMU_FIELDS = 32,
    PMU_RANGES = 6,
    PMU_CONFIGS = 3,
    PMU_WHY = 256
};

/* A term's place: bits of one configuration word, lowest bits of the value first. */
struct pmu_field {
    char name[PMU_NAME];
    unsigned config; /* 0, 1, 2 */
    struct {
        unsigned char low, high;
    } range[PMU_RANGES];
    unsigned ranges, bits;
};

struct pmu {
    char name[PMU_NAME];
    uint32_t type;
    int cpu[PMU_CPUS]; /* one a package, die or core complex; none for the PMU of the cores */
    unsigned cpus;
    struct pmu_field field[PMU_FIELDS];
    unsigned fields;
};

/* An event as perf_event_open() takes it, and what one count of it is worth. */
struct pmu_event {
    uint64_t config[PMU_CONFIGS];
    double bytes; /* a count; 0 when the kernel names no unit of bytes */
};

/*
 * Reads the PMU `name` of the machine whose files lie below `root` ("" is this one). 0, -ENOENT
 * when there is no such PMU, -EACCES and the like when it cannot be read, -EINVAL when what stands
 * there makes no sense; `why` is then a sentence.
 */
int pmu_read(const char *root, const char *name, struct pmu *pmu, char why[PMU_WHY]);

/* Terms such as "event=0x04,umask=0x0f", a term without a value being 1. 0, or -EINVAL with a
 * sentence for an unknown term and a value too large for its field. */
int pmu_encode(const struct pmu *pmu, const char *terms, struct pmu_event *event,
               char why[PMU_WHY]);

/* An event the kernel names, with its scale and unit. 0, -ENOENT, or -EINVAL with a sentence. */
int pmu_named(const char *root, const struct pmu *pmu, const char *name, struct pmu_event *event,
              char why[PMU_WHY]);

/*
 * Calls `each` with every PMU whose name is `prefix`, or `prefix`, an underscore and digits
 * ("uncore_imc" finds uncore_imc and uncore_imc_3 but not uncore_imc_free_running_0), in the order
 * of their numbers; stops at the first value other than 0 and returns it.
 */
int pmu_each(const char *root, const char *prefix, int (*each)(void *user, const char *name),
             void *user);

/* Every PMU of the machine, as pmu_each(). */
int pmu_all(const char *root, int (*each)(void *user, const char *name), void *user);

/* Every event the kernel names of a PMU, likewise. */
int pmu_events(const char *root, const char *pmu, int (*each)(void *user, const char *name),
               void *user);

#endif
