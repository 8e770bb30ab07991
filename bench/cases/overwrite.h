/* SPDX-License-Identifier: Apache-2.0 */
/* Result files must not take the place of what the run was made from. */
#ifndef ATTN_OVERWRITE_H
#define ATTN_OVERWRITE_H

#include "bench/cases/message.h"
#include "bench/cases/sweep.h"
#include "bench/harness/benchmark.h"

/*
 * 0, or -EINVAL with a sentence when a file the harness was told to write is the suite, a model's
 * description or the other file it writes. The file of --resume may be written: the new one holds
 * all of its finished rows.
 */
int attn_overwrite_check(const struct benchmark_runner *runner, const char *suite,
                         const struct attn_sweep *sweep, struct attn_message *why);

#endif
