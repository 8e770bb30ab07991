/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One figure: a .gp file, the points its query asks for, and what gnuplot made of them. In the
 * output folder a figure NAME leaves NAME.dat (its points), NAME.gp (a whole script that needs
 * nothing but NAME.dat), NAME.svg and NAME.png; for the page it is drawn twice more, without its
 * title and in two widths, since a picture scaled down to a phone cannot be read.
 */
#ifndef REPORT_FIGURE_H
#define REPORT_FIGURE_H

#include "analysis/report/machine.h"
#include "analysis/report/query.h"

/* A .gp file, compiled in or read. */
struct rep_plot {
    const char *name; /* without folder and suffix */
    const char *text;
};

/* The files of analysis/plots in order of their names; style.gp is not among them. */
extern const struct rep_plot rep_plots[];
extern const size_t rep_plot_count;
extern const char *const rep_style; /* what every figure begins with */

enum rep_drawn {
    REP_DRAWN,
    REP_NOTHING, /* no points for it: `reason` says which it would need */
    REP_UNDRAWN, /* points, but no gnuplot, or gnuplot failed: `reason` */
};

struct rep_figure {
    char name[REP_NAME];
    enum rep_drawn state;
    bool machine; /* of the machine itself and not of cases */
    size_t file;  /* of the results, that its cases are from */
    char title[256], subtitle[640], caption[1024], alt[512];
    char reason[512];
    char *wide, *narrow; /* SVG text for the page; NULL unless drawn */
};

/*
 * Draws `plot` into `dir`, which exists. `machine` ends the subtitle. 0, or -errno if a file
 * cannot be written; a figure that cannot be drawn is no error but a state.
 */
int rep_figure_draw(const struct rep_plot *plot, const struct rep_sets *sets,
                    const struct rep_machine *machine, const char *dir, struct rep_figure *figure);

/* What the figure would say: title, subtitle, caption and alt, drawn or not. 0, or -ENODATA if it
 * has no points. */
int rep_figure_say(const struct rep_plot *plot, const struct rep_sets *sets,
                   struct rep_figure *figure);

void rep_figure_free(struct rep_figure *figure);

/* NULL if a gnuplot answers, else why there are no pictures: "gnuplot is not installed" or that it
 * is and fails. Looked up once. */
const char *rep_gnuplot_missing(void);

#endif
