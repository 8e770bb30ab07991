/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two runs of the same code may differ by their environment's size, which moves the stack, or by
 * the length of their name; two builds by a byte of their code. None of it is good or bad, so
 * nothing here warns: the keys are there to be compared.
 */
#include "bench/machine/process.h"

#include <errno.h>
#include <link.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

uint64_t process_text_hash(const char *text, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
    return h;
}

/* The code of the first object, which is the program, segment by segment: between them nothing need
 * be mapped. */
static int hash_code(struct dl_phdr_info *program, size_t size, void *hash)
{
    (void)size;
    for (size_t i = 0; i < program->dlpi_phnum; i++) {
        const ElfW(Phdr) *const segment = &program->dlpi_phdr[i];
        const uintptr_t at = (uintptr_t)(program->dlpi_addr + segment->p_vaddr);
        if (segment->p_type == PT_LOAD && (segment->p_flags & (PF_R | PF_X)) == (PF_R | PF_X))
            *(uint64_t *)hash ^= process_text_hash((const char *)at, segment->p_filesz);
    }
    return 1;
}

/* A chain of dependent steps: it takes as long as the clock of the core makes it. */
static uint64_t chain(uint64_t x, int steps)
{
    for (int i = 0; i < steps; i++) {
        x = x * 0x5851f42d4c957f2du + 1;
        __asm__ volatile("" : "+r"(x));
    }
    return x;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void add_calibration(struct machine_context *c, const struct machine_clock *clock)
{
    enum { ROUNDS = 11, STEPS = 100000 };
    uint64_t ns[ROUNDS], x = 1;
    for (int i = 0; i < ROUNDS; i++) {
        const uint64_t begin = clock->wall_ns();
        x = chain(x, STEPS);
        ns[i] = clock->wall_ns() - begin;
    }
    qsort(ns, ROUNDS, sizeof(*ns), by_value);
    const double median = (double)ns[ROUNDS / 2];
    const double spread = median > 0 ? 100 * (double)(ns[ROUNDS - 1] - ns[0]) / median : 0;
    context_set(c, "env.calib_ns", "%.0f, spread %.1f %%", median, spread);
}

/* Counts instructions of a loop whose number is roughly known. */
static void add_pmu(struct machine_context *c)
{
    enum { STEPS = 100000 };
    struct perf_event_attr attr = {
        .type = PERF_TYPE_HARDWARE,
        .size = sizeof(attr),
        .config = PERF_COUNT_HW_INSTRUCTIONS,
        .disabled = 1,
        .exclude_kernel = 1,
        .exclude_hv = 1,
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
    };
    uint64_t read_back[3] = {0}; /* count, enabled, running */
    const int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0) {
        context_set(c, "env.pmu", "none: %s", strerror(errno));
        return;
    }
    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
    chain(1, STEPS);
    ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
    const bool whole = read(fd, read_back, sizeof(read_back)) == (ssize_t)sizeof(read_back);
    close(fd);
    /* A step is two to six instructions, however the loop was compiled. */
    const bool plausible = whole && read_back[0] >= STEPS && read_back[0] <= 10 * (uint64_t)STEPS;
    context_set(c, "env.pmu", "%s",
                !plausible                    ? "wrong"
                : read_back[2] < read_back[1] ? "multiplexed"
                                              : "ok");
}

static void add_policy(struct machine_context *c)
{
    static const char *const names[] = {"default", "preferred", "bind", "interleave", "local"};
    int mode = -1;
    const long rc = syscall(SYS_get_mempolicy, &mode, NULL, 0UL, NULL, 0UL);
    mode &= 0xff; /* the bits above are flags */
    const bool known = rc == 0 && (size_t)mode < sizeof(names) / sizeof(*names);
    context_set(c, "env.mempolicy", "%s", known ? names[mode] : "unknown");
}

void process_describe(struct machine_context *c, const struct machine_clock *clock)
{
    uint64_t code = 0;
    size_t bytes = 0;
    dl_iterate_phdr(hash_code, &code);
    for (char *const *e = environ; *e; e++)
        bytes += strlen(*e) + 1;
    context_set(c, "env.text_hash", "%016llx", (unsigned long long)code);
    context_set(c, "env.environ_bytes", "%zu", bytes);
    context_set(c, "env.argv0_bytes", "%zu", strlen(program_invocation_name));
    context_set(c, "env.stack_align", "%u of 4096",
                (unsigned)((uintptr_t)__builtin_frame_address(0) % 4096));
    context_set(c, "env.aslr_this_process", "%s",
                personality(0xffffffff) & ADDR_NO_RANDOMIZE ? "off" : "as the system");
    add_policy(c);
    add_pmu(c);
    add_calibration(c, clock);
}
