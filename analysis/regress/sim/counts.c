/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that simulates is asked for nothing else (a dry run): its times are of no interest
 * here, and counts need no repetition.
 */
#include "analysis/regress/sim/counts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/regress/child.h"
#include "analysis/regress/names.h"
#include "analysis/regress/regress.h"

enum { ARGUMENTS_MAX = 256, AGAIN = 3 };

static const char result_name[] = "result.json";

bool reg_is_program(const char *path)
{
    struct stat st;
    const size_t length = strlen(path);
    const bool named_json = length > 5 && strcmp(path + length - 5, ".json") == 0;
    return !named_json && stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Of the program that is running; and the signal that is to end us once it has ended. */
static volatile sig_atomic_t running, stopped;

/* It ends and then we clean up; from a terminal it has got the signal already. */
static void pass(int number)
{
    const int error = errno;
    stopped = number;
    if (running)
        kill((pid_t)running, number);
    errno = error;
}

/* Runs to its end with what it says on stdout thrown away. 0 or -errno and child->trouble. */
static int run(struct reg_child *child, const char *const *argv, double patience)
{
    const struct sigaction quiet = {.sa_handler = pass};
    struct sigaction before[2];
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const struct reg_child_options options = {.cpu = -1, .output = nowhere};
    sigaction(SIGINT, &quiet, &before[0]);
    sigaction(SIGTERM, &quiet, &before[1]);
    int status = nowhere < 0 ? -errno : reg_child_start(child, argv, &options);
    running = status ? 0 : child->pid;
    if (!status)
        status = reg_child_end(child, patience);
    running = 0;
    sigaction(SIGINT, &before[0], NULL);
    sigaction(SIGTERM, &before[1], NULL);
    if (nowhere >= 0)
        close(nowhere);
    return status;
}

static bool have_valgrind(void)
{
    struct reg_child child = {0};
    const char *const argv[] = {"/bin/sh", "-c", "valgrind --version", NULL};
    const int status = run(&child, argv, 60);
    reg_child_kill(&child);
    return status == 0;
}

static void remove_folder(const char *folder)
{
    char path[1024];
    DIR *const dir = *folder ? opendir(folder) : NULL;
    if (!dir)
        return;
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
            unlink(path);
        }
    closedir(dir);
    rmdir(folder);
}

static int make_folder(const struct ana_command *self, char *folder, size_t size)
{
    const char *const temporary = getenv("TMPDIR");
    snprintf(folder, size, "%.200s/attn-stat-sim.XXXXXX",
             temporary && *temporary ? temporary : "/tmp");
    if (mkdtemp(folder))
        return 0;
    const int error = errno;
    ana_complain(self, "cannot make a folder, %s: %s", folder, strerror(error));
    *folder = '\0';
    return ANA_EXIT_USAGE;
}

/* Counts the cases that pass `filter` (NULL: the arguments' own) into the folder's result file. */
static int count(const struct ana_command *self, const struct reg_counts *counts,
                 const struct reg_counting *counting, const char *filter)
{
    char out[512], sim_out[512];
    const char *argv[ARGUMENTS_MAX + 12] = {counts->path};
    struct reg_child child = {0};
    int n = 1;
    snprintf(out, sizeof(out), "--benchmark_out=%s/%s", counts->folder, result_name);
    snprintf(sim_out, sizeof(sim_out), "--sim_out=%s", counts->folder);
    for (int i = 0; counting->arguments[i] && n < ARGUMENTS_MAX; i++)
        argv[n++] = counting->arguments[i];
    if (counts->perf) {
        argv[n++] = "--counters=require";
    } else {
        argv[n++] = "--sim";
        argv[n++] = sim_out;
        argv[n++] = "--benchmark_dry_run";
    }
    argv[n++] = "--benchmark_repetitions=1";
    argv[n++] = "--benchmark_out_format=json";
    argv[n++] = out;
    if (filter)
        argv[n++] = filter;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "attn-stat %s: counting %s\n", self->name, counts->path);
    int status = run(&child, argv, counting->patience);
    if (status == -ENOENT || status == -EACCES)
        status = ana_complain(self, "%s: cannot be started: %s", counts->path, strerror(-status));
    else if (status && stopped) {
        status = 128 + stopped;
    } else if (status) {
        ana_complain(self, "%s: %s", counts->path, child.trouble);
        status = REG_EXIT_BROKEN;
    }
    reg_child_kill(&child);
    return status;
}

static int read_results(const struct ana_command *self, const char *folder,
                        struct ana_results *results)
{
    char path[512], *one = path;
    snprintf(path, sizeof(path), "%s/%s", folder, result_name);
    const int status = ana_results_open(self, 1, &one, results);
    unlink(path); /* the next run makes its own */
    return status;
}

