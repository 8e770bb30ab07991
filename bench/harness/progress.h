/* SPDX-License-Identifier: Apache-2.0 */
/* One line on a terminal's stderr while a run lasts: which case, how far, how long it may take. */
#ifndef BENCHMARK_C_PROGRESS_H
#define BENCHMARK_C_PROGRESS_H

#include "bench/harness/runner.h"

struct progress {
    FILE *terminal; /* NULL: stderr is none, nothing is shown */
    const struct benchmark_runner *runner;
    size_t total, done;
    double begin;
    bool shown;
};

void bm_progress_init(struct progress *progress, const struct benchmark_runner *runner,
                      size_t total, bool terminal);
void bm_progress_show(struct progress *progress, const char *name);
/* Takes the line away, so that rows and messages start on a clean one. */
void bm_progress_clear(struct progress *progress);
/* "1h02m", "3m20s", "45s". */
void bm_format_duration(char text[16], double seconds);

#endif
