/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many cases are asked at once, and one in twenty of those that did not change would answer p <=
 * 0.05. Benjamini and Hochberg's procedure bounds the expected share of false answers among all
 * that are given; when nothing changed at all, that is the probability of a single one.
 */
#ifndef REG_ADJUST_H
#define REG_ADJUST_H

#include <stddef.h>

/*
 * Adjusted p-values: case i is named at level q exactly if adjusted[i] <= q. NAN stays NAN and is
 * not counted among the questions. 0 or -ENOMEM.
 */
int reg_adjust(const double *p, double *adjusted, size_t n);

#endif
