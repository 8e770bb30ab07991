/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search: from one iteration up, aiming 40 % past the goal, at most tenfold while the pass was
 * too short to be trusted as a measure of one iteration.
 */
#include "bench/harness/search.h"

#include <math.h>

bool bm_search_done(int64_t iterations, double seconds, double wall, double min_time, bool manual)
{
    /* Mostly idle cases would never collect CPU time; five times the goal in wall time is enough.
     * Manual time has no relation to the wall clock. */
    return iterations >= BM_MAX_ITERATIONS || seconds >= min_time ||
           (wall >= 5 * min_time && !manual);
}

int64_t bm_search_next(int64_t iterations, double seconds, double min_time)
{
    const double aim = min_time * 1.4 / fmax(seconds, 1e-9);
    const double factor = seconds / min_time <= 0.1 ? 10 : aim;
    const double wanted = fmax(round(factor * (double)iterations), (double)iterations + 1);
    return wanted >= (double)BM_MAX_ITERATIONS ? BM_MAX_ITERATIONS : (int64_t)wanted;
}
