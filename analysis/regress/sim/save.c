/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A base to keep in a repository. The times of the run it comes from and the machine's state are
 * left out: they would change the file at every renewal and say nothing about counts.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "analysis/regress/history/machine_class.h"
#include "analysis/regress/sim/counts.h"

static int add_context(json_t *context, const struct ana_result *result, bool perf)
{
    const char *key;
    int failed = 0;
    for (size_t i = 0; (key = reg_class_key(i, !perf)); i++) {
        const char *const value = ana_result_context(result, key);
        if (value)
            failed |= json_object_set_new(context, key, json_string(value));
    }
    return failed;
}

static json_t *make_row(const struct reg_counts *counts, const struct ana_case *c)
{
    const struct {
        const char *name;
        double value;
    } columns[] = {
        {counts->perf ? "instructions" : "sim_instructions", reg_count_instructions(counts, c)},
        {"sim_dram_bytes", reg_count_dram(counts, c)},
        {"scratch_bytes", reg_count_scratch(c)},
    };
    json_t *const row = json_pack("{s:s, s:s, s:s}", "name", c->row->run_name, "run_name",
                                  c->row->run_name, "run_type", "iteration");
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        if (!isnan(columns[i].value))
            json_object_set_new(row, columns[i].name,
                                json_integer((json_int_t)llround(columns[i].value)));
    return row;
}

int reg_counts_write(const void *what, FILE *out)
{
    const struct reg_counts *const counts = what;
    const struct ana_summary *const summary = counts->results.summary;
    json_t *const context = json_object(), *const rows = json_array();
    json_t *const root = json_pack("{s:o, s:o}", "context", context, "benchmarks", rows);
    int failed = !root || add_context(context, counts->results.files[0], counts->perf);
    for (size_t i = 0; !failed && i < summary->case_count; i++)
        if (!summary->cases[i].row->error && !summary->cases[i].row->skipped)
            failed = json_array_append_new(rows, make_row(counts, &summary->cases[i]));
    if (!failed)
        failed = json_dumpf(root, out, JSON_INDENT(1)) || putc('\n', out) == EOF;
    json_decref(root);
    return failed ? -EIO : 0;
}
