/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a comparison found, in the one form all outputs are made of: a line a case, sentences about
 * the run as a whole, and keys for those who want to know what it was run on.
 */
#ifndef REG_REPORT_H
#define REG_REPORT_H

#include "analysis/regress/verdict.h"

struct reg_case {
    const char *name;
    enum reg_verdict verdict;
    double base_ns, head_ns; /* medians; NAN if there is none */
    double ratio, low, high; /* head / base with its 95 % interval; NAN if there is none */
    double p, adjusted;      /* of the test the verdict stands on, and for the number of cases */
    double visible;          /* smallest slowdown that could have been seen; 1.05 is 5 % */
    size_t base_n, head_n;   /* what was tested: launches, or repetitions */
    const char *note;        /* a sentence, or "" */
};

struct reg_property {
    const char *key, *value;
};

struct reg_report {
    const char *what;        /* "ab", "check" */
    const char *base, *head; /* as the user called them */
    const struct reg_case *cases;
    size_t count;
    const char *const *remarks; /* sentences, the most important first */
    size_t remark_count;
    const struct reg_property *properties;
    size_t property_count;
    const char *unit; /* what base_n and head_n count: "launches" */
    double seconds;   /* it took; 0 if that is not interesting */
    bool noisy;       /* too much to judge by: nothing is gated */
    int status;       /* exit status */
};

void reg_tally(const struct reg_report *report, size_t count[REG_VERDICTS]);

/* Geometric mean of the ratios there are; NAN if there is none. */
double reg_geomean(const struct reg_report *report);

/* "1 regression, 2 improvements, 4 inconclusive (31 cases)": the answer in one line. */
void reg_headline(const struct reg_report *report, char *text, size_t size);

#endif
