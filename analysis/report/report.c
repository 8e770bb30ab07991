/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the report together: points, figures, table, page, and then all of it into place. */
#include "analysis/report/report.h"

#include "analysis/report/ceilings.h"
#include "analysis/report/folder.h"
#include "analysis/report/page.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const rep_report_files[] = {"index.html", "summary.csv", "summary.json"};
const size_t rep_report_file_count = sizeof(rep_report_files) / sizeof(*rep_report_files);

enum { WARNINGS = 8, SENTENCE = 384 };

struct warnings {
    char text[WARNINGS][SENTENCE];
    const char *list[WARNINGS];
    size_t count;
};

static void warn(struct warnings *w, const char *text)
{
    if (w->count == WARNINGS)
        return;
    snprintf(w->text[w->count], SENTENCE, "%s", text);
    w->list[w->count] = w->text[w->count];
    w->count++;
}

static int write_summary(const struct rep_request *r, const struct rep_folder *folder,
                         const char *name,
                         int (*write)(const struct ana_summary *summary, FILE *out))
{
    char path[640];
    snprintf(path, sizeof(path), "%s/%s", folder->staging, name);
    FILE *const out = fopen(path, "w");
    if (!out)
        return -errno;
    const int error = write(r->summary, out);
    return fclose(out) && !error ? -errno : error;
}

static int write_page(const struct rep_page *page, const struct rep_folder *folder)
{
    char path[640];
    snprintf(path, sizeof(path), "%s/index.html", folder->staging);
    FILE *const out = fopen(path, "w");
    if (!out)
        return -errno;
    const int error = rep_page_write(page, out);
    return fclose(out) && !error ? -errno : error;
}

static int draw_all(const struct rep_request *r, const struct rep_sets *sets,
                    const struct rep_machine *machine, const struct rep_folder *folder,
                    struct rep_figure *figures)
{
    char plots[640];
    snprintf(plots, sizeof(plots), "%s/plots", folder->staging);
    for (size_t i = 0; i < rep_plot_count + r->plot_count; i++) {
        const struct rep_plot *const plot =
            i < rep_plot_count ? &rep_plots[i] : &r->plots[i - rep_plot_count];
        const int error = rep_figure_draw(plot, sets, machine, plots, &figures[i]);
        if (error)
            return error;
    }
    return 0;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Half of the cases have intervals wider than this: then differences below it mean little. */
static void look_at_noise(const struct rep_points *points, struct warnings *w)
{
    char text[SENTENCE], share[REP_TEXT];
    double *const widths = calloc(points->count + 1, sizeof(*widths));
    size_t n = 0;
    for (size_t i = 0; widths && i < points->count; i++) {
        const struct rep_point *const p = &points->points[i];
        if (isfinite(p->low_ns) && isfinite(p->high_ns))
            widths[n++] = (p->high_ns - p->low_ns) / p->time_ns;
    }
    if (n) {
        qsort(widths, n, sizeof(*widths), ascending);
        if (widths[n / 2] > 0.15) {
            snprintf(text, sizeof(text),
                     "These numbers are noisy: half of the cases vary by %s or more between "
                     "repetitions. Differences smaller than that may be chance.",
                     rep_write(REP_PERCENT, widths[n / 2], share));
            warn(w, text);
        }
    }
    free(widths);
}

static void look_at_files(const struct rep_request *r, struct warnings *w)
{
    char text[SENTENCE];
    size_t missing = 0;
    bool mixed = false;
    for (size_t i = 0; i < r->result_count; i++) {
        missing += r->results[i]->missing_numbers;
        mixed = mixed || !rep_machine_same(r->results[0], r->results[i]);
    }
    if (mixed)
        warn(w, "These files come from different machines: each figure draws the file that has "
                "the most points for it, and never mixes two.");
    else if (r->result_count > 1)
        warn(w, "Several files were given: a figure draws one of them, the one that has the most "
                "points for it. The table and summary.csv hold all of them.");
    if (missing) {
        snprintf(text, sizeof(text), "%zu number%s NaN or Infinity and count%s as missing.",
                 missing, missing == 1 ? " is" : "s are", missing == 1 ? "s" : "");
        warn(w, text);
    }
}

int rep_report_write(const struct rep_request *request, char *notice, char *message, size_t size)
{
    *notice = *message = '\0';
    struct warnings warnings = {.count = 0};
    struct rep_points points = {0};
    struct rep_sets sets = {0};
    struct rep_machine machine = {{0}};
    const size_t figure_count = rep_plot_count + request->plot_count;
    struct rep_folder folder;
    int error = rep_folder_open(request->dir, &folder);
    if (error) {
        snprintf(message, size, "cannot write to %s: %s; -o takes a folder that can be written to",
                 request->dir, strerror(-error));
        return error;
    }
    struct rep_figure *const figures = calloc(figure_count, sizeof(*figures));
    error = figures ? rep_points_read(request->results, request->result_count, request->summary,
                                      &points)
                    : -ENOMEM;
    error = error ? error : rep_sets_make(&points, &sets);
    if (!error && request->result_count)
        error = rep_ceilings_read(request->results[0], &sets.machine);
    if (error)
        goto out;
    if (request->result_count)
        rep_machine_read(request->results[0], &machine);
    look_at_files(request, &warnings);
    look_at_noise(&points, &warnings);
    if ((error = draw_all(request, &sets, &machine, &folder, figures)))
        goto out;
    bool undrawn = false;
    for (size_t i = 0; i < figure_count; i++)
        undrawn = undrawn || figures[i].state == REP_UNDRAWN;
    if (undrawn && rep_gnuplot_missing()) {
        snprintf(notice, size, "the report has no pictures, since %s%s; plots/*.gp draw them later",
                 rep_gnuplot_missing(),
                 strstr(rep_gnuplot_missing(), "not installed") ? " (apt-get install gnuplot-nox)"
                                                                : "");
        warn(&warnings, notice);
    } else if (undrawn) {
        snprintf(notice, size, "some figures could not be drawn; the page says why");
    }
    struct rep_page page = {
        .results = request->results,
        .result_count = request->result_count,
        .summary = request->summary,
        .points = &points,
        .best = &sets.best,
        .steps = &sets.steps,
        .runs = &sets.runs,
        .ceilings = &sets.machine,
        .figures = figures,
        .figure_count = figure_count,
        .machine = &machine,
        .warnings = warnings.list,
        .warning_count = warnings.count,
    };
    rep_headline_say(&sets, &page.headline);
    error = write_summary(request, &folder, "summary.csv", ana_summary_csv);
    error = error ? error : write_summary(request, &folder, "summary.json", ana_summary_json);
    error = error ? error : write_page(&page, &folder);
    error = error ? error : rep_folder_publish(&folder);
out:
    if (error) {
        snprintf(message, size, "cannot write the report into %s: %s", request->dir,
                 strerror(-error));
        rep_folder_discard(&folder);
    }
    for (size_t i = 0; figures && i < figure_count; i++)
        rep_figure_free(&figures[i]);
    free(figures);
    rep_sets_free(&sets);
    rep_points_free(&points);
    return error;
}
