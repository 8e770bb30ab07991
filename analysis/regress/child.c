/* SPDX-License-Identifier: Apache-2.0 */
/* See child.h. */
#include "analysis/regress/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analysis/tame.h"

double reg_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void close_at(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static void close_all(struct reg_child *child)
{
    close_at(&child->in);
    close_at(&child->out);
    close_at(&child->err);
}

/* The last line the program wrote to stderr that is not blank, "" if there is none. */
static void last_words(const struct reg_child *child, char *text, size_t size)
{
    char tail[1024];
    const off_t end = child->err < 0 ? 0 : lseek(child->err, 0, SEEK_END);
    const off_t from = end > (off_t)sizeof(tail) - 1 ? end - (off_t)sizeof(tail) + 1 : 0;
    const ssize_t n = end > 0 ? pread(child->err, tail, (size_t)(end - from), from) : 0;
    size_t length = n > 0 ? (size_t)n : 0;
    while (length && (tail[length - 1] == '\n' || tail[length - 1] == ' '))
        length--;
    size_t begin = length;
    while (begin && tail[begin - 1] != '\n')
        begin--;
    snprintf(text, size, "%.*s", (int)(length - begin), tail + begin);
    ana_tame(text);
}

__attribute__((format(printf, 2, 3))) static void set_trouble(struct reg_child *child,
                                                              const char *format, ...)
{
    char words[300];
    va_list list;
    va_start(list, format);
    const int n = vsnprintf(child->trouble, sizeof(child->trouble), format, list);
    va_end(list);
    last_words(child, words, sizeof(words));
    if (*words && n >= 0 && (size_t)n < sizeof(child->trouble))
        snprintf(child->trouble + n, sizeof(child->trouble) - (size_t)n, ": %s", words);
}

/* In the child: nothing but system calls until exec. */
static void become(const char *const *argv, int in, int out, int err, int cpu, int report)
{
    cpu_set_t set;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    CPU_ZERO(&set);
    if (cpu >= 0) {
        CPU_SET((size_t)cpu, &set);
        sched_setaffinity(0, sizeof(set), &set); /* a wish: where it may not be, it runs anyway */
    }
    if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
        dup2(err, STDERR_FILENO) >= 0)
        execv(argv[0], (char *const *)(uintptr_t)argv);
    const int error = errno;
    if (write(report, &error, sizeof(error)) < 0)
        _exit(126);
    _exit(127);
}

int reg_child_start(struct reg_child *child, const char *const *argv,
                    const struct reg_child_options *options)
{
    int to[2] = {-1, -1}, from[2] = {-1, -1}, report[2] = {-1, -1}, error = 0;
    *child = (struct reg_child){.in = -1, .out = -1, .err = -1};
    child->err = memfd_create("stderr", MFD_CLOEXEC);
    if (child->err < 0 || pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC) ||
        pipe2(report, O_CLOEXEC))
        error = errno;
    if (!error) {
        child->pid = fork();
        if (child->pid < 0)
            error = errno;
        else if (child->pid == 0)
            become(argv, to[0], options->output >= 0 ? options->output : from[1], child->err,
                   options->cpu, report[1]);
    }
    close_at(&to[0]);
    close_at(&from[1]);
    close_at(&report[1]);
    child->in = to[1];
    child->out = from[0];
    if (!error && read(report[0], &error, sizeof(error)) > 0)
        waitpid(child->pid, NULL, 0);
    close_at(&report[0]);
    if (!error)
        return 0;
    close_all(child);
    child->pid = 0;
    snprintf(child->trouble, sizeof(child->trouble), "cannot start %s: %s", argv[0],
             strerror(error));
    return -error;
}

/* Reaps it and says how it went. */
static int reap(struct reg_child *child, bool killed)
{
    int status = 0;
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    child->pid = 0;
    if (killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return 0;
    if (WIFSIGNALED(status))
        set_trouble(child, "crashed with signal %d (%s)", WTERMSIG(status),
                    strsignal(WTERMSIG(status)));
    else
        set_trouble(child, "ended with status %d", WEXITSTATUS(status));
    return -EPIPE;
}

static bool is_over(const struct reg_child *child)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid;
}

