/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A law with its record: fitted to a set of cases and tried on cases it had not seen. Predictions
 * take their interval from that record, widened where the parameters leave doubt.
 */
#ifndef ANA_LAW_H
#define ANA_LAW_H

#include "analysis/sweep_rows.h"

enum {
    ANA_LAW_LEAST = 6,  /* cases below which nothing is fitted */
    ANA_LAW_FOLDS = 60, /* more cases than this are held out in groups */
};

struct ana_tried {
    struct ana_law law;
    double *errors; /* [count of the set]: ln(predicted / measured) while held out, or NAN */
    double median_error, high_error; /* of |predicted / measured - 1|: median, 95th percentile */
};

/* `leave_out` is an axis whose values are held out in turn, or "" for each case alone. 0, -EINVAL
 * for too few cases, -EDOM if they are all alike, -ENOMEM. ana_tried_free() it. */
int ana_law_try(const struct ana_set *set, const char *leave_out, struct ana_tried *tried);
void ana_tried_free(struct ana_tried *tried);

/* A time with the interval that holds 95 of 100 such predictions. */
struct ana_guess {
    double ns, low, high;
};

struct ana_guess ana_law_guess(const struct ana_tried *tried, double bytes, double flops,
                               enum ana_level level);

#endif
