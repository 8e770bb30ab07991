/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that works has a process group of its own. So whatever is sent to the program, by a
 * terminal, to its group or to it alone, reaches the waiting parent, which passes it on once: the
 * harness takes a second Ctrl-C for impatience. The terminal stays with the parent's group, which
 * may be a pipeline. Signals are waited for rather than handled, so nothing here is asynchronous.
 */
#include "bench/cases/watcher.h"

#include "kernels/name.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FAILED = 1, ROUNDS = 100, ROUND_NS = 10 * 1000 * 1000 };

/* What the process that works has to end itself, in seconds past its time. */
enum { GRACE = 2 };

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
static const int stopping[] = {SIGTSTP, SIGTTIN, SIGTTOU};

/* Seen by both, so that the one can tell what the other was at. */
static struct {
    char who[512], where[ATTN_NAME_MAX + 64];
    double seconds;
    bool calling, said, left;
    _Atomic int64_t deadline; /* in seconds of now(); 0 for none */
} * note;

static bool is_one_of(int number, const int *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == number)
            return true;
    return false;
}

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

static sigset_t awaited(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGCONT);
    for (size_t i = 0; i < sizeof(passed_on) / sizeof(*passed_on); i++)
        sigaddset(&set, passed_on[i]);
    for (size_t i = 0; i < sizeof(stopping) / sizeof(*stopping); i++)
        sigaddset(&set, stopping[i]);
    return set;
}

/* Ours too: orphans of what is loaded are handed to us. */
static bool reap(pid_t child, int *status)
{
    int found;
    pid_t pid;
    while ((pid = waitpid(-1, &found, WNOHANG)) > 0)
        if (pid == child) {
            *status = found;
            return true;
        }
    return false;
}

/* The time that we are stopped is nobody's. */
static void stop(pid_t child)
{
    const int64_t begin = now();
    kill(-child, SIGSTOP);
    raise(SIGSTOP);
    int64_t deadline = note->deadline;
    if (deadline)
        atomic_compare_exchange_strong(&note->deadline, &deadline, deadline + now() - begin);
    kill(-child, SIGCONT);
}

/* The alarm of the child is heard there or not; ours cannot be turned off. */
static bool is_overdue(void)
{
    const int64_t deadline = note->deadline;
    return deadline && now() > deadline;
}

/* Until the child ends; its status as waitpid() gives it, the last signal it was passed, and
 * whether its time was up. */
static int wait_for(pid_t child, const sigset_t *signals, int *passed, bool *late)
{
    static const struct timespec step = {.tv_sec = 1};
    int status;
    for (;;) {
        const int number = sigtimedwait(signals, NULL, &step);
        if (!*late && is_overdue()) {
            *late = true;
            kill(-child, SIGKILL);
            kill(child, SIGKILL); /* it may have left its group */
        }
        if (number < 0)
            continue;
        if (number == SIGCHLD) {
            if (reap(child, &status))
                return status;
        } else if (is_one_of(number, stopping, sizeof(stopping) / sizeof(*stopping))) {
            stop(child);
        } else if (number == SIGCONT) {
            kill(-child, SIGCONT);
        } else {
            *passed = number;
            kill(child, number);
        }
    }
}

static void kill_children(void)
{
    FILE *const file = fopen("/proc/thread-self/children", "re");
    int pid;
    while (file && fscanf(file, "%d", &pid) == 1)
        kill(pid, SIGKILL);
    if (file)
        fclose(file);
}

/* What has left the group becomes ours when its parent ends, a generation a round. */
static void end_others(pid_t child)
{
    static const struct timespec moment = {.tv_nsec = ROUND_NS};
    kill(-child, SIGKILL);
    for (int round = 0; round < ROUNDS; round++) {
        pid_t pid;
        kill_children();
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            continue;
        if (pid < 0)
            return;
        nanosleep(&moment, NULL);
    }
}

static void say(int status, bool late)
{
    static const char rows[] = "rows finished before that are in the result file";
    if (late) {
        fprintf(stderr, "attn-bench: %s did not return within %.0f s %s; %s\n", note->who,
                note->seconds, note->where, rows);
        return;
    }
    char how[64];
    if (WIFEXITED(status))
        snprintf(how, sizeof(how), "exit status %d", WEXITSTATUS(status));
    else
        snprintf(how, sizeof(how), "%s", strsignal(WTERMSIG(status)));
    if (WIFEXITED(status) && note->calling)
        fprintf(stderr, "attn-bench: %s ended the whole process (%s) %s; %s\n", note->who, how,
                note->where, rows);
    else
        fprintf(stderr, "attn-bench: the whole process was ended (%s); called last was %s %s; %s\n",
                how, note->who, note->where, rows);
}

/* As the child did; the core is the child's. */
static _Noreturn void end_as(int status, const sigset_t *signals)
{
    if (WIFEXITED(status))
        _exit(note->left ? WEXITSTATUS(status) : FAILED);
    prctl(PR_SET_DUMPABLE, 0);
    signal(WTERMSIG(status), SIG_DFL);
    sigprocmask(SIG_UNBLOCK, signals, NULL);
    raise(WTERMSIG(status));
    _exit(FAILED);
}

static _Noreturn void watch(pid_t child, const sigset_t *signals)
{
    int passed = 0;
    bool late = false;
    setpgid(child, child); /* both do: nobody knows who comes first */
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    const int status = wait_for(child, signals, &passed, &late);
    end_others(child);
    if (!note->left && !note->said && !(WIFSIGNALED(status) && WTERMSIG(status) == passed))
        say(status, late);
    if (late && !note->left)
        _exit(FAILED);
    end_as(status, signals);
}

int attn_watcher_open(struct attn_message *why)
{
    const pid_t parent = getpid();
    const sigset_t signals = awaited();
    sigset_t before;
    note = mmap(NULL, sizeof(*note), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (note == MAP_FAILED) {
        note = NULL;
        return attn_refuse(why, -ENOMEM, "out of memory");
    }
    strcpy(note->who, "nothing");
    strcpy(note->where, "yet");
    signal(SIGCHLD, SIG_DFL); /* ignored, it would take the status away */
    sigprocmask(SIG_BLOCK, &signals, &before);
    const pid_t child = fork();
    if (child > 0)
        watch(child, &signals);
    const int error = child < 0 ? -errno : 0;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (error)
        return attn_refuse(why, error, "cannot start a process: %s", strerror(-error));
    setpgid(0, 0);
    signal(SIGTTOU, SIG_IGN); /* `stty tostop` would stop what writes from another group */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(FAILED);
    return 0;
}

void attn_watcher_call(const char *who, const char *where, double seconds, unsigned limit)
{
    snprintf(note->who, sizeof(note->who), "%s", who);
    snprintf(note->where, sizeof(note->where), "%s", where);
    note->seconds = seconds;
    note->calling = true;
    attn_watcher_renew(limit);
}

void attn_watcher_renew(unsigned limit)
{
    note->deadline = limit ? now() + limit + GRACE : 0;
}

unsigned attn_watcher_time_left(void)
{
    const int64_t left = note->deadline - GRACE - now();
    return left > 0 ? (unsigned)left : 0;
}

void attn_watcher_rest(void)
{
    note->deadline = 0;
    note->calling = false;
}

void attn_watcher_said(void)
{
    note->said = true;
}

_Noreturn void attn_watcher_leave(int status)
{
    note->left = true;
    _exit(status);
}
