/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine says of published measurements. */
#include "analysis/report/difference.h"
#include "analysis/report/finding.h"
#include "analysis/report/papers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Ours against the first curve of the paper, where both reach and they are furthest apart. */
void rep_say_paper(const struct rep_selection *s, struct rep_figure *f)
{
    const struct rep_paper *const paper = rep_paper_find(f->name);
    const struct rep_series *const ours = &s->series[0];
    const struct rep_field *const x =
        rep_field_find(strstr(f->name, "qa") ? "kv_heads" : "context");
    const struct rep_point *const first = &s->points.points[ours->first], *most = NULL;
    double worst = 0, own = NAN, theirs = NAN;
    for (size_t i = ours->first; i < ours->first + ours->count; i++) {
        const struct rep_point *const p = &s->points.points[i];
        double relative[REP_PAPER_POINTS];
        const struct rep_paper_line *const line = &paper->lines[0];
        for (size_t k = 0; k < line->count; k++)
            relative[k] = rep_paper_relative(line, k);
        const double there = rep_paper_at(line->x, relative, line->count, rep_value(p, x)) /
                             rep_paper_at(line->x, relative, line->count, rep_value(first, x));
        if (fabs(log(p->relative / there)) > worst) {
            worst = fabs(log(p->relative / there));
            most = p;
            own = p->relative;
            theirs = there;
        }
    }
    if (!most)
        return;
    TEXT(a, REP_TIMES, own);
    TEXT(b, REP_TIMES, theirs);
    TEXT(where, x->unit, rep_value(most, x));
    TEXT(from, x->unit, rep_value(first, x));
    const char *const what = strcmp(x->name, "context") ? "KV heads" : "tokens";
    if (rep_within_noise(most, first))
        snprintf(f->title, sizeof(f->title),
                 "%s %s take as long as %s here, with no difference beyond noise, and %s %s", where,
                 what, from, b, paper->short_name);
    else
        snprintf(f->title, sizeof(f->title), "%s %s take %s the time of %s here, %s %s", where,
                 what, a, from, b, paper->short_name);
    const size_t end = strlen(f->caption);
    snprintf(f->caption + end, sizeof(f->caption) - end,
             " They differ most at %s %s, by a factor of %.2g: %s", where, what, exp(worst),
             own > theirs ? paper->if_steeper : paper->if_flatter);
}
