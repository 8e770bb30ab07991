/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary.csv and summary.json: name, file (when there are several), axes, times, figures, error.
 * Tidy, so that gnuplot, a spreadsheet and a data frame all take it as it is. Axes stay in place
 * even when they do not vary: a reader of two summaries wants the same columns in both.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/summary.h"

enum { FOREIGN_AXES = 32 };

struct axes {
    char name[FOREIGN_AXES][ANA_AXIS_MAX];
    size_t count;
};

static void collect_axes(const struct ana_summary *summary, struct axes *axes)
{
    char name[ANA_AXIS_MAX];
    for (size_t c = 0; c < summary->case_count; c++)
        for (size_t i = 0; ana_axis_foreign(summary->cases[c].row, i, name); i++) {
            bool known = ana_axis_find(name) != NULL;
            for (size_t j = 0; j < axes->count; j++)
                known = known || strcmp(axes->name[j], name) == 0;
            if (!known && axes->count < FOREIGN_AXES)
                memcpy(axes->name[axes->count++], name, sizeof(name));
        }
}

static void write_header(const struct ana_summary *summary, const struct axes *axes, FILE *out)
{
    fputs(summary->file_count > 1 ? "name,file" : "name", out);
    for (size_t i = 0; i < ana_axis_count; i++)
        fprintf(out, ",%s", ana_axes[i].name);
    for (size_t i = 0; i < axes->count; i++) {
        putc(',', out);
        ana_csv_text(out, axes->name[i]);
    }
    fputs(",samples,real_ns,low_ns,high_ns,cpu_ns", out);
    for (size_t i = 0; i < summary->figure_count; i++) {
        putc(',', out);
        ana_csv_text(out, summary->figures[i]);
    }
    fputs(",error\n", out);
}

static void write_case(const struct ana_summary *summary, const struct axes *axes,
                       const struct ana_case *c, FILE *out)
{
    const double times[] = {c->real_ns, c->low_ns, c->high_ns, c->cpu_ns};
    char value[ANA_AXIS_MAX];
    ana_csv_text(out, c->row->run_name);
    if (summary->file_count > 1) {
        putc(',', out);
        ana_csv_text(out, c->result->path);
    }
    for (size_t i = 0; i < ana_axis_count + axes->count; i++) {
        const char *const axis =
            i < ana_axis_count ? ana_axes[i].name : axes->name[i - ana_axis_count];
        putc(',', out);
        ana_csv_text(out, ana_axis_text(c->row, axis, value));
    }
    fprintf(out, ",%zu", c->samples);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        putc(',', out);
        ana_csv_number(out, times[i]);
    }
    for (size_t i = 0; i < summary->figure_count; i++) {
        putc(',', out);
        ana_csv_number(out, c->figures[i]);
    }
    putc(',', out);
    ana_csv_text(out, c->error ? c->error : "");
    putc('\n', out);
}

static void json_text(FILE *out, const char *key, const char *text, bool first)
{
    fputs(first ? "{" : ", ", out);
    ana_json_text(out, key);
    fputs(": ", out);
    ana_json_text(out, text);
}

static void json_number(FILE *out, const char *key, double value)
{
    if (!isfinite(value))
        return;
    fputs(", ", out);
    ana_json_text(out, key);
    fputs(": ", out);
    ana_csv_number(out, value);
}

static void json_case(const struct ana_summary *summary, const struct axes *axes,
                      const struct ana_case *c, FILE *out)
{
    char value[ANA_AXIS_MAX];
    json_text(out, "name", c->row->run_name, true);
    if (summary->file_count > 1)
        json_text(out, "file", c->result->path, false);
    for (size_t i = 0; i < ana_axis_count + axes->count; i++) {
        const bool own = i < ana_axis_count;
        const char *const axis = own ? ana_axes[i].name : axes->name[i - ana_axis_count];
        ana_axis_text(c->row, axis, value);
        if (own && ana_axes[i].number && *value)
            json_number(out, axis, ana_axis_number(c->row, axis));
        else if (*value)
            json_text(out, axis, value, false);
    }
    json_number(out, "samples", (double)c->samples);
    json_number(out, "real_ns", c->real_ns);
    json_number(out, "low_ns", c->low_ns);
    json_number(out, "high_ns", c->high_ns);
    json_number(out, "cpu_ns", c->cpu_ns);
    for (size_t i = 0; i < summary->figure_count; i++)
        json_number(out, summary->figures[i], c->figures[i]);
    if (c->error)
        json_text(out, "error", c->error, false);
    putc('}', out);
}

int ana_summary_json(const struct ana_summary *summary, FILE *out)
{
    struct axes *const axes = calloc(1, sizeof(*axes));
    if (!axes)
        return -ENOMEM;
    if (!summary->ours)
        collect_axes(summary, axes);
    for (size_t i = 0; i < summary->case_count; i++) {
        fputs(i ? ",\n" : "[\n", out);
        json_case(summary, axes, &summary->cases[i], out);
    }
    fputs(summary->case_count ? "\n]\n" : "[]\n", out);
    free(axes);
    errno = 0;
    if (fflush(out) || ferror(out))
        return errno ? -errno : -EIO;
    return 0;
}

int ana_summary_csv(const struct ana_summary *summary, FILE *out)
{
    struct axes *const axes = calloc(1, sizeof(*axes));
    if (!axes)
        return -ENOMEM;
    if (!summary->ours)
        collect_axes(summary, axes);
    write_header(summary, axes, out);
    for (size_t i = 0; i < summary->case_count; i++)
        write_case(summary, axes, &summary->cases[i], out);
    free(axes);
    errno = 0;
    if (fflush(out) || ferror(out))
        return errno ? -errno : -EIO;
    return 0;
}
