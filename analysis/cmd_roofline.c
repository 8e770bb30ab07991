/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat roofline: each case between its two measured roofs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/filter.h"
#include "analysis/results.h"
#include "analysis/roofline.h"
#include "analysis/table.h"

/* A fraction above this is flagged: the roof, not the kernel, was measured badly. */
static const double suspicious = 1.10;

static const char *bound_of(const struct ana_roof *roof)
{
    if (isnan(roof->ridge))
        return "";
    return roof->compute_bound ? "compute" : "memory";
}

static int show(const struct ana_command *self, const struct ana_summary *summary,
                const struct ana_texts *filters, enum ana_format format)
{
    static const char *const columns[] = {"name",
                                          "bound",
                                          "flop_per_byte",
                                          "gb_per_second",
                                          "read_roof_gb",
                                          "gflop_per_second",
                                          "fma_roof_gflop",
                                          "ceiling_fraction",
                                          "note"};
    struct ana_table *const table = ana_table_new();
    size_t shown = 0, without = 0;
    if (!table)
        return ana_complain(self, "not enough memory");
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        ana_table_column(table, columns[i], i >= 2 && i <= 7);
    for (size_t i = 0; i < summary->case_count; i++) {
        const struct ana_case *const c = &summary->cases[i];
        struct ana_roof roof;
        if (!ana_filter_passes(filters, c->row))
            continue;
        if (ana_roofline(summary, c, &roof)) {
            without++;
            continue;
        }
        ana_table_text(table, c->row->run_name);
        ana_table_text(table, bound_of(&roof));
        ana_table_number(table, roof.intensity);
        ana_table_number(table, roof.bytes_per_second / 1e9);
        ana_table_number(table, roof.read_roof / 1e9);
        ana_table_number(table, roof.flops_per_second / 1e9);
        ana_table_number(table, roof.fma_roof / 1e9);
        ana_table_number(table, roof.fraction);
        ana_table_text(table, roof.fraction > suspicious ? "above its ceiling: do not trust" : "");
        shown++;
    }
    int status = ANA_EXIT_OK;
    if (shown == 0) {
        status = ana_complain(self, "no case of attn-bench with a time passes the filters");
    } else {
        const int error = ana_table_write(table, format, stdout);
        if (error)
            status = ana_complain(self, "cannot write to stdout: %s", strerror(-error));
        else if (without)
            fprintf(stderr, "attn-stat roofline: left out %zu cases without a time of attn-bench\n",
                    without);
    }
    ana_table_free(table);
    return status;
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    const char *format_text = "text";
    struct ana_texts filters = {0};
    const struct ana_option options[] = {
        {"filter", ANA_TEXTS, &filters, "key=value,value or key!=value; may be repeated"},
        {"format", ANA_TEXT, &format_text, "text, md, csv or json (text)"},
        {0},
    };
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    enum ana_format format;
    char message[512];
    if (ana_format_parse(format_text, &format))
        return ana_complain(self, "--format=%s: it is text, md, csv or json", format_text);
    struct ana_results results;
    int status = ana_results_open(self, argc, argv, &results);
    if (status)
        return status;
    if (ana_filter_check(&filters, results.summary, message, sizeof(message)))
        status = ana_complain(self, "%s", message);
    else
        status = show(self, results.summary, &filters, format);
    ana_results_close(&results);
    return status;
}

const struct ana_command ana_cmd_roofline = {
    .name = "roofline",
    .arguments = "RESULT.json...",
    .summary = "Each case between the read and arithmetic ceilings measured beside it",
    .run = run,
};
