/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory bandwidth monitoring through resctrl: a group of our own, to which each thread of the team
 * adds itself, and the sum over all last-level caches of the bytes the group moved. It is the one
 * source that leaves neighbours out and still sees writes.
 */
#include "bench/machine/counters/bytes.h"
#include "bench/machine/sysfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESCTRL "/sys/fs/resctrl"

struct mbm {
    char group[PATH_MAX - 64]; /* with the root */
    uint64_t before, start_ns;
    _Atomic int failed; /* errno of a thread that could not join */
};

/* Sum of mbm_total_bytes over mon_data/mon_L3_*; -errno. */
static int read_sum(const char *group, uint64_t *sum)
{
    char path[PATH_MAX];
    int found = 0, error = 0;
    *sum = 0;
    snprintf(path, sizeof(path), "%s/mon_data", group);
    DIR *const dir = opendir(path);
    if (!dir)
        return -errno;
    for (const struct dirent *e; !error && (e = readdir(dir));) {
        uint64_t bytes;
        if (strncmp(e->d_name, "mon_L3_", 7) != 0)
            continue;
        snprintf(path, sizeof(path), "/mon_data/%.64s/mbm_total_bytes", e->d_name);
        error = sysfile_u64(group, path, &bytes); /* "Unavailable" is no number */
        *sum += error ? 0 : bytes;
        found++;
    }
    closedir(dir);
    return error ? error : found ? 0 : -ENOENT;
}

static void join(void *arg, int rank, int ranks)
{
    struct mbm *const m = arg;
    char path[PATH_MAX], tid[32];
    (void)rank, (void)ranks;
    snprintf(path, sizeof(path), "%s/tasks", m->group);
    const int n = snprintf(tid, sizeof(tid), "%d\n", (int)gettid());
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, tid, (size_t)n) != n)
        m->failed = errno;
    if (fd >= 0)
        close(fd);
}

static enum counter_state start(void *self, int pass, struct team *team,
                                struct counter_trouble *trouble)
{
    struct mbm *const m = self;
    (void)pass;
    m->failed = 0;
    team_run(team, join, m);
    if (m->failed)
        return counter_trouble_set(trouble, COUNTER_BROKEN,
                                   "a thread cannot join the monitoring group: %s",
                                   strerror(m->failed));
    m->start_ns = machine_clock.wall_ns();
    const int error = read_sum(m->group, &m->before);
    return error ? counter_trouble_set(trouble, COUNTER_BROKEN, "resctrl has no figure: %s",
                                       strerror(-error))
                 : COUNTER_OK;
}

static enum counter_state stop(void *self, int pass, struct byte_count *count, double *ns,
                               struct counter_trouble *trouble)
{
    struct mbm *const m = self;
    uint64_t after;
    (void)pass;
    const int error = read_sum(m->group, &after);
    *ns = (double)(machine_clock.wall_ns() - m->start_ns);
    if (error)
        return counter_trouble_set(trouble, COUNTER_BROKEN, "resctrl has no figure: %s",
                                   strerror(-error));
    if (after < m->before)
        return counter_trouble_set(trouble, COUNTER_IMPLAUSIBLE, "resctrl counts backwards");
    count->both += (double)(after - m->before);
    return COUNTER_OK;
}

static void close_mbm(void *self)
{
    struct mbm *const m = self;
    rmdir(m->group);
    free(m);
}

/* Groups of runs that were killed: a machine has few, and the next run would find none left. */
static void remove_stale(const char *root)
{
    static const char prefix[] = "attnbench-";
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s" RESCTRL "/mon_groups", root);
    DIR *const dir = opendir(path);
    if (!dir)
        return;
    for (const struct dirent *e; (e = readdir(dir));) {
        if (strncmp(e->d_name, prefix, sizeof(prefix) - 1) != 0)
            continue;
        const long pid = strtol(e->d_name + sizeof(prefix) - 1, NULL, 10);
        if (pid > 0 && kill((pid_t)pid, 0) && errno == ESRCH)
            unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR);
    }
    closedir(dir);
}

enum counter_state bytes_open_mbm(struct byte_meter *meter, const char *root,
                                  struct counters *counters, struct counter_trouble *trouble)
{
    char features[256];
    uint64_t sum;
    (void)counters;
    const int n =
        sysfile_read(root, RESCTRL "/info/L3_MON/mon_features", features, sizeof(features));
    if (n < 0)
        return counter_trouble_set(trouble, n == -EACCES ? COUNTER_FORBIDDEN : COUNTER_ABSENT,
                                   "no resctrl monitor; where the CPU has one, sudo mount -t "
                                   "resctrl resctrl /sys/fs/resctrl brings it");
    if (!strstr(features, "mbm_total_bytes"))
        return counter_trouble_set(trouble, COUNTER_ABSENT, "this CPU's monitor counts no bytes");
    remove_stale(root);
    struct mbm *const m = calloc(1, sizeof(*m));
    if (!m)
        return counter_trouble_set(trouble, COUNTER_BROKEN, "out of memory");
    snprintf(m->group, sizeof(m->group), "%s" RESCTRL "/mon_groups/attnbench-%d", root,
             (int)getpid());
    if (mkdir(m->group, 0755) && errno != EEXIST) {
        const int error = errno;
        free(m);
        return error == EACCES || error == EPERM
                   ? counter_trouble_set(trouble, COUNTER_FORBIDDEN, "resctrl needs root")
                   : counter_trouble_set(trouble, COUNTER_BROKEN, "no monitoring group: %s",
                                         strerror(error));
    }
    const int error = read_sum(m->group, &sum);
    if (error) {
        close_mbm(m);
        return counter_trouble_set(trouble, COUNTER_BROKEN, "resctrl has no figure: %s",
                                   strerror(-error));
    }
    *meter = (struct byte_meter){
        .passes = 1, .event = -1, .self = m, .start = start, .stop = stop, .close = close_mbm};
    return COUNTER_OK;
}
