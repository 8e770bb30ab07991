/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From all points to those of one figure: complete ones, along the axes the query leaves free, in
 * series. Which combination of the held axes is drawn is decided by the number of points, then by
 * the longest context, since a figure is worth what can be compared in it.
 */
#include "analysis/report/tagged.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an architect would call it: "GQA-3, 48 heads of 96", "MLA, 48 heads of 576, V 512 of them",
 * and for what reach. */
static void design(const struct rep_point *p, char name[REP_NAME])
{
    const struct attn_problem *const q = &p->name->problem;
    char buf[REP_TEXT];
    size_t at = (size_t)snprintf(name, REP_NAME, "%s, %u heads of %u", rep_attention(p, buf),
                                 q->heads, q->dim);
    if (q->v_is_k_prefix)
        at += (size_t)snprintf(name + at, REP_NAME - at, ", V %u of them", q->dim_v);
    else if (q->dim_v != q->dim)
        at += (size_t)snprintf(name + at, REP_NAME - at, "+%u", q->dim_v);
    if (q->window)
        at += (size_t)snprintf(name + at, REP_NAME - at, ", window %u", q->window);
    if (q->chunk)
        at += (size_t)snprintf(name + at, REP_NAME - at, ", chunk %u", q->chunk);
    if (*p->name->layer.mix && strlen(p->name->layer.mix) < 24)
        snprintf(name + at, REP_NAME - at, ", layers %s", p->name->layer.mix);
}

/* "tile 24, 4k pages": what was chosen of how to run a case. */
static void setting(const struct attn_name *name, char *text)
{
    char part[5][32] = {""};
    size_t at = 0;
    if (name->splits)
        snprintf(part[0], sizeof(part[0]), "%u splits", name->splits);
    if (name->tile)
        snprintf(part[1], sizeof(part[1]), "tile %u", name->tile);
    if (name->prefetch > 0)
        snprintf(part[2], sizeof(part[2]), "prefetch %d", name->prefetch);
    else if (name->prefetch)
        snprintf(part[2], sizeof(part[2]), "no prefetch");
    if (*name->pages)
        snprintf(part[3], sizeof(part[3]), "%s pages", name->pages);
    if (name->scatter)
        snprintf(part[4], sizeof(part[4]), "scattered");
    snprintf(text, REP_NAME, "unchanged");
    for (size_t i = 0; i < 5 && at < REP_NAME; i++)
        if (*part[i])
            at += (size_t)snprintf(text + at, REP_NAME - at, "%s%s", at ? ", " : "", part[i]);
}

static double tag(const struct rep_point *p, enum rep_by by, char name[REP_NAME])
{
    char buf[REP_TEXT];
    switch (by) {
    case REP_BY_ATTENTION:
        snprintf(name, REP_NAME, "%s", rep_attention(p, buf));
        return p->group;
    case REP_BY_KERNEL:
        snprintf(name, REP_NAME, "%s", p->name->kernel);
        return 0;
    case REP_BY_LABEL:
        snprintf(name, REP_NAME, "%s", p->label);
        return 0;
    case REP_BY_KV_TYPE: {
        const struct attn_problem *const q = &p->name->problem;
        snprintf(name, REP_NAME, q->k_type == q->v_type ? "%s" : "%s+%s",
                 attn_types[q->k_type].name, attn_types[q->v_type].name);
        return 0;
    }
    case REP_BY_CONTEXT:
        snprintf(name, REP_NAME, "%s\302\240tokens", rep_write(REP_TOKENS, p->context, buf));
        return p->context;
    case REP_BY_BATCH:
        snprintf(name, REP_NAME, "batch %s", rep_write(REP_COUNT, p->batch, buf));
        return p->batch;
    case REP_BY_THREADS:
        snprintf(name, REP_NAME, "%s thread%s", rep_write(REP_COUNT, p->threads, buf),
                 p->threads == 1 ? "" : "s");
        return p->threads;
    case REP_BY_WINDOW:
        if (p->name->problem.window)
            snprintf(name, REP_NAME, "window of %u", p->name->problem.window);
        else
            snprintf(name, REP_NAME, "all positions");
        return -(double)p->name->problem.window;
    case REP_BY_LAYOUT: {
        char text[ATTN_NAME_MAX];
        attn_problem_name(&p->name->problem, text, sizeof(text));
        const char *const at = strstr(text, "/layout:");
        const int len = snprintf(name, REP_NAME, "%.*s", at ? (int)strcspn(at + 8, "/") : 10,
                                 at ? at + 8 : "contiguous");
        if (p->name->problem.window)
            snprintf(name + len, (size_t)(REP_NAME - len), ", window %u", p->name->problem.window);
        else if (p->name->problem.chunk)
            snprintf(name + len, (size_t)(REP_NAME - len), ", chunk %u", p->name->problem.chunk);
        return 0;
    }
    case REP_BY_DESIGN:
        design(p, name);
        return 0;
    case REP_BY_SETTING:
        setting(p->name, name);
        return 0;
    case REP_BY_NONE:
        break;
    }
    name[0] = '\0';
    return 0;
}

