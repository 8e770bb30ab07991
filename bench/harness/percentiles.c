/* SPDX-License-Identifier: Apache-2.0 */
/* Percentiles of calls. The clock's own figures are taken once a run, before the first case. */
#include "bench/harness/percentiles.h"

#include "bench/harness/statistics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void bm_clock_measure(struct benchmark_runner *runner)
{
    enum { READINGS = 20001 };
    double *const gaps = malloc(READINGS * sizeof(*gaps));
    if (!gaps)
        return;
    double before = bm_wall(runner);
    for (int i = 0; i < READINGS; i++) {
        const double now = bm_wall(runner);
        gaps[i] = now - before;
        before = now;
    }
    bm_sort(gaps, READINGS);
    const double cost = bm_quantile_sorted(gaps, READINGS, 0.5);
    runner->clock = (struct clock_quality){
        .known = true,
        .cost = cost,
        .jitter = bm_quantile_sorted(gaps, READINGS, 0.999) - cost,
    };
    free(gaps);
}

void benchmark_clock_quality(struct benchmark_runner *runner, double *cost, double *jitter)
{
    if (!runner->clock.known)
        bm_clock_measure(runner);
    *cost = runner->clock.cost;
    *jitter = runner->clock.jitter;
}

static int add(struct benchmark_row *row, const char *name, double seconds)
{
    return bm_row_counter_set(row, name, seconds * 1e9, BENCHMARK_COUNTER_PLAIN);
}

int bm_row_add_percentiles(struct benchmark_row *row, const struct samples *samples,
                           const struct numbers *percentiles, const struct clock_quality *quality)
{
    if (!samples->count)
        return 0;
    double *const sorted = malloc(samples->count * sizeof(*sorted));
    if (!sorted)
        return -ENOMEM;
    memcpy(sorted, samples->seconds, samples->count * sizeof(*sorted));
    bm_sort(sorted, samples->count);
    int rc = add(row, "min_ns", sorted[0]);
    if (!rc)
        rc = add(row, "max_ns", sorted[samples->count - 1]);
    for (size_t i = 0; !rc && i < percentiles->count; i++) {
        char name[48];
        snprintf(name, sizeof(name), "p%g_ns", percentiles->items[i]);
        rc =
            add(row, name, bm_quantile_sorted(sorted, samples->count, percentiles->items[i] / 100));
    }
    if (!rc && quality->known)
        rc = add(row, "clock_cost_ns", quality->cost);
    if (!rc && quality->known)
        rc = add(row, "jitter_floor_ns", quality->jitter);
    free(sorted);
    return rc;
}

void bm_samples_write(FILE *out, const char *name, int64_t repetition,
                      const struct samples *samples)
{
    for (size_t i = 0; i < samples->count; i++) {
        fputc('"', out);
        for (const char *c = name; *c; c++)
            fprintf(out, *c == '"' ? "\"%c" : "%c", *c);
        fprintf(out, "\",%" PRId64 ",%zu,%.3f\n", repetition, i, samples->seconds[i] * 1e9);
    }
}
