/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory limits read from machines made of files: no cgroup, version 2 with a limit on a parent,
 * version 1 in a container, file cache that counts as free, and files that are not there.
 */
#include "bench/machine/memory.h"

#include "tests/test.h"
#include "tests/tree.h"

#define MIB ((uint64_t)1 << 20)

static void test_plain(void)
{
    char root[TREE_MAX];
    struct machine_memory m;
    tree_make(root);
    CHECK(machine_memory_available(root) == UINT64_MAX, "nothing readable, yet a figure");
    tree_write(root, "/proc/meminfo",
               "MemTotal:       24682416 kB\nMemFree:  100 kB\nMemAvailable:   20480 kB\n");
    machine_memory_read(root, &m);
    CHECK(m.total == 24682416 * (uint64_t)1024, "total");
    CHECK(m.system_free == 20 * MIB, "%llu", (unsigned long long)m.system_free);
    CHECK(m.limit == UINT64_MAX && m.limit_free == UINT64_MAX, "a limit out of nowhere");
    CHECK(machine_memory_available(root) == 20 * MIB, "available");
    tree_write(root, "/proc/meminfo", "MemAvailable: many kB\n");
    CHECK(machine_memory_available(root) == UINT64_MAX, "a word was read as a number");
    tree_remove(root);
}

/* The tightest of our group and its parents holds; "max" is none; inactive file pages are free. */
static void test_version2(void)
{
    char root[TREE_MAX];
    struct machine_memory m;
    tree_make(root);
    tree_write(root, "/proc/meminfo", "MemAvailable: 1048576 kB\n");
    tree_write(root, "/proc/self/cgroup", "0::/ci/job/42\n");
    tree_write(root, "/sys/fs/cgroup/ci/job/42/memory.max", "max\n");
    tree_write(root, "/sys/fs/cgroup/ci/job/42/memory.current", "1\n");
    CHECK(machine_memory_available(root) == 1024 * MIB, "max is no limit");
    tree_write(root, "/sys/fs/cgroup/ci/memory.max", "419430400\n");
    tree_write(root, "/sys/fs/cgroup/ci/memory.current", "314572800\n");
    machine_memory_read(root, &m);
    CHECK(m.limit == 400 * MIB && m.limit_free == 100 * MIB, "%llu", (unsigned long long)m.limit);
    tree_write(root, "/sys/fs/cgroup/ci/memory.stat",
               "anon 1\nactive_file 5\ninactive_file 104857600\n");
    CHECK(machine_memory_available(root) == 200 * MIB, "file cache was not counted as free");
    tree_write(root, "/sys/fs/cgroup/memory.max", "209715200\n");
    tree_write(root, "/sys/fs/cgroup/memory.current", "199229440\n");
    CHECK(machine_memory_available(root) == 10 * MIB, "the limit of the mount itself");
    tree_write(root, "/sys/fs/cgroup/memory.current", "999229440\n");
    CHECK(machine_memory_available(root) == 0, "over the limit");
    tree_remove(root);
}

/* In a container the outer path is written but only the mount's own files exist. */
static void test_version1(void)
{
    char root[TREE_MAX];
    struct machine_memory m;
    tree_make(root);
    tree_write(root, "/proc/meminfo", "MemAvailable: 1048576 kB\n");
    tree_write(root, "/proc/self/cgroup",
               "9:name=systemd:/\n4:memory:/docker/abc\n3:cpuset:/\n0::/\n");
    tree_write(root, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    tree_write(root, "/sys/fs/cgroup/memory/memory.usage_in_bytes", "4096\n");
    machine_memory_read(root, &m);
    CHECK(m.limit == UINT64_MAX, "version 1's largest number is no limit");
    tree_write(root, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "104857600\n");
    tree_write(root, "/sys/fs/cgroup/memory/memory.usage_in_bytes", "94371840\n");
    tree_write(root, "/sys/fs/cgroup/memory/memory.stat",
               "cache 7\ntotal_inactive_file 31457280\n");
    CHECK(machine_memory_available(root) == 40 * MIB, "%llu",
          (unsigned long long)machine_memory_available(root));
    tree_remove(root);
}

int main(void)
{
    test_plain();
    test_version2();
    test_version1();
    struct machine_memory here;
    machine_memory_read("", &here);
    CHECK(machine_memory_available("") > 0, "this machine has no memory");
    CHECK(here.total == 0 || here.system_free <= here.total, "more free than there is");
    return test_exit();
}
