/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --benchmark_worker: a run that does what it is told, a line at a time, so that somebody can drive
 * two builds of a program alternately and compare them pair by pair. The worker keeps one case
 * prepared between its runs; who compares decides how long a run is and whose turn it is.
 *
 *   request                     answer
 *   (at start)                  benchmark_worker 1
 *   list                        one line "case CODE NAME" a case, then "ok N"; CODE is the family's
 *                               code or "-"
 *   prepare NAME                ok
 *   calibrate SECONDS           ok ITERATIONS   a run of so many lasts so long, twice in a row
 *   run ITERATIONS              ok REAL_NS CPU_NS SWITCHES FAULTS   one untimed iteration, then so
 *                               many timed ones: times per iteration, then involuntary context
 *                               switches and minor page faults of the whole
 *   drop                        ok              also where nothing is prepared
 *   quit                        (ends)
 *
 * In place of ok stand "error SENTENCE" (a case that fails; a request that makes no sense) and
 * "skipped SENTENCE". What a program prints to stdout itself goes to stderr meanwhile.
 */
#ifndef BENCHMARK_C_WORKER_H
#define BENCHMARK_C_WORKER_H

#include "bench/harness/cases.h"
#include "bench/harness/runner.h"

/* Serves until quit, the end of `in`, or a signal. The exit status of the program. */
int bm_worker_serve(struct benchmark_runner *runner, const struct instances *instances, FILE *in,
                    FILE *out);

/* The same on stdin and stdout. */
int bm_worker_run(struct benchmark_runner *runner, const struct instances *instances);

#endif
