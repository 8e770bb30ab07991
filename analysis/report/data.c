/* SPDX-License-Identifier: Apache-2.0 */
/* Writing of points; missing numbers are NaN, which every figure declares as missing. */
#include "analysis/report/data.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A value that gnuplot takes as missing where it is not finite. */
static void put(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, "\t%.10g", value);
    else
        fputs("\tNaN", out);
}

void rep_interval(const struct rep_point *p, const struct rep_field *field, double *low,
                  double *high)
{
    const double value = field ? rep_value(p, field) : NAN;
    *low = *high = value;
    if (!field || !isfinite(p->low_ns) || !isfinite(p->high_ns) || !(p->low_ns > 0))
        return;
    if (strcmp(field->name, "relative") == 0 || strcmp(field->name, "token_ns") == 0) {
        *low = value * p->low_ns / p->time_ns;
        *high = value * p->high_ns / p->time_ns;
    } else if (strcmp(field->name, "time_ns") == 0) {
        *low = p->low_ns;
        *high = p->high_ns;
    } else if (field->unit == REP_RATE || field->unit == REP_BYTE_RATE ||
               field->unit == REP_FLOP_RATE || strcmp(field->name, "speedup") == 0) {
        *low = value * p->time_ns / p->high_ns;
        *high = value * p->time_ns / p->low_ns;
    }
}

const char *const rep_data_columns[REP_DATA_COLUMNS] = {
    "KERNEL",     "LABEL",  "KIND",   "X_TEXT", "Y_TEXT", "Z_TEXT", "KV_TEXT",
    "SHARE_TEXT", "X",      "Y",      "Z",      "X_LOW",  "X_HIGH", "Y_LOW",
    "Y_HIGH",     "X_RANK", "Y_RANK", "ROW",    "SERIES",
};

static void put_text(FILE *out, const char *text, bool first)
{
    fputs(first ? "\"" : "\t\"", out);
    for (const char *c = text; *c; c++)
        fputc(*c == '"' || *c == '\\' || iscntrl((unsigned char)*c) ? ' ' : *c, out);
    fputc('"', out);
}

static void put_field(FILE *out, const struct rep_point *p, const struct rep_field *field)
{
    char text[REP_TEXT];
    put_text(out, field ? rep_write(field->unit, rep_value(p, field), text) : "", false);
}

struct rep_ranks rep_rank(const struct rep_selection *s, const struct rep_field *field)
{
    struct rep_ranks r = {.at = calloc(s->points.count + 1, sizeof(double))};
    for (size_t i = 0; r.at && field && i < s->points.count; i++) {
        const double value = rep_value(&s->points.points[i], field);
        size_t k = 0;
        while (k < r.n && r.at[k] < value)
            k++;
        if (k < r.n && r.at[k] == value)
            continue;
        if (r.n == 256)
            break;
        memmove(&r.at[k + 1], &r.at[k], (r.n - k) * sizeof(double));
        r.at[k] = value;
        r.n++;
    }
    return r;
}

static double rank_of(const struct rep_ranks *r, double value)
{
    for (size_t k = 0; k < r->n; k++)
        if (r->at[k] == value)
            return (double)k;
    return NAN;
}

static void write_point(FILE *out, const struct rep_point *p, const struct rep_query *q,
                        const struct rep_ranks ranks[2], double row, size_t series)
{
    char text[REP_TEXT];
    double low[2], high[2];
    const double x = rep_value(p, q->x), y = q->y ? rep_value(p, q->y) : NAN;
    rep_interval(p, q->x, &low[0], &high[0]);
    rep_interval(p, q->y, &low[1], &high[1]);
    put_text(out, p->name->kernel, true);
    put_text(out, p->label, false);
    put_text(out, rep_attention(p, text), false);
    put_field(out, p, q->x);
    put_field(out, p, q->y);
    put_field(out, p, q->z);
    put_field(out, p, rep_field_find("kv_bytes"));
    put_field(out, p, rep_field_find("ceiling_fraction"));
    const double values[] = {x,
                             y,
                             q->z ? rep_value(p, q->z) : NAN,
                             low[0],
                             high[0],
                             low[1],
                             high[1],
                             rank_of(&ranks[0], x),
                             rank_of(&ranks[1], y),
                             row,
                             (double)series};
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
        put(out, values[i]);
    for (size_t f = 0; f < rep_field_count; f++)
        put(out, rep_value(p, &rep_fields[f]));
    fputc('\n', out);
}

void rep_data_write(FILE *out, const struct rep_query *q, const struct rep_selection *s,
                    const struct rep_ranks ranks[2])
{
    for (size_t i = 0; i < REP_DATA_COLUMNS; i++)
        fprintf(out, i ? "\t%s" : "#%s", rep_data_columns[i]);
    for (size_t i = 0; i < rep_field_count; i++)
        fprintf(out, "\t%s", rep_fields[i].name);
    for (size_t k = 0; k < s->series_count; k++) {
        fputs(k ? "\n\n" : "\n", out);
        for (size_t i = s->series[k].first; i < s->series[k].first + s->series[k].count; i++)
            write_point(out, &s->points.points[i], q, ranks, s->row_of ? (double)s->row_of[i] : NAN,
                        k);
    }
}
