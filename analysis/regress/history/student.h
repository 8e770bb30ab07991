/* SPDX-License-Identifier: Apache-2.0 */
/* Welch's test: two means, each with its own spread. */
#ifndef REG_HISTORY_STUDENT_H
#define REG_HISTORY_STUDENT_H

#include <stddef.h>

/* P(|T| > t) of Student's t with `freedom` degrees, by the incomplete beta function. */
double reg_student(double t, double freedom);

/* Two-sided p of equal means; 1 if a sample has fewer than two values, 0 if neither varies and
 * the means differ. */
double reg_welch(const double *a, size_t n, const double *b, size_t m);

#endif
