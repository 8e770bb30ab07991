/* SPDX-License-Identifier: Apache-2.0 */
/* See finding.h. */
#include "analysis/regress/history/finding.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/regress/adjust.h"
#include "analysis/regress/history/machine_class.h"
#include "analysis/stats.h"

enum { CREEP_POINTS = 10 };

const char *const reg_finding_names[] = {
    [REG_SLOWER] = "REGRESSED",
    [REG_FASTER] = "IMPROVED",
    [REG_CREEP] = "CREEPING",
    [REG_MEANT] = "accepted",
};

struct work {
    const struct reg_series *series;
    const struct reg_finding_rule *rule;
    struct reg_findings *found;
    double *logs;
    bool *given;
};

static int add(struct reg_findings *found, const struct reg_finding *finding)
{
    struct reg_finding *const grown =
        realloc(found->list, (found->count + 1) * sizeof(*found->list));
    if (!grown)
        return -ENOMEM;
    found->list = grown;
    grown[found->count++] = *finding;
    return 0;
}

static bool fill(struct work *w)
{
    const size_t n = w->series->count;
    w->logs = malloc((n + 1) * sizeof(*w->logs));
    w->given = malloc((n + 1) * sizeof(*w->given));
    for (size_t i = 0; w->logs && w->given && i < n; i++) {
        w->logs[i] = log(w->series->points[i].value);
        w->given[i] = w->series->points[i].accepted != NULL;
    }
    return w->logs && w->given;
}

static size_t last_given(const struct work *w)
{
    size_t last = 0;
    for (size_t i = 0; i < w->series->count; i++)
        if (w->given[i])
            last = i;
    return last;
}

static int add_changes(struct work *w, const struct reg_change *changes, size_t count, bool *bad)
{
    const size_t from = last_given(w);
    const double margin = log1p(w->rule->change.effect) / 2;
    int status = 0;
    *bad = false;
    for (size_t i = 0; !status && i < count; i++) {
        const struct reg_change *const c = &changes[i];
        const bool slower = c->after > c->before, old = !c->given && c->at < from;
        const struct reg_finding finding = {
            .series = w->series,
            .kind = c->given || old ? REG_MEANT
                    : slower        ? REG_SLOWER
                                    : REG_FASTER,
            .at = c->at,
            .before = exp(c->before),
            .after = exp(c->after),
            .p = c->given || old || !(c->p > 0) ? NAN : c->p,
            .adjusted = NAN,
            .stands = !c->given && !old && slower && changes[count - 1].after > c->before + margin,
        };
        *bad |= finding.stands;
        status = add(w->found, &finding);
    }
    return status;
}

/* The newest values against as many that are about a month older, none of them before `from`. */
static int add_creep(struct work *w, size_t from)
{
    const struct reg_point *const points = w->series->points;
    const size_t n = w->series->count;
    size_t old_end = from;
    if (n < from + 2 * (size_t)CREEP_POINTS)
        return 0;
    const size_t recent = n - CREEP_POINTS;
    while (old_end < recent && points[old_end].time <= points[n - 1].time - w->rule->creep_seconds)
        old_end++;
    if (old_end < from + CREEP_POINTS)
        return 0;
    double a[CREEP_POINTS], b[CREEP_POINTS];
    memcpy(a, w->logs + old_end - CREEP_POINTS, sizeof(a));
    memcpy(b, w->logs + recent, sizeof(b));
    const double p = ana_mann_whitney_greater(a, CREEP_POINTS, b, CREEP_POINTS);
    ana_sort(a, CREEP_POINTS);
    ana_sort(b, CREEP_POINTS);
    const struct reg_finding finding = {
        .series = w->series,
        .kind = REG_CREEP,
        .at = n - 1,
        .before = exp(ana_median(a, CREEP_POINTS)),
        .after = exp(ana_median(b, CREEP_POINTS)),
        .p = p,
        .adjusted = NAN,
        .stands = true,
    };
    return finding.after > finding.before * (1 + w->rule->creep) && p <= 10 * w->rule->change.p
               ? add(w->found, &finding)
               : 0;
}

static int look(struct work *w)
{
    const struct reg_metric *const metric = reg_metric_find(w->series->metric);
    struct reg_change_rule rule = w->rule->change;
    struct reg_change *changes;
    size_t count;
    bool bad;
    rule.exact = metric && metric->exact;
    if (rule.exact)
        rule.effect = w->rule->exact_effect;
    w->found->too_short += w->series->count < (rule.exact ? 2 : 2 * rule.lasting);
    int status = reg_changes(w->logs, w->series->count, w->given, &rule, &changes, &count);
    if (status)
        return status;
    status = add_changes(w, changes, count, &bad);
    if (!status && !bad && !rule.exact)
        status = add_creep(w, last_given(w));
    free(changes);
    return status;
}

/* Of many series some change by chance: those that do not stand the correction are dropped. */
static int correct(struct reg_findings *found, double q)
{
    double *const p = malloc((2 * found->count + 1) * sizeof(*p)), *const adjusted =
                                                                       p + found->count;
    size_t kept = 0;
    if (!p)
        return -ENOMEM;
    for (size_t i = 0; i < found->count; i++)
        p[i] = found->list[i].p;
    const int status = reg_adjust(p, adjusted, found->count);
    for (size_t i = 0; !status && i < found->count; i++) {
        found->list[i].adjusted = adjusted[i];
        if (adjusted[i] > q)
            continue;
        found->standing += found->list[i].stands;
        found->list[kept++] = found->list[i];
    }
    found->count = status ? found->count : kept;
    free(p);
    return status;
}

int reg_find(const struct reg_series *series, size_t count, const struct reg_finding_rule *rule,
             struct reg_findings *found)
{
    int status = 0;
    *found = (struct reg_findings){0};
    for (size_t i = 0; !status && i < count; i++) {
        struct work w = {.series = &series[i], .rule = rule, .found = found};
        status = fill(&w) ? look(&w) : -ENOMEM;
        free(w.logs);
        free(w.given);
    }
    if (!status)
        status = correct(found, rule->q);
    if (status)
        reg_findings_free(found);
    return status;
}

void reg_findings_free(struct reg_findings *found)
{
    free(found->list);
    *found = (struct reg_findings){0};
}
