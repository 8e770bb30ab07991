/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be said of one case, and of a run. There is a word for "not known" because a gate
 * without one has to lie: OK means that the two sides were shown to be equal within a bound, and
 * what was neither shown equal nor different is INCONCLUSIVE.
 */
#ifndef REG_VERDICT_H
#define REG_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

enum reg_verdict {
    REG_OK,           /* equivalence shown */
    REG_REGRESSED,    /* slower by more than the minimum effect */
    REG_IMPROVED,     /* faster by more than it */
    REG_INCONCLUSIVE, /* none of these could be shown */
    REG_UNCHANGED,    /* the same code, so not timed */
    REG_UNSTABLE,     /* one side differs so much from itself that nothing can be said */
    REG_ERROR,        /* crashed, hung or gave a wrong result */
    REG_MISSING,      /* in base only */
    REG_NEW,          /* in head only */
    REG_VERDICTS,
};

extern const char *const reg_verdict_name[REG_VERDICTS]; /* "OK", "REGRESSED", ... */

/* REG_VERDICTS if there is none of that name. */
enum reg_verdict reg_verdict_find(const char *name);

struct reg_rule {
    bool strict, noisy; /* noisy: the run as a whole is not to be believed */
};

/* The exit status that so many cases of each verdict make. */
int reg_exit_status(const size_t count[REG_VERDICTS], const struct reg_rule *rule);

#endif
