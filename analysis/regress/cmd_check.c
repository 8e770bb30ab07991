/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat regress check: two result files of any Google Benchmark program. */
#include <errno.h>
#include <string.h>

#include "analysis/regress/check.h"
#include "analysis/regress/output.h"
#include "analysis/regress/percent.h"
#include "analysis/regress/regress.h"
#include "analysis/results.h"

struct request {
    const struct ana_command *self;
    struct reg_check_options check;
    struct reg_files files;
    struct ana_texts filters;
    bool strict;
};

static int store(const void *report, FILE *out)
{
    return reg_write_json(report, out);
}

static int judge(const struct request *request, const struct ana_comparison *comparison,
                 struct reg_report *report, struct ana_arena *arena)
{
    size_t count[REG_VERDICTS];
    char message[512];
    int error = reg_check(comparison, &request->check, arena, report);
    if (!error) {
        reg_tally(report, count);
        report->status = reg_exit_status(count, &(struct reg_rule){.strict = request->strict});
        if (reg_files_write(&request->files, report, message, sizeof(message)) ||
            reg_file_write(request->files.json, store, report, message, sizeof(message)))
            return ana_complain(request->self, "%s", message);
        error = reg_write_text(report, stdout);
    }
    if (error)
        return ana_complain(request->self, "%s",
                            error == -ENOMEM ? "not enough memory" : strerror(-error));
    return ana_finish_stdout(request->self) ? ANA_EXIT_USAGE : report->status;
}

static int check(const struct request *request, char **argv)
{
    const struct ana_command *const self = request->self;
    struct reg_report report = {
        .what = "check", .base = argv[0], .head = argv[1], .unit = "repetitions"};
    struct ana_results results;
    struct ana_comparison comparison;
    char message[512];
    if (reg_files_check(&request->files, message, sizeof(message)))
        return ana_complain(self, "%s", message);
    int status = ana_results_open(self, 2, argv, &results);
    if (status)
        return status;
    struct ana_arena *const arena = ana_arena_new();
    if (ana_filter_check(&request->filters, results.summary, message, sizeof(message))) {
        status = ana_complain(self, "%s", message);
    } else if (!arena || ana_compare(results.summary, &request->filters, 0.05, &comparison)) {
        status = ana_complain(self, "not enough memory");
    } else {
        status = comparison.only_old || comparison.both
                     ? judge(request, &comparison, &report, arena)
                     : ana_complain(self, "%s has no case%s", argv[0],
                                    request->filters.count ? " that passes the filters" : "");
        ana_comparison_free(&comparison);
    }
    ana_arena_free(arena);
    ana_results_close(&results);
    return status;
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    const char *effect = "5%", *q = "1%";
    struct request request = {.self = self};
    const struct ana_option options[] = {
        {"effect", ANA_TEXT, &effect, "slowdowns up to this are not a regression (5%)"},
        {"q", ANA_TEXT, &q, "accepted share of false alarms among all alarms (1%)"},
        {"filter", ANA_TEXTS, &request.filters, "key=value,value or key!=value; may be repeated"},
        {"strict", ANA_FLAG, &request.strict, "inconclusive cases end with status 5"},
        {"markdown", ANA_TEXT, &request.files.markdown, "file for a comment on a pull request"},
        {"junit", ANA_TEXT, &request.files.junit, "file for the test pages of a CI"},
        {"json", ANA_TEXT, &request.files.json, "file for the verdicts and their figures"},
        {0},
    };
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    if (reg_parse_share(effect, &request.check.effect) ||
        !(request.check.effect >= 0 && request.check.effect < 10))
        return ana_complain(self, "--effect=%s: it takes a share such as 5%% or 0.05", effect);
    if (reg_parse_share(q, &request.check.q) || !(request.check.q > 0 && request.check.q < 1))
        return ana_complain(self, "-q %s: it takes a share such as 1%% or 0.01", q);
    if (argc != 2)
        return ana_complain(self, "needs two result files, base and head; found %d", argc);
    return check(&request, argv);
}

const struct ana_command reg_cmd_check = {
    .name = "regress check",
    .arguments = "BASE.json HEAD.json",
    .summary = "Two result files of any program: what became slower, as far as they can tell",
    .run = run,
};
