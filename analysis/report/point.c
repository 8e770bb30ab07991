/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields, keys and comparisons of points. Equality of cases is equality of names: the name with
 * some axes blanked is the key by which cases are grouped, so an axis added to the name tomorrow
 * is already told apart here.
 */
#include "analysis/report/point.h"

#include "analysis/axis.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(member, title, unit)                               \
    {                                                            \
#member, title, unit, offsetof(struct rep_point, member) \
    }

const struct rep_field rep_fields[] = {
    FIELD(time_ns, "time of one call", REP_TIME),
    FIELD(low_ns, "time of one call, lower end", REP_TIME),
    FIELD(high_ns, "time of one call, upper end", REP_TIME),
    FIELD(token_ns, "time of one query token", REP_TIME),
    FIELD(reach, "positions that are seen", REP_TOKENS),
    FIELD(kv_bytes, "KV cache of one layer", REP_BYTES),
    FIELD(bytes, "bytes of one call", REP_BYTES),
    FIELD(flops, "operations of one call", REP_RATE),
    FIELD(bytes_per_second, "bytes a second", REP_BYTE_RATE),
    FIELD(items_per_second, "tokens a second through one layer", REP_RATE),
    {"tokens_per_second", "tokens a second through the whole model", REP_RATE,
     offsetof(struct rep_point, items_per_second)},
    FIELD(ceiling_fraction, "share of the machine's ceiling", REP_PERCENT),
    FIELD(read_ns, "time to read the bytes", REP_TIME),
    FIELD(fma_ns, "time for the arithmetic", REP_TIME),
    FIELD(error, "largest error", REP_SMALL),
    FIELD(bound, "bound of the error", REP_SMALL),
    FIELD(p50_ns, "median call", REP_TIME),
    FIELD(p90_ns, "90th percentile call", REP_TIME),
    FIELD(p99_ns, "99th percentile call", REP_TIME),
    FIELD(max_ns, "slowest call", REP_TIME),
    FIELD(dram_bytes, "measured DRAM traffic of one call", REP_BYTES),
    FIELD(amplification, "measured bytes over the shape's", REP_TIMES),
    FIELD(sim_dram_bytes, "simulated DRAM traffic of one call", REP_BYTES),
    FIELD(attention_fraction, "share of attention in a step", REP_PERCENT),
    FIELD(weight_bytes, "weights that a step reads", REP_BYTES),
    FIELD(memory_ratio, "memory to arithmetic, as published", REP_INTENSITY),
    FIELD(memory_ratio_counted, "memory to arithmetic, counted", REP_INTENSITY),
    FIELD(memory_ratio_measured, "memory to arithmetic, measured", REP_INTENSITY),
    FIELD(prefill_ns, "time of a prompt", REP_TIME),
    FIELD(tpot_p50_ns, "time per output token", REP_TIME),
    FIELD(tpot_p99_ns, "time per output token, 99th percentile", REP_TIME),
    FIELD(kv_reserved_bytes, "memory set aside for the KV cache", REP_BYTES),
    FIELD(longest, "longest sequence, tokens", REP_TOKENS),
    FIELD(quant_error, "error of narrowing the cache", REP_SMALL),
    FIELD(loss, "largest error", REP_SMALL),
    FIELD(batch, "batch", REP_COUNT),
    FIELD(heads, "query heads", REP_COUNT),
    FIELD(kv_heads, "KV heads", REP_COUNT),
    FIELD(group, "query heads a KV head serves", REP_COUNT),
    FIELD(dim, "head dim", REP_COUNT),
    FIELD(context, "context, tokens", REP_TOKENS),
    FIELD(q_len, "query tokens", REP_COUNT),
    FIELD(threads, "threads", REP_COUNT),
    FIELD(floor_ns, "floor of the time", REP_TIME),
    FIELD(floor_rate, "tokens a second at the floor", REP_RATE),
    FIELD(flops_per_second, "operations a second", REP_FLOP_RATE),
    FIELD(intensity, "FLOP a byte", REP_INTENSITY),
    FIELD(error_used, "largest error, share of its bound", REP_PERCENT),
    FIELD(speedup, "speed-up over MHA", REP_TIMES),
    FIELD(ideal_speedup, "KV bytes of MHA over these", REP_TIMES),
    FIELD(floor_speedup, "speed-up over MHA at the floor", REP_TIMES),
    FIELD(attending_ns, "time of attention in a step", REP_TIME),
    FIELD(attention_speedup, "speed-up of attention over MHA", REP_TIMES),
    FIELD(relative, "time, relative to the first point", REP_TIMES),
    FIELD(efficiency, "share of the floor's own speed-up", REP_PERCENT),
    FIELD(cases, "cases at this place", REP_COUNT),
};
const size_t rep_field_count = sizeof(rep_fields) / sizeof(*rep_fields);

