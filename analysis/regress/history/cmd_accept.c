/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat regress history accept: a change that is meant begins a new level. */
#include <string.h>

#include "analysis/regress/history/words.h"
#include "analysis/regress/regress.h"
#include "analysis/results.h"
#include "analysis/tame.h"

/* The change of a series at this commit; without one, or with "", the newest that stands. */
static const struct reg_finding *find(const struct reg_look *look, const struct reg_series *series,
                                      const char *commit)
{
    const struct reg_finding *found = NULL;
    for (size_t i = 0; i < look->found.count; i++) {
        const struct reg_finding *const f = &look->found.list[i];
        if (f->series != series || f->kind == REG_MEANT)
            continue;
        if (*commit ? strncmp(series->points[f->at].commit, commit, strlen(commit)) == 0
                    : f->stands)
            found = f;
    }
    return found;
}

static int accept_all(const struct ana_command *self, const struct reg_look *look,
                      const char *commit, const char *reason)
{
    size_t accepted = 0;
    for (size_t i = 0; i < look->count; i++) {
        const struct reg_series *const series = &look->series[i];
        const struct reg_finding *const f = find(look, series, commit);
        if (!f)
            continue;
        if (reg_history_accept(look->history, series->id, series->points[f->at].run, reason))
            return ana_complain(self, "%s", reg_history_trouble(look->history));
        printf("%s %s: accepted from %.12s on\n", series->name, series->metric,
               series->points[f->at].commit);
        accepted++;
    }
    if (accepted)
        return ana_finish_stdout(self);
    return *commit ? ana_complain(self, "no series changed at commit %s; see history check", commit)
                   : ana_complain(self, "no regression stands that could be accepted");
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    struct reg_history_options o = REG_HISTORY_DEFAULTS;
    const char *commit = "", *reason = NULL;
    struct reg_look look;
    const struct ana_option options[] = {
        {"reason", ANA_TEXT, &reason, "why the change is meant; kept with it"},
        {"commit", ANA_TEXT, &commit, "the change at this commit (each series' newest loss)"},
        REG_HISTORY_CHOICE(o),
        REG_HISTORY_RULE(o),
        {0},
    };
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    if (argc != 1)
        return ana_complain(self, "needs a history; found %d operands", argc);
    if (!reason || !*reason)
        return ana_complain(self, "needs --reason: who reads it next year was not there");
    for (const char *c = reason; *c; c += ana_character(c))
        if (!ana_character(c))
            return ana_complain(self, "--reason: a control character, or no UTF-8, at byte %zu",
                                (size_t)(c - reason) + 1);
    int status = reg_look_open(self, argv[0], REG_HISTORY_WRITE, &o, &look);
    if (status)
        return status;
    status = accept_all(self, &look, commit, reason);
    reg_look_close(&look);
    return status;
}

const struct ana_command reg_cmd_history_accept = {
    .name = "regress history accept",
    .arguments = "HISTORY.db --reason=TEXT",
    .summary = "Say that a change of level is meant",
    .run = run,
};
