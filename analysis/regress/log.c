/* SPDX-License-Identifier: Apache-2.0 */
/* See log.h. */
#include "analysis/regress/log.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats.h"

void reg_log_free(struct reg_log *log)
{
    free(log->rounds);
    *log = (struct reg_log){.keep_disturbed = log->keep_disturbed};
}

int reg_log_add(struct reg_log *log, const struct reg_round *round)
{
    if (log->count == log->capacity) {
        const size_t capacity = log->capacity ? 2 * log->capacity : 1024;
        struct reg_round *const grown = realloc(log->rounds, capacity * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        log->rounds = grown;
        log->capacity = capacity;
    }
    log->rounds[log->count++] = *round;
    return 0;
}

int reg_log_close(struct reg_log *log)
{
    double *const yardsticks = malloc((log->count + 1) * sizeof(*yardsticks));
    if (!yardsticks)
        return -ENOMEM;
    for (size_t i = 0; i < log->count; i++)
        yardsticks[i] = log->rounds[i].disturbance.yardstick;
    ana_sort(yardsticks, log->count);
    const double typical = ana_median(yardsticks, log->count);
    free(yardsticks);
    memset(log->dropped, 0, sizeof(log->dropped));
    for (size_t i = 0; i < log->count; i++) {
        struct reg_round *const r = &log->rounds[i];
        r->drop = reg_drop_rule(&r->disturbance, r->turns, r->switches, typical);
        log->dropped[r->drop]++;
    }
    return 0;
}

double reg_log_disturbed(const struct reg_log *log)
{
    return log->count ? 1 - (double)log->dropped[REG_KEPT] / (double)log->count : 0;
}

double reg_log_round_seconds(const struct reg_log *log)
{
    double sum = 0;
    for (size_t i = 0; i < log->count; i++)
        sum += log->rounds[i].disturbance.seconds;
    return log->count ? sum / (double)log->count : 0;
}

static bool counts(const struct reg_log *log, const struct reg_round *r)
{
    return r->drop == REG_KEPT || log->keep_disturbed;
}

/* The logs of this file are called log, so the function needs another name. */
static double ln(double x)
{
    return log(x);
}

static bool together(const struct reg_round *a, const struct reg_round *b)
{
    return a->stage == b->stage && a->launch == b->launch && a->item == b->item &&
           a->control == b->control;
}

static void append(struct reg_series *series, enum reg_stage stage, double d)
{
    double *const values = stage == REG_SCREEN ? series->screen : series->confirm;
    size_t *const n = stage == REG_SCREEN ? &series->screens : &series->confirms;
    if (*n < REG_LAUNCHES_MAX)
        values[(*n)++] = d;
}

void reg_log_series(const struct reg_log *log, bool control, const uint64_t swaps[REG_STAGES],
                    struct reg_series *series, size_t items)
{
    enum { ROUNDS_MAX = 64 };
    memset(series, 0, items * sizeof(*series));
    for (size_t i = 0, end; i < log->count; i = end) {
        const struct reg_round *const first = &log->rounds[i];
        double d[ROUNDS_MAX];
        size_t n = 0;
        for (end = i; end < log->count && together(first, &log->rounds[end]); end++) {
            const struct reg_round *const r = &log->rounds[end];
            if (counts(log, r) && n < ROUNDS_MAX)
                d[n++] = ln(r->ratio);
        }
        if (!n || first->control != control || first->item >= items)
            continue;
        ana_sort(d, n);
        const bool swapped = swaps && swaps[first->stage] >> (first->launch % 64) & 1;
        append(&series[first->item], first->stage, swapped ? -ana_median(d, n) : ana_median(d, n));
    }
}

double reg_log_time(const struct reg_log *log, size_t item, enum reg_stage stage, bool head)
{
    double *const times = malloc((log->count + 1) * sizeof(*times));
    size_t n = 0;
    for (size_t i = 0; times && i < log->count; i++) {
        const struct reg_round *const r = &log->rounds[i];
        if (!r->control && r->item == item && r->stage == stage && counts(log, r))
            times[n++] = head ? r->head_ns : r->base_ns;
    }
    if (times)
        ana_sort(times, n);
    const double median = times ? ana_median(times, n) : (double)NAN;
    free(times);
    return median;
}
