/* SPDX-License-Identifier: Apache-2.0 */
/* See report.h. */
#include "analysis/regress/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* In the order of the headline; a plural of its own where an s will not do. */
static const struct {
    enum reg_verdict verdict;
    const char *one, *many;
} words[] = {
    {REG_ERROR, "error", "errors"},
    {REG_MISSING, "missing case", "missing cases"},
    {REG_REGRESSED, "regression", "regressions"},
    {REG_IMPROVED, "improvement", "improvements"},
    {REG_INCONCLUSIVE, "inconclusive", "inconclusive"},
    {REG_UNSTABLE, "unstable", "unstable"},
    {REG_OK, "as fast as before", "as fast as before"},
    {REG_UNCHANGED, "of unchanged code", "of unchanged code"},
    {REG_NEW, "new", "new"},
};

void reg_tally(const struct reg_report *report, size_t count[REG_VERDICTS])
{
    memset(count, 0, REG_VERDICTS * sizeof(*count));
    for (size_t i = 0; i < report->count; i++)
        count[report->cases[i].verdict]++;
}

double reg_geomean(const struct reg_report *report)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < report->count; i++)
        if (report->cases[i].ratio > 0) {
            sum += log(report->cases[i].ratio);
            n++;
        }
    return n ? exp(sum / (double)n) : (double)NAN;
}

void reg_headline(const struct reg_report *report, char *text, size_t size)
{
    size_t count[REG_VERDICTS], used = 0;
    reg_tally(report, count);
    *text = '\0';
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && used < size; i++) {
        const size_t n = count[words[i].verdict];
        if (n)
            used += (size_t)snprintf(text + used, size - used, "%s%zu %s", used ? ", " : "", n,
                                     n == 1 ? words[i].one : words[i].many);
    }
    if (used < size && report->noisy)
        used += (size_t)snprintf(text + used, size - used, "%snot gated", used ? ", " : "");
    if (used < size)
        snprintf(text + used, size - used, "%s(%zu case%s)", used ? " " : "nothing compared ",
                 report->count, report->count == 1 ? "" : "s");
}