static bool ends_within(const struct reg_child *child, double seconds)
{
    const double deadline = reg_now() + seconds;
    while (!is_over(child)) {
        if (reg_now() > deadline)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 500 * 1000}, NULL);
    }
    return true;
}

/* Its output came to an end, and that is the end of it. */
static int ended(struct reg_child *child)
{
    enum { GRACE = 2 };
    if (!ends_within(child, GRACE)) {
        set_trouble(child, "closed its output and went on");
        kill(child->pid, SIGKILL);
        reap(child, true);
    } else if (!reap(child, false)) {
        set_trouble(child, "ended in the middle");
    }
    return -EPIPE;
}

static int hangs(struct reg_child *child, double seconds)
{
    set_trouble(child, "did not answer for %g s", seconds);
    kill(child->pid, SIGKILL);
    reap(child, true);
    return -ETIMEDOUT;
}

int reg_child_send(struct reg_child *child, const char *line)
{
    const size_t length = strlen(line);
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    const bool sent =
        write(child->in, line, length) == (ssize_t)length && write(child->in, "\n", 1) == 1;
    sigaction(SIGPIPE, &before, NULL);
    return sent ? 0 : ended(child);
}

/* The line that is complete in the buffer, or NULL. */
static const char *take_line(struct reg_child *child)
{
    char *const start = child->buffer + child->taken;
    char *const end =
        child->used > child->taken ? memchr(start, '\n', child->used - child->taken) : NULL;
    if (!end)
        return NULL;
    *end = '\0';
    if (end > start && end[-1] == '\r')
        end[-1] = '\0';
    child->taken = (size_t)(end - child->buffer) + 1;
    return start;
}

/* A program that talks without end is not one of ours. */
enum { BUFFER_MOST = 64 << 20 };

static int make_room(struct reg_child *child)
{
    if (child->taken) {
        memmove(child->buffer, child->buffer + child->taken, child->used - child->taken);
        child->used -= child->taken;
        child->taken = 0;
    }
    if (child->used < child->capacity)
        return 0;
    const size_t capacity = child->capacity ? 2 * child->capacity : 4096;
    char *const grown = capacity > BUFFER_MOST ? NULL : realloc(child->buffer, capacity);
    if (!grown)
        return -ENOMEM;
    child->buffer = grown;
    child->capacity = capacity;
    return 0;
}

int reg_child_line(struct reg_child *child, double seconds, const char **line)
{
    const double deadline = reg_now() + seconds;
    while (!(*line = child->buffer ? take_line(child) : NULL)) {
        struct pollfd wait = {.fd = child->out, .events = POLLIN};
        const double left = deadline - reg_now();
        if (make_room(child)) {
            reg_child_kill(child);
            snprintf(child->trouble, sizeof(child->trouble), "writes a line without an end");
            return -EPIPE;
        }
        const int ready = left > 0 ? poll(&wait, 1, (int)(left * 1000) + 1) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0)
            return hangs(child, seconds);
        const ssize_t n =
            read(child->out, child->buffer + child->used, child->capacity - child->used);
        if (n <= 0)
            return ended(child);
        child->used += (size_t)n;
    }
    return 0;
}

int reg_child_end(struct reg_child *child, double seconds)
{
    if (!child->pid)
        return 0;
    close_at(&child->in);
    return ends_within(child, seconds) ? reap(child, false) : hangs(child, seconds);
}

void reg_child_kill(struct reg_child *child)
{
    if (child->pid) {
        kill(child->pid, SIGKILL);
        reap(child, true);
    }
    close_all(child);
    free(child->buffer);
    child->buffer = NULL;
    child->used = child->capacity = child->taken = 0;
}
