/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each case that passes the filters becomes an entry: the texts of its row axes, its column, its
 * number. Sorting the entries brings the rows together; numbers sort as numbers, words in order
 * of their first appearance, which is the order somebody chose.
 */
#include "analysis/pivot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/arena.h"
#include "analysis/stats.h"

enum { COLUMNS_MAX = 64 };

/* One value of one axis: equal texts are one pointer, `rank` sorts it. */
struct value {
    const char *text;
    double rank;
};

struct entry {
    const struct ana_case *of;
    struct value column;
    size_t axes; /* how many rows[] there are */
    struct value *rows;
};

struct state {
    const struct ana_summary *summary;
    const struct ana_pivot *pivot;
    struct ana_arena *arena;
    const char *axes[ANA_PIVOT_AXES];
    size_t axis_count;
    struct entry *entries;
    size_t count;
};

static int compare_values(const struct value *a, const struct value *b)
{
    return (a->rank > b->rank) - (a->rank < b->rank);
}

static int compare_rows(const struct entry *a, const struct entry *b)
{
    for (size_t i = 0; i < a->axes; i++) {
        const int order = compare_values(&a->rows[i], &b->rows[i]);
        if (order)
            return order;
    }
    return 0;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *const x = a, *const y = b;
    const int rows = compare_rows(x, y);
    const int columns = rows ? rows : compare_values(&x->column, &y->column);
    return columns ? columns : (x->of > y->of) - (x->of < y->of);
}

/* Does the axis take more than one value among the cases that pass? */
static bool varies(const struct state *s, const char *axis)
{
    char first[ANA_AXIS_MAX], other[ANA_AXIS_MAX];
    bool any = false;
    for (size_t i = 0; i < s->summary->case_count; i++) {
        const struct ana_row *const row = s->summary->cases[i].row;
        if (!ana_filter_passes(s->pivot->filters, row))
            continue;
        ana_axis_text(row, axis, any ? other : first);
        if (any && strcmp(first, other) != 0)
            return true;
        any = true;
    }
    return false;
}

static void add_axis(struct state *s, const char *axis)
{
    for (size_t i = 0; i < s->axis_count; i++)
        if (strcmp(s->axes[i], axis) == 0)
            return;
    if (s->axis_count < ANA_PIVOT_AXES)
        s->axes[s->axis_count++] = axis;
}

/* Axes down the side: those asked for, or all that vary and follow from no other. */
static int choose_axes(struct state *s)
{
    static const char *const derived[] = {"attention", "group", "label"};
    const struct ana_pivot *const p = s->pivot;
    for (size_t i = 0; i < p->row_count; i++)
        add_axis(s, p->rows[i]);
    if (p->row_count)
        return 0;
    for (size_t i = 0; i < ana_axis_count; i++) {
        const char *const axis = ana_axes[i].name;
        bool skip = p->column && strcmp(axis, p->column) == 0;
        for (size_t j = 0; j < sizeof(derived) / sizeof(derived[0]); j++)
            skip = skip || strcmp(axis, derived[j]) == 0;
        const bool implied =
            strcmp(axis, "kv_heads") == 0 && p->column &&
            (strcmp(p->column, "attention") == 0 || strcmp(p->column, "group") == 0);
        if (!skip && !implied && varies(s, axis))
            add_axis(s, axis);
    }
    char name[ANA_AXIS_MAX];
    for (size_t c = 0; !s->summary->ours && c < s->summary->case_count; c++)
        for (size_t i = 0; ana_axis_foreign(s->summary->cases[c].row, i, name); i++) {
            const bool column = p->column && strcmp(name, p->column) == 0;
            const char *const axis = ana_arena_intern(s->arena, name);
            if (!axis)
                return -ENOMEM;
            if (!column && varies(s, axis))
                add_axis(s, axis);
        }
    if (s->axis_count == 0)
        add_axis(s, p->column && strcmp(p->column, "kernel") == 0 ? "phase" : "kernel");
    return 0;
}

/* Rank of a text: its number, or beyond all numbers in order of first appearance. */
static int make_value(struct state *s, const struct ana_row *row, const char *axis,
                      struct value *value)
{
    char text[ANA_AXIS_MAX];
    value->text = ana_arena_intern(s->arena, ana_axis_text(row, axis, text));
    value->rank = ana_axis_number(row, axis);
    return value->text ? 0 : -ENOMEM;
}

static struct value *value_at(struct entry *entry, size_t axis)
{
    return axis < entry->axes ? &entry->rows[axis] : &entry->column;
}

