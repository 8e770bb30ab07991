/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat compare: before against after, with what the samples allow to say. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/compare.h"
#include "analysis/results.h"
#include "analysis/table.h"

/* "1.234 ms ± 2%", in a unit people read. */
static void put_time(const struct ana_case *c, char *buf, size_t size)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}};
    *buf = '\0';
    if (!c || c->error || isnan(c->real_ns)) {
        snprintf(buf, size, "%s", c && c->error ? (c->skipped ? "skipped" : "error") : "");
        return;
    }
    size_t unit = 0;
    while (unit < 3 && c->real_ns < units[unit].ns)
        unit++;
    const double half = fmax(c->high_ns - c->real_ns, c->real_ns - c->low_ns) / c->real_ns * 100;
    snprintf(buf, size, "%.4g %s", c->real_ns / units[unit].ns, units[unit].name);
    if (c->samples > 1 && half >= 0)
        snprintf(buf + strlen(buf), size - strlen(buf), " \u00b1 %.0f%%%s", ceil(half),
                 c->coverage < 0.95 ? "?" : "");
}

static void put_change(const struct ana_change *change, double alpha, char *buf, size_t size)
{
    if (!change->old || !change->new)
        snprintf(buf, size, "%s", change->old ? "only before" : "only after");
    else if (isnan(change->ratio))
        *buf = '\0';
    else if (change->significant)
        snprintf(buf, size, "%+.2f%%", (change->ratio - 1) * 100);
    else
        snprintf(buf, size, "~%s", change->least_p > alpha ? " (too few samples)" : "");
}

static void add_columns(struct ana_table *table, bool people)
{
    static const char *const shown[] = {"name", "before", "after", "change", "p", "samples"};
    static const char *const exact[] = {"name",           "before_ns",      "before_low_ns",
                                        "before_high_ns", "after_ns",       "after_low_ns",
                                        "after_high_ns",  "ratio",          "p",
                                        "least_p",        "before_samples", "after_samples",
                                        "verdict"};
    for (size_t i = 0; people && i < sizeof(shown) / sizeof(shown[0]); i++)
        ana_table_column(table, shown[i], i > 0);
    for (size_t i = 0; !people && i < sizeof(exact) / sizeof(exact[0]); i++)
        ana_table_column(table, exact[i], i > 0 && i < 12);
}

static void add_exact(struct ana_table *table, const struct ana_change *change, double alpha)
{
    const struct ana_case *const sides[] = {change->old, change->new};
    char text[64];
    for (size_t i = 0; i < 2; i++) {
        ana_table_number(table, sides[i] ? sides[i]->real_ns : (double)NAN);
        ana_table_number(table, sides[i] ? sides[i]->low_ns : (double)NAN);
        ana_table_number(table, sides[i] ? sides[i]->high_ns : (double)NAN);
    }
    ana_table_number(table, change->ratio);
    ana_table_number(table, change->p);
    ana_table_number(table, change->least_p);
    ana_table_number(table, change->old ? (double)change->old->samples : 0);
    ana_table_number(table, change->new ? (double)change->new->samples : 0);
    put_change(change, alpha, text, sizeof(text));
    ana_table_text(table, text);
}

static void add_shown(struct ana_table *table, const struct ana_change *change, double alpha)
{
    char text[64];
    put_time(change->old, text, sizeof(text));
    ana_table_text(table, text);
    put_time(change->new, text, sizeof(text));
    ana_table_text(table, text);
    put_change(change, alpha, text, sizeof(text));
    ana_table_text(table, text);
    *text = '\0';
    if (!isnan(change->p))
        snprintf(text, sizeof(text), change->p < 0.001 ? "%.1g" : "%.3f", change->p);
    ana_table_text(table, text);
    snprintf(text, sizeof(text), "%zu + %zu", change->old ? change->old->samples : 0,
             change->new ? change->new->samples : 0);
    ana_table_text(table, text);
}

static int show(const struct ana_command *self, const struct ana_comparison *comparison,
                double alpha, enum ana_format format)
{
    const bool people = format == ANA_TABLE_TEXT || format == ANA_TABLE_MARKDOWN;
    struct ana_table *const table = ana_table_new();
    char text[64];
    if (!table)
        return ana_complain(self, "not enough memory");
    add_columns(table, people);
    for (size_t i = 0; i < comparison->count; i++) {
        const struct ana_change *const change = &comparison->changes[i];
        ana_table_text(table, (change->old ? change->old : change->new)->row->run_name);
        if (people)
            add_shown(table, change, alpha);
        else
            add_exact(table, change, alpha);
    }
    if (people && !isnan(comparison->geomean)) {
        snprintf(text, sizeof(text), "%+.2f%%", (comparison->geomean - 1) * 100);
        ana_table_text(table, "geometric mean");
        ana_table_text(table, "");
        ana_table_text(table, "");
        ana_table_text(table, text);
    }
    const int error = ana_table_write(table, format, stdout);
    ana_table_free(table);
    if (error)
        return ana_complain(self, "cannot write to stdout: %s", strerror(-error));
    if (format == ANA_TABLE_TEXT)
        printf("\n%zu of %zu cases differ (Mann-Whitney, p <= %g each, not corrected for their "
               "number); ~ means no difference shown, ? an interval of less than 95 %%\n",
               comparison->significant, comparison->both, alpha);
    return ana_finish_stdout(self);
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    const char *format_text = "text";
    double alpha = 0.05;
    struct ana_texts filters = {0};
    const struct ana_option options[] = {
        {"alpha", ANA_REAL, &alpha, "how small p must be to call it a difference (0.05)"},
        {"filter", ANA_TEXTS, &filters, "key=value,value or key!=value; may be repeated"},
        {"format", ANA_TEXT, &format_text, "text, md, csv or json (text)"},
        {0},
    };
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    enum ana_format format;
    if (ana_format_parse(format_text, &format))
        return ana_complain(self, "--format=%s: it is text, md, csv or json", format_text);
    if (!(alpha > 0 && alpha < 1))
        return ana_complain(self, "--alpha=%g: it must lie between 0 and 1", alpha);
    if (argc != 2)
        return ana_complain(self, "needs two result files, before and after; found %d", argc);
    struct ana_results results;
    struct ana_comparison comparison;
    char message[512];
    int status = ana_results_open(self, argc, argv, &results);
    if (status)
        return status;
    if (ana_filter_check(&filters, results.summary, message, sizeof(message))) {
        status = ana_complain(self, "%s", message);
    } else if (ana_compare(results.summary, &filters, alpha, &comparison)) {
        status = ana_complain(self, "not enough memory");
    } else {
        status = comparison.both ? show(self, &comparison, alpha, format)
                                 : ana_complain(self, "the files have no case in common");
        ana_comparison_free(&comparison);
    }
    ana_results_close(&results);
    return status;
}

const struct ana_command ana_cmd_compare = {
    .name = "compare",
    .arguments = "BEFORE.json AFTER.json",
    .summary = "Medians, intervals and significant changes between two result files",
    .run = run,
};
