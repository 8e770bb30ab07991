/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine as hwloc sees it, restricted to the CPUs the calling thread is bound to: by default
 * hwloc honours a cpuset but not taskset. It has a flag for that, which however declares whatever
 * is loaded to be this machine; restricting by hand leaves a synthetic or saved one
 * (HWLOC_SYNTHETIC, HWLOC_XMLFILE) known as such, and nothing is ever bound to it.
 */
#include "bench/machine/topology_backend.h"

#include <errno.h>
#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const hwloc_obj_type_t cache_type[MACHINE_CACHE_LEVELS] = {
    HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE, HWLOC_OBJ_L5CACHE,
};

/* Objects of a type; 0 when there are none, or when they lie on several depths. */
static uint32_t count(hwloc_topology_t h, hwloc_obj_type_t type)
{
    const int n = hwloc_get_nbobjs_by_type(h, type);
    return n > 0 ? (uint32_t)n : 0;
}

static void load_caches(struct machine_topology *t, hwloc_topology_t h)
{
    for (uint32_t i = 0; i < MACHINE_CACHE_LEVELS; i++) {
        struct machine_cache *const c = &t->cache[i];
        uint64_t total = 0;
        c->instances = count(h, cache_type[i]);
        for (uint32_t k = 0; k < c->instances; k++) {
            const hwloc_obj_t o = hwloc_get_obj_by_type(h, cache_type[i], k);
            const int weight = hwloc_bitmap_weight(o->cpuset);
            if (o->attr->cache.size > c->size)
                c->size = o->attr->cache.size;
            if (o->attr->cache.linesize > c->line)
                c->line = o->attr->cache.linesize;
            if (o->attr->cache.associativity > 0)
                c->ways = (uint32_t)o->attr->cache.associativity;
            if (weight > 0 && (uint32_t)weight > c->pus)
                c->pus = (uint32_t)weight;
            total += o->attr->cache.size;
        }
        if (c->size) {
            t->llc_level = i + 1;
            t->llc_bytes = total;
        }
    }
}

static uint32_t ancestor(hwloc_topology_t h, hwloc_obj_type_t type, hwloc_obj_t o)
{
    const hwloc_obj_t up = hwloc_get_ancestor_obj_by_type(h, type, o);
    return up ? up->logical_index : 0;
}

/* Dense number of the NUMA node a PU is local to. */
static uint32_t node_of(hwloc_topology_t h, hwloc_obj_t pu)
{
    for (uint32_t i = 0; i < count(h, HWLOC_OBJ_NUMANODE); i++) {
        const hwloc_obj_t node = hwloc_get_obj_by_type(h, HWLOC_OBJ_NUMANODE, i);
        if (hwloc_bitmap_isset(node->cpuset, pu->os_index))
            return node->logical_index;
    }
    return 0;
}

static int load_pus(struct machine_topology *t, hwloc_topology_t h)
{
    t->pus = count(h, HWLOC_OBJ_PU);
    t->pu = calloc(t->pus, sizeof(*t->pu));
    if (!t->pu)
        return -ENOMEM;
    for (uint32_t i = 0; i < t->pus; i++) {
        const hwloc_obj_t o = hwloc_get_obj_by_type(h, HWLOC_OBJ_PU, i);
        const int kind = hwloc_cpukinds_get_by_cpuset(h, o->cpuset, 0);
        struct machine_pu *const pu = &t->pu[i];
        *pu = (struct machine_pu){
            .os_index = o->os_index,
            .core = count(h, HWLOC_OBJ_CORE) ? ancestor(h, HWLOC_OBJ_CORE, o) : i,
            .package = ancestor(h, HWLOC_OBJ_PACKAGE, o),
            .node = node_of(h, o),
            .llc = t->llc_level ? ancestor(h, cache_type[t->llc_level - 1], o) : 0,
            .kind = kind > 0 ? (uint32_t)kind : 0,
        };
        pu->smt = i > 0 && t->pu[i - 1].core == pu->core ? t->pu[i - 1].smt + 1 : 0;
    }
    return 0;
}

