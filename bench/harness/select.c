/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From families to the cases that will run: arguments vary faster than nothing, threads fastest.
 * Only selected cases are numbered, so that indices in a filtered result are dense.
 */
#include "bench/harness/cases.h"

#include "bench/harness/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A family's dimensions written out: up to eight arguments, and threads. */
struct dimensions {
    int64_t *values[BENCHMARK_MAX_ARGS];
    size_t counts[BENCHMARK_MAX_ARGS];
    int arg_count;
    int64_t *threads;
    size_t thread_count;
    size_t tuples; /* combinations of arguments, at least 1 */
};

static void free_dimensions(struct dimensions *d)
{
    for (int i = 0; i < BENCHMARK_MAX_ARGS; i++)
        free(d->values[i]);
    free(d->threads);
}

static int expand(struct dimensions *d, const struct benchmark_family *f)
{
    *d = (struct dimensions){.tuples = 1};
    int rc = bm_values_expand(&f->threads, true, &d->threads, &d->thread_count);
    if (f->tuples.count) {
        d->arg_count = f->tuple_width;
        d->tuples = f->tuples.count / (size_t)f->tuple_width;
        return rc;
    }
    for (int i = 0; !rc && i < BENCHMARK_MAX_ARGS; i++) {
        rc = bm_values_expand(&f->product[i], false, &d->values[i], &d->counts[i]);
        if (rc || !d->counts[i])
            break;
        if (d->tuples > BM_MAX_CASES / d->counts[i])
            return -E2BIG;
        d->tuples *= d->counts[i];
        d->arg_count++;
    }
    return rc;
}

static void fill_args(struct instance *instance, const struct dimensions *d, size_t tuple)
{
    const struct benchmark_values *const tuples = &instance->family->tuples;
    instance->arg_count = d->arg_count;
    for (int i = 0; i < d->arg_count; i++) {
        if (tuples->count) {
            instance->args[i] = tuples->list[tuple * (size_t)d->arg_count + (size_t)i];
            continue;
        }
        instance->args[i] = d->values[i][tuple % d->counts[i]];
        tuple /= d->counts[i];
    }
}

static int append(struct instances *list, struct instance *instance)
{
    /* Grown at powers of two. */
    if ((list->count & (list->count - 1)) == 0) {
        const size_t capacity = list->count ? 2 * list->count : 1;
        struct instance *const items = realloc(list->items, capacity * sizeof(*items));
        if (!items)
            return -ENOMEM;
        list->items = items;
    }
    list->items[list->count++] = *instance;
    return 0;
}

static int add_case(struct instances *list, const struct benchmark_family *f,
                    const struct dimensions *d, size_t tuple, int threads,
                    const struct filter *filter)
{
    struct instance instance = {.family = f, .threads = threads > 0 ? threads : 1};
    instance.reported_threads = f->team_threads ? f->team_threads : instance.threads;
    fill_args(&instance, d, tuple);
    if (f->verbatim_name) {
        instance.name = strdup(f->name);
        instance.family_name = strdup(f->name);
    } else {
        const int shown = f->team_threads ? f->team_threads : threads;
        instance.name = bm_case_name(f, instance.args, instance.arg_count, shown);
        instance.family_name = bm_case_name(f, NULL, 0, shown);
    }
    int rc = instance.name && instance.family_name ? 0 : -ENOMEM;
    if (!rc && strncmp(instance.name, "DISABLED_", 9) && bm_filter_matches(filter, instance.name)) {
        rc = append(list, &instance);
        if (!rc)
            return 0;
    }
    free(instance.name);
    free(instance.family_name);
    return rc;
}

static int add_family(struct instances *list, const struct benchmark_family *f,
                      const struct filter *filter, FILE *err)
{
    struct dimensions d;
    int rc = expand(&d, f);
    if (rc)
        fprintf(err, "benchmark %s: %s\n", f->name,
                rc == -E2BIG ? "more than a million cases" : strerror(-rc));
    const size_t thread_counts = d.thread_count ? d.thread_count : 1;
    if (!rc && d.tuples * thread_counts > 100)
        fprintf(err,
                "The number of inputs is very large. %s will be repeated at least %zu times.\n",
                f->name, d.tuples * thread_counts);
    for (size_t tuple = 0; !rc && tuple < d.tuples; tuple++)
        for (size_t t = 0; !rc && t < thread_counts; t++)
            rc = add_case(list, f, &d, tuple, d.thread_count ? (int)d.threads[t] : 0, filter);
    free_dimensions(&d);
    return rc;
}

static bool same_family(const struct benchmark_family *a, const struct benchmark_family *b)
{
    return a == b || (a->family > 0 && a->family == b->family);
}

/* Quadratic in families at worst, which is hundreds; cases of one family usually stand together. */
static void number(struct instances *list)
{
    int64_t families = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct instance *const self = &list->items[i];
        struct instance *before = NULL;
        for (size_t j = i; j-- > 0 && !before;)
            if (same_family(list->items[j].family, self->family))
                before = &list->items[j];
        self->family_index = before ? before->family_index : families++;
        self->instance_index = before ? before->instance_index + 1 : 0;
        self->last_of_family = true;
        if (before)
            before->last_of_family = false;
    }
}

int bm_instances_select(struct instances *instances, const struct families *families,
                        const char *filter_text, FILE *err)
{
    struct filter filter;
    *instances = (struct instances){0};
    int rc = bm_filter_compile(&filter, filter_text, err);
    if (rc)
        return rc;
    for (size_t i = 0; !rc && i < families->count; i++)
        rc = add_family(instances, families->items[i], &filter, err);
    bm_filter_free(&filter);
    number(instances);
    if (rc)
        bm_instances_free(instances);
    return rc;
}

void bm_instances_free(struct instances *instances)
{
    for (size_t i = 0; i < instances->count; i++) {
        free(instances->items[i].name);
        free(instances->items[i].family_name);
    }
    free(instances->items);
    *instances = (struct instances){0};
}
