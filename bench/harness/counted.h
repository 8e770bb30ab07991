/* SPDX-License-Identifier: Apache-2.0 */
/* The extra passes in which the client counts hardware events. */
#ifndef BENCHMARK_C_COUNTED_H
#define BENCHMARK_C_COUNTED_H

#include "bench/harness/cases.h"
#include "bench/harness/runner.h"

/* Runs the passes the client's hooks ask for and lets them add to the row; nothing without the
 * hooks. A pass that fails or is interrupted adds nothing. -errno when one could not be run. */
int bm_counted_measure(struct benchmark_runner *runner, const struct instance *instance,
                       int64_t iterations, struct benchmark_row *row);

#endif
