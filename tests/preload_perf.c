/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Put in front of the C library by LD_PRELOAD, makes the machine one where counters are missing in
 * the way $ATTN_WORLD names. Libraries call perf_event_open() through syscall(), which is therefore
 * what is caught, and read the kernel's setting through open() or fopen().
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

static const struct world {
    const char *name;
    int error;                                     /* of perf_event_open(); 0: it is let through */
    enum let { NOTHING, SOFTWARE, USER_MODE } let; /* is let through all the same */
    const char *paranoid; /* what the kernel's setting says; NULL: what it is, "": there is none */
} worlds[] = {
    {"no_pmu", ENOENT, SOFTWARE, NULL},     {"seccomp", EPERM, NOTHING, NULL},
    {"no_perf", ENOSYS, NOTHING, NULL},     {"paranoid_2", EACCES, USER_MODE, "2\n"},
    {"paranoid_3", EACCES, NOTHING, "3\n"}, {"paranoid_4", EACCES, NOTHING, "4\n"},
    {"no_setting", ENOSYS, NOTHING, ""},    {"out_of_files", EMFILE, NOTHING, NULL},
    {"taken", EBUSY, SOFTWARE, NULL},
};

static const struct world *world(void)
{
    const char *const name = getenv("ATTN_WORLD");
    for (size_t i = 0; name && i < sizeof(worlds) / sizeof(*worlds); i++)
        if (strcmp(worlds[i].name, name) == 0)
            return &worlds[i];
    return NULL;
}

long syscall(long number, ...);

long syscall(long number, ...)
{
    static long (*real)(long, ...);
    const struct world *const w = world();
    long argument[6];
    va_list args;
    va_start(args, number);
    for (int i = 0; i < 6; i++)
        argument[i] = va_arg(args, long);
    va_end(args);
    if (w && number == SYS_perf_event_open) {
        const struct perf_event_attr *const attr = (const struct perf_event_attr *)argument[0];
        const int let = w->let == SOFTWARE    ? attr->type == PERF_TYPE_SOFTWARE
                        : w->let == USER_MODE ? attr->exclude_kernel
                                              : 0;
        if (!let) {
            errno = w->error;
            return -1;
        }
    }
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    return real(number, argument[0], argument[1], argument[2], argument[3], argument[4],
                argument[5]);
}

/* The path to open in place of this one; NULL: there is no such file. */
static const char *instead(const char *path)
{
    static char made[64];
    const struct world *const w = world();
    if (!w || !w->paranoid || strcmp(path, "/proc/sys/kernel/perf_event_paranoid"))
        return path;
    if (!*w->paranoid)
        return NULL;
    const char *const folder = getenv("TMPDIR");
    snprintf(made, sizeof(made), "%.40s/%s", folder ? folder : "/tmp", w->name);
    return made;
}

int open(const char *path, int flags, ...)
{
    static int (*real)(const char *, int, ...);
    va_list args;
    va_start(args, flags);
    const int mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "open");
    path = instead(path);
    if (path)
        return real(path, flags, mode);
    errno = ENOENT;
    return -1;
}

FILE *fopen(const char *path, const char *mode)
{
    static FILE *(*real)(const char *, const char *);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "fopen");
    path = instead(path);
    if (path)
        return real(path, mode);
    errno = ENOENT;
    return NULL;
}
