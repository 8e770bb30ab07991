/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Topologies of machines that are not here, by hwloc's synthetic notation: counts, caches and the
 * order in which ranks take CPUs. Then this machine, through every back end that was built.
 */
#include "bench/machine/topology.h"

#include "tests/test.h"

#include <errno.h>
#include <sched.h>

enum { PUS_MAX = 4096 };

/* The order as "core.thread core.thread ...". */
static void order_text(const struct machine_topology *t, enum machine_placement placement,
                       char *text, size_t size)
{
    uint32_t order[PUS_MAX];
    size_t n = 0;
    machine_topology_order(t, placement, order);
    text[0] = '\0';
    for (uint32_t i = 0; i < t->pus && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, "%s%u.%u", i ? " " : "", t->pu[order[i]].core,
                              t->pu[order[i]].smt);
}

static bool load_synthetic(struct machine_topology *t, const char *description)
{
    setenv("HWLOC_SYNTHETIC", description, 1);
    const int err = machine_topology_load(t, "hwloc");
    unsetenv("HWLOC_SYNTHETIC");
    CHECK(!err, "%s: %s", description, strerror(-err));
    return !err;
}

static void test_two_sockets(void)
{
    struct machine_topology t;
    char text[256];
    if (!load_synthetic(&t, "pack:2 [numa(memory=1GB)] l3:1(size=8MB) l2:2(size=1MB) "
                            "l1d:1(size=32kB) core:1 pu:2"))
        return;
    CHECK(t.packages == 2 && t.nodes == 2 && t.cores == 4 && t.pus == 8, "%u %u %u %u", t.packages,
          t.nodes, t.cores, t.pus);
    CHECK(t.llc_level == 3, "last level");
    CHECK(t.llc_bytes == 2 * t.cache[2].size, "%llu", (unsigned long long)t.llc_bytes);
    CHECK(t.cache[2].instances == 2 && t.cache[2].pus == 4, "L3");
    CHECK(t.cache[1].instances == 4 && t.cache[1].pus == 2, "L2");
    CHECK(t.cache[0].instances == 4 && t.cache[0].size > 0, "L1");
    CHECK(t.memory_bytes > 0, "memory of the nodes");
    CHECK(strstr(t.synthetic, "Package:2") != NULL, "%s", t.synthetic);

    order_text(&t, MACHINE_COMPACT, text, sizeof(text));
    CHECK_STR(text, "0.0 1.0 2.0 3.0 0.1 1.1 2.1 3.1");
    order_text(&t, MACHINE_SCATTER, text, sizeof(text));
    CHECK_STR(text, "0.0 2.0 1.0 3.0 0.1 2.1 1.1 3.1");

    uint32_t order[8];
    machine_topology_order(&t, MACHINE_COMPACT, order);
    CHECK(machine_topology_llc_of(&t, order, 2) == t.cache[2].size, "two ranks on one socket");
    CHECK(machine_topology_llc_of(&t, order, 3) == t.llc_bytes, "a third rank on the other socket");
    machine_topology_order(&t, MACHINE_SCATTER, order);
    CHECK(machine_topology_llc_of(&t, order, 2) == t.llc_bytes, "two ranks scattered");
    CHECK(machine_topology_llc_of(&t, order, 100) == t.llc_bytes, "more ranks than PUs");

    CHECK(!t.real, "a described machine was taken for this one");
    CHECK(machine_bind(&t, 0) == -EXDEV, "bound to a machine that is not here");
    CHECK(machine_location(&t) == -1, "found on a machine that is not here");
    machine_topology_free(&t);
}

