/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat csv: the tidy summary on stdout or in a file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analysis/option.h"
#include "analysis/results.h"

static int run(const struct ana_command *self, int argc, char **argv)
{
    const char *path = NULL;
    const struct ana_option options[] = {
        {"o", ANA_TEXT, &path, "write to this file instead of stdout"}, {0}};
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    if (path && ana_results_input(path, argc, argv))
        return ana_complain(self,
                            "-o %s would overwrite the results it is made from; give another "
                            "file",
                            path);
    struct ana_results results;
    int status = ana_results_open(self, argc, argv, &results);
    if (status)
        return status;
    FILE *const out = path ? fopen(path, "w") : stdout;
    int error = out ? ana_summary_csv(results.summary, out) : -errno;
    if (path && out && fclose(out) && !error)
        error = -errno;
    if (error)
        status =
            ana_complain(self, "cannot write to %s: %s", path ? path : "stdout", strerror(-error));
    ana_results_close(&results);
    return status;
}

const struct ana_command ana_cmd_csv = {
    .name = "csv",
    .arguments = "RESULT.json...",
    .summary = "One row a case, one column an axis or figure",
    .run = run,
};
