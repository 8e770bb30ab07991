/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Families: checked and copied when they are registered, so that a mistake is reported where it was
 * made and the caller's strings and lists may go away.
 */
#include "bench/harness/cases.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool list_values(const struct benchmark_values *v)
{
    return v->kind == BENCHMARK_VALUES_LIST;
}

static bool absent(const struct benchmark_values *v)
{
    return list_values(v) && !v->count;
}

static const char *wrong_values(const struct benchmark_values *v)
{
    const uint64_t step = v->step ? (uint64_t)v->step : 1;
    if (list_values(v))
        return v->count && !v->list ? "a list of values is missing" : NULL;
    if (v->low > v->high)
        return "a range of values runs from high to low";
    if (v->step < 0 || (v->kind == BENCHMARK_VALUES_RANGE && v->step == 1))
        return "the step of a range must be positive, its multiplier at least 2";
    if (v->kind == BENCHMARK_VALUES_DENSE &&
        ((uint64_t)v->high - (uint64_t)v->low) / step >= BM_MAX_CASES)
        return "a range has at most a million values";
    return NULL;
}

static bool duration(double seconds)
{
    return seconds >= 0 && isfinite(seconds);
}

static bool wrong_threads(int64_t count)
{
    return count < 1 || count > BM_MAX_THREADS;
}

static const char *wrong_statistics(const struct benchmark_family *f)
{
    for (size_t i = 0; i < BENCHMARK_MAX_STATISTICS && f->statistics[i].compute; i++)
        if (!f->statistics[i].name || strchr(f->statistics[i].name, '_'))
            return "a statistic needs a name, one without '_'";
    return NULL;
}

/* What is wrong with the family, or NULL. */
static const char *wrong(const struct benchmark_family *f)
{
    if (!f->run)
        return "no function to run";
    if (f->use_real_time && f->use_manual_time)
        return "real time and manual time exclude each other";
    if (f->iterations < 0 || f->repetitions < 0 || !duration(f->min_time) ||
        !duration(f->min_warmup_time))
        return "iterations, repetitions and times are numbers, not negative";
    if (f->iterations && f->min_time > 0)
        return "a number of iterations and a minimum time exclude each other";
    if (f->team_threads < 0)
        return "a team has at least one thread";
    if (f->complexity == BENCHMARK_O_FUNCTION && !f->complexity_function)
        return "complexity by a function needs the function";
    if (!absent(&f->tuples)) {
        if (!list_values(&f->tuples) || f->tuple_width < 1 || f->tuple_width > BENCHMARK_MAX_ARGS ||
            f->tuples.count % (size_t)f->tuple_width)
            return "tuples are a list whose length is a multiple of tuple_width (1 to 8)";
        if (!absent(&f->product[0]))
            return "tuples and a product of lists exclude each other";
    }
    const char *problem = wrong_statistics(f);
    if (!problem)
        problem = wrong_values(&f->threads);
    for (int i = 0; !problem && i < BENCHMARK_MAX_ARGS; i++)
        problem = wrong_values(&f->product[i]);
    if (problem || absent(&f->threads))
        return problem;
    if (f->verbatim_name || f->team_threads)
        return "a verbatim name or a team leaves no place for a range of threads";
    bool outside = false;
    if (!list_values(&f->threads))
        outside = wrong_threads(f->threads.low) || wrong_threads(f->threads.high);
    for (size_t i = 0; list_values(&f->threads) && i < f->threads.count; i++)
        outside = outside || wrong_threads(f->threads.list[i]);
    return outside ? "thread counts go from 1 to 65536" : NULL;
}

static int copy_string(const char **string)
{
    if (*string && !(*string = strdup(*string)))
        return -ENOMEM;
    return 0;
}

static int copy_values(struct benchmark_values *v)
{
    if (!v->list || !v->count) {
        v->list = NULL;
        return 0;
    }
    int64_t *const list = malloc(v->count * sizeof(*list));
    if (list)
        memcpy(list, v->list, v->count * sizeof(*list));
    v->list = list;
    return list ? 0 : -ENOMEM;
}

/* Every owned pointer of the family goes through one of the two functions; on a failure the rest is
 * still visited, so that what follows is never the caller's memory. */
static int copy_members(struct benchmark_family *f)
{
    int rc = copy_string(&f->name) | copy_string(&f->label) | copy_string(&f->code) |
             copy_values(&f->tuples) | copy_values(&f->threads);
    for (int i = 0; i < BENCHMARK_MAX_ARGS; i++)
        rc |= copy_string(&f->arg_names[i]) | copy_values(&f->product[i]);
    for (int i = 0; i < BENCHMARK_MAX_STATISTICS; i++)
        rc |= copy_string(&f->statistics[i].name);
    return rc ? -ENOMEM : 0;
}

static void free_family(struct benchmark_family *f)
{
    free((char *)f->name);
    free((char *)f->label);
    free((char *)f->code);
    free((int64_t *)f->tuples.list);
    free((int64_t *)f->threads.list);
    for (int i = 0; i < BENCHMARK_MAX_ARGS; i++) {
        free((char *)f->arg_names[i]);
        free((int64_t *)f->product[i].list);
    }
    for (int i = 0; i < BENCHMARK_MAX_STATISTICS; i++)
        free((char *)f->statistics[i].name);
    free(f);
}

int bm_families_add(struct families *families, const struct benchmark_family *family, FILE *err)
{
    const size_t size = family->struct_size;
    if (size < offsetof(struct benchmark_family, user) || size > sizeof(*family)) {
        fprintf(err,
                "benchmark_register: struct_size is %zu, must be sizeof(struct "
                "benchmark_family), %zu\n",
                size, sizeof(*family));
        return -EINVAL;
    }
    struct benchmark_family *const copy = calloc(1, sizeof(*copy));
    if (!copy)
        return -ENOMEM;
    /* A caller built against an older header has a shorter struct; what it lacks stays zero. */
    memcpy(copy, family, size);
    const char *const problem = copy->name ? wrong(copy) : "no name";
    if (problem) {
        fprintf(err, "benchmark %s: %s\n", copy->name ? copy->name : "without name", problem);
        free(copy);
        return -EINVAL;
    }
    struct benchmark_family **const items =
        realloc(families->items, (families->count + 1) * sizeof(struct benchmark_family *));
    if (!items) {
        free(copy);
        return -ENOMEM;
    }
    families->items = items;
    if (copy_members(copy)) {
        free_family(copy);
        return -ENOMEM;
    }
    items[families->count++] = copy;
    return 0;
}

void bm_families_free(struct families *families)
{
    for (size_t i = 0; i < families->count; i++)
        free_family(families->items[i]);
    free(families->items);
    *families = (struct families){0};
}
