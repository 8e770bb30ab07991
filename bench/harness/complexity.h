/* SPDX-License-Identifier: Apache-2.0 */
/* Which curve the times of a family follow as n grows, and how well: the BigO and RMS rows. */
#ifndef BENCHMARK_C_COMPLEXITY_H
#define BENCHMARK_C_COMPLEXITY_H

#include "bench/harness/rows.h"

struct complexity_points {
    double *n, *real, *cpu;
    size_t count;
};

struct complexity_fit {
    enum benchmark_complexity curve;
    double coefficient;
    double rms; /* root of the mean squared residual over the mean of the times */
};

/* Least squares of times against the curve through the origin; O_AUTO takes the one with the
 * smallest rms. */
struct complexity_fit bm_complexity_fit(const double *n, const double *times, size_t count,
                                        enum benchmark_complexity curve,
                                        double (*function)(int64_t n));
const char *bm_complexity_name(enum benchmark_complexity curve);

int bm_complexity_note(struct complexity_points *points, const struct rows *rows);
/* Adds the two rows; nothing with fewer than two points. */
int bm_complexity_rows(struct rows *rows, const struct complexity_points *points,
                       const struct instance *last);
void bm_complexity_free(struct complexity_points *points);

#endif
