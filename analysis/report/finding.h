/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the data say, in sentences: the title and caption of each figure and the headline of the
 * page. Numbers in prose are computed here or they are not there; a figure without a sentence
 * of its own keeps the title and caption of its .gp file.
 */
#ifndef REPORT_FINDING_H
#define REPORT_FINDING_H

#include "analysis/report/figure.h"

/* Multi-head attention and the kind with the fewest KV heads, at the longest context both have. */
struct rep_pair {
    const struct rep_point *mha, *shared; /* both or none */
};

/* Points that have been compared (rep_points_compare). */
struct rep_pair rep_longest_pair(const struct rep_points *points);

/* Declares `name` with the value written into it. */
#define TEXT(name, unit, value) \
    char name[REP_TEXT];        \
    rep_write(unit, value, name)

/* Fills title, caption and alt of `figure`. What would compare times of a few calls is not said. */
void rep_finding_say(const char *plot, const struct rep_selection *selection,
                     const struct rep_query *query, struct rep_figure *figure);

/* In finding_paper.c. */
void rep_say_paper(const struct rep_selection *selection, struct rep_figure *figure);

/* Of query tokens that pass together and of positions that are not seen, in finding_reach.c. */
void rep_say_drafts(const struct rep_selection *selection, struct rep_figure *figure);
void rep_say_reach(const struct rep_selection *selection, struct rep_figure *figure);

/* Those of steps and of equal caches, in finding_step.c. */
void rep_say_step(const struct rep_selection *selection, struct rep_figure *figure);
void rep_say_share(const struct rep_selection *selection, struct rep_figure *figure);
void rep_say_equal(const struct rep_selection *selection, struct rep_figure *figure);
void rep_say_ratio(const struct rep_selection *selection, struct rep_figure *figure);
void rep_say_tokens(const struct rep_selection *selection, struct rep_figure *figure);
void rep_say_runs(const struct rep_selection *selection, struct rep_figure *figure);

struct rep_headline {
    char text[512];  /* one sentence */
    char below[512]; /* what it rests on: the two cases, with their intervals; "" if nothing */
};

/* The largest comparison the points allow: MQA against MHA, else the fastest case. */
void rep_headline_say(const struct rep_sets *sets, struct rep_headline *headline);

#endif
