/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a terminal, in the form readers of benchstat know: before, after, delta. */
#include "analysis/regress/output.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "analysis/regress/names.h"
#include "analysis/table.h"
#include "analysis/tame.h"

void reg_put_time(double ns, char *text, size_t size)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}};
    size_t unit = 0;
    *text = '\0';
    while (unit < 3 && ns < units[unit].ns)
        unit++;
    if (!isnan(ns))
        snprintf(text, size, "%.4g %s", ns / units[unit].ns, units[unit].name);
}

void reg_put_change(double ratio, char *text, size_t size)
{
    *text = '\0';
    if (isfinite(ratio))
        snprintf(text, size, "%+.1f%%", (ratio - 1) * 100);
}

void reg_put_interval(const struct reg_case *c, char *text, size_t size)
{
    char low[32], high[32];
    *text = '\0';
    if (!(c->low > 0) || !isfinite(c->high))
        return;
    reg_put_change(c->low, low, sizeof(low));
    reg_put_change(c->high, high, sizeof(high));
    snprintf(text, size, "[%s, %s]", low, high);
}

void reg_put_p(double p, char *text, size_t size)
{
    *text = '\0';
    if (!isnan(p))
        snprintf(text, size, p < 0.001 ? "%.1g" : "%.3f", p);
}

static void add_case(struct ana_table *table, const struct reg_case *c, const char *common)
{
    char text[96], name[512];
    ana_table_text(table, reg_short_name(c->name, common, name, sizeof(name)));
    reg_put_time(c->base_ns, text, sizeof(text));
    ana_table_text(table, text);
    reg_put_time(c->head_ns, text, sizeof(text));
    ana_table_text(table, text);
    reg_put_change(c->ratio, text, sizeof(text));
    ana_table_text(table, text);
    reg_put_interval(c, text, sizeof(text));
    ana_table_text(table, text);
    reg_put_p(c->adjusted, text, sizeof(text));
    ana_table_text(table, text);
    reg_put_change(c->visible, text, sizeof(text));
    ana_table_text(table, text);
    ana_table_text(table, reg_verdict_name[c->verdict]);
}

/* The notes behind the table, equal ones once. */
static void put_notes(const struct reg_report *report, const char *common, FILE *out)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct reg_case *const c = &report->cases[i];
        if (!*c->note)
            continue;
        size_t before = 0, alike = 0;
        for (size_t k = 0; k < report->count; k++) {
            const bool same = strcmp(report->cases[k].note, c->note) == 0;
            before += same && k < i;
            alike += same;
        }
        if (before)
            continue;
        char name[512], buf[512];
        snprintf(name, sizeof(name), "%s", reg_short_name(c->name, common, buf, sizeof(buf)));
        ana_tame(name);
        if (alike > 1)
            fprintf(out, "%s and %zu more: %s\n", name, alike - 1, c->note);
        else
            fprintf(out, "%s: %s\n", name, c->note);
    }
}

int reg_write_text(const struct reg_report *report, FILE *out)
{
    static const char *const columns[] = {"name",          "base", "head",    "delta",
                                          "95 % interval", "p",    "visible", "verdict"};
    struct ana_table *const table = ana_table_new();
    char text[512], common[512] = "";
    if (!table)
        return -ENOMEM;
    if (isatty(fileno(out)))
        reg_common_parts(report, common, sizeof(common));
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        ana_table_column(table, columns[i], i > 0 && i < 7);
    for (size_t i = 0; i < report->count; i++)
        add_case(table, &report->cases[i], common);
    const double geomean = reg_geomean(report);
    if (!isnan(geomean)) {
        reg_put_change(geomean, text, sizeof(text));
        ana_table_text(table, "geometric mean");
        ana_table_text(table, "");
        ana_table_text(table, "");
        ana_table_text(table, text);
    }
    if (*common) {
        snprintf(text, sizeof(text), "%s", common);
        ana_tame(text);
        fprintf(out, "all: %s\n\n", text);
    }
    const int error = report->count ? ana_table_write(table, ANA_TABLE_TEXT, out) : 0;
    ana_table_free(table);
    if (error)
        return error;
    fputs("\n", out);
    put_notes(report, common, out);
    for (size_t i = 0; i < report->remark_count; i++)
        fprintf(out, "%s\n", report->remarks[i]);
    reg_headline(report, text, sizeof(text));
    fprintf(out, "%s\n", text);
    return 0;
}
