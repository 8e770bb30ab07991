/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The law a sweep follows, fitted to its rows:
 *
 *     time = t0 + (reading^p + arithmetic^p)^(1/p)
 *     reading = bytes / bandwidth(level), arithmetic = flops / compute
 *
 * t0 is what a call costs whatever its size, level is where the cache lies (a cold one in memory),
 * and p says how far reading and arithmetic overlap: 1 not at all, 2 partly, 8 nearly wholly (the
 * roofline has an infinite p). What was tried and did not help on measured sweeps: a term for the
 * number of scores, one for widened elements, and correcting by the residuals of neighbours.
 *
 * Parameters are fitted as logarithms to the logarithms of times, so that each row counts by its
 * relative error and nothing becomes negative; rows are weighted by the inverse square of their own
 * spread, and those far off count less (Huber). Intervals are of 95 %, from the curvature of the
 * loss. How good the law is in practice is told by rows it was not fitted to: ana_law_hold_out().
 */
#ifndef ANA_FIT_H
#define ANA_FIT_H

#include <stdbool.h>
#include <stddef.h>

enum ana_level { ANA_L1, ANA_L2, ANA_L3, ANA_MEMORY, ANA_LEVELS };

extern const char *const ana_level_names[ANA_LEVELS]; /* "L1" ... "memory" */

struct ana_sample {
    double bytes, flops, ns; /* of one call; all positive */
    double spread;           /* half its interval over ns; 0 if not known */
    enum ana_level level;
};

/* A parameter. `seen` is false if the rows do not show it (it never amounts to anything, or cannot
 * be told from another one); then the law is without it and the numbers are NAN. */
struct ana_term {
    double value, low, high;
    bool seen;
};

enum { ANA_LAW_TERMS = 2 + ANA_LEVELS };

struct ana_law {
    struct ana_term t0;                    /* ns */
    struct ana_term bandwidth[ANA_LEVELS]; /* bytes a ns, which are GB/s */
    struct ana_term compute;               /* flops a ns, which are GFLOP/s */
    bool measured[ANA_LEVELS];             /* levels some row lay in */
    double overlap;                        /* p */
    double scatter;                        /* of ln(measured / fitted), robust sigma */
    size_t rows;
    double covariance[ANA_LAW_TERMS][ANA_LAW_TERMS]; /* of ln t0, ln(1/bandwidth)..., ln(1/c) */
};

/* 0, -EINVAL with fewer than 4 samples or one that is not positive, -EDOM if they are all alike,
 * or -ENOMEM. */
int ana_law_fit(const struct ana_sample *samples, size_t n, struct ana_law *law);

/* NAN if no row lay in the level. */
double ana_law_ns(const struct ana_law *law, double bytes, double flops, enum ana_level level);

/* Standard error of ln(ana_law_ns()) that comes from not knowing the parameters better: small
 * where rows are, larger the further away. */
double ana_law_doubt(const struct ana_law *law, double bytes, double flops, enum ana_level level);

/*
 * Fits again without each fold in turn and predicts it: errors[i] = ln(predicted / measured) of
 * sample i, NAN where the rest could not be fitted. fold[i] is any number; equal ones go together.
 */
int ana_law_hold_out(const struct ana_sample *samples, size_t n, const size_t *fold,
                     double *errors);

#endif
