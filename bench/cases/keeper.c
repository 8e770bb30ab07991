/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three processes: the program asks, the keeper forks and waits, its child runs the task and
 * writes the answer into a pipe. A fault in the child is turned into an answer by its handler,
 * which knows what lies behind the address; what even the handler cannot survive is told by the
 * exit status.
 */
#include "bench/cases/keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GUARDS = 16 };

static const struct {
    int signal;
    const char *name;
} faults[] = {{SIGSEGV, "SIGSEGV"},
              {SIGBUS, "SIGBUS"},
              {SIGILL, "SIGILL"},
              {SIGFPE, "SIGFPE"},
              {SIGABRT, "SIGABRT"}};

enum { FAULTS = sizeof(faults) / sizeof(*faults) };

static struct {
    const char *begin, *end, *sentence;
} guard[GUARDS];
static size_t guards;
static int answer_to = -1; /* the pipe, in the process of a task */

void attn_keeper_guard(const void *begin, const void *end, const char *sentence)
{
    if (guards == GUARDS)
        return;
    guard[guards].begin = begin;
    guard[guards].end = end;
    guard[guards++].sentence = sentence;
}

/* Only what a handler may do: no allocation, no streams. Ranks may well fault together; the first
 * one speaks. */
static void on_fault(int signal, siginfo_t *info, void *context)
{
    static atomic_flag spoken = ATOMIC_FLAG_INIT;
    static struct attn_answer answer;
    while (atomic_flag_test_and_set(&spoken))
        pause();
    const char *sentence = "crashed", *name = "";
    (void)context;
    for (size_t i = 0; i < FAULTS; i++)
        if (faults[i].signal == signal)
            name = faults[i].name;
    if (signal == SIGSEGV || signal == SIGBUS)
        for (size_t i = 0; i < guards; i++)
            if ((const char *)info->si_addr >= guard[i].begin &&
                (const char *)info->si_addr < guard[i].end)
                sentence = guard[i].sentence;
    answer.error = -ECHILD;
    strcat(strcat(strcpy(answer.why.text, sentence), " ("), name);
    strcat(answer.why.text, ")");
    _exit(write(answer_to, &answer, sizeof(answer)) != (ssize_t)sizeof(answer));
}

static void catch_faults(void)
{
    static char stack[1 << 16]; /* a kernel may have used up its own */
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaltstack(&other, NULL);
    for (size_t i = 0; i < FAULTS; i++)
        sigaction(faults[i].signal, &action, NULL);
}

static void run_task(const struct attn_question *question, int to)
{
    struct attn_answer answer = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    answer_to = to;
    catch_faults();
    attn_keeper_run(question, &answer);
    _exit(write(to, &answer, sizeof(answer)) != (ssize_t)sizeof(answer));
}

/* Waits for the answer or the end; false when neither came in time. */
static bool wait_for(int from, double seconds, struct attn_answer *answer, ssize_t *got)
{
    struct pollfd readable = {.fd = from, .events = POLLIN};
    const double ms = seconds * 1000;
    int ready;
    do
        ready = poll(&readable, 1, ms < 2e9 ? (int)ms : -1);
    while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        return false;
    *got = read(from, answer, sizeof(*answer));
    return true;
}

static void explain_end(int status, struct attn_answer *answer)
{
    answer->error = -ECHILD;
    if (WIFSIGNALED(status))
        snprintf(answer->why.text, sizeof(answer->why.text), "crashed (%s)",
                 strsignal(WTERMSIG(status)));
    else
        snprintf(answer->why.text, sizeof(answer->why.text),
                 "ended the whole process (exit status %d)", WEXITSTATUS(status));
}

static void serve(const struct attn_question *question, struct attn_answer *answer)
{
    int end[2], status = 0;
    ssize_t got = 0;
    memset(answer, 0, sizeof(*answer));
    const pid_t pid = pipe(end) ? -1 : fork();
    if (pid < 0) {
        answer->error = attn_refuse(&answer->why, -errno,
                                    "cannot be asked in a process of its "
                                    "own: %s",
                                    strerror(errno));
        return;
    }
    if (pid == 0) {
        close(end[0]);
        run_task(question, end[1]);
    }
    close(end[1]);
    const bool in_time = wait_for(end[0], question->seconds, answer, &got);
    if (!in_time || got == (ssize_t)sizeof(*answer))
        kill(pid, SIGKILL); /* a library's threads may keep it alive after its answer */
    waitpid(pid, &status, 0);
    close(end[0]);
    if (!in_time)
        answer->error =
            attn_refuse(&answer->why, -ETIME, "did not return within %.0f s", question->seconds);
    else if (got != (ssize_t)sizeof(*answer))
        explain_end(status, answer);
}

/* Ends with the program, which closes its end of the socket or dies. Ctrl-C is the program's
 * business. */
static void keep(int socket)
{
    static struct attn_question question;
    static struct attn_answer answer;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    dup2(STDERR_FILENO, STDOUT_FILENO); /* what a library prints is no result */
    while (recv(socket, &question, sizeof(question), 0) == (ssize_t)sizeof(question)) {
        serve(&question, &answer);
        if (send(socket, &answer, sizeof(answer), 0) < 0)
            break;
    }
    _exit(0);
}

int attn_keeper_open(struct attn_keeper *keeper, struct attn_message *why)
{
    int end[2];
    *keeper = (struct attn_keeper){.socket = -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, end))
        return attn_refuse(why, -errno, "cannot make a socket: %s", strerror(errno));
    keeper->pid = fork();
    if (keeper->pid < 0) {
        const int error = -errno;
        close(end[0]);
        close(end[1]);
        keeper->pid = 0;
        return attn_refuse(why, error, "cannot start a process: %s", strerror(-error));
    }
    if (keeper->pid == 0) {
        close(end[0]);
        keep(end[1]);
    }
    close(end[1]);
    keeper->socket = end[0];
    return 0;
}

void attn_keeper_close(struct attn_keeper *keeper)
{
    if (!keeper->pid)
        return;
    shutdown(keeper->socket, SHUT_RDWR); /* processes forked since hold it open, too */
    close(keeper->socket);
    waitpid(keeper->pid, NULL, 0);
    *keeper = (struct attn_keeper){.socket = -1};
}

static ssize_t receive(int socket, struct attn_answer *answer)
{
    ssize_t got;
    do
        got = recv(socket, answer, sizeof(*answer), 0);
    while (got < 0 && errno == EINTR);
    return got;
}

void attn_keeper_ask(const struct attn_keeper *keeper, const struct attn_question *question,
                     struct attn_answer *answer)
{
    if (send(keeper->socket, question, sizeof(*question), MSG_NOSIGNAL) < 0 ||
        receive(keeper->socket, answer) != (ssize_t)sizeof(*answer))
        answer->error = attn_refuse(&answer->why, -ECHILD,
                                    "cannot be asked: the process that keeps it has ended");
}
