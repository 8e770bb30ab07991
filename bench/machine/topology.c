/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is the same for every back end: choosing one, and the order in which ranks take PUs. The
 * order is a sort by key, so that a placement is a key and nothing else.
 */
#include "bench/machine/topology.h"

#include "bench/machine/build.h"
#include "bench/machine/topology_backend.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct topology_backend *const backends[] = {
#if MACHINE_HAVE_HWLOC
    &topology_hwloc,
#endif
    &topology_none,
};

enum { BACKENDS = sizeof(backends) / sizeof(backends[0]) };

/* For machines hwloc's own notation cannot express, and for the back end without hwloc. */
static void describe(struct machine_topology *t)
{
    int n = snprintf(t->synthetic, sizeof(t->synthetic), "Package:%u NUMANode:%u Core:%u PU:%u",
                     t->packages, t->nodes, t->cores, t->pus);
    for (int i = 0; i < MACHINE_CACHE_LEVELS; i++) {
        const struct machine_cache *const c = &t->cache[i];
        if (c->size && n > 0 && (size_t)n < sizeof(t->synthetic))
            n += snprintf(t->synthetic + n, sizeof(t->synthetic) - (size_t)n,
                          " L%dCache:%u(size=%llu)", i + 1, c->instances,
                          (unsigned long long)c->size);
    }
}

static int load_with(struct machine_topology *t, const struct topology_backend *backend)
{
    memset(t, 0, sizeof(*t));
    const int err = backend->load(t);
    if (err) {
        free(t->pu);
        memset(t, 0, sizeof(*t));
        return err;
    }
    t->backend = backend;
    if (!t->synthetic[0])
        describe(t);
    return 0;
}

int machine_topology_load(struct machine_topology *t, const char *backend)
{
    int err = -ENOTSUP;
    memset(t, 0, sizeof(*t));
    for (int i = 0; i < BACKENDS; i++) {
        if (backend && strcmp(backend, backends[i]->name) != 0)
            continue;
        err = load_with(t, backends[i]);
        if (!err)
            return 0;
    }
    return err;
}

void machine_topology_free(struct machine_topology *t)
{
    if (t->backend)
        t->backend->free(t);
    free(t->pu);
    memset(t, 0, sizeof(*t));
}

/* Fields of the key from the most to the least significant; smaller goes first. */
struct place {
    uint32_t smt, slow, turn, node, index;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *const x = a, *const y = b;
    const uint32_t left[] = {x->smt, x->slow, x->turn, x->node, x->index};
    const uint32_t right[] = {y->smt, y->slow, y->turn, y->node, y->index};
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

/* How many PUs of the same hardware thread number and node stand before this one. */
static uint32_t turn_of(const struct machine_topology *t, uint32_t pu)
{
    uint32_t turn = 0;
    for (uint32_t i = 0; i < pu; i++)
        turn += t->pu[i].node == t->pu[pu].node && t->pu[i].smt == t->pu[pu].smt;
    return turn;
}

void machine_topology_order(const struct machine_topology *t, enum machine_placement placement,
                            uint32_t *order)
{
    struct place *const place = calloc(t->pus, sizeof(*place));
    for (uint32_t i = 0; i < t->pus; i++) {
        order[i] = i;
        if (!place) /* out of memory for a few bytes: neighbours in turn are still correct */
            continue;
        place[i].smt = t->pu[i].smt;
        place[i].slow = UINT32_MAX - t->pu[i].kind;
        place[i].index = i;
        if (placement == MACHINE_SCATTER) {
            place[i].turn = turn_of(t, i);
            place[i].node = t->pu[i].node;
        }
    }
    if (!place)
        return;
    qsort(place, t->pus, sizeof(*place), compare_places);
    for (uint32_t i = 0; i < t->pus; i++)
        order[i] = place[i].index;
    free(place);
}

uint64_t machine_topology_llc_of(const struct machine_topology *t, const uint32_t *order,
                                 uint32_t ranks)
{
    if (t->llc_level == 0)
        return 0;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < ranks && i < t->pus; i++) {
        bool seen = false;
        for (uint32_t j = 0; j < i; j++)
            seen = seen || t->pu[order[j]].llc == t->pu[order[i]].llc;
        bytes += seen ? 0 : t->cache[t->llc_level - 1].size;
    }
    return bytes;
}

int machine_bind(const struct machine_topology *t, int pu)
{
    if (!t->real)
        return -EXDEV;
    if (pu != MACHINE_UNBOUND && (pu < 0 || (uint32_t)pu >= t->pus))
        return -EINVAL;
    return t->backend->bind(t, pu);
}

int machine_location(const struct machine_topology *t)
{
    const int os = t->real ? t->backend->os_location(t) : -EXDEV;
    for (uint32_t i = 0; os >= 0 && i < t->pus; i++) {
        if (t->pu[i].os_index == (uint32_t)os)
            return (int)i;
    }
    return -1;
}