/* By text, which is one pointer for equal ones, then by place in the file. */
static int compare_texts(const void *a, const void *b)
{
    const struct value *const x = *(struct value *const *)a, *const y = *(struct value *const *)b;
    if (x->text != y->text)
        return x->text < y->text ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static int rank_texts(struct state *s, size_t axis)
{
    struct value **const texts = calloc(s->count + 1, sizeof(struct value *));
    size_t n = 0;
    if (!texts)
        return -ENOMEM;
    for (size_t i = 0; i < s->count; i++) {
        struct value *const value = value_at(&s->entries[i], axis);
        if (!isnan(value->rank))
            continue;
        value->rank = 1e300 + 1e290 * (double)i;
        texts[n++] = value;
    }
    qsort(texts, n, sizeof(*texts), compare_texts);
    for (size_t i = 1; i < n; i++)
        if (texts[i]->text == texts[i - 1]->text)
            texts[i]->rank = texts[i - 1]->rank;
    free(texts);
    return 0;
}

static int collect(struct state *s, struct ana_pivot_story *story)
{
    s->entries = calloc(s->summary->case_count + 1, sizeof(*s->entries));
    if (!s->entries)
        return -ENOMEM;
    for (size_t c = 0; c < s->summary->case_count; c++) {
        const struct ana_case *const of = &s->summary->cases[c];
        if (!ana_filter_passes(s->pivot->filters, of->row))
            continue;
        struct entry *const entry = &s->entries[s->count++];
        entry->of = of;
        entry->axes = s->axis_count;
        entry->rows = ana_arena_alloc(s->arena, (s->axis_count + 1) * sizeof(*entry->rows));
        if (!entry->rows)
            return -ENOMEM;
        for (size_t i = 0; i < s->axis_count; i++)
            if (make_value(s, of->row, s->axes[i], &entry->rows[i]))
                return -ENOMEM;
        if (s->pivot->column && make_value(s, of->row, s->pivot->column, &entry->column))
            return -ENOMEM;
        story->errors += of->error != NULL;
    }
    story->cases = s->count;
    int status = 0;
    for (size_t i = 0; !status && i < s->axis_count + (s->pivot->column != NULL); i++)
        status = rank_texts(s, i);
    return status;
}

/* Median of a figure over entries that share row and column. */
static double cell_of(const struct state *s, const struct entry *const *entries, size_t n,
                      const char *figure, struct ana_pivot_story *story)
{
    double *const values = calloc(n + 1, sizeof(*values));
    size_t used = 0;
    for (size_t i = 0; values && i < n; i++) {
        const double value = ana_case_figure(s->summary, entries[i]->of, figure);
        if (!isnan(value))
            values[used++] = value;
    }
    double median = NAN;
    if (values) {
        ana_sort(values, used);
        median = ana_median(values, used);
    }
    story->crowded += used > 1;
    free(values);
    return median;
}

static int compare_columns(const void *a, const void *b)
{
    return compare_values(a, b);
}

/* The distinct values of the column axis, sorted; -E2BIG beyond COLUMNS_MAX. */
static int find_columns(const struct state *s, struct value columns[COLUMNS_MAX], size_t *count)
{
    *count = 0;
    for (size_t i = 0; s->pivot->column && i < s->count; i++) {
        bool known = false;
        for (size_t j = 0; j < *count; j++)
            known = known || columns[j].text == s->entries[i].column.text;
        if (!known && *count == COLUMNS_MAX)
            return -E2BIG;
        if (!known)
            columns[(*count)++] = s->entries[i].column;
    }
    qsort(columns, *count, sizeof(*columns), compare_columns);
    return 0;
}

static int fill(const struct state *s, struct ana_table *table, struct ana_pivot_story *story)
{
    struct value columns[COLUMNS_MAX];
    size_t column_count;
    const int status = find_columns(s, columns, &column_count);
    const struct entry **const group = calloc(s->count + 1, sizeof(const struct entry *));
    if (status || !group) {
        free(group);
        return status ? status : -ENOMEM;
    }
    for (size_t i = 0; i < s->axis_count; i++) {
        const struct ana_axis *const axis = ana_axis_find(s->axes[i]);
        ana_table_column(table, s->axes[i], axis && axis->number);
    }
    for (size_t i = 0; i < column_count; i++)
        ana_table_column(table, *columns[i].text ? columns[i].text : "-", true);
    for (size_t i = 0; column_count == 0 && i < s->pivot->figure_count; i++)
        ana_table_column(table, s->pivot->figures[i], true);
    for (size_t first = 0, end; first < s->count; first = end) {
        for (end = first + 1;
             end < s->count && compare_rows(&s->entries[first], &s->entries[end]) == 0; end++)
            ;
        for (size_t i = 0; i < s->axis_count; i++)
            ana_table_text(table, s->entries[first].rows[i].text);
        const size_t cells = column_count ? column_count : s->pivot->figure_count;
        for (size_t c = 0; c < cells; c++) {
            size_t n = 0;
            for (size_t i = first; i < end; i++)
                if (column_count == 0 || s->entries[i].column.text == columns[c].text)
                    group[n++] = &s->entries[i];
            const char *const figure = s->pivot->figures[column_count ? 0 : c];
            ana_table_number(table, cell_of(s, group, n, figure, story));
        }
    }
    free(group);
    return 0;
}

int ana_pivot(const struct ana_summary *summary, const struct ana_pivot *pivot,
              struct ana_table **table, struct ana_pivot_story *story)
{
    struct state s = {.summary = summary, .pivot = pivot, .arena = ana_arena_new()};
    *story = (struct ana_pivot_story){0};
    *table = ana_table_new();
    int status = s.arena && *table ? choose_axes(&s) : -ENOMEM;
    if (!status)
        status = collect(&s, story);
    if (!status) {
        qsort(s.entries, s.count, sizeof(*s.entries), compare_entries);
        status = fill(&s, *table, story);
    }
    free(s.entries);
    ana_arena_free(s.arena);
    if (status) {
        ana_table_free(*table);
        *table = NULL;
    }
    return status;
}
