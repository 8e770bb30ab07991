/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat regress check: two result files of any Google Benchmark program. */
#include <errno.h>
#include <string.h>

#include "analysis/regress/check.h"
#include "analysis/regress/output.h"
#include "analysis/regress/percent.h"
#include "analysis/regress/regress.h"
#include "analysis/results.h"

static int judge(const struct ana_command *self, const struct ana_comparison *comparison,
                 const struct reg_check_options *options, bool strict, struct reg_report *report,
                 struct ana_arena *arena)
{
    size_t count[REG_VERDICTS];
    int error = reg_check(comparison, options, arena, report);
    if (!error) {
        reg_tally(report, count);
        report->status = reg_exit_status(count, &(struct reg_rule){.strict = strict});
        error = reg_write_text(report, stdout);
    }
    if (error)
        return ana_complain(self, "%s", error == -ENOMEM ? "not enough memory" : strerror(-error));
    const int finished = ana_finish_stdout(self);
    return finished ? finished : report->status;
}

static int check(const struct ana_command *self, char **argv, const struct ana_texts *filters,
                 const struct reg_check_options *options, bool strict)
{
    struct reg_report report = {
        .what = "check", .base = argv[0], .head = argv[1], .unit = "repetitions"};
    struct ana_results results;
    struct ana_comparison comparison;
    char message[512];
    int status = ana_results_open(self, 2, argv, &results);
    if (status)
        return status;
    struct ana_arena *const arena = ana_arena_new();
    if (ana_filter_check(filters, results.summary, message, sizeof(message))) {
        status = ana_complain(self, "%s", message);
    } else if (!arena || ana_compare(results.summary, filters, 0.05, &comparison)) {
        status = ana_complain(self, "not enough memory");
    } else {
        status = comparison.only_old || comparison.both
                     ? judge(self, &comparison, options, strict, &report, arena)
                     : ana_complain(self, "%s has no case%s", argv[0],
                                    filters->count ? " that passes the filters" : "");
        ana_comparison_free(&comparison);
    }
    ana_arena_free(arena);
    ana_results_close(&results);
    return status;
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    const char *effect = "5%", *q = "1%";
    bool strict = false;
    struct ana_texts filters = {0};
    struct reg_check_options check_options;
    const struct ana_option options[] = {
        {"effect", ANA_TEXT, &effect, "slowdowns up to this are not a regression (5%)"},
        {"q", ANA_TEXT, &q, "accepted share of false alarms among all alarms (1%)"},
        {"filter", ANA_TEXTS, &filters, "key=value,value or key!=value; may be repeated"},
        {"strict", ANA_FLAG, &strict, "inconclusive cases end with status 5"},
        {0},
    };
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    if (reg_parse_share(effect, &check_options.effect) ||
        !(check_options.effect >= 0 && check_options.effect < 10))
        return ana_complain(self, "--effect=%s: it takes a share such as 5%% or 0.05", effect);
    if (reg_parse_share(q, &check_options.q) || !(check_options.q > 0 && check_options.q < 1))
        return ana_complain(self, "-q %s: it takes a share such as 1%% or 0.01", q);
    if (argc != 2)
        return ana_complain(self, "needs two result files, base and head; found %d", argc);
    return check(self, argv, &filters, &check_options, strict);
}

const struct ana_command reg_cmd_check = {
    .name = "regress check",
    .arguments = "BASE.json HEAD.json",
    .summary = "Two result files of any program: what became slower, as far as they can tell",
    .run = run,
};
