/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system call has no wrapper in the C library. Time enabled and time running are asked for with
 * every value: where they differ the kernel has let events take turns and scaled nothing, and what
 * was read is a part of the truth.
 */
#include "bench/machine/counters/perf_open.h"

#include "bench/machine/sysfile.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int perf_open(const struct perf_request *request)
{
    struct perf_event_attr attr = {
        .size = sizeof(attr),
        .type = request->type,
        .config = request->config[0],
        .config1 = request->config[1],
        .config2 = request->config[2],
        .disabled = 1,
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
    };
    /* Counters of a whole CPU know no modes, and some of their drivers refuse the bits. */
    attr.exclude_kernel = request->cpu < 0 && !request->kernel;
    attr.exclude_hv = attr.exclude_kernel;
    const long fd = syscall(SYS_perf_event_open, &attr, request->cpu < 0 ? 0 : -1, request->cpu, -1,
                            (unsigned long)PERF_FLAG_FD_CLOEXEC);
    return fd < 0 ? -errno : (int)fd;
}

static int read_all(int fd, int64_t *value, uint64_t *missed)
{
    struct {
        uint64_t value, enabled, running;
    } reading;
    const ssize_t got = read(fd, &reading, sizeof(reading));
    if (got != (ssize_t)sizeof(reading))
        return got < 0 ? -errno : -EIO;
    *value = (int64_t)reading.value;
    *missed = reading.enabled - reading.running;
    return 0;
}

int perf_start(int fd, uint64_t *missed)
{
    int64_t ignored;
    if (ioctl(fd, PERF_EVENT_IOC_RESET, 0))
        return -errno;
    const int error = read_all(fd, &ignored, missed);
    return error ? error : ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) ? -errno : 0;
}

int perf_stop(int fd, uint64_t missed, int64_t *value)
{
    uint64_t now = 0;
    if (ioctl(fd, PERF_EVENT_IOC_DISABLE, 0))
        return -errno;
    const int error = read_all(fd, value, &now);
    return error ? error : now > missed ? -ERANGE : 0;
}

int perf_paranoid(const char *root)
{
    char text[32];
    const int n = sysfile_read(root, "/proc/sys/kernel/perf_event_paranoid", text, sizeof(text));
    if (n == -ENOENT)
        return -1;
    return n > 0 ? (int)strtol(text, NULL, 10) : 100;
}

static bool filtered(const char *root)
{
    char text[8192];
    uint64_t mode;
    return sysfile_read(root, "/proc/self/status", text, sizeof(text)) > 0 &&
           sysfile_field(text, "Seccomp:", &mode) && mode == 2;
}

static bool virtual(const char *root)
{
    char text[16384];
    sysfile_read(root, "/proc/cpuinfo", text, sizeof(text));
    return strstr(text, " hypervisor") != NULL;
}

static enum counter_state explain_refusal(const char *root, const struct perf_request *request,
                                          struct counter_trouble *trouble)
{
    const int paranoid = perf_paranoid(root), needed = request->cpu >= 0 ? 0
                                                       : request->kernel ? 1
                                                                         : 2;
    if (paranoid > needed)
        return counter_trouble_set(
            trouble, COUNTER_FORBIDDEN,
            "kernel.perf_event_paranoid is %d%s; sudo sysctl kernel.perf_event_paranoid=%d, or the "
            "capability CAP_PERFMON, allows %s",
            paranoid, paranoid == 3 ? ", as Debian sets it" : "", needed,
            request->cpu >= 0 ? "counters of memory controllers"
            : request->kernel ? "counting what the kernel does"
                              : "counting one's own programs");
    return counter_trouble_set(
        trouble, COUNTER_FORBIDDEN,
        "perf_event_open is refused although kernel.perf_event_paranoid is %d%s: in a container, "
        "give it --cap-add=PERFMON or --security-opt seccomp=unconfined",
        paranoid, filtered(root) ? " and a seccomp filter is on" : "");
}

enum counter_state perf_explain(const char *root, int error, const struct perf_request *request,
                                struct counter_trouble *trouble)
{
    switch (-error) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
    case EOPNOTSUPP:
    case EINVAL:
        return counter_trouble_set(
            trouble, COUNTER_ABSENT,
            virtual(root) ? "this virtual machine was given no such counter"
                          : "this CPU has no such event, or this kernel does not know it");
    case EPERM:
    case EACCES:
        return explain_refusal(root, request, trouble);
    case ENOSYS:
        return counter_trouble_set(trouble, COUNTER_OFF,
                                   "this kernel has no perf_event_open (CONFIG_PERF_EVENTS)");
    case EBUSY:
        return counter_trouble_set(trouble, COUNTER_BROKEN,
                                   "somebody else holds the counter; sudo sysctl "
                                   "kernel.nmi_watchdog=0 frees the watchdog's");
    case EMFILE:
    case ENFILE:
        return counter_trouble_set(trouble, COUNTER_BROKEN,
                                   "no file descriptors are left; raise ulimit -n");
    default:
        return counter_trouble_set(trouble, COUNTER_BROKEN, "perf_event_open: %s",
                                   strerror(-error));
    }
}
