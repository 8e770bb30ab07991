/* SPDX-License-Identifier: Apache-2.0 */
/* See results.h. */
#include "analysis/results.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int ana_results_open(const struct ana_command *self, int argc, char **argv,
                     struct ana_results *results)
{
    char message[512];
    *results = (struct ana_results){0};
    if (argc == 0)
        return ana_complain(self, "needs a result file, such as attn-bench writes with "
                                  "--benchmark_out=FILE");
    results->files = calloc((size_t)argc, sizeof(struct ana_result *));
    if (!results->files)
        return ana_complain(self, "not enough memory");
    for (; results->count < (size_t)argc; results->count++)
        if (ana_result_read(argv[results->count], &results->files[results->count], message,
                            sizeof(message))) {
            ana_results_close(results);
            return ana_complain(self, "%s", message);
        }
    if (ana_summarise(results->files, results->count, &results->summary)) {
        ana_results_close(results);
        return ana_complain(self, "not enough memory for a summary");
    }
    return ANA_EXIT_OK;
}

void ana_results_close(struct ana_results *results)
{
    ana_summary_free(results->summary);
    for (size_t i = 0; i < results->count; i++)
        ana_result_free(results->files[i]);
    free(results->files);
    *results = (struct ana_results){0};
}

bool ana_results_input(const char *path, int argc, char **argv)
{
    struct stat out, in;
    if (stat(path, &out) || !S_ISREG(out.st_mode))
        return false;
    for (int i = 0; i < argc; i++)
        if (stat(argv[i], &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
            return true;
    return false;
}

int ana_finish_stdout(const struct ana_command *self)
{
    errno = 0;
    if (fflush(stdout) || ferror(stdout))
        return ana_complain(self, "cannot write to stdout: %s", strerror(errno ? errno : EIO));
    return ANA_EXIT_OK;
}
