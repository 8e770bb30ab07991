/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sysfs side of PMUs. Files are read whole and judged strictly: a bit range that does not fit a
 * word or a unit nobody knows means that this reader does not understand the machine, and a wrong
 * event counts something else without a word.
 */
#include "bench/machine/counters/pmu.h"

#include "bench/machine/sysfile.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES "/sys/bus/event_source/devices"

__attribute__((format(printf, 3, 4))) static int refuse(char why[PMU_WHY], int error,
                                                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, PMU_WHY, format, args);
    va_end(args);
    return error;
}

static int read_file(const char *root, const char *pmu, const char *file, char *buf, size_t size)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), DEVICES "/%s/%s", pmu, file);
    return sysfile_read(root, path, buf, size);
}

/* A whole number and nothing behind it but `end`; the character behind it, or NULL. */
static const char *number(const char *text, const char *end, uint64_t *value)
{
    char *rest;
    errno = 0;
    *value = strtoull(text, &rest, 0);
    return !isdigit((unsigned char)*text) || errno || (*rest && !strchr(end, *rest)) ? NULL : rest;
}

/* "0-1,24": every CPU of the list. */
static int parse_cpus(const char *text, struct pmu *pmu)
{
    for (const char *at = text; *at; at += *at == ',') {
        uint64_t first, last;
        at = number(at, "-,", &first);
        if (!at)
            return -EINVAL;
        last = first;
        if (*at == '-' && !(at = number(at + 1, ",", &last)))
            return -EINVAL;
        if (last < first || last > INT_MAX)
            return -EINVAL;
        for (uint64_t cpu = first; cpu <= last; cpu++) {
            if (pmu->cpus == PMU_CPUS)
                return -E2BIG;
            pmu->cpu[pmu->cpus++] = (int)cpu;
        }
    }
    return 0;
}

/* "config:0-7,32-35" or "config1:63". */
static int parse_field(const char *text, struct pmu_field *field)
{
    if (strncmp(text, "config", 6) != 0)
        return -EINVAL;
    text += 6;
    if (*text == '1' || *text == '2')
        field->config = (unsigned)(*text++ - '0');
    if (*text++ != ':')
        return -EINVAL;
    while (*text) {
        uint64_t low, high;
        text = number(text, "-,", &low);
        high = low;
        if (text && *text == '-')
            text = number(text + 1, ",", &high);
        if (!text || high < low || high > 63 || field->ranges == PMU_RANGES)
            return -EINVAL;
        field->range[field->ranges].low = (unsigned char)low;
        field->range[field->ranges++].high = (unsigned char)high;
        field->bits += (unsigned)(high - low) + 1;
        text += *text == ',';
    }
    return field->ranges && field->bits <= 64 ? 0 : -EINVAL;
}

/* Fields this reader does not understand (wider words, say) are left out: no event of ours needs
 * them, and one that does is refused by name. */
static int read_fields(const char *root, struct pmu *pmu)
{
    char path[PATH_MAX], file[PMU_NAME + 8], text[256];
    snprintf(path, sizeof(path), "%s" DEVICES "/%s/format", root, pmu->name);
    DIR *const dir = opendir(path);
    if (!dir)
        return errno == ENOENT ? 0 : -errno;
    for (const struct dirent *entry; (entry = readdir(dir)) && pmu->fields < PMU_FIELDS;) {
        struct pmu_field field = {.ranges = 0};
        if (entry->d_name[0] == '.' || strlen(entry->d_name) >= sizeof(field.name))
            continue;
        strcpy(field.name, entry->d_name);
        snprintf(file, sizeof(file), "format/%s", field.name);
        if (read_file(root, pmu->name, file, text, sizeof(text)) > 0 && !parse_field(text, &field))
            pmu->field[pmu->fields++] = field;
    }
    closedir(dir);
    return 0;
}

