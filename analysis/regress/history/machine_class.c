/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of machines do not count: hosted runners get a new one each night. Of the kernel only the
 * first number does, else every update of it would begin all series anew.
 */
#include "analysis/regress/history/machine_class.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { REG_VALUE_MAX = 304 };

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

/*
 * Definitions are no flags here: what they change in a program is changed by its authors, as its
 * source is, and that is what is looked for.
 */
static void drop_definitions(const char *flags, char *text, size_t size)
{
    size_t n = 0;
    *text = '\0';
    while (*(flags += strspn(flags, " "))) {
        const int length = (int)strcspn(flags, " ");
        if (flags[0] != '-' || (flags[1] != 'D' && flags[1] != 'U'))
            n += (size_t)snprintf(text + n, size - n, "%s%.*s", n ? " " : "", length, flags);
        flags += length;
        if (n >= size)
            return;
    }
    if (!n)
        snprintf(text, size, "none");
}

/* The value that counts, "" if it is not known. */
static void get(const struct ana_result *result, size_t key, char *text, size_t size)
{
    const char *const value = ana_result_context(result, keys[key].key);
    if (strcmp(keys[key].key, "env.flags") == 0 && value)
        drop_definitions(value, text, size);
    else
        snprintf(text, size, "%.*s", value && keys[key].major ? (int)strcspn(value, ".") : 300,
                 value ? value : "");
}

static const char *short_name(const char *key)
{
    return strncmp(key, "env.", 4) == 0 ? key + 4 : key;
}

static size_t add(const char *key, const char *value, char *text, size_t at)
{
    if (!*value || at >= REG_CLASS_MAX)
        return at;
    return at + (size_t)snprintf(text + at, REG_CLASS_MAX - at, "%s%s=%s", at ? ", " : "",
                                 short_name(key), value);
}

void reg_class_text(const struct ana_result *result, bool exact, char text[REG_CLASS_MAX])
{
    char value[REG_VALUE_MAX];
    size_t at = 0;
    *text = '\0';
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (exact ? keys[i].count : keys[i].time) {
            get(result, i, value, sizeof(value));
            at = add(keys[i].key, value, text, at);
        }
    if (ana_result_context(result, "env.cpu_model"))
        return;
    for (size_t i = 0; i < sizeof(foreign_keys) / sizeof(foreign_keys[0]); i++) {
        const char *const said = ana_result_context(result, foreign_keys[i]);
        at = add(foreign_keys[i], said ? said : "", text, at);
    }
}

const char *reg_class_key(size_t index, bool exact)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if ((exact ? keys[i].count : keys[i].time) && index-- == 0)
            return keys[i].key;
    return NULL;
}

bool reg_class_difference(const struct ana_result *was, const struct ana_result *is, bool exact,
                          char *text, size_t size)
{
    size_t at = 0;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char a[REG_VALUE_MAX], b[REG_VALUE_MAX];
        if (!(exact ? keys[i].count : keys[i].time))
            continue;
        get(was, i, a, sizeof(a));
        get(is, i, b, sizeof(b));
        if (strcmp(a, b) != 0 && at < size)
            at += (size_t)snprintf(text + at, size - at, "%s%s is %s and was %s", at ? ", " : "",
                                   short_name(keys[i].key), *b ? b : "not known",
                                   *a ? a : "not known");
    }
    return at > 0;
}
