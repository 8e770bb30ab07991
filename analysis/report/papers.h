/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published measurements that figures show beside those of this machine. Both are drawn relative to
 * their own first point, since the machines differ by orders of magnitude and the shapes of the
 * curves are what can be compared. Numbers are those printed, or read off a picture where it says
 * so.
 */
#ifndef REPORT_PAPERS_H
#define REPORT_PAPERS_H

#include "analysis/report/query.h"

enum { REP_PAPER_LINES = 4, REP_PAPER_POINTS = 12 };

struct rep_paper_line {
    const char *name;
    size_t count;
    double x[REP_PAPER_POINTS], y[REP_PAPER_POINTS]; /* y in their unit: larger is slower */
};

struct rep_paper {
    const char *plot;       /* the figure it is drawn in */
    const char *source;     /* authors, year, where it stands */
    const char *short_name; /* "in the GQA paper" */
    /* Why ours may rise more, or less, than theirs: what was measured differently. */
    const char *if_steeper, *if_flatter;
    size_t line_count;
    struct rep_paper_line lines[REP_PAPER_LINES];
};

/* NULL if the figure shows no paper. */
const struct rep_paper *rep_paper_find(const char *plot);

/* y of a line relative to its first point. */
static inline double rep_paper_relative(const struct rep_paper_line *line, size_t i)
{
    return line->y[i] / line->y[0];
}

/* y at x, of the points of one series or line that are nearest in x; NAN beyond the ends. */
double rep_paper_at(const double *x, const double *y, size_t count, double at);

#endif