/* Several last-level caches a package, several nodes a package, no caches at all, many PUs. */
static void test_shapes(void)
{
    struct machine_topology t;
    if (load_synthetic(&t, "pack:1 l3:4(size=16MB) core:4 pu:2")) {
        CHECK(t.cores == 16 && t.pus == 32 && t.cache[2].instances == 4, "four L3 a package");
        CHECK(t.llc_bytes == 4 * t.cache[2].size, "sum of the L3");
        machine_topology_free(&t);
    }
    if (load_synthetic(&t, "numa:2 pack:1 l3:1 l2:4 core:1 pu:2")) {
        CHECK(t.nodes == 2 && t.cores == 8 && t.pus == 16, "two nodes");
        CHECK(t.pu[0].node == 0 && t.pu[15].node == 1, "nodes of the PUs");
        machine_topology_free(&t);
    }
    if (load_synthetic(&t, "pack:1 core:3 pu:1")) {
        CHECK(t.llc_level == 0 && t.llc_bytes == 0, "no cache described");
        CHECK(t.unknown[0], "nothing is said about the missing caches");
        CHECK(machine_topology_llc_of(&t, (uint32_t[]){0, 1, 2}, 3) == 0, "cache out of nothing");
        machine_topology_free(&t);
    }
    if (load_synthetic(&t, "pack:8 l3:1 core:64 pu:4")) {
        uint32_t order[PUS_MAX], seen = 0;
        CHECK(t.pus == 2048 && t.cores == 512, "many PUs");
        machine_topology_order(&t, MACHINE_SCATTER, order);
        for (uint32_t i = 0; i < 512; i++)
            seen += t.pu[order[i]].smt == 0;
        CHECK(seen == 512, "a core got its second thread before another its first");
        machine_topology_free(&t);
    }
}

static void test_here(const char *backend)
{
    struct machine_topology t;
    const int err = machine_topology_load(&t, backend);
    CHECK(!err, "%s: %s", backend, strerror(-err));
    if (err)
        return;
    CHECK(t.real && t.pus >= 1 && t.cores >= 1 && t.cores <= t.pus && t.packages >= 1,
          "this machine's counts");
    CHECK(t.synthetic[0] && t.source[0], "no description");
    CHECK((strcmp(backend, "none") == 0) == (strstr(t.unknown, "hwloc") != NULL), "%s", t.unknown);
    for (uint32_t i = 0; i < t.pus && i < 4; i++) {
        CHECK(machine_bind(&t, (int)i) == 0, "binding refused");
        CHECK(machine_location(&t) == (int)i, "bound to %u, found on %d", i, machine_location(&t));
    }
    CHECK(machine_bind(&t, (int)t.pus) == -EINVAL, "index past the end");
    CHECK(machine_bind(&t, MACHINE_UNBOUND) == 0, "unbinding refused");
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        CHECK((uint32_t)CPU_COUNT(&set) == t.pus, "still bound to %d CPUs", CPU_COUNT(&set));
    machine_topology_free(&t);
}

/* As under taskset: bound to one CPU before loading, the machine has one CPU. */
static void test_restricted(const char *backend)
{
    struct machine_topology all, one;
    if (machine_topology_load(&all, backend))
        return;
    CHECK(machine_bind(&all, (int)all.pus - 1) == 0, "binding refused");
    CHECK(machine_topology_load(&one, backend) == 0, "loading while bound");
    CHECK(one.pus == 1 && one.cores == 1, "%s sees %u CPUs", backend, one.pus);
    CHECK(one.pu[0].os_index == all.pu[all.pus - 1].os_index, "the wrong CPU");
    CHECK(machine_bind(&all, MACHINE_UNBOUND) == 0, "unbinding refused");
    machine_topology_free(&one);
    machine_topology_free(&all);
}

int main(void)
{
    struct machine_topology t;
    CHECK(machine_topology_load(&t, "abacus") == -ENOTSUP, "unknown back end");
    const int missing = machine_topology_load(&t, "hwloc");
    machine_topology_free(&t);
    if (missing == -ENOTSUP) {
        printf("built without hwloc: its back end is not tested\n");
    } else {
        test_two_sockets();
        test_shapes();
        test_here("hwloc");
        test_restricted("hwloc");
    }
    test_here("none");
    test_restricted("none");
    return test_exit();
}
