/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What could make two simulations of one program differ is taken away: the environment and its
 * length, randomised addresses, threads a BLAS library would start. The personality is set around
 * the start of the child rather than in it, because posix_spawn() knows no such attribute and
 * fork() runs other libraries' handlers. Each dump gets a file of its own from callgrind, since
 * callgrind_annotate stumbles over files with several.
 */
#include "bench/machine/callgrind.h"

#include "bench/machine/build.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if MACHINE_HAVE_CALLGRIND
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_TOGGLE_COLLECT
#define CALLGRIND_DUMP_STATS_AT(name) (void)(name)
#define CALLGRIND_STOP_INSTRUMENTATION
#endif

enum { WORDS_MAX = 32, TEXT_MAX = 4096 + 64 };

void callgrind_region(const char *name, bool warm, void (*fn)(void *arg), void *arg)
{
    CALLGRIND_START_INSTRUMENTATION; /* empties the simulated caches */
    if (warm)
        fn(arg);
    CALLGRIND_ZERO_STATS; /* leaves the caches as they are */
    CALLGRIND_TOGGLE_COLLECT;
    fn(arg);
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(name);
    CALLGRIND_STOP_INSTRUMENTATION;
}

static bool power_of_two(uint64_t n)
{
    return n && !(n & (n - 1));
}

int callgrind_caches_check(const struct callgrind_caches *c, char *why, size_t size)
{
    const uint64_t l1_least = CALLGRIND_L1_WAYS * CALLGRIND_LINE;
    const uint64_t ll_least = CALLGRIND_LL_WAYS * CALLGRIND_LINE, most = UINT64_C(1) << 30;
    if (!power_of_two(c->l1_bytes) || !power_of_two(c->ll_bytes))
        snprintf(why, size, "simulated caches are powers of two, as 32K+8M");
    else if (c->l1_bytes < l1_least || c->ll_bytes < ll_least)
        snprintf(why, size, "the smallest simulated caches are %" PRIu64 "+%" PRIu64 " bytes",
                 l1_least, ll_least);
    else if (c->ll_bytes > most)
        snprintf(why, size, "the largest simulated cache is 1G");
    else if (c->l1_bytes > c->ll_bytes)
        snprintf(why, size, "the first simulated cache is larger than the last");
    else
        return 0;
    return -EINVAL;
}

/* The text of the last line that says something, out of a log; "" if there is none. */
static void last_words(FILE *log, char *buf, size_t size)
{
    char line[512];
    buf[0] = '\0';
    while (fgets(line, sizeof(line), log)) {
        const char *text = line;
        if (strncmp(text, "==", 2) == 0 || strncmp(text, "--", 2) == 0)
            text += strcspn(text, " "); /* valgrind's "==1234==" */
        text += strspn(text, " ");
        line[strcspn(line, "\n")] = '\0';
        if (*text)
            snprintf(buf, size, "%s", text);
    }
}

int callgrind_version(char *buf, size_t size)
{
    if (!MACHINE_HAVE_CALLGRIND)
        return -ENOTSUP;
    char *const argv[] = {(char[]){"valgrind"}, (char[]){"--version"}, NULL};
    posix_spawn_file_actions_t actions;
    int ends[2], status;
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const int error = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *const in = fdopen(ends[0], "r");
    if (in)
        last_words(in, buf, size);
    in ? fclose(in) : close(ends[0]);
    if (error)
        return -error;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status == 0 && strncmp(buf, "valgrind", 8) == 0 ? 0 : -ENOENT;
}

/* Texts of a command line or an environment, in one place. */
struct words {
    char text[WORDS_MAX][TEXT_MAX];
    char *list[WORDS_MAX + 1];
    int n;
};

