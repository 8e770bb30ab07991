/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat regress history check: has anything become slower and stayed so? */
#include <errno.h>
#include <string.h>

#include "analysis/regress/history/words.h"
#include "analysis/regress/output.h"
#include "analysis/regress/regress.h"
#include "analysis/results.h"
#include "analysis/table.h"

static void add_row(struct ana_table *table, const struct reg_finding *f, enum ana_format format)
{
    const struct reg_point *const point = &f->series->points[f->at];
    char text[64];
    ana_table_text(table, f->stands || f->kind == REG_FASTER || f->kind == REG_MEANT
                              ? reg_finding_names[f->kind]
                              : "made good");
    ana_table_text(table, f->series->name);
    ana_table_text(table, f->series->metric);
    reg_put_moment(point->time, text);
    ana_table_text(table, text);
    snprintf(text, sizeof(text), "%.*s", format == ANA_TABLE_TEXT ? 12 : 40, point->commit);
    ana_table_text(table, text);
    if (format == ANA_TABLE_TEXT || format == ANA_TABLE_MARKDOWN) {
        reg_put_value(f->series->metric, f->before, text, sizeof(text));
        ana_table_text(table, text);
        reg_put_value(f->series->metric, f->after, text, sizeof(text));
        ana_table_text(table, text);
        reg_put_change(f->after / f->before, text, sizeof(text));
        ana_table_text(table, text);
    } else {
        ana_table_number(table, f->before);
        ana_table_number(table, f->after);
        ana_table_number(table, f->after / f->before);
    }
    ana_table_number(table, f->adjusted);
    ana_table_text(table, f->kind == REG_MEANT && point->accepted ? point->accepted : "");
}

static int print(const struct reg_look *look, enum ana_format format)
{
    static const char *const names[] = {"verdict", "case",  "metric", "since", "commit",
                                        "before",  "after", "change", "p",     "note"};
    struct ana_table *const table = ana_table_new();
    if (!table)
        return -ENOMEM;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        ana_table_column(table, names[i], i >= 5 && i <= 8);
    for (size_t i = 0; i < look->found.count; i++)
        add_row(table, &look->found.list[i], format);
    const bool people = format == ANA_TABLE_TEXT || format == ANA_TABLE_MARKDOWN;
    const int status = people && !look->found.count ? 0 : ana_table_write(table, format, stdout);
    ana_table_free(table);
    return status;
}

static void print_summary(const struct reg_look *look)
{
    printf("%s%zu series, %zu points: ", look->found.count ? "\n" : "", look->count, look->points);
    if (look->found.standing)
        printf("%zu regression%s that stand%s\n", look->found.standing,
               look->found.standing == 1 ? "" : "s", look->found.standing == 1 ? "s" : "");
    else
        puts("no regression stands");
    if (look->found.too_short)
        printf("%zu of them are too short to show a change: times take %zu points, counts 2\n",
               look->found.too_short, 2 * look->rule.change.lasting);
    if (look->found.standing)
        puts("attn-stat regress history bisect confirms one by measuring; accept says it is meant");
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    struct reg_history_options o = REG_HISTORY_DEFAULTS;
    const char *format_text = "text";
    enum ana_format format;
    struct reg_look look;
    const struct ana_option options[] = {
        REG_HISTORY_CHOICE(o),
        REG_HISTORY_RULE(o),
        {"format", ANA_TEXT, &format_text, "text, md, csv or json (text)"},
        {0},
    };
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    if (ana_format_parse(format_text, &format))
        return ana_complain(self, "--format=%s: it takes text, md, csv or json", format_text);
    if (argc != 1)
        return ana_complain(self, "needs a history; found %d operands", argc);
    int status = reg_look_open(self, argv[0], REG_HISTORY_READ, &o, &look);
    if (status)
        return status;
    const int standing = look.found.standing ? REG_EXIT_REGRESSED : ANA_EXIT_OK;
    const int error = print(&look, format);
    if (error)
        status = ana_complain(self, "cannot write to stdout: %s", strerror(-error));
    else if (format == ANA_TABLE_TEXT || format == ANA_TABLE_MARKDOWN)
        print_summary(&look);
    reg_look_close(&look);
    if (!status)
        status = ana_finish_stdout(self);
    return status ? status : standing;
}

const struct ana_command reg_cmd_history_check = {
    .name = "regress history check",
    .arguments = "HISTORY.db",
    .summary = "Changes of level in a history; status 1 if a loss stands",
    .run = run,
};
