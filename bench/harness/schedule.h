/* SPDX-License-Identifier: Apache-2.0 */
/* When a case has been repeated enough, and in which order the repetitions of several are run. */
#ifndef BENCHMARK_C_SCHEDULE_H
#define BENCHMARK_C_SCHEDULE_H

#include "bench/harness/settings.h"

#include <stdint.h>

struct progress_of_case {
    int done, wanted;
    const double *seconds; /* per iteration, of the repetitions that have times */
    size_t count;
    double elapsed; /* wall seconds since its first repetition began */
};

bool bm_repeated_enough(const struct progress_of_case *progress, const struct settings *settings);

/* A seed that is not 0, from the clock and the process. */
int bm_draw_seed(void);
/* Fisher-Yates with a generator of its own, so that a recorded seed gives the same order anywhere.
 */
void bm_shuffle(size_t *items, size_t count, uint64_t *state);

#endif
