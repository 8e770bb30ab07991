/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts of a build's cases: read from a result file, or taken from the program itself, which then
 * simulates each case (attn-bench --sim) or counts it in hardware.
 */
#ifndef REG_SIM_COUNTS_H
#define REG_SIM_COUNTS_H

#include <stdbool.h>

#include "analysis/results.h"

enum reg_tool {
    REG_TOOL_AUTO,      /* the simulator if valgrind is there, else the hardware's counter */
    REG_TOOL_CALLGRIND, /* instructions and DRAM bytes */
    REG_TOOL_PERF,      /* instructions, where the hardware's counter was proved right */
};

struct reg_counts {
    const char *path;
    struct ana_results results;
    char folder[256]; /* of a program's files; "" for a result file */
    bool perf;
};

struct reg_counting {
    enum reg_tool tool;
    const char *const *arguments; /* for programs; NULL at the end */
    double patience;              /* seconds until a program counts as hung */
};

/* ANA_EXIT_OK (reg_counts_close() it), or after complaining 2 or, for a program that failed, 4. */
int reg_counts_open(const struct ana_command *self, const char *path,
                    const struct reg_counting *counting, struct reg_counts *counts);
void reg_counts_close(struct reg_counts *counts);

/* Is it a program, and not a result file? */
bool reg_is_program(const char *path);

/* NAN where there is none. Taken from the row: a base that was saved has counts and no times. */
double reg_count_instructions(const struct reg_counts *counts, const struct ana_case *c);
double reg_count_dram(const struct reg_counts *counts, const struct ana_case *c);
double reg_count_scratch(const struct ana_case *c);

/* Counts the program's first few cases again. 0 if all came out equal, 1 and a sentence if not, or
 * an exit status above 1 after complaining. */
int reg_counts_again(const struct ana_command *self, const struct reg_counts *counts,
                     const struct reg_counting *counting, char *message, size_t size);

/* What a later run can be held against, as a result file: counts, and what they depend on. Takes a
 * struct reg_counts; 0 or -EIO. */
int reg_counts_write(const void *counts, FILE *out);

#endif
