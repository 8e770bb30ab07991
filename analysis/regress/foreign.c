/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs with the command line of Google Benchmark and nothing more: one process a sample, found
 * by an anchored filter, read as JSON. Only flags that every version knows are used.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analysis/record.h"
#include "analysis/regress/names.h"
#include "analysis/regress/program.h"
#include "analysis/stats.h"

/* Versions before 1.8 take no unit behind the seconds, later ones take both and warn. */
static const char min_time[] = "--benchmark_min_time=";

int reg_foreign_list(const struct reg_program *program, struct ana_arena *arena,
                     struct reg_listed **cases, size_t *count, char *message, size_t size)
{
    static const char *const more[] = {"--benchmark_list_tests=true", NULL};
    const struct reg_child_options options = {.cpu = -1, .output = -1};
    const char **const argv = reg_program_argv(program, more), *line;
    struct reg_child child;
    int status = argv ? reg_child_start(&child, argv, &options) : -ENOMEM;
    if (status) {
        snprintf(message, size, "%s", argv ? child.trouble : "not enough memory");
        free(argv);
        return status;
    }
    while (!(status = reg_child_line(&child, program->patience, &line))) {
        if ((status = reg_listed_add(arena, cases, count, "", 0, line)))
            break;
    }
    /* The end of the list is the end of the program, which line() calls a trouble. */
    const bool whole = status == -EPIPE && strstr(child.trouble, "in the middle");
    if (!whole)
        snprintf(message, size, "%s: %s", program->path, reg_list_trouble(status, &child));
    reg_child_kill(&child);
    free(argv);
    return whole ? 0 : status;
}

/* Median of the repetitions of the only case; REG_SKIPPED or REG_FAILED with a sentence. */
static int read_sample(const struct ana_result *result, struct reg_sample *sample, char *trouble,
                       size_t size)
{
    double *const times = calloc(result->row_count + 1, sizeof(*times));
    size_t n = 0;
    int status = 0;
    if (!times) {
        snprintf(trouble, size, "not enough memory");
        return REG_FAILED;
    }
    for (size_t i = 0; i < result->row_count; i++) {
        const struct ana_row *const row = &result->rows[i];
        if (row->error || row->skipped) {
            snprintf(trouble, size, "%.500s", row->message);
            status = row->skipped ? REG_SKIPPED : REG_FAILED;
        } else if (!row->aggregate && row->real_ns > 0) {
            times[n++] = row->real_ns;
        }
    }
    ana_sort(times, n);
    sample->ns = ana_median(times, n);
    free(times);
    if (!status && !n) {
        snprintf(trouble, size, "reports no time");
        status = REG_FAILED;
    }
    return status;
}

int reg_foreign_run(const struct reg_program *program, const char *name, double seconds,
                    struct reg_sample *sample, char *trouble, size_t size)
{
    char filter[4096], time[64], path[64];
    const char *const more[] = {filter, time, "--benchmark_format=json", NULL};
    const int output = memfd_create("results", MFD_CLOEXEC);
    const struct reg_child_options options = {.cpu = program->cpu, .output = output};
    const char **const argv = reg_program_argv(program, more);
    struct ana_result *result;
    struct reg_child child;
    int status = REG_FAILED;
    *sample = (struct reg_sample){0};
    strcpy(filter, "--benchmark_filter=^");
    if (output < 0 || !argv || !reg_pattern_add(name, filter, sizeof(filter), 1)) {
        snprintf(trouble, size, "%s", argv ? "its name is too long" : "not enough memory");
        goto out;
    }
    strcat(filter, "$");
    snprintf(time, sizeof(time), "%s%.9g", min_time, seconds);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", output);
    if (reg_child_start(&child, argv, &options) || reg_child_end(&child, program->patience))
        snprintf(trouble, size, "%s", child.trouble);
    else if (!ana_result_read(path, &result, trouble, size)) {
        status = read_sample(result, sample, trouble, size);
        ana_result_free(result);
    }
    reg_child_kill(&child);
out:
    free(argv);
    if (output >= 0)
        close(output);
    return status;
}
