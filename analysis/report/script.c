/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data and variables for a figure. All arithmetic that decides how a picture looks (ranges, tics,
 * where labels may stand without touching) is done here, in a language with tests; the .gp files
 * only say what is drawn. Columns of the data have names in the script (KV_BYTES = 6), so that a
 * figure is read without counting.
 */
#include "analysis/report/script.h"

#include "analysis/report/colour.h"
#include "analysis/report/data.h"
#include "analysis/report/papers.h"
#include "analysis/report/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct range {
    double from, to, low, high; /* with and without its margin */
};

static void widen(struct range *r, double value, bool log)
{
    if (!isfinite(value) || (log && value <= 0))
        return;
    r->low = fmin(r->low, value);
    r->high = fmax(r->high, value);
}

/* A value and its interval, unless that is so wide that everything else would be crushed. */
static void widen_by(struct range *r, const struct rep_point *p, const struct rep_field *field,
                     bool log)
{
    double low, high;
    const double value = rep_value(p, field);
    rep_interval(p, field, &low, &high);
    widen(r, value, log);
    widen(r, fmax(low, value / 3), log);
    widen(r, fmin(high, value * 3), log);
}

/* A margin so that no mark sits on the frame; a linear axis of magnitudes begins at nought. */
static void pad(struct range *r, bool log, double share)
{
    if (!(r->low <= r->high))
        r->low = r->high = 1;
    if (log) {
        const double margin = fmax(log2(r->high / r->low) * share, 0.2);
        r->from = r->low * exp2(-margin);
        r->to = r->high * exp2(margin);
    } else {
        r->from = r->low < 0 ? r->low * 1.08 : 0;
        r->to = r->high > 0 ? r->high * 1.08 : 1;
    }
}

/* gnuplot takes the text of a tic as a format. */
static void write_tic(FILE *out, const char *text, double at, bool first)
{
    fputs(first ? "'" : ", '", out);
    for (; *text; text++)
        fputs(*text == '%' ? "%%" : (char[]){*text, 0}, out);
    fprintf(out, "' %.10g", at);
}

static void write_axis(FILE *out, char axis, const struct rep_field *field, const struct range *r,
                       bool log)
{
    double tics[16];
    char text[REP_TEXT];
    fprintf(out, "%c_from = %.10g; %c_to = %.10g; %c_low = %.10g; %c_high = %.10g\n", axis, r->from,
            axis, r->to, axis, r->low, axis, r->high);
    fprintf(out, "%c_log = %d\n%c_title = ", axis, log, axis);
    rep_gnuplot_string(out, field ? field->title : "");
    static const char *const names[] = {"tics", "few"};
    for (size_t few = 0; few < 2; few++) {
        fprintf(out, "\n%c_%s = \"(", axis, names[few]);
        const size_t n =
            field ? rep_tics(field->unit, r->from, r->to, log,
                             few ? 3 + (field->unit == REP_TOKENS || field->unit == REP_BYTES) : 8,
                             tics)
                  : 0;
        for (size_t i = 0; i < n; i++)
            write_tic(out, rep_write(field->unit, tics[i], text), tics[i], i == 0);
        fputs(n ? ")\"" : "'' 0)\"", out);
    }
    fputc('\n', out);
}

/* Label heights at least `gap` of the axis apart, moved as little as possible: neighbours that
 * are too close become a block around the middle of their wishes. `at` is sorted by caller. */
static void spread(double *at, size_t n, double gap)
{
    for (int pass = 0; pass < 200; pass++) {
        bool moved = false;
        for (size_t i = 1; i < n; i++) {
            const double short_of = gap - (at[i] - at[i - 1]);
            if (short_of < 1e-6)
                continue;
            at[i - 1] -= short_of / 2;
            at[i] += short_of / 2;
            moved = true;
        }
        for (size_t i = 0; i < n; i++) {
            at[i] = fmin(fmax(at[i], gap / 2 + (double)i * gap * 0.999),
                         1 - (double)(n - 1 - i) * gap * 0.999);
        }
        if (!moved)
            return;
    }
}

