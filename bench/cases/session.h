/* SPDX-License-Identifier: Apache-2.0 */
/* What is said once about a run: the context of its rows, and what disturbed it. */
#ifndef ATTN_SESSION_H
#define ATTN_SESSION_H

#include "bench/cases/case.h"
#include "bench/cases/command.h"
#include "bench/cases/host.h"
#include "bench/machine/context.h"

/* Grows when rows or context keys change their meaning. */
#define ATTN_SCHEMA "1"

/* Collects the context: command line, seed, schema, machine and build. */
void attn_session_context(struct machine_context *context, const struct attn_host *host,
                          const struct attn_command *command, const struct attn_cases *cases);

/*
 * Hands the keys to the harness. Warnings go into a displayed JSON document with them; elsewhere
 * they are lines on stderr and wait for the first case, so that a run that fails before it has
 * measured anything says that and nothing else. True when they still have to be given.
 */
bool attn_session_publish(const struct machine_context *context, struct benchmark_runner *runner);

/*
 * Runs. Adds to the context's warnings what else the machine did meanwhile. `at_end` (NULL: nobody)
 * is called when all has been measured and the result file may still get keys. The exit status.
 */
int attn_session_run(struct machine_context *context, struct benchmark_runner *runner,
                     void (*at_end)(void *user), void *user);

#endif
