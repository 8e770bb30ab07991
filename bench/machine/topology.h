/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine is made of, as far as placing threads and judging times needs it: packages,
 * NUMA nodes, cores, the processing units (PUs) this process may use, and the caches above them.
 * Only what we are allowed to use is described: a run under taskset or in a cpuset sees a smaller
 * machine. Two back ends fill the same struct: hwloc, and one that asks nothing but the C library
 * and says in words what it does not know.
 */
#ifndef MACHINE_TOPOLOGY_H
#define MACHINE_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MACHINE_CACHE_LEVELS = 5, MACHINE_UNBOUND = -1 };

/* Data or unified caches of one level. Zero means not known. */
struct machine_cache {
    uint64_t size; /* bytes of one instance; the largest if they differ */
    uint32_t line; /* bytes */
    uint32_t ways;
    uint32_t instances; /* that some PU of ours sits under */
    uint32_t pus;       /* PUs of ours that share one instance; the most if they differ */
};

/* Where a PU sits. Every number but os_index is dense, counted from 0 over what we may use. */
struct machine_pu {
    uint32_t os_index; /* the CPU number of the operating system */
    uint32_t core;
    uint32_t smt; /* which hardware thread of its core */
    uint32_t package;
    uint32_t node; /* NUMA node */
    uint32_t llc;  /* which last-level cache */
    uint32_t kind; /* of core, on hybrid CPUs; a larger number is a faster core */
};

struct topology_backend;

struct machine_topology {
    uint32_t packages, nodes, cores, pus;
    struct machine_cache cache[MACHINE_CACHE_LEVELS]; /* [0] is L1d */
    uint32_t llc_level;    /* 1-based level of the last cache; 0: no cache known */
    uint64_t llc_bytes;    /* all last-level caches together */
    uint64_t memory_bytes; /* of the NUMA nodes; 0: not known. Not what is free: see memory.h */
    struct machine_pu *pu; /* [pus], neighbours side by side */
    bool real;             /* this machine, not one described by a file or a string */
    char model[128];       /* of the CPU, or "" */
    char source[64];       /* "hwloc 2.9.0" */
    char unknown[256];     /* a sentence on what the back end could not tell, or "" */
    char synthetic[512];   /* one line that describes it all, in hwloc's notation if possible */
    const struct topology_backend *backend;
    void *handle;
};

/*
 * Loads with the named back end ("hwloc", "none"), or with NULL the best that works. 0, -ENOTSUP
 * if that back end was not built, another -errno if it failed.
 */
int machine_topology_load(struct machine_topology *t, const char *backend);
void machine_topology_free(struct machine_topology *t);

enum machine_placement {
    MACHINE_COMPACT, /* fill one package before the next */
    MACHINE_SCATTER, /* one core of each NUMA node in turn */
    MACHINE_PLACEMENTS
};

/*
 * Writes t->pus indices into t->pu, in the order in which ranks should take them. Whichever the
 * placement, every core gets one thread before any gets a second, and fast cores go first.
 */
void machine_topology_order(const struct machine_topology *t, enum machine_placement placement,
                            uint32_t *order);

/* Bytes of the distinct last-level caches above the first `ranks` PUs of an order. */
uint64_t machine_topology_llc_of(const struct machine_topology *t, const uint32_t *order,
                                 uint32_t ranks);

/*
 * Binds the calling thread to t->pu[pu], or with MACHINE_UNBOUND to every PU of ours: needed
 * before calling a library that starts threads of its own, which inherit the binding. 0 or -errno.
 */
int machine_bind(const struct machine_topology *t, int pu);

/* Index into t->pu where the calling thread last ran, or -1 if that is not known. */
int machine_location(const struct machine_topology *t);

#endif
