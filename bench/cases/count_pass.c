/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passes that count, and what rows get of them. Events go into the row of their repetition at once;
 * bytes are kept until the case has ended, because only then it is known whether their source can
 * still be believed.
 */
#include "bench/cases/count.h"

#include "analysis/column.h"
#include "analysis/stats.h"

#include <stdlib.h>
#include <string.h>

const struct attn_role_column attn_role_column[COUNTER_ROLES] = {
    [ROLE_INSTRUCTIONS] = {ANA_INSTRUCTIONS, 1}, [ROLE_CYCLES] = {ANA_CYCLES, 1},
    [ROLE_L2_FILLS] = {ANA_L2_FILL_BYTES, 64},   [ROLE_PAGE_WALKS] = {ANA_PAGE_WALKS, 1},
    [ROLE_STALL_CYCLES] = {ANA_STALL_CYCLES, 1},
};

/* Sets of the counters but the one a source of bytes is made of. */
static int source_set(const struct attn_counting *c)
{
    return c->bytes.id != BYTES_MODELLED && c->bytes.meter.event >= 0
               ? counters_set_of(c->counters, c->bytes.meter.event)
               : -1;
}

static int plain_sets(const struct attn_counting *c)
{
    return counters_sets(c->counters) - (source_set(c) >= 0);
}

static int set_of_pass(const struct attn_counting *c, int pass)
{
    const int source = source_set(c);
    return source >= 0 && pass >= source ? pass + 1 : pass;
}

int attn_counting_passes(const struct attn_counting *c)
{
    return c->counters ? plain_sets(c) + c->bytes.meter.passes : 0;
}

static void reject(struct attn_counting *c, const char *why)
{
    snprintf(c->last, sizeof(c->last), "%s", why);
    c->rejected++;
}

void attn_counting_start(struct attn_counting *c, int pass, struct team *team)
{
    struct counter_trouble trouble;
    const int plain = plain_sets(c);
    c->taken++;
    c->running = !(pass < plain ? counters_start(c->counters, set_of_pass(c, pass), team, &trouble)
                                : bytes_start(&c->bytes, pass - plain, team, &trouble));
    if (!c->running)
        reject(c, trouble.reason);
}

static void set_events(const struct attn_counting *c, int64_t iterations, struct benchmark_row *row)
{
    const struct counter_reading *const r = &c->reading;
    for (int i = 0; i < c->asks; i++)
        if (r->known[c->asked[i]])
            benchmark_row_set_counter(row, counters_event(c->counters, c->asked[i])->name,
                                      r->value[c->asked[i]] / (double)iterations, 0);
    for (int role = 0; role < COUNTER_ROLES; role++) {
        const struct counter_sum *const sum = &c->role[role];
        double value = 0;
        for (int i = 0; i < sum->n; i++)
            value += r->value[sum->index[i]];
        if (sum->n && r->known[sum->index[0]])
            benchmark_row_set_counter(row, ana_columns[attn_role_column[role].id].name,
                                      value * attn_role_column[role].factor / (double)iterations,
                                      0);
    }
}

/* Room for a repetition; NULL when there is no memory for it. */
static struct attn_counted_bytes *repetition(struct attn_counted *counted, int64_t index)
{
    if ((size_t)index >= counted->n) {
        const size_t n = (size_t)index + 8;
        struct attn_counted_bytes *const more =
            realloc(counted->repetition, n * sizeof(*counted->repetition));
        if (!more)
            return NULL;
        memset(more + counted->n, 0, (n - counted->n) * sizeof(*more));
        counted->repetition = more;
        counted->n = n;
    }
    return &counted->repetition[index];
}

static void stop_bytes(struct attn_counting *c, int pass, int64_t iterations, int64_t index,
                       struct attn_counted *counted)
{
    struct counter_trouble trouble;
    struct byte_count ignored = {.both = 0};
    struct attn_counted_bytes *const r = repetition(counted, index);
    const enum counter_state state = bytes_stop(&c->bytes, pass, r ? &r->sum : &ignored, &trouble);
    if (state)
        reject(c, trouble.reason);
    if (!r || state || !iterations)
        return;
    r->iterations = iterations;
    r->passes++;
}

