/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the series say: each change of level since the last one that was accepted, and whether the
 * loss it brought is still there. Sudden changes are found by reg_changes(); slow ones, which have
 * no place, by comparing the newest values with those of a month before.
 */
#ifndef REG_HISTORY_FINDING_H
#define REG_HISTORY_FINDING_H

#include "analysis/regress/history/change.h"
#include "analysis/regress/history/history.h"

enum reg_finding_kind { REG_SLOWER, REG_FASTER, REG_CREEP, REG_MEANT };

extern const char *const reg_finding_names[]; /* by kind: "REGRESSED", "IMPROVED", ... */

struct reg_finding {
    const struct reg_series *series;
    enum reg_finding_kind kind;
    size_t at;            /* first point of the new level; of a creep the newest */
    double before, after; /* levels, in the unit of the metric */
    double p, adjusted;   /* NAN where there was no test: counts, accepted changes */
    bool stands;          /* slower, and not made good since */
};

struct reg_findings {
    struct reg_finding *list;
    size_t count;
    size_t standing;
    size_t too_short; /* series that cannot show a change yet */
};

struct reg_finding_rule {
    struct reg_change_rule change; /* `exact` is set by each series' metric */
    double exact_effect;           /* smallest relative step of a count */
    double creep;                  /* smallest relative slow change, 0.03 */
    int64_t creep_seconds;         /* how far back it looks */
    double q;                      /* share of false alarms among all */
};

/* 0 (reg_findings_free()) or -ENOMEM. */
int reg_find(const struct reg_series *series, size_t count, const struct reg_finding_rule *rule,
             struct reg_findings *found);
void reg_findings_free(struct reg_findings *found);

#endif
