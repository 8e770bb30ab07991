/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program we started: lines go to its stdin, lines come back, and whatever it does instead of
 * answering (crash, hang, end) becomes a sentence. It dies with us, also when we are killed.
 */
#ifndef REG_CHILD_H
#define REG_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct reg_child {
    pid_t pid; /* 0: not running */
    int in, out, err;
    char *buffer;
    size_t used, capacity, taken; /* of the buffer; what lies before `taken` was given away */
    char trouble[512];            /* why the last call failed */
};

struct reg_child_options {
    int cpu;    /* bind it to this CPU; -1: leave it where it may run */
    int output; /* its stdout goes to this descriptor instead of being read here; -1: no */
};

/* Starts argv[0]; its stderr is kept to tell its last line. 0, or -errno with trouble. */
int reg_child_start(struct reg_child *child, const char *const *argv,
                    const struct reg_child_options *options);

/* Sends a line (without its end). 0 or -EPIPE with trouble. */
int reg_child_send(struct reg_child *child, const char *line);

/*
 * The next line, without its end, valid until the next call. 0; -ETIMEDOUT when none came within
 * `seconds`, -EPIPE when the program ended first: then it is over and has been reaped, and trouble
 * says how it went.
 */
int reg_child_line(struct reg_child *child, double seconds, const char **line);

/* Waits for its end, at most so long, then kills it. 0 if it ended with status 0; -EPIPE or
 * -ETIMEDOUT with trouble. */
int reg_child_end(struct reg_child *child, double seconds);

/* Ends it at once, if it runs, and forgets everything. */
void reg_child_kill(struct reg_child *child);

/* Monotonic seconds. */
double reg_now(void);

#endif
