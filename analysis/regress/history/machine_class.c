/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of machines do not count: hosted runners get a new one each night. Of the kernel only the
 * first number does, else every update of it would begin all series anew.
 */
#include "analysis/regress/history/machine_class.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const struct reg_metric reg_metrics[REG_METRICS] = {
    {"real_ns", false},
    {"sim_instructions", true},
    {"sim_dram_bytes", true},
};

static const struct {
    const char *key;  /* of the context */
    bool time, count; /* does it matter to times, to counts? */
    bool major;       /* only up to the first '.' */
} keys[] = {
    {"env.cpu_model", true, false, false},
    {"env.machine", true, true, false},
    {"env.cores", true, false, false},
    {"env.pus", true, false, false},
    {"env.cpu_features", true, true, false},
    {"env.hypervisor", true, false, false},
    {"env.kernel", true, false, true},
    {"env.compiler", true, true, false},
    {"env.flags", true, true, false},
    {"env.build_type", true, true, false},
    {"env.sanitizer", true, true, false},
    {"env.libc", false, true, false},
    {"sim.tool", false, true, false},
    {"sim.cache", false, true, false},
    {"seed", false, true, false},
};

/* What any Google Benchmark program says of its machine. */
static const char *const foreign_keys[] = {"num_cpus",      "mhz_per_cpu",   "library_build_type",
                                           "caches.0.size", "caches.1.size", "caches.2.size",
                                           "caches.3.size"};

const struct reg_metric *reg_metric_find(const char *name)
{
    for (int i = 0; i < REG_METRICS; i++)
        if (strcmp(reg_metrics[i].name, name) == 0)
            return &reg_metrics[i];
    return NULL;
}

static size_t add(const struct ana_result *result, const char *key, bool major, char *text,
                  size_t at)
{
    const char *const value = ana_result_context(result, key);
    if (!value || at >= REG_CLASS_MAX)
        return at;
    const char *const dot = strchr(key, '.');
    const char *const name = strncmp(key, "env.", 4) == 0 ? dot + 1 : key;
    const int length = (int)(major ? strcspn(value, ".") : strlen(value));
    return at + (size_t)snprintf(text + at, REG_CLASS_MAX - at, "%s%s=%.*s", at ? ", " : "", name,
                                 length, value);
}

void reg_class_text(const struct ana_result *result, bool exact, char text[REG_CLASS_MAX])
{
    size_t at = 0;
    *text = '\0';
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (exact ? keys[i].count : keys[i].time)
            at = add(result, keys[i].key, keys[i].major, text, at);
    if (ana_result_context(result, "env.cpu_model"))
        return;
    for (size_t i = 0; i < sizeof(foreign_keys) / sizeof(foreign_keys[0]); i++)
        at = add(result, foreign_keys[i], false, text, at);
}
