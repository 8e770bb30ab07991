/* SPDX-License-Identifier: Apache-2.0 */
/* See compare.h. */
#include "analysis/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats.h"

static int compare_names(const void *a, const void *b)
{
    const struct ana_case *const x = *(const struct ana_case *const *)a;
    const struct ana_case *const y = *(const struct ana_case *const *)b;
    return strcmp(x->row->run_name, y->row->run_name);
}

static void judge(struct ana_change *change, double alpha)
{
    const struct ana_case *const a = change->old, *const b = change->new;
    change->ratio = change->p = change->least_p = NAN;
    if (!a || !b)
        return;
    if (a->real_ns > 0 && b->real_ns > 0)
        change->ratio = b->real_ns / a->real_ns;
    change->p = ana_mann_whitney(a->times, a->samples, b->times, b->samples);
    change->least_p = ana_mann_whitney_floor(a->samples, b->samples);
    change->significant = change->p <= alpha;
}

/* Cases of one file that pass, sorted by name; NULL without memory. */
static const struct ana_case **sorted_cases(const struct ana_summary *summary, size_t file,
                                            const struct ana_texts *filters, size_t *count)
{
    const struct ana_case **const cases =
        calloc(summary->case_count + 1, sizeof(const struct ana_case *));
    *count = 0;
    for (size_t i = 0; cases && i < summary->case_count; i++)
        if (summary->cases[i].file == file && ana_filter_passes(filters, summary->cases[i].row))
            cases[(*count)++] = &summary->cases[i];
    if (cases)
        qsort(cases, *count, sizeof(*cases), compare_names);
    return cases;
}

static const struct ana_case *find(const struct ana_case *const *cases, size_t count,
                                   const struct ana_case *like)
{
    const struct ana_case *const *const found =
        bsearch(&like, cases, count, sizeof(*cases), compare_names);
    return found ? *found : NULL;
}

int ana_compare(const struct ana_summary *summary, const struct ana_texts *filters, double alpha,
                struct ana_comparison *comparison)
{
    size_t old_count = 0, new_count = 0, ratios = 0;
    const struct ana_case **const old = sorted_cases(summary, 0, filters, &old_count);
    const struct ana_case **const new = sorted_cases(summary, 1, filters, &new_count);
    double *const ratio = calloc(summary->case_count + 1, sizeof(*ratio));
    *comparison = (struct ana_comparison){
        .changes = calloc(summary->case_count + 1, sizeof(*comparison->changes))};
    int status = -ENOMEM;
    if (!old || !new || !ratio || !comparison->changes)
        goto out;
    for (size_t i = 0; i < summary->case_count; i++) {
        const struct ana_case *const c = &summary->cases[i];
        if (!ana_filter_passes(filters, c->row))
            continue;
        struct ana_change change = {0};
        change.old = c->file == 0 ? c : find(old, old_count, c);
        change.new = c->file == 1 ? c : find(new, new_count, c);
        if (c->file > 1 || (c->file == 1 && change.old))
            continue; /* was counted with its old case */
        judge(&change, alpha);
        comparison->both += change.old && change.new;
        comparison->only_old += !change.new;
        comparison->only_new += !change.old;
        comparison->significant += change.significant;
        if (change.ratio > 0)
            ratio[ratios++] = change.ratio;
        comparison->changes[comparison->count++] = change;
    }
    comparison->geomean = ana_geomean(ratio, ratios);
    status = 0;
out:
    free(ratio);
    free(new);
    free(old);
    if (status)
        ana_comparison_free(comparison);
    return status;
}

void ana_comparison_free(struct ana_comparison *comparison)
{
    free(comparison->changes);
    *comparison = (struct ana_comparison){0};
}
