/* SPDX-License-Identifier: Apache-2.0 */
/* --machine: what this machine is made of and what it can do at most, measured and kept. */
#ifndef ATTN_MACHINE_H
#define ATTN_MACHINE_H

#include "bench/cases/host.h"
#include "bench/harness/benchmark.h"
#include "bench/machine/context.h"

#include <stdio.h>

/*
 * Runs the survey. `out` gets the tables, or is NULL when the harness displays the rows. `context`
 * holds what is known of the machine and grows by what went on. The exit status.
 */
int attn_machine_run(FILE *out, struct attn_host *host, struct machine_context *context,
                     struct benchmark_runner *runner);

#endif