static void write_label_heights(FILE *out, const char *name, const struct rep_query *q,
                                const struct rep_selection *s, const struct range *y, double gap)
{
    double *const at = calloc(s->series_count, sizeof(*at));
    size_t *const who = calloc(s->series_count, sizeof(*who));
    for (size_t k = 0; at && who && k < s->series_count; k++) {
        const struct rep_series *const series = &s->series[k];
        const double value = rep_value(&s->points.points[series->first + series->count - 1], q->y);
        const double share = q->log_y ? log(value / y->from) / log(y->to / y->from)
                                      : (value - y->from) / (y->to - y->from);
        size_t i = k;
        for (; i && at[i - 1] > share; i--) {
            at[i] = at[i - 1];
            who[i] = who[i - 1];
        }
        at[i] = share;
        who[i] = k;
    }
    if (at && who) {
        spread(at, s->series_count, gap);
        for (size_t i = 0; i < s->series_count; i++)
            fprintf(out, "%s[%zu] = %.6g\n", name, who[i] + 1, at[i]);
    }
    free(at);
    free(who);
}

static void write_series(FILE *out, const struct rep_query *q, const struct rep_selection *s)
{
    const size_t n = s->series_count;
    fprintf(out, "series = %zu\narray name[%zu]; array colour[%zu]; array ink[%zu]\n", n, n, n, n);
    if (q->z)
        fprintf(out, "array z_text[%zu]\n", n);
    fprintf(out, "array first_x[%zu]; array first_y[%zu]; array last_x[%zu]; array last_y[%zu]\n",
            n, n, n, n);
    for (size_t k = 0; k < n; k++) {
        const struct rep_series *const series = &s->series[k];
        const struct rep_point *const first = &s->points.points[series->first], *const last =
                                                                                    first +
                                                                                    series->count -
                                                                                    1;
        const struct rep_colour colour = rep_colour(q->by, first, k, n);
        fprintf(out, "name[%zu] = ", k + 1);
        rep_gnuplot_string(out, series->name);
        fprintf(out, "; colour[%zu] = 0x%06x; ink[%zu] = 0x%06x\n", k + 1, colour.mark, k + 1,
                colour.ink);
        fprintf(out, "first_x[%zu] = %.10g; last_x[%zu] = %.10g", k + 1, rep_value(first, q->x),
                k + 1, rep_value(last, q->x));
        char text[REP_TEXT];
        if (q->z)
            fprintf(out, "; z_text[%zu] = '%s'", k + 1,
                    rep_write(q->z->unit, rep_value(last, q->z), text));
        if (q->y)
            fprintf(out, "; first_y[%zu] = %.10g; last_y[%zu] = %.10g", k + 1,
                    rep_value(first, q->y), k + 1, rep_value(last, q->y));
        fputc('\n', out);
    }
}

static void write_rows(FILE *out, const struct rep_selection *s)
{
    size_t longest = 0;
    for (size_t i = 0; i < s->row_count; i++)
        longest = strlen(s->rows[i]) > longest ? strlen(s->rows[i]) : longest;
    fprintf(out, "rows = %zu; names_longest = %zu\narray row[%zu]\n", s->row_count, longest,
            s->row_count ? s->row_count : 1);
    for (size_t i = 0; i < s->row_count; i++) {
        fprintf(out, "row[%zu] = ", i + 1);
        rep_gnuplot_string(out, s->rows[i]);
        fputc('\n', out);
    }
}

/* The best the ceilings showed on these points: the two roofs of a roofline, per second. */
struct roofs {
    double read, fma; /* 0 where not known */
};

static struct roofs find_roofs(const struct rep_selection *s)
{
    struct roofs roofs = {0};
    for (size_t i = 0; i < s->points.count; i++) {
        const struct rep_point *const p = &s->points.points[i];
        const double read = p->bytes / p->read_ns * 1e9, fma = p->flops / p->fma_ns * 1e9;
        if (isfinite(read) && read > roofs.read)
            roofs.read = read;
        if (isfinite(fma) && fma > roofs.fma)
            roofs.fma = fma;
    }
    return roofs;
}

