/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One of the two builds, and its launches. A program of our harness serves requests
 * (--benchmark_worker) and keeps its data between runs; any other Google Benchmark program is
 * started anew for every sample, which is slower and gives fewer rounds, but is as fair.
 */
#ifndef REG_PROGRAM_H
#define REG_PROGRAM_H

#include "analysis/arena.h"
#include "analysis/regress/child.h"

struct reg_program {
    const char *path;
    const char *const *arguments; /* NULL at the end */
    bool serves;
    int cpu;         /* bind its launches to this CPU; -1: leave them */
    double patience; /* seconds until a request counts as hung */
};

struct reg_listed {
    const char *name;
    const char *code; /* equal where the same code runs; "" if that is not known */
};

/* More cases than this are a program that does not come to an end. */
enum { REG_LISTED_MAX = 1000000 };

/* Adds a case to a growing list; `code` need not end at its length. 0, -ENOMEM or -E2BIG. */
int reg_listed_add(struct ana_arena *arena, struct reg_listed **cases, size_t *count,
                   const char *code, size_t length, const char *name);

/* Why a list came to nothing. */
const char *reg_list_trouble(int status, const struct reg_child *child);

/* Does the program serve? 0 and program->serves, or -errno with a sentence if it cannot start. */
int reg_program_probe(struct reg_program *program, char *message, size_t size);

/* The cases it has, in its order, in `arena`. 0, or -errno with a sentence. */
int reg_program_list(const struct reg_program *program, struct ana_arena *arena,
                     struct reg_listed **cases, size_t *count, char *message, size_t size);

struct reg_sample {
    double ns;       /* a call, as the case measures time */
    double switches; /* involuntary, of the whole sample; 0 if not known */
};

/* All calls below: 0; REG_SKIPPED or REG_FAILED with launch->trouble. After a crash or a hang the
 * next reg_launch_prepare() starts the program again. */
enum { REG_SKIPPED = 1, REG_FAILED = 2 };

struct reg_launch {
    const struct reg_program *program;
    struct reg_child child;
    const char *name; /* of the case that is prepared */
    double seconds;   /* a sample shall last, for programs that do not serve */
    char trouble[512];
};

int reg_launch_open(struct reg_launch *launch, const struct reg_program *program);
void reg_launch_close(struct reg_launch *launch);
int reg_launch_prepare(struct reg_launch *launch, const char *name);

/* How many iterations last `seconds`; 1 of a program that does not serve. */
int reg_launch_calibrate(struct reg_launch *launch, double seconds, double *iterations);
int reg_launch_run(struct reg_launch *launch, double iterations, double seconds,
                   struct reg_sample *sample);

/* The case checks its results once more: REG_FAILED if they are wrong. */
int reg_launch_drop(struct reg_launch *launch);

/* The back end for programs that do not serve. */
int reg_foreign_list(const struct reg_program *program, struct ana_arena *arena,
                     struct reg_listed **cases, size_t *count, char *message, size_t size);
int reg_foreign_run(const struct reg_program *program, const char *name, double seconds,
                    struct reg_sample *sample, char *trouble, size_t size);

/* argv of the program: its path, its arguments, then `more` (NULL at the end). NULL or to be
 * freed. */
const char **reg_program_argv(const struct reg_program *program, const char *const *more);

#endif