int pmu_read(const char *root, const char *name, struct pmu *pmu, char why[PMU_WHY])
{
    char text[1024];
    uint64_t type;
    *pmu = (struct pmu){.cpus = 0};
    if (!*name || strchr(name, '/') || *name == '.' || strlen(name) >= sizeof(pmu->name))
        return refuse(why, -ENOENT, "no PMU can be called \"%.40s\"", name);
    strcpy(pmu->name, name);
    int error = read_file(root, name, "type", text, sizeof(text));
    if (error == -ENOENT || error == -ENOTDIR)
        return refuse(why, -ENOENT, "this machine has no PMU %s", name);
    if (error < 0)
        return refuse(why, error, "%s/%s/type cannot be read: %s", DEVICES, name, strerror(-error));
    if (!number(text, "", &type) || type > UINT32_MAX)
        return refuse(why, -EINVAL, "%s/%s/type says \"%.40s\", which is no number", DEVICES, name,
                      text);
    pmu->type = (uint32_t)type;
    error = read_file(root, name, "cpumask", text, sizeof(text));
    if (error > 0 && (error = parse_cpus(text, pmu)) < 0)
        return refuse(why, -EINVAL, "%s/%s/cpumask says \"%.40s\", which is no list of CPUs",
                      DEVICES, name, text);
    if (error < 0 && error != -ENOENT)
        return refuse(why, error, "%s/%s/cpumask cannot be read: %s", DEVICES, name,
                      strerror(-error));
    error = read_fields(root, pmu);
    return error ? refuse(why, error, "%s/%s/format cannot be read: %s", DEVICES, name,
                          strerror(-error))
                 : 0;
}

static const struct pmu_field *find_field(const struct pmu *pmu, const char *name, size_t length)
{
    for (unsigned i = 0; i < pmu->fields; i++)
        if (strlen(pmu->field[i].name) == length && !strncmp(pmu->field[i].name, name, length))
            return &pmu->field[i];
    return NULL;
}

static void fill(const struct pmu_field *field, uint64_t value, struct pmu_event *event)
{
    for (unsigned i = 0; i < field->ranges; i++) {
        const unsigned bits = field->range[i].high - field->range[i].low + 1u;
        const uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
        event->config[field->config] |= (value & mask) << field->range[i].low;
        value = bits == 64 ? 0 : value >> bits;
    }
}

int pmu_encode(const struct pmu *pmu, const char *terms, struct pmu_event *event, char why[PMU_WHY])
{
    *event = (struct pmu_event){.bytes = 0};
    if (!*terms)
        return refuse(why, -EINVAL, "%s: the event is empty", pmu->name);
    for (const char *at = terms; *at; at += *at == ',') {
        const size_t length = strcspn(at, "=,");
        const struct pmu_field *const field = find_field(pmu, at, length);
        uint64_t value = 1;
        if (!field)
            return refuse(why, -EINVAL, "%s: events of this PMU have no term \"%.*s\"", pmu->name,
                          length < 40 ? (int)length : 40, at);
        const char *const written = at + length;
        at = *written == '=' ? number(written + 1, ",", &value) : written;
        if (!at)
            return refuse(why, -EINVAL, "%s: \"%.40s\" is no number for %s", pmu->name, written + 1,
                          field->name);
        if (field->bits < 64 && value >> field->bits)
            return refuse(why, -EINVAL, "%s: 0x%llx is too large for %s, which has %u bits",
                          pmu->name, (unsigned long long)value, field->name, field->bits);
        fill(field, value, event);
    }
    return 0;
}

