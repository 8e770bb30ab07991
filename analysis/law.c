/* SPDX-License-Identifier: Apache-2.0 */
/* See law.h. */
#include "analysis/law.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats.h"

/* Cases with an equal value of the axis share a fold; without an axis each has its own. */
static void make_folds(const struct ana_set *set, const char *axis, size_t *fold)
{
    char text[ANA_AXIS_MAX], other[ANA_AXIS_MAX];
    for (size_t i = 0; i < set->count; i++) {
        fold[i] = *axis ? i : i % ANA_LAW_FOLDS;
        ana_axis_text(set->cases[i]->row, axis, text);
        for (size_t j = 0; *axis && j < i; j++)
            if (fold[j] == j && strcmp(ana_axis_text(set->cases[j]->row, axis, other), text) == 0) {
                fold[i] = j;
                break;
            }
    }
}

int ana_law_try(const struct ana_set *set, const char *leave_out, struct ana_tried *tried)
{
    if (set->count < ANA_LAW_LEAST)
        return -EINVAL;
    *tried = (struct ana_tried){.errors = calloc(set->count, sizeof(double))};
    size_t *const fold = calloc(set->count, sizeof(*fold));
    double *const sizes = calloc(set->count, sizeof(*sizes));
    int status = -ENOMEM;
    size_t n = 0;
    if (!tried->errors || !fold || !sizes)
        goto out;
    status = ana_law_fit(set->samples, set->count, &tried->law);
    if (status)
        goto out;
    make_folds(set, leave_out, fold);
    status = ana_law_hold_out(set->samples, set->count, fold, tried->errors);
    for (size_t i = 0; i < set->count; i++)
        if (isfinite(tried->errors[i]))
            sizes[n++] = fabs(exp(tried->errors[i]) - 1);
    ana_sort(sizes, n);
    tried->median_error = ana_median(sizes, n);
    tried->high_error = ana_quantile(sizes, n, 0.95);
out:
    free(sizes);
    free(fold);
    if (status)
        ana_tried_free(tried);
    return status;
}

void ana_tried_free(struct ana_tried *tried)
{
    free(tried->errors);
    tried->errors = NULL;
}

struct ana_guess ana_law_guess(const struct ana_tried *tried, double bytes, double flops,
                               enum ana_level level)
{
    const double ns = ana_law_ns(&tried->law, bytes, flops, level);
    const double usual = log1p(isfinite(tried->high_error) ? tried->high_error : 1);
    const double half = hypot(usual, 2 * ana_law_doubt(&tried->law, bytes, flops, level));
    return (struct ana_guess){ns, ns * exp(-half), ns * exp(half)};
}