static void load_words(struct machine_topology *t, hwloc_topology_t h)
{
    const unsigned version = hwloc_get_api_version();
    snprintf(t->source, sizeof(t->source), "hwloc API %u.%u.%u", version >> 16,
             version >> 8 & 0xffu, version & 0xffu);
    const hwloc_obj_t package = hwloc_get_obj_by_type(h, HWLOC_OBJ_PACKAGE, 0);
    const char *const model = package ? hwloc_obj_get_info_by_name(package, "CPUModel") : NULL;
    if (model)
        snprintf(t->model, sizeof(t->model), "%s", model);
    const int n = hwloc_topology_export_synthetic(h, t->synthetic, sizeof(t->synthetic), 0);
    if (n < 0 || (size_t)n >= sizeof(t->synthetic))
        t->synthetic[0] = '\0';
    if (!t->llc_level)
        snprintf(t->unknown, sizeof(t->unknown), "this machine does not tell its cache sizes");
}

/* A binding that cannot be read restricts nothing. */
static int restrict_to_binding(hwloc_topology_t h)
{
    if (!hwloc_topology_is_thissystem(h))
        return 0;
    const hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (!set)
        return -ENOMEM;
    int err = 0;
    if (hwloc_get_cpubind(h, set, HWLOC_CPUBIND_THREAD) == 0)
        err = hwloc_topology_restrict(h, set, HWLOC_RESTRICT_FLAG_REMOVE_CPULESS);
    hwloc_bitmap_free(set);
    return err;
}

static int load_machine(struct machine_topology *t)
{
    hwloc_topology_t h;
    if (hwloc_topology_init(&h))
        return -ENOMEM;
    int err = -EIO;
    if (hwloc_topology_set_io_types_filter(h, HWLOC_TYPE_FILTER_KEEP_NONE) ||
        hwloc_topology_load(h) || restrict_to_binding(h) || count(h, HWLOC_OBJ_PU) == 0)
        goto out;
    load_caches(t, h);
    err = load_pus(t, h);
    if (err)
        goto out;
    t->packages = count(h, HWLOC_OBJ_PACKAGE) ? count(h, HWLOC_OBJ_PACKAGE) : 1;
    t->nodes = count(h, HWLOC_OBJ_NUMANODE) ? count(h, HWLOC_OBJ_NUMANODE) : 1;
    t->cores = count(h, HWLOC_OBJ_CORE) ? count(h, HWLOC_OBJ_CORE) : t->pus;
    t->memory_bytes = hwloc_get_root_obj(h)->total_memory;
    t->real = hwloc_topology_is_thissystem(h);
    load_words(t, h);
    t->handle = h;
    return 0;
out:
    hwloc_topology_destroy(h);
    return err;
}

static void free_machine(struct machine_topology *t)
{
    hwloc_topology_destroy(t->handle);
}

static int bind_thread(const struct machine_topology *t, int pu)
{
    const hwloc_topology_t h = t->handle;
    const hwloc_const_cpuset_t set =
        pu == MACHINE_UNBOUND ? hwloc_topology_get_topology_cpuset(h)
                              : hwloc_get_obj_by_type(h, HWLOC_OBJ_PU, (unsigned)pu)->cpuset;
    const int flags = HWLOC_CPUBIND_THREAD | (pu == MACHINE_UNBOUND ? 0 : HWLOC_CPUBIND_STRICT);
    return hwloc_set_cpubind(h, set, flags) ? -errno : 0;
}

static int last_location(const struct machine_topology *t)
{
    const hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (!set)
        return -ENOMEM;
    const int failed = hwloc_get_last_cpu_location(t->handle, set, HWLOC_CPUBIND_THREAD);
    const int cpu = failed ? -errno : hwloc_bitmap_first(set);
    hwloc_bitmap_free(set);
    return cpu;
}

const struct topology_backend topology_hwloc = {
    .name = "hwloc",
    .load = load_machine,
    .free = free_machine,
    .bind = bind_thread,
    .os_location = last_location,
};
