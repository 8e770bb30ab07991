/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat regress history import: result files become points of series. */
#include <errno.h>
#include <string.h>

#include "analysis/regress/history/moment.h"
#include "analysis/regress/history/words.h"
#include "analysis/regress/regress.h"
#include "analysis/results.h"

static int import_one(const struct ana_command *self, struct reg_history *history, char *path,
                      const struct reg_import *asked)
{
    struct ana_results results;
    struct reg_imported done;
    struct reg_import import = *asked;
    int status = ana_results_open(self, 1, &path, &results);
    if (status)
        return status;
    import.result = results.files[0];
    import.summary = results.summary;
    if (reg_history_import(history, &import, &done))
        status = ana_complain(self, "%s", reg_history_trouble(history));
    else if (done.known)
        printf("%s: known already, nothing added\n", path);
    else
        printf("%s: %zu points added, %zu of them begin a series%s", path, done.points, done.series,
               done.failed ? "" : "\n");
    if (!status && !done.known && done.failed)
        printf("; %zu cases failed and have none\n", done.failed);
    fflush(stdout);
    ana_results_close(&results);
    return status;
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    struct reg_import asked = {.time = -1};
    const char *time = NULL;
    double wait = REG_HISTORY_PATIENCE_MS / 1e3;
    const struct ana_option options[] = {
        {"commit", ANA_TEXT, &asked.commit, "what was measured (the file's git_commit)"},
        {"time", ANA_TEXT, &time, "when, as 2026-11-22T07:49:42Z (the file's date)"},
        {"class", ANA_TEXT, &asked.class_text, "name of the machine class (made of the context)"},
        {"wait", ANA_REAL, &wait, "seconds that another writer may take (10)"},
        {0},
    };
    struct reg_history *history;
    char message[600];
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    if (time && reg_parse_moment(time, &asked.time))
        return ana_complain(self, "--time=%s: it takes a moment such as 2026-11-22T07:49:42Z",
                            time);
    if (!(wait >= 0 && wait <= 3600))
        return ana_complain(self, "--wait=%g: it must lie between 0 and 3600 seconds", wait);
    if (argc < 2)
        return ana_complain(self, "needs a history and result files");
    struct ana_results first; /* a result that cannot be read must not begin a history */
    int status = ana_results_open(self, 1, argv + 1, &first);
    if (status)
        return status;
    ana_results_close(&first);
    if (reg_history_open(argv[0], REG_HISTORY_CREATE, (unsigned)(wait * 1000), &history, message,
                         sizeof(message)))
        return ana_complain(self, "%s", message);
    for (int i = 1; !status && i < argc; i++)
        status = import_one(self, history, argv[i], &asked);
    reg_history_close(history);
    return status ? status : ana_finish_stdout(self);
}

const struct ana_command reg_cmd_history_import = {
    .name = "regress history import",
    .arguments = "HISTORY.db RESULT.json...",
    .summary = "Add results to a history, each file whole or not at all",
    .run = run,
};