void attn_counting_stop(struct attn_counting *c, int pass, int64_t iterations,
                        struct benchmark_row *row, struct attn_counted *counted)
{
    const int plain = plain_sets(c);
    if (!c->running)
        return;
    c->running = false;
    if (pass >= plain) {
        stop_bytes(c, pass - plain, iterations, row->repetition_index, counted);
        return;
    }
    counters_stop(c->counters, &c->reading);
    if (*c->reading.why)
        reject(c, c->reading.why);
    else if (iterations)
        set_events(c, iterations, row);
}

bool attn_counting_check(struct attn_counting *c, const struct attn_counted *counted,
                         struct benchmark_runner *runner)
{
    if (!c->counters)
        return false;
    if (c->bytes.id != BYTES_MODELLED && !bytes_recheck(&c->bytes))
        benchmark_warn(runner, "bytes are modelled (~) from here on, their source is lost: %s",
                       c->bytes.lost);
    return c->bytes.id == BYTES_MODELLED && counted->n > 0;
}

/* ---- rows */

enum figure { TOTAL, READ };

static double bytes_of(const struct attn_counted_bytes *r, enum figure figure)
{
    const double all = byte_count_total(&r->sum);
    const double wanted = figure == READ && r->sum.read > 0 ? r->sum.read : all;
    return wanted / (double)r->iterations;
}

static bool complete(const struct attn_counting *c, const struct attn_counted_bytes *r)
{
    return r->iterations && r->passes == c->bytes.meter.passes;
}

/* Over the repetitions whose reading was good; false when there is none. */
static bool summary(const struct attn_counting *c, const struct attn_counted *counted, bool median,
                    enum figure figure, double *value)
{
    double *const values = calloc(counted->n + 1, sizeof(*values)), sum = 0;
    size_t n = 0;
    for (size_t i = 0; values && i < counted->n; i++) {
        if (!complete(c, &counted->repetition[i]))
            continue;
        values[n] = bytes_of(&counted->repetition[i], figure);
        sum += values[n++];
    }
    if (n) {
        ana_sort(values, n);
        *value = median ? ana_median(values, n) : sum / (double)n;
    }
    free(values);
    return n > 0;
}

static bool figure_of_row(const struct attn_counting *c, const struct attn_counted *counted,
                          const struct benchmark_row *row, enum figure figure, double *value)
{
    if (row->kind == BENCHMARK_ROW_AGGREGATE) {
        const bool median = strcmp(row->aggregate_name, "median") == 0;
        return (median || strcmp(row->aggregate_name, "mean") == 0) &&
               summary(c, counted, median, figure, value);
    }
    const size_t index = (size_t)row->repetition_index;
    if (index >= counted->n || !complete(c, &counted->repetition[index]))
        return false;
    *value = bytes_of(&counted->repetition[index], figure);
    return true;
}

static void put(struct benchmark_row *row, enum ana_column_id id, double value)
{
    benchmark_row_set_counter(row, ana_columns[id].name, value, 0);
}

void attn_counting_row(const struct attn_counting *c, const struct attn_counted *counted,
                       double compulsory_bytes, struct benchmark_row *row)
{
    double value;
    const bool measured = c->counters && c->bytes.id != BYTES_MODELLED;
    const bool central = row->kind != BENCHMARK_ROW_AGGREGATE ||
                         strcmp(row->aggregate_name, "mean") == 0 ||
                         strcmp(row->aggregate_name, "median") == 0;
    if (!central)
        return;
    if (!measured || !figure_of_row(c, counted, row, TOTAL, &value)) {
        put(row, ANA_BYTE_SOURCE_ID, BYTES_MODELLED);
        return;
    }
    put(row, ANA_BYTE_SOURCE_ID, c->bytes.id);
    put(row, ANA_DRAM_BYTES, value);
    if (compulsory_bytes > 0 && figure_of_row(c, counted, row, READ, &value))
        put(row, ANA_READ_AMPLIFICATION, value / compulsory_bytes);
}

void attn_counted_free(struct attn_counted *counted)
{
    free(counted->repetition);
    *counted = (struct attn_counted){.n = 0};
}
