/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two samples that were not taken side by side: by which factor do they differ, and which factor
 * could have been seen? All of it is one test (Mann-Whitney) read in different directions, so
 * interval, p-values and the smallest visible effect never contradict each other.
 */
#ifndef REG_SHIFT_H
#define REG_SHIFT_H

#include <stddef.h>

struct reg_shift {
    double ratio;     /* Hodges-Lehmann: median of all head / base pairs */
    double low, high; /* 95 % interval of it; 0 and infinity if the samples allow none */
    double slower;    /* one-sided p that head is more than `effect` slower */
    double faster;    /* ... faster */
    double bounded;   /* one-sided p that head is less than `bound` slower */
    double visible;   /* smallest slowdown `slower` <= level could have seen, 1.05 is 5 % */
};

struct reg_shift_question {
    double effect; /* 0.05: a smaller change is nobody's business */
    double bound;  /* 0.10: equality is shown up to this */
    double level;  /* of p, for `visible` */
};

/* Positive times, any order. 0, -EINVAL if a sample is empty or not positive, -ENOMEM. */
int reg_shift(const double *base, size_t n, const double *head, size_t m,
              const struct reg_shift_question *question, struct reg_shift *shift);

/* The smallest one-sided p of n against m different values: 1 / C(n+m, n). */
double reg_shift_floor(size_t n, size_t m);

/* Repetitions a side that can reach one-sided p <= level. */
size_t reg_shift_needed(double level);

#endif
