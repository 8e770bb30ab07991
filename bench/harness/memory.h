/* SPDX-License-Identifier: Apache-2.0 */
/* The extra pass in which the client counts what a case allocates. */
#ifndef BENCHMARK_C_MEMORY_H
#define BENCHMARK_C_MEMORY_H

#include "bench/harness/cases.h"
#include "bench/harness/runner.h"

/* Runs a few of the iterations between the client's hooks and puts what they found into the row;
 * nothing without the hooks. -errno when the pass could not be run. */
int bm_memory_measure(struct benchmark_runner *runner, const struct instance *instance,
                      int64_t iterations, struct benchmark_row *row);

#endif
