/* SPDX-License-Identifier: Apache-2.0 */
/* See program.h; the protocol stands in bench/harness/worker.h, which this file does not include:
 * what is compared may be years older than we are. */
#include "analysis/regress/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct reg_child_options quiet = {.cpu = -1, .output = -1};

const char **reg_program_argv(const struct reg_program *program, const char *const *more)
{
    size_t n = 1, m = 0;
    while (program->arguments[n - 1])
        n++;
    while (more[m])
        m++;
    const char **const argv = calloc(n + m + 1, sizeof(*argv));
    if (!argv)
        return NULL;
    argv[0] = program->path;
    memcpy(argv + 1, program->arguments, (n - 1) * sizeof(*argv));
    memcpy(argv + n, more, m * sizeof(*argv));
    return argv;
}

/* Programs tell their flags, so nobody has to be started with one it does not know. */
int reg_program_probe(struct reg_program *program, char *message, size_t size)
{
    const char *const argv[] = {program->path, "--help", NULL};
    struct reg_child child;
    const char *line;
    int status = reg_child_start(&child, argv, &quiet);
    program->serves = false;
    if (status) {
        snprintf(message, size, "%s", child.trouble);
        return status;
    }
    const double deadline = reg_now() + program->patience;
    while (!(status = reg_child_line(&child, deadline - reg_now(), &line)))
        if (strstr(line, "benchmark_worker"))
            program->serves = true;
    if (status == -ETIMEDOUT)
        snprintf(message, size, "%s --help %s", program->path, child.trouble);
    reg_child_kill(&child);
    return status == -ETIMEDOUT ? status : 0;
}

static int start(struct reg_child *child, const struct reg_program *program)
{
    static const char *const more[] = {"--benchmark_worker=true", NULL};
    const struct reg_child_options options = {.cpu = program->cpu, .output = -1};
    const char **const argv = reg_program_argv(program, more), *line;
    if (!argv) {
        *child = (struct reg_child){.in = -1, .out = -1, .err = -1};
        snprintf(child->trouble, sizeof(child->trouble), "not enough memory");
        return -ENOMEM;
    }
    int status = reg_child_start(child, argv, &options);
    free(argv);
    if (!status)
        status = reg_child_line(child, program->patience, &line);
    if (!status && strcmp(line, "benchmark_worker 1") != 0) {
        snprintf(child->trouble, sizeof(child->trouble),
                 "speaks another protocol than ours: \"%.100s\"", line);
        status = -EPROTO;
    }
    if (status)
        reg_child_kill(child);
    return status;
}

