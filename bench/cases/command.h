/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line cut in two: flags of the harness, which are passed on, and options of ours.
 * What the harness gets is, in this order, the program's defaults, the suite's, and what was
 * typed; the last one wins, and an environment variable of the harness beats the first two.
 */
#ifndef ATTN_COMMAND_H
#define ATTN_COMMAND_H

#include <stdint.h>

#include "bench/cases/options.h"
#include "bench/cases/sweep.h"
#include "bench/harness/benchmark.h"

struct attn_command {
    struct attn_settings settings;
    char *line; /* as typed */
    char **own; /* argv of our options, settings point into it */
    int owns;
    char **flag; /* harness flags as typed, "--name=value", each its own allocation */
    int flags;
};

/* Follows --load too. 0, or -errno with a sentence. attn_command_free() it in either case. */
int attn_command_parse(struct attn_command *command, int argc, char **argv,
                       struct attn_message *why);
void attn_command_free(struct attn_command *command);

/*
 * Is the table of display.h wanted: stdout is a terminal, and nobody asked for a form of output
 * or for a list?
 */
bool attn_command_wants_table(const struct attn_command *command);

/* Did nobody ask for a form of output or for a list? */
bool attn_command_is_formless(const struct attn_command *command);

/*
 * False when the program is to end with *status; the harness has then said why. With `table` the
 * harness is told to display JSON, which keeps it silent when its output goes nowhere.
 */
bool attn_command_initialize(const struct attn_command *command, const struct attn_sweep *sweep,
                             struct benchmark_runner *runner, bool table, int *status);

/* What the harness was told: seconds a repetition, and how many of them. */
double attn_command_min_time(const struct benchmark_runner *runner);
int attn_command_repetitions(const struct benchmark_runner *runner);

uint64_t attn_command_seed(const struct attn_settings *settings);

/* Takes away the CPU features --cpu_mask does not name. */
int attn_command_mask_cpu(const struct attn_settings *settings, struct attn_message *why);

#endif
