/* SPDX-License-Identifier: Apache-2.0 */
/* The result files a command line names, read and summarised: what most subcommands begin with. */
#ifndef ANA_RESULTS_H
#define ANA_RESULTS_H

#include "analysis/command.h"
#include "analysis/summary.h"

struct ana_results {
    struct ana_result **files;
    size_t count;
    struct ana_summary *summary;
};

/* ANA_EXIT_OK, or ANA_EXIT_USAGE after complaining; then there is nothing to free. */
int ana_results_open(const struct ana_command *self, int argc, char **argv,
                     struct ana_results *results);
void ana_results_close(struct ana_results *results);

/* Is the file at `path` one of the operands, under whatever name? Then nothing may be written
 * there.
 */
bool ana_results_input(const char *path, int argc, char **argv);

/* Ends a command that wrote to stdout: ANA_EXIT_USAGE after complaining if the stream failed. */
int ana_finish_stdout(const struct ana_command *self);

#endif
