/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grouping is by sorting row pointers by name: interleaved repetitions need not stand together in
 * the file. Order of first appearance is restored afterwards, because that is the order in which
 * the sweep was written down.
 */
#include "analysis/summary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/arena.h"
#include "analysis/stats.h"

static const double level = 0.95;

/* A row on its way into a case. */
struct member {
    const struct ana_result *result;
    size_t file;
    const struct ana_row *row;
};

static int compare_members(const void *a, const void *b)
{
    const struct member *const x = a, *const y = b;
    const int files = (x->file > y->file) - (x->file < y->file);
    const int names = files ? files : strcmp(x->row->run_name, y->row->run_name);
    return names ? names : (x->row > y->row) - (x->row < y->row);
}

static bool same_case(const struct member *a, const struct member *b)
{
    return a->file == b->file && strcmp(a->row->run_name, b->row->run_name) == 0;
}

static int compare_cases(const void *a, const void *b)
{
    const struct ana_case *const x = a, *const y = b;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static bool is_median(const struct ana_row *row)
{
    return row->aggregate && strcmp(row->aggregate_name, "median") == 0;
}

static bool is_sample(const struct ana_row *row)
{
    return !row->aggregate && !row->error && !row->skipped && !isnan(row->real_ns);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds a counter name, which is one pointer a file, unless it is there or there are too many. */
static void note_name(const char **names, size_t *count, size_t max, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (names[i] == name)
            return;
    if (*count < max)
        names[(*count)++] = name;
}

/* Names of all figures that occur in rows a case may take them from. */
static int collect_figures(struct ana_summary *summary, const struct member *members, size_t n)
{
    const size_t max = (ANA_COLUMNS + ANA_FOREIGN_MAX) * (summary->file_count + 1);
    const char **const names = calloc(max, sizeof(*names));
    summary->figures = calloc(max, sizeof(*summary->figures));
    if (!names || !summary->figures) {
        free(names);
        return -ENOMEM;
    }
    size_t count = 0, foreign = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < members[i].row->counter_count; j++)
            if (is_sample(members[i].row) || is_median(members[i].row))
                note_name(names, &count, max, members[i].row->counters[j].name);
    if (count > 1)
        qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; i < ANA_COLUMNS; i++) {
        const char *const name = ana_columns[i].name;
        if (count && bsearch(&name, names, count, sizeof(*names), compare_names))
            summary->figures[summary->figure_count++] = name;
    }
    for (size_t i = 0; i < count && foreign < ANA_FOREIGN_MAX; i++) {
        if (ana_column_find(names[i]) || (i > 0 && strcmp(names[i - 1], names[i]) == 0))
            continue;
        summary->figures[summary->figure_count++] = names[i];
        foreign++;
    }
    free(names);
    return 0;
}

/* Median over the rows of a case that `takes` accepts; `work` has room for n values. */
static double median_of(const struct member *members, size_t n,
                        bool (*takes)(const struct ana_row *), const char *figure, double *work,
                        size_t *count)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const double value =
            takes(members[i].row) ? ana_row_figure(members[i].row, figure) : (double)NAN;
        if (!isnan(value))
            work[used++] = value;
    }
    ana_sort(work, used);
    if (count)
        *count = used;
    return ana_median(work, used);
}

static int fill_case(struct ana_summary *summary, const struct member *members, size_t n,
                     double *work, struct ana_case *c)
{
    *c = (struct ana_case){.result = members[0].result,
                           .file = members[0].file,
                           .row = members[0].row};
    bool median = false;
    for (size_t i = 0; i < n; i++) {
        const struct ana_row *const row = members[i].row;
        median = median || is_median(row);
        if ((row->error || row->skipped) && !c->error) {
            c->error = *row->message ? row->message : "error without a message";
            c->skipped = !row->error;
        }
    }
    bool (*const takes)(const struct ana_row *) = median ? is_median : is_sample;
    c->figures = ana_arena_alloc(summary->arena, (summary->figure_count + 1) * sizeof(double));
    if (!c->figures)
        return -ENOMEM;
    for (size_t i = 0; i < summary->figure_count; i++)
        c->figures[i] = median_of(members, n, takes, summary->figures[i], work, NULL);
    c->cpu_ns = median_of(members, n, takes, "cpu_ns", work, NULL);
    c->real_ns = median_of(members, n, takes, "real_ns", work, NULL);
    median_of(members, n, is_sample, "real_ns", work, &c->samples);
    c->times = ana_arena_alloc(summary->arena, (c->samples + 1) * sizeof(double));
    if (!c->times)
        return -ENOMEM;
    if (c->samples)
        memcpy(c->times, work, c->samples * sizeof(*work));
    c->coverage = ana_median_interval(c->times, c->samples, level, &c->low_ns, &c->high_ns);
    if (!isnan(c->real_ns))
        c->error = NULL;
    return 0;
}

int ana_summarise(struct ana_result *const *results, size_t count, struct ana_summary **summary)
{
    size_t rows = 0, cases = 0;
    for (size_t i = 0; i < count; i++)
        rows += results[i]->row_count;
    struct ana_summary *const s = calloc(1, sizeof(*s));
    struct member *const members = calloc(rows + 1, sizeof(*members));
    double *const work = calloc(rows + 1, sizeof(*work));
    int status = -ENOMEM;
    if (!s || !members || !work || !(s->arena = ana_arena_new()))
        goto out;
    rows = 0;
    s->file_count = count;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < results[i]->row_count; j++, rows++)
            members[rows] = (struct member){results[i], i, &results[i]->rows[j]};
    status = collect_figures(s, members, rows);
    if (status)
        goto out;
    qsort(members, rows, sizeof(*members), compare_members);
    for (size_t i = 0; i < rows; i++)
        cases += i == 0 || !same_case(&members[i - 1], &members[i]);
    status = -ENOMEM;
    s->cases = calloc(cases + 1, sizeof(*s->cases));
    if (!s->cases)
        goto out;
    s->ours = cases > 0;
    for (size_t i = 0, end; i < rows; i = end) {
        for (end = i + 1; end < rows && same_case(&members[i], &members[end]); end++)
            ;
        status = fill_case(s, members + i, end - i, work, &s->cases[s->case_count]);
        if (status)
            goto out;
        s->ours = s->ours && members[i].row->attn;
        s->case_count++;
    }
    qsort(s->cases, s->case_count, sizeof(*s->cases), compare_cases);
    status = 0;
out:
    free(work);
    free(members);
    if (status)
        ana_summary_free(s);
    else
        *summary = s;
    return status;
}

void ana_summary_free(struct ana_summary *summary)
{
    if (!summary)
        return;
    ana_arena_free(summary->arena);
    free(summary->cases);
    free(summary->figures);
    free(summary);
}

double ana_case_figure(const struct ana_summary *summary, const struct ana_case *c,
                       const char *name)
{
    const struct {
        const char *name;
        double value;
    } own[] = {{"real_ns", c->real_ns},
               {"cpu_ns", c->cpu_ns},
               {"low_ns", c->low_ns},
               {"high_ns", c->high_ns},
               {"samples", (double)c->samples}};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcmp(own[i].name, name) == 0)
            return own[i].value;
    for (size_t i = 0; i < summary->figure_count; i++)
        if (strcmp(summary->figures[i], name) == 0)
            return c->figures[i];
    return NAN;
}
