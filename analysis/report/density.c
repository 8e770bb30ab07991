/* SPDX-License-Identifier: Apache-2.0 */
/* Points to marks; see density.h. */
#include "analysis/report/density.h"

#include <math.h>
#include <string.h>

enum { CROWD = 2000, COLUMNS = 140, LINES = 80 };

struct extent {
    const struct rep_field *field; /* or NULL: all in one cell */
    bool log;
    double low, high;
};

static struct extent measure(const struct rep_field *field, bool log,
                             const struct rep_points *points)
{
    struct extent e = {field, log, INFINITY, -INFINITY};
    for (size_t i = 0; field && i < points->count; i++) {
        e.low = fmin(e.low, rep_value(&points->points[i], field));
        e.high = fmax(e.high, rep_value(&points->points[i], field));
    }
    return e;
}

static size_t cell_of(const struct extent *e, const struct rep_point *p, size_t cells)
{
    if (!e->field || !(e->high > e->low))
        return 0;
    const double value = rep_value(p, e->field);
    const double share = e->log ? log(value / e->low) / log(e->high / e->low)
                                : (value - e->low) / (e->high - e->low);
    return (size_t)fmin(fmax(share * (double)cells, 0), (double)cells - 1);
}

void rep_density_make(const struct rep_query *query, struct rep_selection *s)
{
    if (s->points.count <= CROWD)
        return;
    const struct extent x = measure(query->x, query->log_x, &s->points);
    const struct extent y = measure(query->y, query->log_y, &s->points);
    size_t kept = 0;
    for (size_t k = 0; k < s->series_count; k++) {
        static size_t mark[LINES][COLUMNS]; /* its index and one; only one thread reports */
        const size_t first = s->series[k].first, end = first + s->series[k].count;
        memset(mark, 0, sizeof(mark));
        s->series[k].first = kept;
        for (size_t i = first; i < end; i++) {
            const struct rep_point *const p = &s->points.points[i];
            size_t *const at = &mark[cell_of(&y, p, LINES)][cell_of(&x, p, COLUMNS)];
            if (*at) {
                struct rep_point *const there = &s->points.points[*at - 1];
                s->most = fmax(s->most, ++there->cases);
                continue;
            }
            if (s->row_of)
                s->row_of[kept] = s->row_of[i];
            s->points.points[kept++] = *p;
            *at = kept;
        }
        s->series[k].count = kept - s->series[k].first;
    }
    s->points.count = kept;
}
