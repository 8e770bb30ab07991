/* SPDX-License-Identifier: Apache-2.0 */
/* Fewer points than there are, chosen so that the picture says the same. */
#include "analysis/report/tagged.h"

#include <math.h>
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

/* Above so many points a figure is a density: marks that would cover each other are drawn once. */
enum { CROWD = 2000, COLUMNS = 140, LINES = 80 };

static size_t cell_of(double value, double low, double high, bool log_scale, size_t cells)
{
    const double share = !(high > low) ? 0
                         : log_scale   ? log(value / low) / log(high / low)
                                       : (value - low) / (high - low);
    return (size_t)fmin(fmax(share * (double)cells, 0), (double)cells - 1);
}

/* One point a series and cell of the picture, in the way of thin(). */
static size_t merge_close(struct rep_tagged *t, size_t n, const struct rep_query *q)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    const struct rep_field *const fields[2] = {q->x, q->y ? q->y : q->x};
    for (size_t i = 0; i < n; i++)
        for (size_t a = 0; a < 2; a++) {
            low[a] = fmin(low[a], rep_value(t[i].point, fields[a]));
            high[a] = fmax(high[a], rep_value(t[i].point, fields[a]));
        }
    unsigned char taken[LINES][COLUMNS] = {{0}};
    char name[REP_NAME] = "";
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (!i || strcmp(t[i].series.name, name) != 0)
            memset(taken, 0, sizeof(taken));
        memcpy(name, t[i].series.name, sizeof(name));
        const size_t x =
            cell_of(rep_value(t[i].point, fields[0]), low[0], high[0], q->log_x, COLUMNS);
        const size_t y =
            q->y ? cell_of(rep_value(t[i].point, fields[1]), low[1], high[1], q->log_y, LINES) : 0;
        if (taken[y][x])
            continue;
        taken[y][x] = 1;
        const struct rep_tagged dropped = t[kept];
        t[kept++] = t[i];
        t[i] = dropped;
    }
    return kept;
}

size_t rep_thin(struct rep_tagged *t, size_t n, const struct rep_query *query)
{
    n = drop_short(t, n, query->least);
    n = thin(t, n, query->series);
    return n > CROWD ? merge_close(t, n, query) : n;
}
