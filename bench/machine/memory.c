/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Free memory from /proc/meminfo and from the limits of our cgroup and of all above it, version 1
 * and 2. Inactive file pages count as free: they are charged to a cgroup, so without this a
 * container that has just read its own build tree would look full.
 *
 * A container often sees its own cgroup mounted as the root while /proc/self/cgroup still holds
 * the outer path. Walking from that path upwards and skipping what does not exist covers both.
 */
#include "bench/machine/memory.h"

#include "bench/machine/sysfile.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Limits above this are version 1's way of writing "none": LONG_MAX rounded down to a page. */
static const uint64_t no_limit = (uint64_t)1 << 62;

struct cgroup_files {
    const char *mount, *limit, *usage, *stat_key;
};

static const struct cgroup_files version1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                             "memory.usage_in_bytes", "total_inactive_file "};
static const struct cgroup_files version2 = {"/sys/fs/cgroup", "memory.max", "memory.current",
                                             "inactive_file "};

static int group_u64(const char *root, const char *dir, const char *file, uint64_t *value)
{
    char path[PATH_MAX];
    const int n = snprintf(path, sizeof(path), "%s/%s", dir, file);
    return n > 0 && (size_t)n < sizeof(path) ? sysfile_u64(root, path, value) : -1;
}

static uint64_t group_reclaimable(const char *root, const char *dir, const char *key)
{
    char path[PATH_MAX], text[8192];
    uint64_t value = 0;
    const int n = snprintf(path, sizeof(path), "%s/memory.stat", dir);
    if (n > 0 && (size_t)n < sizeof(path) && sysfile_read(root, path, text, sizeof(text)) > 0)
        sysfile_field(text, key, &value);
    return value;
}

static void apply_group(const char *root, const char *dir, const struct cgroup_files *files,
                        struct machine_memory *m)
{
    uint64_t limit, usage;
    if (group_u64(root, dir, files->limit, &limit) || limit >= no_limit ||
        group_u64(root, dir, files->usage, &usage))
        return;
    const uint64_t cache = group_reclaimable(root, dir, files->stat_key);
    const uint64_t held = usage > cache ? usage - cache : 0;
    const uint64_t free_bytes = limit > held ? limit - held : 0;
    if (limit < m->limit)
        m->limit = limit;
    if (free_bytes < m->limit_free)
        m->limit_free = free_bytes;
}

/* `path` is our cgroup below the mount, "/a/b"; every group up to the mount itself is looked at. */
static void apply_groups(const char *root, const char *path, const struct cgroup_files *files,
                         struct machine_memory *m)
{
    char dir[PATH_MAX];
    const size_t mount = strlen(files->mount);
    const int n = snprintf(dir, sizeof(dir), "%s%s", files->mount, path);
    if (n < 0 || (size_t)n >= sizeof(dir))
        return;
    for (;;) {
        apply_group(root, dir, files, m);
        char *const slash = strrchr(dir, '/');
        if (strlen(dir) <= mount || !slash)
            return;
        *(slash < dir + mount ? dir + mount : slash) = '\0';
    }
}

/* Lines are "hierarchy:controllers:path"; version 2 has hierarchy 0 and no controllers. */
static void apply_cgroups(const char *root, struct machine_memory *m)
{
    char text[4096];
    if (sysfile_read(root, "/proc/self/cgroup", text, sizeof(text)) <= 0)
        return;
    char *next;
    for (char *line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
        char *const controllers = strchr(line, ':');
        char *const path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        if (strncmp(line, "0::", 3) == 0)
            apply_groups(root, path + 1, &version2, m);
        else if (strncmp(controllers, ":memory:", 8) == 0)
            apply_groups(root, path + 1, &version1, m);
    }
}

void machine_memory_read(const char *root, struct machine_memory *m)
{
    char text[4096];
    uint64_t kib;
    *m = (struct machine_memory){
        .system_free = UINT64_MAX,
        .limit = UINT64_MAX,
        .limit_free = UINT64_MAX,
    };
    sysfile_read(root, "/proc/meminfo", text, sizeof(text));
    if (sysfile_field(text, "MemTotal:", &kib))
        m->total = kib * 1024;
    if (sysfile_field(text, "MemAvailable:", &kib))
        m->system_free = kib * 1024;
    apply_cgroups(root, m);
}

/* What "ulimit -v" leaves of the addresses. */
static uint64_t addresses_left(const char *root)
{
    char text[256];
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY ||
        sysfile_read(root, "/proc/self/statm", text, sizeof(text)) <= 0)
        return UINT64_MAX;
    const uint64_t used = strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
    return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

uint64_t machine_memory_available(const char *root)
{
    struct machine_memory m;
    machine_memory_read(root, &m);
    const uint64_t addresses = addresses_left(root);
    const uint64_t memory = m.limit_free < m.system_free ? m.limit_free : m.system_free;
    return addresses < memory ? addresses : memory;
}
