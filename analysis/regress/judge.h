/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From paired launches to verdicts. A number here is d = ln(head / base), the median over the
 * rounds of one launch; launches are what is replicated, because two launches of one program
 * differ by more than their rounds do and no number of rounds tells that away.
 *
 * Every case is screened with a few launches. What looks changed is asked again with fresh ones,
 * and only those count: so the choice cannot bias the answer. The second asking has two looks, the
 * first `first` launches and all of them, at half of the error each. Nothing here runs anything,
 * so a stored run can be judged again.
 */
#ifndef REG_JUDGE_H
#define REG_JUDGE_H

#include <stdbool.h>

#include "analysis/regress/signed_rank.h"
#include "analysis/regress/verdict.h"

struct reg_profile {
    const char *name;
    double effect; /* a slowdown up to this is nobody's business */
    double q;      /* share of false answers among all, see adjust.h */
    bool sign;     /* the sign test decides instead of the signed-rank test */
};

/* "vm" and "bare"; NULL if there is no such profile. */
const struct reg_profile *reg_profile_find(const char *name);

/* OK means: shown to be slower by less than this. */
double reg_profile_bound(const struct reg_profile *profile);

struct reg_series {
    double screen[REG_LAUNCHES_MAX], confirm[REG_LAUNCHES_MAX];
    size_t screens, confirms;
};

/* Does the case look changed, so that it is to be asked again? */
bool reg_flagged(const struct reg_series *series, const struct reg_profile *profile);

/* How many launches a second asking of `cases` cases takes at least, for its p to get there. */
size_t reg_confirms_needed(const struct reg_profile *profile, size_t cases);

struct reg_judged {
    enum reg_verdict verdict; /* OK, REGRESSED, IMPROVED, INCONCLUSIVE or UNSTABLE */
    size_t launches;          /* that the numbers below stand on */
    double estimate;          /* median d */
    double low, high;         /* its 95 % interval, by the sign test */
    double deviation;         /* of d from launch to launch */
    double p, adjusted;       /* in the direction of the estimate; NAN if not asked again */
    double sign_p;            /* the sign test beside it */
    double visible;           /* log of the slowdown that would be found four times out of five */
};

struct reg_looks {
    size_t first; /* launches of the first look of the second asking; 0: it had one look */
};

/* Judges all cases of a run together. 0 or -ENOMEM. */
int reg_judge(const struct reg_series *series, size_t count, const struct reg_profile *profile,
              const struct reg_looks *looks, struct reg_judged *judged);

/* Is the run to be believed, going by cases in which base ran against itself? NULL, or why not. */
struct reg_control {
    double largest, median; /* |estimate| over the controls */
    size_t changed;         /* controls that came out REGRESSED or IMPROVED */
    bool quiet;
};
int reg_judge_controls(const struct reg_series *series, size_t count,
                       const struct reg_profile *profile, const struct reg_looks *looks,
                       struct reg_control *control);

#endif
