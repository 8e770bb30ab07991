/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat columns: what our result rows carry, as the Markdown of results/README.md. */
#include "analysis/column.h"
#include "analysis/option.h"
#include "analysis/results.h"

static int run(const struct ana_command *self, int argc, char **argv)
{
    const struct ana_option options[] = {{0}};
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    if (argc)
        return ana_complain(self, "takes no operands, found \"%s\"", argv[0]);
    ana_column_write_markdown(stdout);
    return ana_finish_stdout(self);
}

const struct ana_command ana_cmd_columns = {
    .name = "columns",
    .arguments = "",
    .summary = "Name, unit and meaning of every figure a result row may carry",
    .run = run,
};