const struct rep_field *rep_field_find(const char *name)
{
    for (size_t i = 0; i < rep_field_count; i++)
        if (strcmp(rep_fields[i].name, name) == 0)
            return &rep_fields[i];
    return NULL;
}

/* Axes of queries, and the parts of a name each one stands in ("kv:" begins such a part). */
static const struct {
    const char *name;
    unsigned bit;
    const char *part; /* NULL for the first two, which have no key */
} axes[] = {
    {"file", REP_FILE, NULL},
    {"phase", REP_PHASE, NULL},
    {"kernel", REP_KERNEL, NULL},
    {"kv", REP_KV_TYPE, "kv:"},
    {"batch", REP_BATCH, "batch:"},
    {"heads", REP_HEADS, "heads:"},
    {"kv_heads", REP_KV_HEADS | REP_HEADS, "kv_heads:"}, /* which follow the heads */
    {"dim", REP_DIM, "dim:"},
    {"context", REP_CONTEXT, "context:"},
    {"q_len", REP_Q_LEN, "q_len:"},
    {"layout", REP_LAYOUT, "layout:"},
    {"window", REP_WINDOW, "window:"},
    {"chunk", REP_CHUNK, "chunk:"},
    {"cache", REP_CACHE, "cache:"},
    {"threads", REP_THREADS, "threads:"},
    {"splits", REP_SPLITS, "splits:"},
    {"tile", REP_TILE, "tile:"},
    {"prefetch", REP_PREFETCH, "prefetch:"},
    {"pages", REP_PAGES, "pages:"},
    {"placement", REP_PLACEMENT, "placement:"},
    {"design", REP_DESIGN, NULL},
};

/* What "design" takes out of a name beside heads, KV heads and widths: what a model decides. A
 * prompt goes with the context it grows to. */
static const struct {
    const char *part;
    unsigned bits;
} further[] = {
    {"heads:", REP_DESIGN},      {"kv_heads:", REP_DESIGN},      {"dim:", REP_DESIGN},
    {"layout:", REP_DESIGN},     {"window:", REP_DESIGN},        {"chunk:", REP_DESIGN},
    {"mask:", REP_DESIGN},       {"sinks:", REP_DESIGN},         {"alibi:", REP_DESIGN},
    {"rel_bias:", REP_DESIGN},   {"v_is_k_prefix:", REP_DESIGN}, {"softcap:", REP_DESIGN},
    {"scale:", REP_DESIGN},      {"form:", REP_DESIGN},          {"width:", REP_DESIGN},
    {"ffn:", REP_DESIGN},        {"cross:", REP_DESIGN},         {"layers:", REP_DESIGN},
    {"layers_run:", REP_DESIGN}, {"vocab:", REP_DESIGN},         {"mix:", REP_DESIGN},
    {"prompt:", REP_CONTEXT},
};

unsigned rep_axis_find(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(axes) / sizeof(*axes); i++)
        if (strlen(axes[i].name) == len && memcmp(axes[i].name, name, len) == 0)
            return axes[i].bit == (REP_KV_HEADS | REP_HEADS) ? REP_KV_HEADS : axes[i].bit;
    return 0;
}

