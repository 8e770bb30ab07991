/* SPDX-License-Identifier: Apache-2.0 */
/* See chart.h. Data stands in the script: one file is easier to keep, to send and to change. */
#include "analysis/regress/history/chart.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/regress/output.h"
#include "analysis/stats.h"

enum { LONGEST = 80, DAY = 24 * 3600 };

void reg_chart_name(const struct reg_series *series, char name[128])
{
    const char *const texts[] = {series->name, series->metric, series->class_text};
    uint64_t hash = 0xcbf29ce484222325u;
    size_t n = 0;
    for (int t = 0; t < 3; t++)
        for (const char *p = texts[t]; *p; p++)
            hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
    for (const char *p = series->name; *p && n < LONGEST; p++)
        name[n++] = isalnum((unsigned char)*p) || *p == '.' ? *p : '_';
    snprintf(name + n, 128 - n, "-%.20s-%08" PRIx32, series->metric, (uint32_t)(hash >> 32));
}

/* In single quotes, where gnuplot knows no escape but two of them. */
static void put_quoted(const char *text, FILE *out)
{
    putc('\'', out);
    for (; *text; text++) {
        if (*text == '\'')
            putc('\'', out);
        putc((unsigned char)*text < ' ' ? '?' : *text, out);
    }
    putc('\'', out);
}

static double scale_of(const struct reg_series *series)
{
    return strcmp(series->metric, "real_ns") == 0 ? 1e-9 : 1;
}

static const char *colour_of(const struct reg_finding *f)
{
    if (f->kind == REG_MEANT)
        return "#777777";
    return f->after > f->before ? "#c0392b" : "#1e8449";
}

static double median(const struct reg_series *s)
{
    double *const values = malloc(s->count * sizeof(*values));
    double level = s->points[0].value;
    for (size_t i = 0; values && i < s->count; i++)
        values[i] = s->points[i].value;
    if (values) {
        ana_sort(values, s->count);
        level = ana_median(values, s->count);
    }
    free(values);
    return level;
}

static void put_level(const struct reg_series *s, size_t from, size_t to, double level, FILE *out)
{
    fprintf(out, "%" PRId64 " %.10g\n%" PRId64 " %.10g\n\n", s->points[from].time,
            level * scale_of(s), s->points[to].time, level * scale_of(s));
}

/* The line of each level, from its first point to the first of the next. */
static void put_levels(const struct reg_series *s, const struct reg_findings *found, FILE *out)
{
    double level = median(s);
    size_t from = 0;
    fputs("$levels << EOD\n", out);
    for (size_t i = 0; i < found->count; i++) {
        const struct reg_finding *const f = &found->list[i];
        if (f->series != s || f->kind == REG_CREEP)
            continue;
        put_level(s, from, f->at, f->before, out);
        from = f->at;
        level = f->after;
    }
    put_level(s, from, s->count - 1, level, out);
    fputs("EOD\n", out);
}

static void put_marks(const struct reg_series *s, const struct reg_findings *found, FILE *out)
{
    int mark = 0;
    for (size_t i = 0; i < found->count; i++) {
        const struct reg_finding *const f = &found->list[i];
        char change[32], label[160];
        if (f->series != s || f->kind == REG_CREEP)
            continue;
        mark++;
        reg_put_change(f->after / f->before, change, sizeof(change));
        snprintf(label, sizeof(label), "%s %.8s%s", change, s->points[f->at].commit,
                 f->kind == REG_MEANT ? " accepted" : "");
        fprintf(out,
                "set arrow %d from %" PRId64 ", graph 0 to %" PRId64
                ", graph 1 nohead lc rgb '%s' dt 2\nset label %d ",
                mark, s->points[f->at].time, s->points[f->at].time, colour_of(f), mark);
        put_quoted(label, out);
        fprintf(out, " at %" PRId64 ", graph %.2f right offset -0.5,0 tc rgb '%s' noenhanced\n",
                s->points[f->at].time, 0.97 - 0.05 * ((mark - 1) % 4), colour_of(f));
    }
}

/* With room above for what is written at the changes. */
static void put_range(const struct reg_series *s, FILE *out)
{
    double low = s->points[0].value, high = low;
    for (size_t i = 1; i < s->count; i++) {
        low = fmin(low, s->points[i].value);
        high = fmax(high, s->points[i].value);
    }
    const double pad = fmax(high - low, 0.02 * high);
    fprintf(out, "set yrange [%.10g:%.10g]\n", (low - 0.15 * pad) * scale_of(s),
            (high + 0.35 * pad) * scale_of(s));
}

static void put_frame(const struct reg_series *s, const char *name, FILE *out)
{
    const int64_t first = s->points[0].time, last = s->points[s->count - 1].time;
    const int64_t pad = last - first > DAY ? (last - first) / 20 : DAY / 20;
    char title[256];
    fprintf(out,
            "set terminal svg size 960,440 dynamic font 'DejaVu Sans,11' background '#ffffff'\n"
            "set output '%s.svg'\n"
            "set xdata time\nset timefmt '%%s'\nset format x '%s'\n"
            "set xrange ['%" PRId64 "':'%" PRId64 "']\n"
            "set border 3 lc rgb '#555555'\nset tics nomirror out\nset grid y lc rgb '#dddddd'\n"
            "set key off\nset rmargin 6\nset xtics rotate by -20 left\n",
            name, last - first > 3 * DAY ? "%Y-%m-%d" : "%m-%d %H:%M", first - pad, last + pad);
    fprintf(out, "set format y '%s'\n",
            strcmp(s->metric, "real_ns") == 0 ? "%.1s %cs"
            : strstr(s->metric, "bytes")      ? "%.1s %cB"
                                              : "%.1s %c");
    snprintf(title, sizeof(title), "%.200s   %.40s", s->name, s->metric);
    put_range(s, out);
    fputs("set title ", out);
    put_quoted(title, out);
    fputs(" noenhanced font ',10'\n", out);
}

int reg_chart_write(const struct reg_series *series, const struct reg_findings *found,
                    const char *name, FILE *out)
{
    const double scale = scale_of(series);
    fputs("# class: ", out);
    put_quoted(series->class_text, out); /* no line of its own: the rest would be a command */
    putc('\n', out);
    put_frame(series, name, out);
    fputs("$points << EOD\n", out);
    for (size_t i = 0; i < series->count; i++) {
        const struct reg_point *const p = &series->points[i];
        const double low = isnan(p->low) ? p->value : p->low;
        const double high = isnan(p->high) ? p->value : p->high;
        fprintf(out, "%" PRId64 " %.10g %.10g %.10g\n", p->time, p->value * scale, low * scale,
                high * scale);
    }
    fputs("EOD\n", out);
    put_levels(series, found, out);
    put_marks(series, found, out);
    fputs("plot $points using 1:2:3:4 with yerrorbars pt 7 ps 0.4 lw 1 lc rgb '#9db8d2', \\\n"
          "     $points using 1:2 with points pt 7 ps 0.5 lc rgb '#2c5f8a', \\\n"
          "     $levels using 1:2 with lines lw 2 lc rgb '#222222'\n",
          out);
    return ferror(out) ? -EIO : 0;
}