int reg_listed_add(struct ana_arena *arena, struct reg_listed **cases, size_t *count,
                   const char *code, size_t length, const char *name)
{
    if (*count == REG_LISTED_MAX)
        return -E2BIG;
    if (!(*count & (*count - 1))) { /* a power of two: full */
        struct reg_listed *const grown =
            ana_arena_alloc(arena, (*count ? 2 * *count : 1) * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        if (*count)
            memcpy(grown, *cases, *count * sizeof(*grown));
        *cases = grown;
    }
    char *const copy = ana_arena_alloc(arena, length + 1);
    struct reg_listed *const c = &(*cases)[(*count)++];
    *c = (struct reg_listed){.name = ana_arena_copy(arena, name), .code = copy};
    if (!copy || !c->name)
        return -ENOMEM;
    memcpy(copy, code, length);
    return 0;
}

const char *reg_list_trouble(int status, const struct reg_child *child)
{
    return status == -ENOMEM  ? "not enough memory"
           : status == -E2BIG ? "lists cases without end"
                              : child->trouble;
}

int reg_program_list(const struct reg_program *program, struct ana_arena *arena,
                     struct reg_listed **cases, size_t *count, char *message, size_t size)
{
    struct reg_child child;
    const char *line;
    *cases = NULL;
    *count = 0;
    if (!program->serves)
        return reg_foreign_list(program, arena, cases, count, message, size);
    int status = start(&child, program);
    if (!status)
        status = reg_child_send(&child, "list");
    while (!status && !(status = reg_child_line(&child, program->patience, &line))) {
        if (strncmp(line, "case ", 5) != 0)
            break;
        const size_t length = strcspn(line + 5, " ");
        const char *const name = line + 5 + length + (line[5 + length] == ' ');
        status = reg_listed_add(arena, cases, count, line + 5, line[5] == '-' ? 0 : length, name);
    }
    if (!status && strncmp(line, "ok", 2) != 0) {
        snprintf(child.trouble, sizeof(child.trouble), "lists \"%.100s\"", line);
        status = -EPROTO;
    }
    if (status)
        snprintf(message, size, "%s: %s", program->path, reg_list_trouble(status, &child));
    reg_child_kill(&child);
    return status;
}

int reg_launch_open(struct reg_launch *launch, const struct reg_program *program)
{
    *launch = (struct reg_launch){.program = program, .child = {.in = -1, .out = -1, .err = -1}};
    if (!program->serves || !start(&launch->child, program))
        return 0;
    snprintf(launch->trouble, sizeof(launch->trouble), "%s", launch->child.trouble);
    return REG_FAILED;
}

void reg_launch_close(struct reg_launch *launch)
{
    if (launch->child.pid && !reg_child_send(&launch->child, "quit"))
        reg_child_end(&launch->child, launch->program->patience);
    reg_child_kill(&launch->child);
}

/* One request; the words behind "ok" in *rest. */
static int ask(struct reg_launch *launch, const char *request, const char **rest)
{
    const char *line;
    if (reg_child_send(&launch->child, request) ||
        reg_child_line(&launch->child, launch->program->patience, &line)) {
        snprintf(launch->trouble, sizeof(launch->trouble), "%s", launch->child.trouble);
        reg_child_kill(&launch->child);
        return REG_FAILED;
    }
    const size_t length = strcspn(line, " ");
    *rest = line + length + (line[length] == ' ');
    if (length == 2 && strncmp(line, "ok", 2) == 0)
        return 0;
    const bool skipped = length == 7 && strncmp(line, "skipped", 7) == 0;
    const bool error = length == 5 && strncmp(line, "error", 5) == 0;
    snprintf(launch->trouble, sizeof(launch->trouble), "%.500s",
             skipped || error ? *rest : "answers in another protocol than ours");
    return skipped ? REG_SKIPPED : REG_FAILED;
}

int reg_launch_prepare(struct reg_launch *launch, const char *name)
{
    char request[4096];
    const char *rest;
    launch->name = name;
    if (!launch->program->serves)
        return 0;
    if ((size_t)snprintf(request, sizeof(request), "prepare %s", name) >= sizeof(request)) {
        snprintf(launch->trouble, sizeof(launch->trouble), "a name of more than 4000 bytes");
        return REG_FAILED;
    }
    if (!launch->child.pid && start(&launch->child, launch->program)) {
        snprintf(launch->trouble, sizeof(launch->trouble), "%s", launch->child.trouble);
        return REG_FAILED;
    }
    return ask(launch, request, &rest);
}

int reg_launch_calibrate(struct reg_launch *launch, double seconds, double *iterations)
{
    char request[64];
    const char *rest;
    *iterations = 1;
    if (!launch->program->serves)
        return 0;
    snprintf(request, sizeof(request), "calibrate %.9g", seconds);
    const int status = ask(launch, request, &rest);
    if (!status)
        *iterations = strtod(rest, NULL);
    if (!status && !(*iterations >= 1)) {
        snprintf(launch->trouble, sizeof(launch->trouble), "calibrates to \"%.100s\"", rest);
        return REG_FAILED;
    }
    return status;
}

int reg_launch_run(struct reg_launch *launch, double iterations, double seconds,
                   struct reg_sample *sample)
{
    char request[64];
    const char *rest;
    if (!launch->program->serves)
        return reg_foreign_run(launch->program, launch->name, seconds, sample, launch->trouble,
                               sizeof(launch->trouble));
    snprintf(request, sizeof(request), "run %.0f", iterations);
    const int status = ask(launch, request, &rest);
    if (!status && (sscanf(rest, "%lf %*f %lf", &sample->ns, &sample->switches) != 2 ||
                    !(sample->ns > 0) || sample->ns > 1e18)) {
        snprintf(launch->trouble, sizeof(launch->trouble), "measures \"%.100s\"", rest);
        return REG_FAILED;
    }
    return status;
}

int reg_launch_drop(struct reg_launch *launch)
{
    const char *rest;
    launch->name = NULL;
    return launch->program->serves && launch->child.pid ? ask(launch, "drop", &rest) : 0;
}