/* Is this part of a name of an axis that is ignored? */
static bool ignored(const char *part, size_t index, unsigned ignore)
{
    if (index < 2)
        return ignore & (index ? REP_KERNEL : REP_PHASE);
    for (size_t i = 0; i < sizeof(axes) / sizeof(*axes); i++)
        if (ignore & axes[i].bit && axes[i].part && axes[i].part[0] == part[0] &&
            strncmp(part, axes[i].part, strlen(axes[i].part)) == 0)
            return true;
    for (size_t i = 0; i < sizeof(further) / sizeof(*further); i++)
        if (ignore & further[i].bits && !strncmp(part, further[i].part, strlen(further[i].part)))
            return true;
    return false;
}

/* Names print back as they were parsed, so text does: formatting anew took a quarter of a report
 * of a hundred thousand rows. */
void rep_point_key(const struct rep_point *point, unsigned ignore, char key[REP_KEY])
{
    char *at = key;
    for (size_t file = ignore & REP_FILE ? 0 : point->file + 1; file; file /= 64)
        *at++ = (char)('0' + file % 64);
    const char *part = point->text;
    for (size_t index = 0; *part; index++) {
        const size_t len = strcspn(part, "/");
        if (!ignored(part, index, ignore)) {
            *at++ = '/';
            memcpy(at, part, len);
            at += len;
        }
        part += len + (part[len] == '/');
    }
    *at = '\0';
}

const char *rep_attention(const struct rep_point *point, char *buf)
{
    char text[ANA_AXIS_MAX];
    ana_axis_find("attention")->text(point->name, text);
    snprintf(buf, REP_TEXT, "%.*s", REP_TEXT - 1, text);
    return buf;
}

bool rep_has_layers(const struct rep_point *point)
{
    return attn_phase_has_layers(point->name->problem.phase);
}

bool rep_is_run(const struct rep_point *point)
{
    return point->name->problem.phase == ATTN_GENERATE;
}

bool rep_is_step(const struct rep_point *point)
{
    return rep_has_layers(point) && !rep_is_run(point);
}

static bool is_attention(const struct rep_point *point)
{
    return !rep_has_layers(point);
}

int rep_by_shape(const void *a, const void *b)
{
    const struct rep_point *const p = a, *const q = b;
    const double order[][2] = {{p->heads, q->heads},       {p->dim, q->dim},
                               {p->batch, q->batch},       {p->threads, q->threads},
                               {q->kv_heads, p->kv_heads}, {p->context, q->context}};
    for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
        if (order[i][0] != order[i][1])
            return order[i][0] < order[i][1] ? -1 : 1;
    return strcmp(p->text, q->text);
}

bool rep_is_contender(const struct rep_point *point)
{
    const char *const kernel = point->name->kernel;
    return strcmp(kernel, "ref") != 0 && strncmp(kernel, "ref.", 4) != 0 &&
           strncmp(kernel, "ceil_", 5) != 0;
}

/* Keys of points in sorted order; the one way in which points are grouped. */
struct keyed {
    char *key;
    struct rep_point *point;
};

static int by_key_then_time(const void *a, const void *b)
{
    const struct keyed *const x = a, *const y = b;
    const int order = strcmp(x->key, y->key);
    if (order)
        return order;
    return (x->point->time_ns > y->point->time_ns) - (x->point->time_ns < y->point->time_ns);
}

static void keys_free(struct keyed *keys, size_t n)
{
    for (size_t i = 0; keys && i < n; i++)
        free(keys[i].key);
    free(keys);
}

