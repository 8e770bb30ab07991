/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Context, read from the places Google Benchmark reads so that the figures agree. What a machine
 * does not tell stays unknown; nothing is calibrated by waiting.
 */
#include "bench/harness/context.h"

#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <time.h>
#include <unistd.h>

#define CPU_ROOT "/sys/devices/system/cpu"

/* The first line of a small file, without its newline; false when it cannot be read. */
static bool read_line(const char *path, char *line, size_t size)
{
    FILE *const file = fopen(path, "re");
    if (!file)
        return false;
    const bool read = fgets(line, (int)size, file);
    fclose(file);
    if (read)
        line[strcspn(line, "\n")] = '\0';
    return read;
}

static bool read_number(const char *path, double *value)
{
    char line[64];
    if (!read_line(path, line, sizeof(line)))
        return false;
    *value = strtod(line, NULL);
    return *value > 0;
}

static void read_date(struct context *context)
{
    const time_t now = time(NULL);
    struct tm local;
    char zone[8];
    localtime_r(&now, &local);
    strftime(context->date, sizeof(context->date), "%Y-%m-%dT%H:%M:%S", &local);
    strftime(zone, sizeof(zone), "%z", &local);
    /* RFC 3339 wants a colon in the offset. */
    snprintf(context->date + strlen(context->date), 8, "%.3s:%.2s", zone, zone + 3);
}

static enum known read_scaling(int cpus)
{
    enum known scaling = NO;
    for (int cpu = 0; cpu < cpus; cpu++) {
        char path[96], governor[32];
        snprintf(path, sizeof(path), CPU_ROOT "/cpu%d/cpufreq/scaling_governor", cpu);
        if (read_line(path, governor, sizeof(governor)) && strcmp(governor, "performance") != 0)
            scaling = YES;
    }
    return scaling;
}

static double frequency_from_cpuinfo(void)
{
    FILE *const file = fopen("/proc/cpuinfo", "re");
    char line[512];
    double mhz = 0;
    while (file && mhz <= 0 && fgets(line, sizeof(line), file)) {
        const char *const colon = strchr(line, ':');
        if (colon && strncmp(line, "cpu MHz", 7) == 0)
            mhz = strtod(colon + 1, NULL);
    }
    if (file)
        fclose(file);
    return mhz * 1e6;
}

static double read_frequency(enum known scaling)
{
    double khz;
    if (read_number(CPU_ROOT "/cpu0/tsc_freq_khz", &khz))
        return khz * 1e3;
    if (scaling != YES && read_number(CPU_ROOT "/cpu0/cpufreq/scaling_cur_freq", &khz))
        return khz * 1e3;
    if (read_number(CPU_ROOT "/cpu0/cpufreq/cpuinfo_max_freq", &khz))
        return khz * 1e3;
    return frequency_from_cpuinfo();
}

/* Bits set in "00000000,00000003". */
static int count_cpus(const char *mask)
{
    int count = 0;
    for (; *mask; mask++)
        if (*mask != ',')
            count += __builtin_popcount((unsigned)strtoul((char[]){*mask, '\0'}, NULL, 16));
    return count;
}

static bool read_cache(int index, struct cache_level *cache)
{
    char path[96], line[512];
    double value;
#define CACHE_FILE(leaf) \
    (snprintf(path, sizeof(path), CPU_ROOT "/cpu0/cache/index%d/" leaf, index), path)
    if (!read_line(CACHE_FILE("size"), line, sizeof(line)))
        return false;
    char *suffix;
    cache->size_bytes = strtoll(line, &suffix, 10);
    cache->size_bytes *= *suffix == 'K' ? 1024 : *suffix == 'M' ? 1024 * 1024 : 1;
    if (!read_line(CACHE_FILE("type"), cache->type, sizeof(cache->type)) ||
        !read_number(CACHE_FILE("level"), &value))
        return false;
    cache->level = (int)value;
    cache->num_sharing =
        read_line(CACHE_FILE("shared_cpu_map"), line, sizeof(line)) ? count_cpus(line) : 0;
#undef CACHE_FILE
    return true;
}

void bm_context_read(struct context *context)
{
    *context = (struct context){.aslr = UNKNOWN};
    read_date(context);
    if (gethostname(context->host_name, sizeof(context->host_name) - 1))
        context->host_name[0] = '\0';
    context->num_cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    context->cpu_scaling = read_scaling((int)sysconf(_SC_NPROCESSORS_CONF));
    context->cycles_per_second = read_frequency(context->cpu_scaling);
    const int persona = personality(0xffffffff);
    if (persona != -1)
        context->aslr = persona & ADDR_NO_RANDOMIZE ? NO : YES;
    while (context->cache_count < sizeof(context->caches) / sizeof(*context->caches) &&
           read_cache((int)context->cache_count, &context->caches[context->cache_count]))
        context->cache_count++;
    const int loads = getloadavg(context->load, 3);
    context->load_count = loads > 0 ? loads : 0;
}
