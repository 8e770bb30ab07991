/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a figure asks for, in the first line of its .gp file, and the points that answer it:
 *
 *   # query: kernel=best over=kv_heads,context by=attention x=kv_bytes y=items_per_second log=xy
 *
 * x, y, z   fields of a point (analysis/report/point.h); a point that lacks one is left out
 * from      machine: the ceilings of the machine itself (analysis/report/ceilings.h); steps: whole
 *           layers and models; runs: those that generate; cases (default): attention alone
 * over      axes along which points may differ. All other axes are held: of the combinations
 *           present, the one with the most points is drawn, and the figure says which it is
 * by        one series each: attention, kernel, context, batch, threads, kv, label, window, layout
 *           (with its window or chunk), design (heads, widths and reach in words), setting (what
 * was chosen of splits, tile, prefetch, pages and placement) rows      categories on the y axis,
 * best first, from the same list; y may then be missing kernel    best: the fastest kernel of each
 * case; each (default): all of them log       x, y or xy need      distinct values of x, or with
 * rows that many rows, without which there is no figure (default 1) some      a field that one of
 * the points must have at least, or there is no figure least     points without which a series is
 * left out (default 1) series    at most so many series, spread over those there are (default 8)
 * rest      others: series beyond those, the smallest ones, are drawn as one and not left out
 * label     yes: only points that carry a label
 * roofs     yes: the axes have room for the roofs of a roofline
 * flip      x: x falls from left to right, and "last" means its smallest value
 * only      parts of names, comma-separated, that a point must have: heads:64,dim:64
 * begin     least value of x
 * same      a field that all points of the figure have in common; of each row the point with the
 *           largest x is drawn, since what else they differ in is not what is compared
 * also      fields drawn on y's axis beside y; its range has room for them
 */
#ifndef REPORT_QUERY_H
#define REPORT_QUERY_H

#include "analysis/report/point.h"

enum rep_by {
    REP_BY_NONE,
    REP_BY_ATTENTION,
    REP_BY_KERNEL,
    REP_BY_CONTEXT,
    REP_BY_BATCH,
    REP_BY_THREADS,
    REP_BY_KV_TYPE,
    REP_BY_LABEL,
    REP_BY_WINDOW,
    REP_BY_LAYOUT,
    REP_BY_DESIGN,
    REP_BY_SETTING
};

struct rep_query {
    const struct rep_field *x, *y, *z;
    const struct rep_field *also[4]; /* ends with NULL */
    unsigned over;
    enum rep_by by, rows;
    enum rep_from { REP_FROM_CASES, REP_FROM_STEPS, REP_FROM_RUNS, REP_FROM_MACHINE } from;
    bool best, log_x, log_y, labelled, flip, roofs, rest;
    unsigned need, least, series;
    double begin; /* 0: none */
    char only[64];
    const struct rep_field *same, *some; /* or NULL */
};

enum { REP_NAME = 96 };

struct rep_series {
    char name[REP_NAME];
    size_t first, count; /* into points, in order of x */
    double order;        /* what the series are sorted by */
};

struct rep_selection {
    struct rep_points points; /* copies, grouped by series */
    struct rep_series *series;
    size_t series_count;
    char (*rows)[REP_NAME]; /* names of the categories, best first */
    size_t row_count;
    size_t *row_of;  /* of each point */
    double most;     /* cases behind one mark; 1 unless the figure is a density */
    char held[256];  /* the axes that were held, in words */
    size_t left_out; /* points that belong to another combination of held axes */
};

/* 0, or -EINVAL with a sentence. `line` is the whole first line, "# query:" included. */
int rep_query_parse(const char *line, struct rep_query *query, char *message, size_t size);

/* 0, -ENODATA with the reason in `message` if there is nothing to draw, or -ENOMEM. */
int rep_select(const struct rep_sets *sets, const struct rep_query *query,
               struct rep_selection *selection, char *message, size_t size);

void rep_selection_free(struct rep_selection *selection);

#endif
