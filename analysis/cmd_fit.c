/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat fit: what a call costs, what reading and arithmetic add, and how far to believe it. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/law.h"
#include "analysis/results.h"
#include "analysis/table.h"

/* What a table shows: people see units they read and only levels that some case lay in. */
struct look {
    bool people, level[ANA_LEVELS];
};

static void put_column(struct ana_table *table, const char *name, const struct look *look)
{
    static const char *const parts[] = {"", "_low", "_high"};
    char text[48];
    for (size_t k = 0; k < (look->people ? 1 : 3); k++) {
        snprintf(text, sizeof(text), "%s%s", name, parts[k]);
        ana_table_column(table, text, !look->people);
    }
}

static void put_columns(struct ana_table *table, const struct look *look)
{
    char name[48];
    ana_table_column(table, "set", false);
    ana_table_column(table, "cases", true);
    put_column(table, look->people ? "t0_us" : "t0_ns", look);
    for (size_t l = 0; l < ANA_LEVELS; l++) {
        snprintf(name, sizeof(name), "%s_gb_per_second", ana_level_names[l]);
        if (look->level[l])
            put_column(table, name, look);
    }
    put_column(table, "gflop_per_second", look);
    ana_table_column(table, "overlap", true);
    ana_table_column(table, "held_out_median", !look->people);
    ana_table_column(table, "held_out_95", !look->people);
}

static void put_term(struct ana_table *table, const struct ana_term *term, double unit, bool people)
{
    char text[64] = "";
    if (!people) {
        ana_table_number(table, term->value);
        ana_table_number(table, term->low);
        ana_table_number(table, term->high);
        return;
    }
    if (term->seen)
        snprintf(text, sizeof(text), "%.3g (%.3g to %.3g)", term->value / unit, term->low / unit,
                 term->high / unit);
    ana_table_text(table, text);
}

static void put_error(struct ana_table *table, double error, bool people)
{
    char text[32] = "";
    if (!people)
        ana_table_number(table, error);
    else if (isfinite(error))
        snprintf(text, sizeof(text), "%.1f %%", error * 100);
    if (people)
        ana_table_text(table, text);
}

static void put_law(struct ana_table *table, const struct ana_set *set, const struct ana_tried *law,
                    const struct look *look)
{
    ana_table_text(table, set->name);
    ana_table_number(table, (double)set->count);
    put_term(table, &law->law.t0, 1e3, look->people);
    for (size_t l = 0; l < ANA_LEVELS; l++)
        if (look->level[l])
            put_term(table, &law->law.bandwidth[l], 1, look->people);
    put_term(table, &law->law.compute, 1, look->people);
    ana_table_number(table, law->law.overlap);
    put_error(table, law->median_error, look->people);
    put_error(table, law->high_error, look->people);
}

static void put_residuals(struct ana_table *table, const struct ana_set *set,
                          const struct ana_tried *law)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct ana_sample *const s = &set->samples[i];
        const double fitted = ana_law_ns(&law->law, s->bytes, s->flops, s->level);
        ana_table_text(table, set->cases[i]->row->run_name);
        ana_table_number(table, s->ns);
        ana_table_number(table, fitted);
        ana_table_number(table, fitted / s->ns - 1);
        ana_table_number(table, exp(law->errors[i]) - 1);
    }
}

