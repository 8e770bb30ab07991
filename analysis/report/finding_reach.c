/* SPDX-License-Identifier: Apache-2.0 */
/* What query tokens cost that pass together, and positions that are not seen save. */
#include "analysis/report/difference.h"
#include "analysis/report/finding.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void rep_say_drafts(const struct rep_selection *s, struct rep_figure *f)
{
    const struct rep_series *const last = &s->series[s->series_count - 1];
    const struct rep_point *const few = &s->points.points[last->first];
    const struct rep_point *const many = few + last->count - 1;
    if (few->q_len == many->q_len)
        return;
    const char *const kind = s->series_count > 1 ? last->name : "";
    TEXT(from, REP_COUNT, few->q_len);
    TEXT(to, REP_COUNT, many->q_len);
    TEXT(times, REP_TIMES, many->time_ns / few->time_ns);
    const bool same = rep_within_noise(few, many);
    snprintf(f->title, sizeof(f->title), "%s%.40s%s%s query tokens at once take %s %s%s",
             *kind ? "With " : "", kind, *kind ? " " : "", to, same ? "as long as" : times,
             same ? from : "the time of ", same ? ", with no difference beyond noise" : from);
}

/* The point at `context` that sees least, or with `all` one that sees everything; of equal ones the
 * fastest. */
static const struct rep_point *at(const struct rep_selection *s, double context, bool all)
{
    const struct rep_point *found = NULL;
    for (size_t i = 0; i < s->points.count; i++) {
        const struct rep_point *const p = &s->points.points[i];
        if (p->context != context || isfinite(p->reach) == all)
            continue;
        if (!found || p->reach < found->reach ||
            (!(p->reach > found->reach) && p->time_ns < found->time_ns))
            found = p;
    }
    return found;
}

void rep_say_reach(const struct rep_selection *s, struct rep_figure *f)
{
    const struct rep_point *all = NULL, *part = NULL;
    for (size_t i = 0; i < s->points.count; i++) {
        const double context = s->points.points[i].context;
        const struct rep_point *const a = at(s, context, true), *const b = at(s, context, false);
        if (a && b && (!all || context > all->context)) {
            all = a;
            part = b;
        }
    }
    if (!all)
        return;
    TEXT(context, REP_TOKENS, all->context);
    TEXT(seen, REP_TOKENS, part->reach);
    TEXT(times, REP_TIMES, all->time_ns / part->time_ns);
    if (rep_within_noise(all, part))
        snprintf(f->title, sizeof(f->title),
                 "At %s tokens seeing %s of them takes as long as seeing all, with no difference "
                 "beyond noise",
                 context, seen);
    else
        snprintf(f->title, sizeof(f->title),
                 "At %s tokens seeing %s of them is %s as fast as seeing all", context, seen,
                 times);
}
