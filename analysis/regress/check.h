/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two result files of anybody, taken one after the other. Such data cannot tell a slower program
 * from a slower hour, so a verdict takes enough repetitions, and the smallest slowdown they could
 * have shown is said of every case. Paired runs (ab) are the better question where one can ask it.
 */
#ifndef REG_CHECK_H
#define REG_CHECK_H

#include "analysis/arena.h"
#include "analysis/compare.h"
#include "analysis/regress/report.h"

struct reg_check_options {
    double effect; /* smaller changes are nobody's business: 0.05 */
    double q;      /* share of false answers, see adjust.h: 0.01 */
};

/*
 * Judges the cases of a comparison into report->cases, count and remarks; everything lives in
 * `arena`. 0 or -ENOMEM.
 */
int reg_check(const struct ana_comparison *comparison, const struct reg_check_options *options,
              struct ana_arena *arena, struct reg_report *report);

#endif
