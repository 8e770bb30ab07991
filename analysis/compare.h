/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two result files, case by case: medians with their intervals, the change, and how surprising it
 * would be if nothing had changed. Cases are matched by name. Files of any Google Benchmark
 * program will do.
 */
#ifndef ANA_COMPARE_H
#define ANA_COMPARE_H

#include <stdbool.h>

#include "analysis/filter.h"
#include "analysis/summary.h"

struct ana_change {
    const struct ana_case *old, *new; /* one is NULL if the other file lacks the case */
    double ratio;                     /* new median / old median; NAN if either has no time */
    double p;                         /* Mann-Whitney, two-sided; NAN without samples */
    double least_p;                   /* the smallest p so many samples could give */
    bool significant;                 /* p <= alpha */
};

struct ana_comparison {
    struct ana_change *changes; /* in order of the old file, then what is only in the new one */
    size_t count;
    size_t both, only_old, only_new, significant;
    double geomean; /* of the ratios, NAN if there is none */
};

/* Compares file 0 of the summary with file 1. 0 or -ENOMEM; ana_comparison_free() it. */
int ana_compare(const struct ana_summary *summary, const struct ana_texts *filters, double alpha,
                struct ana_comparison *comparison);
void ana_comparison_free(struct ana_comparison *comparison);

#endif