static struct keyed *keys_sorted(const struct rep_points *points, unsigned ignore)
{
    struct keyed *const keys = calloc(points->count ? points->count : 1, sizeof(*keys));
    if (!keys)
        return NULL;
    char key[REP_KEY];
    for (size_t i = 0; i < points->count; i++) {
        rep_point_key(&points->points[i], ignore, key);
        keys[i] = (struct keyed){.key = strdup(key), .point = &points->points[i]};
        if (!keys[i].key) {
            keys_free(keys, i);
            return NULL;
        }
    }
    qsort(keys, points->count, sizeof(*keys), by_key_then_time);
    return keys;
}

int rep_points_best(struct rep_points *points)
{
    size_t n = 0;
    for (size_t i = 0; i < points->count; i++)
        if (rep_is_contender(&points->points[i]))
            points->points[n++] = points->points[i];
    points->count = n;
    struct keyed *const keys = keys_sorted(points, REP_KERNEL | REP_ASKED);
    struct rep_point *const best = calloc(n ? n : 1, sizeof(*best));
    int rc = -ENOMEM;
    if (!keys || !best)
        goto out;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!i || strcmp(keys[i].key, keys[i - 1].key) != 0)
            best[kept++] = *keys[i].point;
    memcpy(points->points, best, kept * sizeof(*best));
    points->count = kept;
    rc = 0;
out:
    keys_free(keys, n);
    free(best);
    return rc;
}

int rep_points_compare(struct rep_points *points, bool across)
{
    struct keyed *const keys =
        keys_sorted(points, REP_KV_HEADS | (across ? REP_KERNEL | REP_ASKED : 0));
    if (!keys)
        return -ENOMEM;
    for (size_t i = 0, end; i < points->count; i = end) {
        const struct rep_point *base = NULL;
        for (end = i; end < points->count && strcmp(keys[end].key, keys[i].key) == 0; end++)
            if (!base && keys[end].point->group == 1)
                base = keys[end].point;
        for (size_t k = i; base && k < end; k++) {
            struct rep_point *const p = keys[k].point;
            p->ideal_speedup = base->kv_heads / p->kv_heads;
            p->speedup = base->time_ns / p->time_ns;
            p->attention_speedup = base->attending_ns / p->attending_ns;
            p->floor_speedup = base->floor_ns / p->floor_ns;
            /* MHA is the measure and not a result. */
            p->efficiency = p == base ? NAN : p->speedup / p->floor_speedup;
        }
    }
    keys_free(keys, points->count);
    return 0;
}

void rep_points_free(struct rep_points *points)
{
    free(points->points);
    *points = (struct rep_points){0};
}

static int contenders(const struct rep_points *all, bool (*belongs)(const struct rep_point *),
                      struct rep_points *points)
{
    points->points = calloc(all->count + 1, sizeof(*points->points));
    if (!points->points)
        return -ENOMEM;
    for (size_t i = 0; i < all->count; i++)
        if (rep_is_contender(&all->points[i]) && belongs(&all->points[i]))
            points->points[points->count++] = all->points[i];
    return 0;
}

int rep_sets_make(const struct rep_points *all, struct rep_sets *sets)
{
    *sets = (struct rep_sets){0};
    int error = contenders(all, is_attention, &sets->each);
    error = error ? error : contenders(all, is_attention, &sets->best);
    error = error ? error : contenders(all, rep_is_step, &sets->steps);
    error = error ? error : contenders(all, rep_is_run, &sets->runs);
    error = error ? error : rep_points_best(&sets->best);
    error = error ? error : rep_points_best(&sets->steps);
    error = error ? error : rep_points_best(&sets->runs);
    error = error ? error : rep_points_compare(&sets->each, false);
    error = error ? error : rep_points_compare(&sets->best, true);
    error = error ? error : rep_points_compare(&sets->steps, true);
    if (error)
        rep_sets_free(sets);
    return error;
}

void rep_sets_free(struct rep_sets *sets)
{
    rep_points_free(&sets->each);
    rep_points_free(&sets->best);
    rep_points_free(&sets->steps);
    rep_points_free(&sets->runs);
    rep_points_free(&sets->machine);
}