static int show(const struct ana_command *self, const struct ana_sets *sets, const char *leave_out,
                bool residuals, enum ana_format format)
{
    static const char *const columns[] = {"name", "measured_ns", "fitted_ns", "residual",
                                          "held_out"};
    struct look look = {.people = format == ANA_TABLE_TEXT || format == ANA_TABLE_MARKDOWN};
    for (size_t i = 0; i < sets->count; i++)
        for (size_t j = 0; j < sets->sets[i].count; j++)
            look.level[sets->sets[i].samples[j].level] = true;
    struct ana_table *const table = ana_table_new();
    size_t fitted = 0;
    int status = ANA_EXIT_OK;
    if (!table)
        return ana_complain(self, "not enough memory");
    if (residuals)
        for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
            ana_table_column(table, columns[i], i > 0);
    else
        put_columns(table, &look);
    for (size_t i = 0; i < sets->count && !status; i++) {
        struct ana_tried law;
        const int error = ana_law_try(&sets->sets[i], leave_out, &law);
        if (error == -ENOMEM)
            status = ana_complain(self, "not enough memory");
        if (error)
            continue;
        fitted++;
        if (residuals)
            put_residuals(table, &sets->sets[i], &law);
        else
            put_law(table, &sets->sets[i], &law, &look);
        ana_tried_free(&law);
    }
    if (!status && !fitted)
        status = ana_complain(self,
                              "no set of cases is large enough for a fit: it takes %d that "
                              "differ in heads, KV heads, context, batch or dim",
                              ANA_LAW_LEAST);
    if (!status) {
        const int error = ana_table_write(table, format, stdout);
        if (error)
            status = ana_complain(self, "cannot write to stdout: %s", strerror(-error));
    }
    ana_table_free(table);
    if (!status && fitted < sets->count && format == ANA_TABLE_TEXT)
        printf(sets->count - fitted == 1 ? "\n%zu set has fewer than %d cases and is left out\n"
                                         : "\n%zu sets have fewer than %d cases and are left out\n",
               sets->count - fitted, ANA_LAW_LEAST);
    if (!status && !residuals && format == ANA_TABLE_TEXT)
        printf("\ntime = t0 + (reading^p + arithmetic^p)^(1/p), p is the overlap; held out: error "
               "of\npredictions for %s that the fit had not seen\n",
               *leave_out ? leave_out : "cases");
    return status ? status : ana_finish_stdout(self);
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    const char *format_text = "text", *kernel = "best", *leave_out = "";
    bool residuals = false;
    struct ana_texts filters = {0};
    const struct ana_option options[] = {
        {"kernel", ANA_TEXT, &kernel, "best: the fastest of each case; or a name with * and ?"},
        {"leave_out", ANA_TEXT, &leave_out, "axis whose values are held out in turn (each case)"},
        {"residuals", ANA_FLAG, &residuals, "one row a case: measured, fitted, held out"},
        {"filter", ANA_TEXTS, &filters, "key=value,value or key!=value; may be repeated"},
        {"format", ANA_TEXT, &format_text, "text, md, csv or json (text)"},
        {0},
    };
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    enum ana_format format;
    char message[512], best[ANA_AXIS_MAX];
    if (ana_format_parse(format_text, &format))
        return ana_complain(self, "--format=%s: it is text, md, csv or json", format_text);
    struct ana_results results;
    struct ana_sets sets = {0};
    int status = ana_results_open(self, argc, argv, &results);
    if (status)
        return status;
    if (strcmp(leave_out, "each") == 0)
        leave_out = "";
    if (ana_filter_check(&filters, results.summary, message, sizeof(message)))
        status = ana_complain(self, "%s", message);
    else if (*leave_out && !ana_axis_known(results.summary, leave_out, best))
        status = ana_complain(self, "--leave_out=%s: it is each or an axis%s%s%s", leave_out,
                              *best ? "; did you mean " : "", best, *best ? "?" : "");
    else if (ana_sets_make(results.summary, &filters, strcmp(kernel, "best") ? kernel : NULL,
                           &sets))
        status = ana_complain(self, "not enough memory");
    else if (!sets.count)
        status = ana_complain(self, "no case of attn-bench with a time passes%s%s",
                              strcmp(kernel, "best") ? " --kernel=" : " the filters",
                              strcmp(kernel, "best") ? kernel : "");
    else
        status = show(self, &sets, leave_out, residuals, format);
    ana_sets_free(&sets);
    ana_results_close(&results);
    return status;
}

const struct ana_command ana_cmd_fit = {
    .name = "fit",
    .arguments = "RESULT.json...",
    .summary = "Fixed cost, bandwidth and arithmetic behind the times, with intervals",
    .run = run,
};