static void write_ranks(FILE *out, char axis, const struct rep_field *field,
                        const struct rep_ranks *r)
{
    char text[REP_TEXT];
    fprintf(out, "%c_ranks = %zu; %c_rank_tics = \"(", axis, r->n, axis);
    for (size_t i = 0; i < r->n; i++)
        fprintf(out, "%s'%s' %zu", i ? ", " : "", rep_write(field->unit, r->at[i], text), i);
    fputs(r->n ? ")\"\n" : "'' 0)\"\n", out);
}

/* Where the KV cache of each series outgrows the last-level cache of the CPU, on its line. */
static void write_outgrown(FILE *out, const struct rep_query *q, const struct rep_selection *s,
                           const struct rep_machine *machine)
{
    const double cache = machine->cache[2] > 0 ? machine->cache[2] : machine->cache[1];
    fprintf(out, "array outgrown_x[%zu]; array outgrown_y[%zu]\n", s->series_count,
            s->series_count);
    for (size_t k = 0; k < s->series_count; k++) {
        double x = NAN, y = NAN;
        for (size_t i = 1; q->y && i < s->series[k].count; i++) {
            const struct rep_point *const a = &s->points.points[s->series[k].first + i - 1],
                                          *const b = a + 1;
            if (!(a->kv_bytes <= cache && cache < b->kv_bytes) || !q->log_x || !q->log_y)
                continue;
            const double t = log(cache / a->kv_bytes) / log(b->kv_bytes / a->kv_bytes);
            x = rep_value(a, q->x) * pow(rep_value(b, q->x) / rep_value(a, q->x), t);
            y = rep_value(a, q->y) * pow(rep_value(b, q->y) / rep_value(a, q->y), t);
        }
        if (isfinite(x) && isfinite(y))
            fprintf(out, "outgrown_x[%zu] = %.10g; outgrown_y[%zu] = %.10g\n", k + 1, x, k + 1, y);
        else
            fprintf(out, "outgrown_x[%zu] = NaN; outgrown_y[%zu] = NaN\n", k + 1, k + 1);
    }
}

/* The paper's curves beside ours, relative to their first points, as $paper, a block a curve. */
static void write_paper(FILE *out, const struct rep_paper *paper)
{
    fprintf(out, "papers = %zu\n", paper ? paper->line_count : 0);
    if (!paper)
        return;
    fprintf(out, "paper_source = ");
    rep_gnuplot_string(out, paper->source);
    fprintf(out, "\narray paper_name[%zu]\n", paper->line_count);
    for (size_t l = 0; l < paper->line_count; l++) {
        const struct rep_paper_line *const line = &paper->lines[l];
        fprintf(out, "paper_name[%zu] = ", l + 1);
        rep_gnuplot_string(out, line->name);
        fprintf(out, "\n$paper_%zu << END\n", l + 1);
        for (size_t i = 0; i < line->count; i++)
            fprintf(out, "%.10g\t%.10g\n", line->x[i], rep_paper_relative(line, i));
        fputs("END\n", out);
    }
}

