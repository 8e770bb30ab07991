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
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FAILED = 1, ROUNDS = 100, ROUND_NS = 10 * 1000 * 1000 };

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
static const int stopping[] = {SIGTSTP, SIGTTIN, SIGTTOU};

/* Seen by both, so that the one can tell what the other was at. */
static struct {
    char who[512], where[ATTN_NAME_MAX + 64];
    bool calling, said, left;
} * note;

static bool is_one_of(int number, const int *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == number)
            return true;
    return false;
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

/* Until the child ends; its status as waitpid() gives it, and the last signal it was passed. */
static int wait_for(pid_t child, const sigset_t *signals, int *passed)
{
    int number, status;
    for (;;) {
        if (sigwait(signals, &number))
            continue;
        if (number == SIGCHLD) {
            if (reap(child, &status))
                return status;
        } else if (is_one_of(number, stopping, sizeof(stopping) / sizeof(*stopping))) {
            kill(-child, SIGSTOP);
            raise(SIGSTOP);
            kill(-child, SIGCONT);
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

static void say(int status)
{
    static const char rows[] = "rows finished before that are in the result file";
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
    setpgid(child, child); /* both do: nobody knows who comes first */
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    const int status = wait_for(child, signals, &passed);
    end_others(child);
    if (!note->left && !note->said && !(WIFSIGNALED(status) && WTERMSIG(status) == passed))
        say(status);
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

void attn_watcher_call(const char *who, const char *where)
{
    snprintf(note->who, sizeof(note->who), "%s", who);
    snprintf(note->where, sizeof(note->where), "%s", where);
    note->calling = true;
}

void attn_watcher_rest(void)
{
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