/* Has the point's name all the parts a query insists on? */
static bool has_parts(const struct rep_point *p, const char *only)
{
    while (*only) {
        const size_t len = strcspn(only, ",");
        const char *at = p->text;
        for (; at; at = strchr(at, '/')) {
            at += *at == '/';
            if (strncmp(at, only, len) == 0 && (at[len] == '/' || !at[len]))
                break;
        }
        if (!at)
            return false;
        only += len + (only[len] == ',');
    }
    return true;
}

static bool complete(const struct rep_point *p, const struct rep_query *q)
{
    const struct rep_field *const fields[] = {q->x, q->y, q->z};
    if (!has_parts(p, q->only) || (q->begin > 0 && rep_value(p, q->x) < q->begin))
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (!fields[i])
            continue;
        const double value = rep_value(p, fields[i]);
        if (!isfinite(value) || (i == 0 && q->log_x && value <= 0) ||
            (i == 1 && q->log_y && value <= 0))
            return false;
    }
    return !q->labelled || *p->label;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct rep_tagged *)a)->key, ((const struct rep_tagged *)b)->key);
}

int rep_by_series_x(const void *a, const void *b)
{
    const struct rep_tagged *const s = a, *const t = b;
    if (s->series.order != t->series.order)
        return s->series.order < t->series.order ? -1 : 1;
    const int names = strcmp(s->series.name, t->series.name);
    return names ? names : (s->x > t->x) - (s->x < t->x);
}

/* Distinct values of x, counted up to 64. */
static size_t distinct_x(const struct rep_tagged *t, size_t n)
{
    double seen[64];
    size_t distinct = 0;
    for (size_t i = 0; i < n && distinct < 64; i++) {
        size_t k = 0;
        while (k < distinct && seen[k] != t[i].x)
            k++;
        if (k == distinct)
            seen[distinct++] = t[i].x;
    }
    return distinct;
}

/* Distinct rows, counted up to 64. */
static size_t distinct_rows(const struct rep_tagged *t, size_t n)
{
    const char *seen[64];
    size_t distinct = 0;
    for (size_t i = 0; i < n && distinct < 64; i++) {
        size_t k = 0;
        while (k < distinct && strcmp(seen[k], t[i].row) != 0)
            k++;
        if (k == distinct)
            seen[distinct++] = t[i].row;
    }
    return distinct;
}

/* Are there as many things to compare as the query needs, and one that they are compared for? */
static bool enough(const struct rep_tagged *t, size_t n, const struct rep_query *q)
{
    bool some = !q->some;
    for (size_t i = 0; !some && i < n; i++)
        some = isfinite(rep_value(t[i].point, q->some));
    return some && (q->rows ? distinct_rows(t, n) : distinct_x(t, n)) >= q->need;
}

/* The held combination with the most points, of those that have enough to compare if there is
 * one: its range in the sorted array. */
static void widest(const struct rep_tagged *t, size_t n, const struct rep_query *q, size_t *first,
                   size_t *count)
{
    double best_context = 0;
    bool best_enough = false;
    *first = *count = 0;
    for (size_t i = 0, end; i < n; i = end) {
        double context = 0;
        for (end = i; end < n && strcmp(t[end].key, t[i].key) == 0; end++)
            context = fmax(context, t[end].point->context);
        const bool is_enough = enough(t + i, end - i, q);
        if (is_enough < best_enough)
            continue;
        if (is_enough == best_enough &&
            (end - i < *count || (end - i == *count && context <= best_context)))
            continue;
        *first = i;
        *count = end - i;
        best_context = context;
        best_enough = is_enough;
    }
}

