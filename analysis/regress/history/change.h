/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a series changed its level. Candidates are the best splits by the energy statistic of
 * E-divisive (Matteson and James 2014, arXiv 1306.4933, with exponent 1), looked for in windows so
 * that an old large step does not hide a recent small one; what is left after merging passes
 * Welch's test, lasts, and is larger than the noise of the series and than what anybody minds.
 */
#ifndef REG_HISTORY_CHANGE_H
#define REG_HISTORY_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

struct reg_change_rule {
    double effect;  /* smallest relative change worth a word, 0.02; half of it must be passed */
    double p;       /* largest p of a change that stays, 0.001; candidates may have ten times it */
    size_t lasting; /* values on either side at least, 5 */
    bool exact;     /* the values have no noise: every step above `effect` is a change */
};

struct reg_change {
    size_t at;            /* first value of the new level */
    double before, after; /* medians of the levels */
    double p;             /* 0 for exact values and for those that were given */
    bool given;
};

/*
 * Changes of values[0..n), which are logarithms of times (or of counts), in order. given[i] says
 * that a new level begins at i whatever the values say: an accepted change. It takes part as a
 * boundary. given may be NULL. 0 (free() *found) or -ENOMEM.
 */
int reg_changes(const double *values, size_t n, const bool *given,
                const struct reg_change_rule *rule, struct reg_change **found, size_t *count);

#endif
