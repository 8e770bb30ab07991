/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat table: any axis against any figure. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analysis/nearest.h"
#include "analysis/pivot.h"
#include "analysis/results.h"

/* Shown when nobody says what: what was asked most often of such files. */
static const char default_ours[] = "real_ns,items_per_second,bytes_per_second,ceiling_fraction";
static const char default_foreign[] = "real_ns,cpu_ns";

/* Cuts a comma-separated list in place; false if it has more than max entries. */
static bool split(char *text, const char **items, size_t max, size_t *count)
{
    for (char *part = strtok(text, ","); part; part = strtok(NULL, ",")) {
        for (char *p = part; *p; p++)
            if (*p == '-')
                *p = '_';
        if (*count == max)
            return false;
        items[(*count)++] = part;
    }
    return true;
}

static bool is_figure(const struct ana_summary *summary, const char *name, struct ana_nearest *near)
{
    static const char *const own[] = {"real_ns", "cpu_ns", "low_ns", "high_ns", "samples"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]) + summary->figure_count; i++) {
        const size_t owned = sizeof(own) / sizeof(own[0]);
        const char *const figure = i < owned ? own[i] : summary->figures[i - owned];
        if (strcmp(figure, name) == 0)
            return true;
        ana_nearest_offer(near, figure);
    }
    return false;
}

static int check_axis(const struct ana_command *self, const struct ana_summary *summary,
                      const char *axis)
{
    char best[ANA_AXIS_MAX];
    if (ana_axis_known(summary, axis, best))
        return 0;
    return ana_complain(self, "no axis \"%s\"%s%s%s", axis, *best ? "; did you mean " : "", best,
                        *best ? "?" : " in these results");
}

static int check_figures(const struct ana_command *self, const struct ana_summary *summary,
                         struct ana_pivot *pivot, bool chosen)
{
    size_t kept = 0;
    for (size_t i = 0; i < pivot->figure_count; i++) {
        struct ana_nearest near = {.word = pivot->figures[i]};
        if (is_figure(summary, pivot->figures[i], &near)) {
            pivot->figures[kept++] = pivot->figures[i];
            continue;
        }
        const char *const best = ana_nearest_best(&near);
        if (chosen && best)
            return ana_complain(self, "no figure \"%s\"; did you mean %s?", pivot->figures[i],
                                best);
        if (chosen)
            return ana_complain(self,
                                "no figure \"%s\" in these results; attn-stat columns lists "
                                "what there may be",
                                pivot->figures[i]);
    }
    pivot->figure_count = kept;
    return 0;
}

static int show(const struct ana_command *self, const struct ana_summary *summary,
                const struct ana_pivot *pivot, enum ana_format format)
{
    struct ana_table *table;
    struct ana_pivot_story story;
    int status = ana_pivot(summary, pivot, &table, &story);
    if (status == -E2BIG)
        return ana_complain(self,
                            "--columns=%s takes more than 64 values here; --rows is the side "
                            "for that",
                            pivot->column);
    if (status)
        return ana_complain(self, "not enough memory");
    if (story.cases == 0) {
        ana_table_free(table);
        return ana_complain(self, "no case passes the filters");
    }
    const int error = ana_table_write(table, format, stdout);
    ana_table_free(table);
    if (error)
        return ana_complain(self, "cannot write to stdout: %s", strerror(-error));
    if (story.crowded)
        fprintf(stderr,
                "attn-stat table: %zu cells are the median of several cases; --filter or another "
                "axis in --rows tells them apart\n",
                story.crowded);
    if (story.errors)
        fprintf(stderr, "attn-stat table: %zu cases have no time (error or skip)\n", story.errors);
    return ANA_EXIT_OK;
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    const char *rows = "", *column = NULL, *values = NULL, *format_text = "text";
    struct ana_texts filters = {0};
    const struct ana_option options[] = {
        {"rows", ANA_TEXT, &rows, "axes down the side, comma-separated (all that vary)"},
        {"columns", ANA_TEXT, &column, "axis along the top"},
        {"value", ANA_TEXT, &values, "figures, comma-separated; one with --columns"},
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
    struct ana_results results;
    int status = ana_results_open(self, argc, argv, &results);
    if (status)
        return status;
    const struct ana_summary *const summary = results.summary;
    struct ana_pivot pivot = {.filters = &filters};
    char row_list[1024], value_list[1024], top[ANA_AXIS_MAX] = "", message[512];
    const char *tops[1];
    size_t top_count = 0;
    const bool chosen = values != NULL;
    if (!values)
        values = column ? "real_ns" : summary->ours ? default_ours : default_foreign;
    snprintf(row_list, sizeof(row_list), "%s", rows);
    snprintf(value_list, sizeof(value_list), "%s", values);
    snprintf(top, sizeof(top), "%s", column ? column : "");
    if (!split(row_list, pivot.rows, ANA_PIVOT_AXES, &pivot.row_count) ||
        !split(value_list, pivot.figures, ANA_PIVOT_FIGURES, &pivot.figure_count))
        status = ana_complain(self, "too many axes or figures");
    else if (!split(top, tops, 1, &top_count))
        status = ana_complain(self, "--columns takes one axis");
    pivot.column = top_count ? tops[0] : NULL;
    for (size_t i = 0; !status && i < pivot.row_count; i++)
        status = check_axis(self, summary, pivot.rows[i]);
    if (!status && pivot.column)
        status = check_axis(self, summary, pivot.column);
    if (!status && pivot.column && pivot.figure_count != 1)
        status = ana_complain(self, "--columns leaves room for one --value");
    if (!status && ana_filter_check(&filters, summary, message, sizeof(message)))
        status = ana_complain(self, "%s", message);
    if (!status)
        status = check_figures(self, summary, &pivot, chosen);
    if (!status)
        status = show(self, summary, &pivot, format);
    ana_results_close(&results);
    return status;
}

const struct ana_command ana_cmd_table = {
    .name = "table",
    .arguments = "RESULT.json...",
    .summary = "Any axis against any figure",
    .run = run,
};