static void describe_held(const struct rep_point *p, const struct rep_query *q, char *buf, size_t n)
{
    const struct attn_problem *const s = &p->name->problem;
    char text[REP_NAME];
    size_t at = (size_t)snprintf(buf, n, "%s", attn_phase_name(s->phase));
#define SAY(axis, ...)                 \
    if (!(q->over & (axis)) && at < n) \
    at += (size_t)snprintf(buf + at, n - at, "\302\240\302\267 " __VA_ARGS__)
    tag(p, REP_BY_KV_TYPE, text);
    SAY(REP_KV_TYPE, "%s\302\240cache", text);
    SAY(REP_BATCH, "batch\302\240%u", s->batch);
    if (!(q->over & REP_DESIGN))
        SAY(REP_HEADS, "%u\302\240query\302\240heads", s->heads);
    if (!(q->over & REP_DESIGN))
        SAY(REP_KV_HEADS, "%u\302\240KV\302\240heads", s->kv_heads);
    if (!(q->over & REP_DESIGN))
        SAY(REP_DIM, "head\302\240dim\302\240%u", s->dim);
    SAY(REP_CONTEXT, "%s\302\240tokens", rep_write(REP_TOKENS, p->context, text));
    if (s->q_len != 1)
        SAY(REP_Q_LEN, "%u\302\240query\302\240tokens", s->q_len);
    if (s->window && !(q->over & REP_DESIGN))
        SAY(REP_WINDOW, "window\302\240%u", s->window);
    if (s->chunk && !(q->over & REP_DESIGN))
        SAY(REP_CHUNK, "chunk\302\240%u", s->chunk);
    if (s->mask != ATTN_CAUSAL && !(q->over & REP_DESIGN))
        SAY(REP_FILE, "%s\302\240mask", s->mask == ATTN_TREE ? "tree" : "full");
    const struct layer_config *const layer = &p->name->layer;
    if (rep_has_layers(p) && !(q->over & REP_DESIGN)) {
        SAY(REP_DESIGN, "%s\302\240form", layer_forms[layer->form].name);
        SAY(REP_DESIGN, "width\302\240%u", layer->width);
        if (layer->layers)
            SAY(REP_DESIGN, "%u\302\240layers", layer->layers);
    }
    if (rep_has_layers(p))
        SAY(REP_FILE, "%s\302\240weights", attn_types[layer->weights].name);
    SAY(REP_CACHE, "%s", p->name->hot ? "data in the CPU's caches" : "data\302\240cold");
    SAY(REP_THREADS, "%u\302\240thread%s", p->name->threads, p->name->threads == 1 ? "" : "s");
    if (p->name->scatter)
        SAY(REP_PLACEMENT, "threads\302\240scattered");
    if (*p->name->pages)
        SAY(REP_PAGES, "%s\302\240pages", p->name->pages);
#undef SAY
}

/* Categories in order of their best x: fast ones first, whichever way x counts. */
static int name_rows(const struct rep_tagged *t, size_t n, const struct rep_query *q,
                     struct rep_selection *out)
{
    out->rows = calloc(n, sizeof(*out->rows));
    out->row_of = calloc(n, sizeof(*out->row_of));
    double *const sum = calloc(n, 2 * sizeof(*sum)), *const many = sum ? sum + n : NULL;
    if (!out->rows || !out->row_of || !sum) {
        free(sum);
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        size_t r = 0;
        while (r < out->row_count && strcmp(out->rows[r], t[i].row) != 0)
            r++;
        if (r == out->row_count)
            memcpy(out->rows[out->row_count++], t[i].row, REP_NAME);
        sum[r] += q->log_x ? log(fabs(t[i].x)) : t[i].x;
        many[r]++;
    }
    const double sign = q->x->unit == REP_TIME || q->x->unit == REP_BYTES ? 1 : -1;
    for (size_t i = 1; i < out->row_count; i++)
        for (size_t k = i; k && sign * sum[k] / many[k] < sign * sum[k - 1] / many[k - 1]; k--) {
            char name[REP_NAME];
            memcpy(name, out->rows[k], REP_NAME);
            memcpy(out->rows[k], out->rows[k - 1], REP_NAME);
            memcpy(out->rows[k - 1], name, REP_NAME);
            const double s = sum[k], m = many[k];
            sum[k] = sum[k - 1], many[k] = many[k - 1];
            sum[k - 1] = s, many[k - 1] = m;
        }
    for (size_t i = 0; i < n; i++)
        while (strcmp(out->rows[out->row_of[i]], t[i].row) != 0)
            out->row_of[i]++;
    free(sum);
    return 0;
}