static void write_variables(FILE *out, const struct rep_plot *plot, const struct rep_query *q,
                            const struct rep_selection *s, const struct rep_figure *figure,
                            const struct rep_machine *machine, const struct rep_ranks ranks[2])
{
    struct range x = {.low = INFINITY, .high = -INFINITY}, y = x;
    const struct roofs roofs = find_roofs(s);
    for (size_t i = 0; i < s->points.count; i++) {
        const struct rep_point *const p = &s->points.points[i];
        widen_by(&x, p, q->x, q->log_x);
        if (q->y)
            widen_by(&y, p, q->y, q->log_y);
        for (size_t a = 0; q->also[a]; a++)
            widen(q->y ? &y : &x, rep_value(p, q->also[a]), q->y ? q->log_y : q->log_x);
    }
    if (q->roofs && roofs.fma > 0) {
        widen(&y, roofs.fma * 1.3, q->log_y);
        if (roofs.read > 0)
            widen(&x, 2 * roofs.fma / roofs.read, q->log_x);
    }
    const struct rep_paper *const paper = rep_paper_find(plot->name);
    for (size_t l = 0; paper && l < paper->line_count; l++)
        for (size_t i = 0; i < paper->lines[l].count; i++) {
            widen(&x, paper->lines[l].x[i], q->log_x);
            widen(&y, rep_paper_relative(&paper->lines[l], i), q->log_y);
        }
    pad(&x, q->log_x, q->rows ? 0.06 : 0.03);
    pad(&y, q->log_y, 0.06);
    fprintf(out, "# Figure \"%s\". Draw it again: gnuplot -d -e \"form='svg'\" %s.gp\n", plot->name,
            plot->name);
    fprintf(out, "figure = '%s'\ndata = '%s.dat'\n", plot->name, plot->name);
    fputs("title_lines = ", out);
    rep_gnuplot_lines(out, figure->title, 66);
    fputs("\nsubtitle_lines = ", out);
    rep_gnuplot_lines(out, figure->subtitle, 124);
    fputc('\n', out);
    char text[REP_TEXT];
    double context = 0;
    for (size_t i = 0; i < s->points.count; i++)
        context = fmax(context, s->points.points[i].context);
    fprintf(out, "context_high = '%s tokens'\n", rep_write(REP_TOKENS, context, text));
    for (size_t i = 1; i < 3; i++)
        fprintf(out, "l%zu_bytes = %.10g; ", i + 1, machine->cache[i]);
    const size_t last = machine->cache[2] > 0 ? 2 : 1;
    fprintf(out, "last_cache = 'the %s L%zu'\n", rep_write(REP_BYTES, machine->cache[last], text),
            last + 1);
    for (size_t i = 0; i < REP_DATA_COLUMNS; i++)
        fprintf(out, "%s = %zu%s", rep_data_columns[i], i + 1, (i + 1) % 8 ? "; " : "\n");
    fputc('\n', out);
    for (size_t i = 0; i < rep_field_count; i++) {
        for (const char *c = rep_fields[i].name; *c; c++)
            fputc(toupper((unsigned char)*c), out);
        fprintf(out, " = %zu%s", i + 1 + REP_DATA_COLUMNS, (i + 1) % 4 ? "; " : "\n");
    }
    fputc('\n', out);
    write_axis(out, 'x', q->x, &x, q->log_x);
    write_axis(out, 'y', q->y, &y, q->log_y);
    write_series(out, q, s);
    write_rows(out, s);
    fprintf(out, "most = %.10g\n", s->most);
    fprintf(out, "roof_read = %.10g; roof_fma = %.10g\n", roofs.read, roofs.fma);
    write_paper(out, paper);
    write_ranks(out, 'x', q->x, &ranks[0]);
    write_ranks(out, 'y', q->y, &ranks[1]);
    write_outgrown(out, q, s, machine);
    if (q->y) {
        fprintf(out, "array label_wide[%zu]; array label_narrow[%zu]\n", s->series_count,
                s->series_count);
        write_label_heights(out, "label_wide", q, s, &y, 0.045);
        write_label_heights(out, "label_narrow", q, s, &y, 0.065);
    }
}

int rep_script_write(const struct rep_plot *plot, const struct rep_query *query,
                     const struct rep_selection *selection, const struct rep_figure *figure,
                     const struct rep_machine *machine, const char *dir)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s.dat", dir, plot->name);
    FILE *out = fopen(path, "w");
    if (!out)
        return -errno;
    const struct rep_ranks ranks[2] = {rep_rank(selection, query->x),
                                       rep_rank(selection, query->y)};
    rep_data_write(out, query, selection, ranks);
    int failed = ferror(out);
    if (fclose(out) || failed) {
        failed = -EIO;
        goto end;
    }
    snprintf(path, sizeof(path), "%s/%s.gp", dir, plot->name);
    if (!(out = fopen(path, "w"))) {
        failed = -errno;
        goto end;
    }
    write_variables(out, plot, query, selection, figure, machine, ranks);
    fprintf(out, "%s\n%s", rep_style, plot->text);
    failed = ferror(out);
    failed = fclose(out) || failed ? -EIO : 0;
end:
    free(ranks[0].at);
    free(ranks[1].at);
    return failed;
}