/* A file of which nothing can be compared would look like a gate that passes. */
static int check_some(const struct ana_command *self, const struct reg_counts *counts)
{
    const struct ana_summary *const summary = counts->results.summary;
    const struct ana_row *why = NULL;
    for (size_t i = 0; i < summary->case_count; i++) {
        const struct ana_row *const row = summary->cases[i].row;
        if (reg_count_instructions(counts, &summary->cases[i]) > 0)
            return 0;
        if (!why && (row->error || row->skipped))
            why = row;
    }
    if (!summary->case_count)
        return ana_complain(self, "%s has no case", counts->path);
    if (why) {
        ana_complain(self, "%s: no case could be counted; %s: %s", counts->path, why->run_name,
                     why->message);
        return why->error ? REG_EXIT_BROKEN : ANA_EXIT_USAGE;
    }
    return ana_complain(self, "%s holds no counted instructions; attn-bench writes them with %s",
                        counts->path, counts->perf ? "--counters" : "--sim");
}

int reg_counts_open(const struct ana_command *self, const char *path,
                    const struct reg_counting *counting, struct reg_counts *counts)
{
    char *file = (char *)(uintptr_t)path;
    *counts = (struct reg_counts){.path = path, .perf = counting->tool == REG_TOOL_PERF};
    int status;
    if (!reg_is_program(path)) {
        status = ana_results_open(self, 1, &file, &counts->results);
    } else {
        if (counting->tool == REG_TOOL_AUTO)
            counts->perf = !have_valgrind();
        status = make_folder(self, counts->folder, sizeof(counts->folder));
        if (!status)
            status = count(self, counts, counting, NULL);
        if (!status)
            status = read_results(self, counts->folder, &counts->results);
    }
    if (!status)
        status = check_some(self, counts);
    if (status)
        reg_counts_close(counts);
    return status;
}

void reg_counts_close(struct reg_counts *counts)
{
    if (counts->results.files)
        ana_results_close(&counts->results);
    remove_folder(counts->folder);
    *counts = (struct reg_counts){0};
}

double reg_count_instructions(const struct reg_counts *counts, const struct ana_case *c)
{
    return ana_row_figure(c->row, counts->perf ? "instructions" : "sim_instructions");
}

double reg_count_dram(const struct reg_counts *counts, const struct ana_case *c)
{
    return counts->perf ? NAN : ana_row_figure(c->row, "sim_dram_bytes");
}

double reg_count_scratch(const struct ana_case *c)
{
    return ana_row_figure(c->row, "scratch_bytes");
}

/* "--benchmark_filter=^(name|name)$" of the first cases that were counted. */
static void make_filter(const struct reg_counts *counts, char *text, size_t size)
{
    const struct ana_summary *const summary = counts->results.summary;
    int taken = 0;
    snprintf(text, size, "--benchmark_filter=^(");
    for (size_t i = 0; i < summary->case_count && taken < AGAIN; i++) {
        if (!(reg_count_instructions(counts, &summary->cases[i]) > 0))
            continue;
        if (taken++)
            strcat(text, "|");
        reg_pattern_add(summary->cases[i].row->run_name, text, size, AGAIN + 2);
    }
    strcat(text, ")$");
}

static const struct ana_case *find(const struct ana_summary *summary, const char *name)
{
    for (size_t i = 0; i < summary->case_count; i++)
        if (strcmp(summary->cases[i].row->run_name, name) == 0)
            return &summary->cases[i];
    return NULL;
}

int reg_counts_again(const struct ana_command *self, const struct reg_counts *counts,
                     const struct reg_counting *counting, char *message, size_t size)
{
    char filter[AGAIN * 1024];
    struct reg_counts again = {.path = counts->path, .perf = counts->perf};
    make_filter(counts, filter, sizeof(filter));
    int status = make_folder(self, again.folder, sizeof(again.folder));
    if (!status)
        status = count(self, &again, counting, filter);
    if (!status)
        status = read_results(self, again.folder, &again.results);
    const struct ana_summary *const summary = status ? NULL : again.results.summary;
    for (size_t i = 0; summary && !status && i < summary->case_count; i++) {
        const struct ana_case *const now = &summary->cases[i];
        const struct ana_case *const then = find(counts->results.summary, now->row->run_name);
        const double a = then ? reg_count_instructions(counts, then) : NAN;
        const double b = reg_count_instructions(&again, now);
        if (fabs(a - b) <= (counts->perf ? 1e-4 * a : 0))
            continue;
        snprintf(message, size, "counting %s twice gave %.0f and %.0f instructions",
                 now->row->run_name, a, b);
        status = 1;
    }
    reg_counts_close(&again);
    return status;
}