static int fill(struct rep_tagged *t, size_t n, const struct rep_query *q,
                struct rep_selection *out)
{
    out->points.points = calloc(n, sizeof(*out->points.points));
    out->series = calloc(n, sizeof(*out->series));
    if (!out->points.points || !out->series)
        return -ENOMEM;
    out->points.count = n;
    out->most = 1;
    for (size_t i = 0; i < n; i++) {
        out->points.points[i] = *t[i].point;
        if (!i || strcmp(t[i].series.name, t[i - 1].series.name) != 0) {
            out->series[out->series_count] = t[i].series;
            out->series[out->series_count++].first = i;
        }
        out->series[out->series_count - 1].count++;
        const size_t first = out->series[out->series_count - 1].first;
        out->points.points[i].relative = t[i].point->time_ns / t[first].point->time_ns;
    }
    return q->rows ? name_rows(t, n, q, out) : 0;
}

static const struct rep_points *points_of(const struct rep_sets *sets, const struct rep_query *q)
{
    if (q->from == REP_FROM_MACHINE)
        return &sets->machine;
    if (q->from == REP_FROM_RUNS)
        return &sets->runs;
    if (q->from == REP_FROM_STEPS)
        return &sets->steps;
    return q->best ? &sets->best : &sets->each;
}

static void say_lacking(const struct rep_query *q, char *message, size_t size)
{
    static const char *const from[] = {
        [REP_FROM_CASES] = "cases",
        [REP_FROM_STEPS] = "steps of layers or models",
        [REP_FROM_RUNS] = "runs that generate",
        [REP_FROM_MACHINE] = "ceilings",
    };
    snprintf(message, size, "needs %s with %s%s%s %s %u or more %s%s%s%s", from[q->from],
             q->x->title, q->z ? " and " : "", q->z ? q->z->title : "", q->rows ? "of" : "at",
             q->need, q->rows ? "kinds" : "values", q->labelled ? " that carry a model's name" : "",
             q->some ? ", some of them with " : "", q->some ? q->some->title : "");
}

int rep_select(const struct rep_sets *sets, const struct rep_query *query,
               struct rep_selection *selection, char *message, size_t size)
{
    *selection = (struct rep_selection){0};
    const unsigned free_axes = query->over | (query->best ? REP_KERNEL | REP_ASKED : 0);
    const struct rep_points *const points = points_of(sets, query);
    struct rep_tagged *const t = calloc(points->count + 1, sizeof(*t));
    if (!t)
        return -ENOMEM;
    size_t n = 0;
    int rc = -ENOMEM;
    char key[REP_KEY];
    for (size_t i = 0; i < points->count; i++) {
        struct rep_tagged *const now = &t[n];
        now->point = &points->points[i];
        if (!complete(now->point, query))
            continue;
        now->x = rep_value(now->point, query->x) * (query->flip ? -1 : 1);
        now->series.order = tag(now->point, query->by, now->series.name);
        tag(now->point, query->rows, now->row);
        rep_point_key(now->point, free_axes, key);
        if (query->same) {
            const size_t end = strlen(key);
            snprintf(key + end, sizeof(key) - end, " %.10g", rep_value(now->point, query->same));
        }
        if (!(now->key = strdup(key)))
            goto out;
        n++;
    }
    qsort(t, n, sizeof(*t), by_key);
    size_t first, count;
    widest(t, n, query, &first, &count);
    selection->left_out = n - count;
    qsort(t + first, count, sizeof(*t), rep_by_series_x);
    count = rep_thin(t + first, count, query);
    rc = -ENODATA;
    if (query->from == REP_FROM_MACHINE && !count) {
        snprintf(message, size,
                 "needs a survey of the machine: attn-bench --machine makes one, "
                 "and later runs take it over");
        goto out;
    }
    if (!count || !enough(t + first, count, query)) {
        say_lacking(query, message, size);
        goto out;
    }
    if (query->from == REP_FROM_MACHINE)
        snprintf(selection->held, sizeof(selection->held), "best of repeated readings");
    else
        describe_held(t[first].point, query, selection->held, sizeof(selection->held));
    rc = fill(t + first, count, query, selection);
out:
    for (size_t i = 0; i < n; i++)
        free(t[i].key);
    free(t);
    if (rc)
        rep_selection_free(selection);
    return rc;
}

void rep_selection_free(struct rep_selection *selection)
{
    rep_points_free(&selection->points);
    free(selection->series);
    free(selection->rows);
    free(selection->row_of);
    *selection = (struct rep_selection){0};
}
