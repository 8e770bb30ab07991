/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a topology back end provides. Private to the topology files: everybody else sees
 * struct machine_topology only, so hwloc.h has one home.
 */
#ifndef MACHINE_TOPOLOGY_BACKEND_H
#define MACHINE_TOPOLOGY_BACKEND_H

#include "bench/machine/topology.h"

struct topology_backend {
    const char *name;
    int (*load)(struct machine_topology *t);
    void (*free)(struct machine_topology *t);
    int (*bind)(const struct machine_topology *t, int pu);
    int (*os_location)(const struct machine_topology *t); /* CPU number, or -errno */
};

extern const struct topology_backend topology_hwloc, topology_none;

#endif