__attribute__((format(printf, 2, 3))) static void add(struct words *w, const char *format, ...)
{
    va_list arguments;
    if (w->n == WORDS_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(w->text[w->n], TEXT_MAX, format, arguments);
    va_end(arguments);
    w->list[w->n] = w->text[w->n];
    w->list[++w->n] = NULL;
}

static void add_command(struct words *w, const struct callgrind_run *run)
{
    const struct callgrind_caches *const c = &run->caches;
    char out[TEXT_MAX];
    size_t n = 0;
    for (const char *p = run->out; *p && n + 2 < sizeof(out); p++) {
        out[n++] = *p;
        if (*p == '%') /* callgrind's own escapes */
            out[n++] = '%';
    }
    out[n] = '\0';
    add(w, "valgrind");
    add(w, "-q");
    add(w, "--tool=callgrind");
    add(w, "--vgdb=no"); /* or a simulation that is ended leaves pipes behind */
    add(w, "--cache-sim=yes");
    add(w, "--simulate-wb=yes");
    add(w, "--I1=%" PRIu64 ",%d,%d", c->l1_bytes, CALLGRIND_L1_WAYS, CALLGRIND_LINE);
    add(w, "--D1=%" PRIu64 ",%d,%d", c->l1_bytes, CALLGRIND_L1_WAYS, CALLGRIND_LINE);
    add(w, "--LL=%" PRIu64 ",%d,%d", c->ll_bytes, CALLGRIND_LL_WAYS, CALLGRIND_LINE);
    add(w, "--instr-atstart=no");
    add(w, "--collect-atstart=no");
    add(w, "--dump-line=no");
    add(w, "--compress-strings=no");
    add(w, "--compress-pos=no");
    add(w, "--callgrind-out-file=%s", out);
    for (int i = 0; run->argv[i]; i++)
        add(w, "%s", run->argv[i]);
}

/* What the simulated program must have to start at all; the rest of the environment stays away. */
static void add_environment(struct words *w, const struct callgrind_run *run)
{
    static const char *const kept[] = {"PATH", "LD_LIBRARY_PATH", "VALGRIND_LIB", "TMPDIR",
                                       "OPENBLAS_CORETYPE"};
    for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
        const char *const value = getenv(kept[i]);
        if (value)
            add(w, "%s=%s", kept[i], value);
    }
    add(w, "LC_ALL=C");
    add(w, "OPENBLAS_NUM_THREADS=1");
    for (int i = 0; run->environ_ && run->environ_[i]; i++)
        add(w, "%s", run->environ_[i]);
}

static int start(const struct callgrind_run *run, const char *log, pid_t *pid)
{
    struct words *const words = calloc(2, sizeof(*words));
    posix_spawn_file_actions_t actions;
    if (!words)
        return -ENOMEM;
    add_command(&words[0], run);
    add_environment(&words[1], run);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC,
                                     0666);
    const int before = personality(0xffffffff);
    if (before != -1)
        personality((unsigned long)before | ADDR_NO_RANDOMIZE);
    const int error = posix_spawnp(pid, "valgrind", &actions, NULL, words[0].list, words[1].list);
    if (before != -1)
        personality((unsigned long)before);
    posix_spawn_file_actions_destroy(&actions);
    free(words);
    return -error;
}

/* The exit status as waitpid() gives it, or -EINTR if the simulation was ended. */
static int wait_for(const struct callgrind_run *run, pid_t pid)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    int status = 0;
    for (;;) {
        const pid_t found = waitpid(pid, &status, WNOHANG);
        if (found == pid || (found < 0 && errno != EINTR))
            return found < 0 ? -errno : status;
        if (run->stop && run->stop(run->user)) {
            kill(pid, SIGKILL);
            while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                continue;
            return -EINTR;
        }
        nanosleep(&pause, NULL);
    }
}

static int explain(int status, const char *log, char *why, size_t size)
{
    char said[400] = "";
    FILE *const in = fopen(log, "re");
    if (in) {
        last_words(in, said, sizeof(said));
        fclose(in);
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGILL)
        snprintf(why, size, "valgrind does not know an instruction of this kernel");
    else if (WIFSIGNALED(status))
        snprintf(why, size, "the simulated run died of signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(why, size, "the simulated run ended with status %d: %s", WEXITSTATUS(status),
                 *said ? said : "it said nothing");
    return -ECHILD;
}

void callgrind_clean(const char *out)
{
    static const char *const ends[] = {"", ".1", ".log"};
    char path[TEXT_MAX];
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        snprintf(path, sizeof(path), "%s%s", out, ends[i]);
        unlink(path);
    }
}

int callgrind_run(const struct callgrind_run *run, char *why, size_t size)
{
    char part[TEXT_MAX], log[TEXT_MAX];
    pid_t pid;
    if ((size_t)snprintf(part, sizeof(part), "%s.1", run->out) >= sizeof(part) - 64) {
        snprintf(why, size, "the name of the file for the counts is too long");
        return -ENAMETOOLONG;
    }
    snprintf(log, sizeof(log), "%s.log", run->out);
    unlink(run->out);
    const int error = start(run, log, &pid);
    if (error) {
        snprintf(why, size, "cannot start valgrind: %s", strerror(-error));
        return error;
    }
    int status = wait_for(run, pid);
    if (status > 0)
        return explain(status, log, why, size);
    /* What the end of the program dumped stands in `out`, what the region dumped in part 1. */
    if (status == 0 && rename(part, run->out)) {
        status = -errno;
        snprintf(why, size, "%s: the simulated run left no counts: %s", part, strerror(-status));
    }
    unlink(log);
    return status;
}
