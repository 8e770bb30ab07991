/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table. It takes its rows from the harness as the reporters do, and keeps nothing but the
 * median that waits for the row with its spread.
 */
#include "bench/cases/display.h"

#include "analysis/column.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The next part of a name: its key and value; false at the end. The first two have no key. */
static bool next_part(const char **at, size_t index, const char **key, size_t *key_len,
                      const char **value, size_t *value_len)
{
    static const char *const unnamed[] = {"phase", "kernel"};
    if (!**at)
        return false;
    const size_t len = strcspn(*at, "/");
    const char *const colon = index < 2 ? NULL : memchr(*at, ':', len);
    *key = index < 2 ? unnamed[index] : *at;
    *key_len = index < 2 ? strlen(unnamed[index]) : colon ? (size_t)(colon - *at) : len;
    *value = colon ? colon + 1 : *at;
    *value_len = colon ? len - *key_len - 1 : len;
    *at += len + ((*at)[len] == '/');
    return true;
}

void attn_display_value(const char *name, const char *key, char *buf, size_t size)
{
    const char *at = name, *k, *v;
    size_t k_len, v_len;
    buf[0] = '\0';
    for (size_t i = 0; next_part(&at, i, &k, &k_len, &v, &v_len); i++)
        if (strlen(key) == k_len && strncmp(key, k, k_len) == 0)
            snprintf(buf, size, "%.*s", (int)v_len, v);
}

static bool has_key(const struct attn_display *d, const char *key, size_t len)
{
    for (size_t i = 0; i < d->keys; i++)
        if (strlen(d->key[i]) == len && strncmp(d->key[i], key, len) == 0)
            return true;
    return false;
}

/* Notes every key of `name` whose value differs from that in `other`. */
static void note_keys(struct attn_display *d, const char *name, const char *other)
{
    const char *at = name, *k, *v;
    size_t k_len, v_len;
    for (size_t i = 0; next_part(&at, i, &k, &k_len, &v, &v_len); i++) {
        char key[ATTN_DISPLAY_KEY_BYTES], theirs[128];
        snprintf(key, sizeof(key), "%.*s", (int)k_len, k);
        attn_display_value(other, key, theirs, sizeof(theirs));
        if (d->keys < ATTN_DISPLAY_KEYS && !has_key(d, k, k_len) &&
            (strlen(theirs) != v_len || strncmp(theirs, v, v_len)))
            strcpy(d->key[d->keys++], key);
    }
}

static int widest(const struct attn_cases *cases, const char *key)
{
    size_t width = strlen(key);
    char value[128];
    for (size_t i = 0; i < cases->n; i++) {
        attn_display_value(cases->item[i].text, key, value, sizeof(value));
        width = strlen(value) > width ? strlen(value) : width;
    }
    return (int)width;
}

/* Keys in the order of the names, which is the order people know. */
static void order_keys(struct attn_display *d)
{
    static const char *const order[] = {"phase", "kernel",  "kv",    "batch",  "heads", "kv_heads",
                                        "dim",   "context", "q_len", "layout", "window"};
    size_t placed = 0;
    for (size_t o = 0; o < sizeof(order) / sizeof(*order); o++)
        for (size_t i = placed; i < d->keys; i++) {
            char key[ATTN_DISPLAY_KEY_BYTES];
            if (strcmp(d->key[i], order[o]))
                continue;
            memcpy(key, d->key[i], sizeof(key));
            memmove(d->key[placed + 1], d->key[placed], (i - placed) * sizeof(key));
            memcpy(d->key[placed++], key, sizeof(key));
            break;
        }
}

void attn_display_open(struct attn_display *display, const struct attn_cases *cases,
                       struct benchmark_runner *runner, bool table)
{
    *display = (struct attn_display){
        .table = table ? stdout : NULL,
        .progress = isatty(STDERR_FILENO) ? stderr : NULL,
        .runner = runner,
    };
    for (size_t i = 1; i < cases->n; i++) {
        note_keys(display, cases->item[i].text, cases->item[0].text);
        note_keys(display, cases->item[0].text, cases->item[i].text);
    }
    order_keys(display);
    for (size_t i = 0; i < display->keys; i++)
        display->width[i] = widest(cases, display->key[i]);
}

void attn_display_measured(struct attn_display *display, enum byte_source_id source)
{
    display->source = source == BYTES_MODELLED ? NULL : &byte_sources[source];
}

static void clear_progress(const struct attn_display *d)
{
    if (d->progress) {
        fputs("\r\033[K", d->progress);
        fflush(d->progress);
    }
}

void attn_display_warn(const struct attn_display *display, struct benchmark_runner *runner,
                       const char *warning)
{
    if (display && display->table)
        fprintf(stderr, "attn-bench: %s\n", warning);
    else
        benchmark_warn(runner, "%s", warning);
}

