/* SPDX-License-Identifier: Apache-2.0 */
/* Fewer series than there are, chosen so that the picture says the same. */
#include "analysis/report/tagged.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whether series `index` of `series` is among `keep` spread evenly, the last one included. */
static bool chosen(size_t index, size_t series, size_t keep)
{
    const double step = keep > 1 ? (double)(series - 1) / (double)(keep - 1) : (double)series;
    for (size_t j = 0; j < keep; j++)
        if (index == (size_t)lround((double)(series - 1) - (double)j * step))
            return true;
    return false;
}

/* Drops series until at most `keep` are left; what is dropped stays behind, for freeing. */
static size_t thin(struct rep_tagged *t, size_t n, size_t keep)
{
    size_t series = 0;
    for (size_t i = 0; i < n; i++)
        series += !i || strcmp(t[i].series.name, t[i - 1].series.name) != 0;
    if (series <= keep)
        return n;
    size_t kept = 0, index = 0;
    char name[REP_NAME];
    for (size_t i = 0; i < n; i++) {
        if (i && strcmp(t[i].series.name, name) != 0)
            index++;
        memcpy(name, t[i].series.name, sizeof(name));
        if (chosen(index, series, keep)) {
            const struct rep_tagged dropped = t[kept];
            t[kept++] = t[i];
            t[i] = dropped;
        }
    }
    return kept;
}

/* Drops series of fewer than `least` points, in the way of thin(). */
static size_t drop_short(struct rep_tagged *t, size_t n, unsigned least)
{
    size_t kept = 0;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && strcmp(t[end].series.name, t[i].series.name) == 0;)
            end++;
        for (size_t k = i; end - i >= least && k < end; k++) {
            const struct rep_tagged dropped = t[kept];
            t[kept++] = t[k];
            t[k] = dropped;
        }
    }
    return kept;
}

/* All series but those of the most points become one, behind the others. */
static void join_rest(struct rep_tagged *t, size_t n, size_t keep)
{
    size_t series = 0;
    for (size_t i = 0; i < n; i++)
        series += !i || strcmp(t[i].series.name, t[i - 1].series.name) != 0;
    if (series <= keep)
        return;
    size_t *const first = calloc(series + 1, sizeof(*first));
    bool *const rest = calloc(series, sizeof(*rest));
    if (first && rest) {
        for (size_t i = 0, k = 0; i < n; i++)
            if (!i || strcmp(t[i].series.name, t[i - 1].series.name) != 0)
                first[k++] = i;
        first[series] = n;
        for (size_t k = 0; k < series; k++) {
            size_t larger = 0;
            for (size_t j = 0; j < series; j++) {
                const size_t mine = first[k + 1] - first[k], its = first[j + 1] - first[j];
                larger += its > mine || (its == mine && j < k);
            }
            rest[k] = larger >= keep - 1;
        }
        for (size_t k = 0; k < series; k++)
            for (size_t i = first[k]; rest[k] && i < first[k + 1]; i++)
                t[i].series = (struct rep_series){.name = "others", .order = INFINITY};
        qsort(t, n, sizeof(*t), rep_by_series_x);
    }
    free(first);
    free(rest);
}

/* Drops all points of a row but the one with the largest x, in the way of thin(). */
static size_t keep_best(struct rep_tagged *t, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        bool best = true;
        for (size_t k = 0; best && k < n; k++)
            best =
                strcmp(t[k].row, t[i].row) != 0 || t[k].x < t[i].x || (t[k].x == t[i].x && k >= i);
        if (!best)
            continue;
        const struct rep_tagged dropped = t[kept];
        t[kept++] = t[i];
        t[i] = dropped;
    }
    return kept;
}

size_t rep_thin(struct rep_tagged *t, size_t n, const struct rep_query *query)
{
    if (query->same && query->rows)
        n = keep_best(t, n);
    n = drop_short(t, n, query->least);
    if (query->rest)
        join_rest(t, n, query->series);
    return thin(t, n, query->series);
}
