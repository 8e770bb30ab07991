/* SPDX-License-Identifier: Apache-2.0 */
/* Counters: a sorted array, since a case has a handful and each is looked up a few times. */
#include "bench/harness/counters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Index of the name, or of where it belongs. */
static size_t position(const struct counters *set, const char *name, bool *found)
{
    size_t i = 0;
    while (i < set->count && strcmp(set->items[i].name, name) < 0)
        i++;
    *found = i < set->count && strcmp(set->items[i].name, name) == 0;
    return i;
}

int bm_counters_set(struct counters *set, const char *name, double value, unsigned flags)
{
    bool found;
    const size_t at = position(set, name, &found);
    if (!found) {
        struct benchmark_counter *const items =
            realloc(set->items, (set->count + 1) * sizeof(*items));
        if (!items)
            return -ENOMEM;
        set->items = items;
        char *const copy = strdup(name);
        if (!copy)
            return -ENOMEM;
        memmove(items + at + 1, items + at, (set->count - at) * sizeof(*items));
        items[at].name = copy;
        set->count++;
    }
    set->items[at].value = value;
    set->items[at].flags = flags;
    return 0;
}

int bm_counters_add(struct counters *set, const struct counters *other)
{
    for (size_t i = 0; i < other->count; i++) {
        const struct benchmark_counter *const c = &other->items[i];
        const struct benchmark_counter *const old = bm_counters_find(set, c->name);
        const int rc = bm_counters_set(set, c->name, c->value + (old ? old->value : 0), c->flags);
        if (rc)
            return rc;
    }
    return 0;
}

int bm_counters_replace(struct counters *set, const struct counters *other)
{
    for (size_t i = 0; i < other->count; i++) {
        const struct benchmark_counter *const c = &other->items[i];
        const int rc = bm_counters_set(set, c->name, c->value, c->flags);
        if (rc)
            return rc;
    }
    return 0;
}

const struct benchmark_counter *bm_counters_find(const struct counters *set, const char *name)
{
    bool found;
    const size_t at = position(set, name, &found);
    return found ? &set->items[at] : NULL;
}

void bm_counters_finish(struct counters *set, double seconds, int threads, int64_t iterations)
{
    for (size_t i = 0; i < set->count; i++) {
        struct benchmark_counter *const c = &set->items[i];
        if (c->flags & BENCHMARK_COUNTER_RATE)
            c->value /= seconds;
        if (c->flags & BENCHMARK_COUNTER_AVG_THREADS)
            c->value /= threads;
        /* Each thread brought its value; what is invariant is the value of one iteration. */
        if (c->flags & BENCHMARK_COUNTER_ITERATION_INVARIANT)
            c->value *= (double)iterations / threads;
        if (c->flags & BENCHMARK_COUNTER_AVG_ITERATIONS)
            c->value /= (double)iterations;
        if (c->flags & BENCHMARK_COUNTER_INVERT)
            c->value = 1 / c->value;
    }
}

void bm_counters_free(struct counters *set)
{
    for (size_t i = 0; i < set->count; i++)
        free(set->items[i].name);
    free(set->items);
    *set = (struct counters){0};
}

bool bm_counter_name_reserved(const char *name)
{
    /* "size" is no key, but archery and conbench read it as one. */
    static const char *const keys[] = {
        "name",
        "family_index",
        "per_family_instance_index",
        "run_name",
        "run_type",
        "repetitions",
        "repetition_index",
        "threads",
        "aggregate_name",
        "aggregate_unit",
        "error_occurred",
        "error_message",
        "skipped",
        "skip_message",
        "iterations",
        "real_time",
        "cpu_time",
        "time_unit",
        "cpu_coefficient",
        "real_coefficient",
        "big_o",
        "rms",
        "label",
        "size",
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (strcmp(name, keys[i]) == 0)
            return true;
    return false;
}