/* "6.103515625e-5" of "MiB" is one cache line. */
static int read_unit(const char *root, const struct pmu *pmu, const char *name, double *bytes)
{
    static const struct {
        const char *unit;
        double bytes;
    } units[] = {{"MiB", 1048576}, {"KiB", 1024}, {"Bytes", 1}, {"bytes", 1}, {"B", 1}};
    char file[PMU_NAME + 32], scale_text[64], unit[32];
    double scale = 1;
    snprintf(file, sizeof(file), "events/%s.unit", name);
    if (read_file(root, pmu->name, file, unit, sizeof(unit)) <= 0)
        return 0;
    snprintf(file, sizeof(file), "events/%s.scale", name);
    if (read_file(root, pmu->name, file, scale_text, sizeof(scale_text)) > 0) {
        char *end;
        scale = strtod(scale_text, &end);
        if (*end || !(scale > 0) || scale > 1e9)
            return -EINVAL;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
        if (strcmp(unit, units[i].unit) == 0)
            *bytes = scale * units[i].bytes;
    return 0;
}

int pmu_named(const char *root, const struct pmu *pmu, const char *name, struct pmu_event *event,
              char why[PMU_WHY])
{
    char file[PMU_NAME + 32], terms[512];
    if (!*name || strchr(name, '/') || *name == '.' || strlen(name) >= PMU_NAME)
        return refuse(why, -ENOENT, "%s: no event can be called \"%.40s\"", pmu->name, name);
    snprintf(file, sizeof(file), "events/%s", name);
    int error = read_file(root, pmu->name, file, terms, sizeof(terms));
    if (error == -ENOENT || error == -ENOTDIR)
        return refuse(why, -ENOENT, "%s has no event %s", pmu->name, name);
    if (error < 0)
        return refuse(why, error, "%s/%s/events/%s cannot be read: %s", DEVICES, pmu->name, name,
                      strerror(-error));
    error = pmu_encode(pmu, terms, event, why);
    if (!error && read_unit(root, pmu, name, &event->bytes))
        error = refuse(why, -EINVAL, "%s: the scale of event %s makes no sense", pmu->name, name);
    return error;
}

/* The number behind prefix and underscore; 0 for the bare prefix, -1 for another name. */
static long suffix(const char *name, const char *prefix)
{
    const size_t length = strlen(prefix);
    if (strncmp(name, prefix, length) != 0)
        return -1;
    if (!name[length])
        return 0;
    const char *const digits = name + length + 1;
    if (name[length] != '_' || !*digits || strspn(digits, "0123456789") != strlen(digits) ||
        strlen(digits) > 6)
        return -1;
    return strtol(digits, NULL, 10);
}

static int by_number(const void *a, const void *b)
{
    const char *const x = *(char *const *)a, *const y = *(char *const *)b;
    const size_t m = strlen(x), n = strlen(y);
    return m != n ? (m > n) - (m < n) : strcmp(x, y);
}

/* The files of a folder; `wanted` says which. */
static int each_of(const char *path, bool (*wanted)(const char *name, const char *prefix),
                   const char *prefix, int (*each)(void *user, const char *name), void *user)
{
    enum { MOST = 256 };
    char *name[MOST];
    size_t n = 0;
    int result = 0;
    DIR *const dir = opendir(path);
    if (!dir)
        return 0;
    for (const struct dirent *entry; n < MOST && (entry = readdir(dir));)
        if (entry->d_name[0] != '.' && wanted(entry->d_name, prefix) &&
            (name[n] = strdup(entry->d_name)))
            n++;
    closedir(dir);
    qsort(name, n, sizeof(*name), by_number);
    for (size_t i = 0; i < n; i++) {
        if (!result)
            result = each(user, name[i]);
        free(name[i]);
    }
    return result;
}

static bool is_numbered(const char *name, const char *prefix)
{
    return !prefix || suffix(name, prefix) >= 0;
}

/* Their scales and units lie beside them. */
static bool is_event(const char *name, const char *prefix)
{
    (void)prefix;
    return !strchr(name, '.');
}

int pmu_each(const char *root, const char *prefix, int (*each)(void *user, const char *name),
             void *user)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s" DEVICES, root);
    return each_of(path, is_numbered, prefix, each, user);
}

int pmu_all(const char *root, int (*each)(void *user, const char *name), void *user)
{
    return pmu_each(root, NULL, each, user);
}

int pmu_events(const char *root, const char *pmu, int (*each)(void *user, const char *name),
               void *user)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s" DEVICES "/%.63s/events", root, pmu);
    return each_of(path, is_event, NULL, each, user);
}
