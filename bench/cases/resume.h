/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --resume: rows of an earlier run that need not be measured again. A case is finished when the
 * file has all its repetitions and none of them failed; its rows then go into the new file as
 * they stand. Rows of another machine, build or seed are not mixed with new ones: the file is
 * refused with the key that differs.
 */
#ifndef ATTN_RESUME_H
#define ATTN_RESUME_H

#include "bench/cases/case.h"
#include "bench/harness/benchmark.h"
#include "bench/machine/context.h"

/*
 * Marks finished[cases->n] and hands the rows to the runner. 0, or -errno with a sentence: the
 * file cannot be read, is not one of ours, or was measured somewhere else.
 */
int attn_resume(const char *path, const struct machine_context *here, int repetitions,
                const struct attn_cases *cases, struct benchmark_runner *runner, bool *finished,
                struct attn_message *why);

#endif