void attn_display_begin(struct attn_display *d, const char *name)
{
    const size_t all = benchmark_matched(d->runner);
    if (!d->progress)
        return;
    if (d->start == 0)
        d->start = now();
    clear_progress(d);
    fprintf(d->progress, "%zu of %zu", d->done + 1, all);
    if (d->done && all > d->done) {
        const double left = (now() - d->start) / (double)d->done * (double)(all - d->done);
        fprintf(d->progress, left < 120 ? ", about %.0f s left" : ", about %.0f min left",
                left < 120 ? left : left / 60);
    }
    for (size_t i = 0; i < d->keys; i++) {
        char value[128];
        attn_display_value(name, d->key[i], value, sizeof(value));
        if (*value)
            fprintf(d->progress, "%s%s:%s", i ? " " : "  ", d->key[i], value);
    }
    fflush(d->progress);
}

/* Everything the names share, then the heads of the columns. */
static void put_head(struct attn_display *d, const char *name)
{
    const char *at = name, *k, *v;
    size_t k_len, v_len;
    bool first = true;
    for (size_t i = 0; next_part(&at, i, &k, &k_len, &v, &v_len); i++) {
        if (has_key(d, k, k_len))
            continue;
        const bool keyed = i >= 2 && v != k;
        fprintf(d->table, "%s%.*s%s%.*s", first ? "" : "/", keyed ? (int)k_len : 0, k,
                keyed ? ":" : "", (int)v_len, v);
        first = false;
    }
    fputs("\n\n", d->table);
    for (size_t i = 0; i < d->keys; i++)
        fprintf(d->table, "%*s  ", d->width[i], d->key[i]);
    fprintf(d->table, "%10s  %6s  %8s  ", "time", "spread", "GB/s");
    if (d->source)
        fprintf(d->table, "%7s  ", "moved");
    fprintf(d->table, "%8s\n", "ceiling");
    d->headed = true;
}

static void put_keys(struct attn_display *d, const struct benchmark_row *row)
{
    clear_progress(d);
    if (!d->headed)
        put_head(d, row->run_name);
    for (size_t i = 0; i < d->keys; i++) {
        char value[128];
        attn_display_value(row->run_name, d->key[i], value, sizeof(value));
        fprintf(d->table, "%*s  ", d->width[i], *value ? value : "-");
    }
}

/* Three digits and a unit, so that neighbours compare at a glance. */
static void put_time(FILE *out, double seconds)
{
    static const char *const units[] = {"s", "ms", "us", "ns"};
    size_t unit = 0;
    while (seconds < 0.9995 && unit + 1 < sizeof(units) / sizeof(*units))
        seconds *= 1000, unit++;
    fprintf(out, "%*.*f %s  ", 9 - (int)strlen(units[unit]),
            seconds < 9.995   ? 2
            : seconds < 99.95 ? 1
                              : 0,
            seconds, units[unit]);
}

static double counter(const struct benchmark_row *row, enum ana_column_id id)
{
    const struct benchmark_counter *const c = benchmark_row_counter(row, ana_columns[id].name);
    return c ? c->value : 0;
}

/* Bytes that had to move over time are a model of what moved; ~ says so. */
static void put_rate(const struct attn_display *d)
{
    char text[32] = "-";
    if (d->rate > 0)
        snprintf(text, sizeof(text), "~%.1f", d->rate / 1e9);
    fprintf(d->table, "%8s  ", text);
    if (!d->source)
        return;
    strcpy(text, "-");
    if (d->moved > 0)
        snprintf(text, sizeof(text), "%s%.2f x", d->source->at_least ? ">=" : "", d->moved);
    fprintf(d->table, "%7s  ", text);
}

/* `spread` below 0: one repetition has none. */
static void put_figures(struct attn_display *d, const struct benchmark_row *row, double spread)
{
    put_keys(d, row);
    put_time(d->table, d->time);
    if (spread >= 0)
        fprintf(d->table, "%4.1f %%  ", 100 * spread);
    else
        fprintf(d->table, "%6s  ", "-");
    put_rate(d);
    if (d->fraction > 0)
        fprintf(d->table, "%6.1f %%", 100 * d->fraction);
    else
        fprintf(d->table, "%8s", "-");
    fprintf(d->table, "%s%s\n", row->label && *row->label ? "  " : "",
            row->label ? row->label : "");
    fflush(d->table);
}

void attn_display_row(void *display, const struct benchmark_row *row)
{
    struct attn_display *const d = display;
    const bool aggregate = row->kind == BENCHMARK_ROW_AGGREGATE;
    const bool failed = row->status != BENCHMARK_ROW_OK;
    const bool last = failed      ? row->repetition_index == 0
                      : aggregate ? strcmp(row->aggregate_name, "cv") == 0
                                  : row->repetitions <= 1;
    d->done += last;
    if (!d->table) {
        clear_progress(d);
        return;
    }
    if (failed) {
        if (last) {
            put_keys(d, row);
            fprintf(d->table, "%s: %s\n", row->status == BENCHMARK_ROW_ERROR ? "ERROR" : "skipped",
                    row->message);
            fflush(d->table);
        }
        return;
    }
    if (!aggregate || strcmp(row->aggregate_name, "median") == 0) {
        d->time = row->real_time;
        d->rate = counter(row, ANA_BYTES_PER_SECOND);
        d->moved = counter(row, ANA_READ_AMPLIFICATION);
        d->fraction = counter(row, ANA_CEILING_FRACTION);
    }
    if (last)
        put_figures(d, row, aggregate ? row->real_time : -1);
}
