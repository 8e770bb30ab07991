/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine as the C library alone sees it: which CPUs we may use and how large a cache of each
 * level is. Nothing is guessed from files of the kernel; what needs hwloc is said to need it.
 */
#include "bench/machine/topology_backend.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Most CPUs a Linux kernel can be built for. */
enum { CPUS_MAX = 8192 };

static uint64_t known(int name)
{
    const long value = sysconf(name);
    return value > 0 ? (uint64_t)value : 0;
}

static const struct {
    int size, line, ways;
} sysconf_cache[] = {
    {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL1_DCACHE_LINESIZE, _SC_LEVEL1_DCACHE_ASSOC},
    {_SC_LEVEL2_CACHE_SIZE, _SC_LEVEL2_CACHE_LINESIZE, _SC_LEVEL2_CACHE_ASSOC},
    {_SC_LEVEL3_CACHE_SIZE, _SC_LEVEL3_CACHE_LINESIZE, _SC_LEVEL3_CACHE_ASSOC},
    {_SC_LEVEL4_CACHE_SIZE, _SC_LEVEL4_CACHE_LINESIZE, _SC_LEVEL4_CACHE_ASSOC},
};

static void load_caches(struct machine_topology *t)
{
    for (uint32_t i = 0; i < sizeof(sysconf_cache) / sizeof(sysconf_cache[0]); i++) {
        t->cache[i] = (struct machine_cache){
            .size = known(sysconf_cache[i].size),
            .line = (uint32_t)known(sysconf_cache[i].line),
            .ways = (uint32_t)known(sysconf_cache[i].ways),
        };
        if (t->cache[i].size) {
            t->llc_level = i + 1;
            t->llc_bytes = t->cache[i].size;
        }
    }
}

static int none_load(struct machine_topology *t)
{
    int err = 0;
    const size_t size = CPU_ALLOC_SIZE(CPUS_MAX);
    cpu_set_t *const set = CPU_ALLOC(CPUS_MAX);
    if (!set)
        return -ENOMEM;
    if (sched_getaffinity(0, size, set)) {
        err = -errno;
        goto out;
    }
    t->pus = (uint32_t)CPU_COUNT_S(size, set);
    t->pu = calloc(t->pus, sizeof(*t->pu));
    if (!t->pu) {
        err = -ENOMEM;
        goto out;
    }
    uint32_t n = 0;
    for (uint32_t cpu = 0; cpu < CPUS_MAX && n < t->pus; cpu++) {
        if (CPU_ISSET_S(cpu, size, set)) {
            t->pu[n] = (struct machine_pu){.os_index = cpu, .core = n};
            n++;
        }
    }
    t->packages = t->nodes = 1;
    t->cores = t->pus;
    t->real = true;
    t->memory_bytes = known(_SC_PHYS_PAGES) * known(_SC_PAGESIZE);
    load_caches(t);
    snprintf(t->source, sizeof(t->source), "C library");
    snprintf(t->unknown, sizeof(t->unknown),
             "without hwloc the packages, NUMA nodes, the hardware threads of a core and the "
             "sharing of caches are not known: every CPU is taken for a core and %s",
             t->llc_level ? "one last-level cache is assumed" : "no cache size is known either");
    t->handle = set;
    return 0;
out:
    CPU_FREE(set);
    return err;
}

static void none_free(struct machine_topology *t)
{
    CPU_FREE((cpu_set_t *)t->handle);
}

static int none_bind(const struct machine_topology *t, int pu)
{
    const size_t size = CPU_ALLOC_SIZE(CPUS_MAX);
    if (pu == MACHINE_UNBOUND)
        return sched_setaffinity(0, size, t->handle) ? -errno : 0;
    cpu_set_t *const one = CPU_ALLOC(CPUS_MAX);
    if (!one)
        return -ENOMEM;
    CPU_ZERO_S(size, one);
    CPU_SET_S(t->pu[pu].os_index, size, one);
    const int err = sched_setaffinity(0, size, one) ? -errno : 0;
    CPU_FREE(one);
    return err;
}

static int none_os_location(const struct machine_topology *t)
{
    (void)t;
    const int cpu = sched_getcpu();
    return cpu < 0 ? -errno : cpu;
}

const struct topology_backend topology_none = {
    .name = "none",
    .load = none_load,
    .free = none_free,
    .bind = none_bind,
    .os_location = none_os_location,
};
