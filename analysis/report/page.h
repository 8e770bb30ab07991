/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.html: everything on one page that needs nothing but itself. Plots are inlined, there are
 * no scripts, no fonts and no addresses to fetch, so the file can be mailed, archived and opened
 * in ten years.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "analysis/report/figure.h"
#include "analysis/report/finding.h"
#include "analysis/summary.h"

struct rep_page {
    struct ana_result *const *results;
    size_t result_count;
    const struct ana_summary *summary;
    const struct rep_points *points;   /* all of them */
    const struct rep_points *best;     /* the fastest kernel of each case, compared */
    const struct rep_points *steps;    /* of whole layers and models */
    const struct rep_points *runs;     /* that generate */
    const struct rep_points *ceilings; /* of the machine of the first file, or none */
    const struct rep_figure *figures;
    size_t figure_count;
    const struct rep_machine *machine;
    struct rep_headline headline;
    const char *const *warnings; /* of this program, sentences */
    size_t warning_count;
};

/* 0 or -errno of the stream. */
int rep_page_write(const struct rep_page *page, FILE *out);

/* The sections, in order of the page. */
void rep_page_cards(const struct rep_page *page, FILE *out);    /* the few figures to remember */
void rep_page_figures(const struct rep_page *page, FILE *out);  /* pictures with captions */
void rep_page_ceilings(const struct rep_page *page, FILE *out); /* those of the machine */
void rep_page_rows(const struct rep_page *page, FILE *out);     /* tables of cases */
void rep_page_steps(const struct rep_page *page, FILE *out);    /* the table of steps, if any */
void rep_page_runs(const struct rep_page *page, FILE *out);     /* that of runs, if any */
void rep_page_problems(const struct rep_page *page, FILE *out); /* errors, skips, warnings */
void rep_page_machine(const struct rep_page *page, FILE *out);  /* context in words, commands */

struct rep_telling;

/* Cells of the columns that tell the rows of a table apart (telling.h). */
void rep_page_telling_heads(const struct rep_telling *telling, FILE *out);
void rep_page_telling(const struct rep_point *point, const struct rep_telling *telling, FILE *out);

extern const char rep_page_css[];

#endif
