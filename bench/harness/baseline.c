/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Baselines. The time compared is the one a case is about: wall time where its name says so, CPU
 * time else. A case fails only when its whole interval lies beyond the threshold; with too few
 * repetitions for an interval it is shown but never fails, because one time of each proves nothing.
 */
#include "bench/harness/baseline.h"

#include "bench/harness/statistics.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct baseline_case *)a)->name, ((const struct baseline_case *)b)->name);
}

const struct baseline_case *bm_baseline_find(const struct baseline *baseline, const char *name)
{
    const struct baseline_case key = {.name = (char *)name};
    return baseline->count ? bsearch(&key, baseline->cases, baseline->count, sizeof(key), by_name)
                           : NULL;
}

static const char *text_of(const json_t *row, const char *key)
{
    const char *const text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

static double seconds_of(const json_t *row, const char *key)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}};
    const char *const unit = text_of(row, "time_unit");
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
        if (strcmp(unit, units[i].name) == 0)
            return json_number_value(json_object_get(row, key)) * units[i].seconds;
    return 0;
}

/* The name of the case whose time the row is, or NULL: repetitions, and medians for files that hold
 * nothing but aggregates. */
static const char *case_of(const json_t *row, bool medians)
{
    const bool aggregate = strcmp(text_of(row, "run_type"), "aggregate") == 0;
    if (json_is_true(json_object_get(row, "error_occurred")) ||
        json_is_true(json_object_get(row, "skipped")) || aggregate != medians)
        return NULL;
    if (medians && strcmp(text_of(row, "aggregate_name"), "median") != 0)
        return NULL;
    const char *const name = text_of(row, medians ? "run_name" : "name");
    return *name && seconds_of(row, "real_time") > 0 ? name : NULL;
}

static struct baseline_case *add_case(struct baseline *baseline, const char *name)
{
    for (size_t i = baseline->count; i-- > 0;) /* repetitions stand together */
        if (strcmp(baseline->cases[i].name, name) == 0)
            return &baseline->cases[i];
    struct baseline_case *const cases =
        realloc(baseline->cases, (baseline->count + 1) * sizeof(*cases));
    if (!cases)
        return NULL;
    baseline->cases = cases;
    cases[baseline->count] = (struct baseline_case){.name = strdup(name)};
    return cases[baseline->count].name ? &cases[baseline->count++] : NULL;
}

static int take_rows(struct baseline *baseline, const json_t *rows, bool medians)
{
    size_t i;
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        const char *const name = case_of(row, medians);
        if (!name)
            continue;
        struct baseline_case *const c = add_case(baseline, name);
        const double real = seconds_of(row, "real_time"), cpu = seconds_of(row, "cpu_time");
        if (!c || bm_samples_append(&c->real, &real, 1) || bm_samples_append(&c->cpu, &cpu, 1))
            return -ENOMEM;
    }
    return 0;
}

int bm_baseline_read(struct baseline *baseline, const char *path, FILE *err)
{
    json_error_t why;
    *baseline = (struct baseline){.fail_threshold = -1};
    json_t *const document = json_load_file(path, JSON_ALLOW_NUL, &why);
    if (!document) {
        char place[32] = "";
        if (why.line > 0)
            snprintf(place, sizeof(place), " (line %d)", why.line);
        fprintf(err, "--benchmark_baseline=%s: %s%s\n", path, why.text, place);
        return -EINVAL;
    }
    const json_t *const rows = json_object_get(document, "benchmarks");
    int rc = json_is_array(rows) ? take_rows(baseline, rows, false) : -EINVAL;
    if (!rc && !baseline->count)
        rc = take_rows(baseline, rows, true);
    if (rc)
        fprintf(err, "--benchmark_baseline=%s: %s\n", path,
                rc == -EINVAL ? "no array \"benchmarks\"" : strerror(-rc));
    json_decref(document);
    if (rc)
        bm_baseline_free(baseline);
    else if (baseline->count)
        qsort(baseline->cases, baseline->count, sizeof(*baseline->cases), by_name);
    return rc;
}

void bm_baseline_free(struct baseline *baseline)
{
    for (size_t i = 0; i < baseline->count; i++) {
        free(baseline->cases[i].name);
        free(baseline->cases[i].real.seconds);
        free(baseline->cases[i].cpu.seconds);
    }
    free(baseline->cases);
    baseline->cases = NULL;
    baseline->count = 0;
}

int bm_compare(const double *old_times, size_t old_count, const double *new_times, size_t new_count,
               struct comparison *result)
{
    const size_t pairs = old_count * new_count;
    double *const ratios = malloc((pairs ? pairs : 1) * sizeof(*ratios));
    *result = (struct comparison){0};
    if (!ratios)
        return -ENOMEM;
    for (size_t i = 0; i < old_count; i++)
        for (size_t j = 0; j < new_count; j++)
            ratios[i * new_count + j] = new_times[j] / old_times[i];
    bm_sort(ratios, pairs);
    result->ratio = bm_quantile_sorted(ratios, pairs, 0.5);
    const double spread = 1.96 * sqrt((double)pairs * (double)(old_count + new_count + 1) / 12);
    const double rank = floor((double)pairs / 2 - spread);
    if (rank >= 1) {
        const size_t k = (size_t)rank;
        result->interval = true;
        result->low = ratios[k - 1];
        result->high = ratios[pairs - k];
    }
    free(ratios);
    return 0;
}

static struct benchmark_row *representative(const struct rows *rows)
{
    struct benchmark_row *lone = NULL;
    for (size_t i = 0; i < rows->count; i++) {
        struct benchmark_row *const row = &rows->items[i];
        if (row->kind == BENCHMARK_ROW_AGGREGATE && strcmp(row->aggregate_name, "median") == 0)
            return row;
        if (row->kind == BENCHMARK_ROW_ITERATION && row->status == BENCHMARK_ROW_OK)
            lone = row;
    }
    return lone;
}

static void judge(struct baseline *baseline, const struct comparison *c, const char *name,
                  FILE *err)
{
    baseline->compared++;
    baseline->slower += c->interval && c->low > 1;
    baseline->faster += c->interval && c->high < 1;
    if (baseline->fail_threshold < 0 || !c->interval || c->low <= 1 + baseline->fail_threshold)
        return;
    baseline->failed++;
    fprintf(err, "error: %s takes %.3f times as long as in the baseline (95 %%: %.3f to %.3f)\n",
            name, c->ratio, c->low, c->high);
}

int bm_baseline_apply(struct baseline *baseline, struct rows *rows,
                      const struct benchmark_family *family, FILE *err)
{
    const bool by_wall = family->use_real_time || family->use_manual_time;
    struct benchmark_row *const target = representative(rows);
    const struct baseline_case *const old =
        target ? bm_baseline_find(baseline, target->run_name) : NULL;
    struct comparison c;
    size_t count = 0;
    if (!old)
        return 0;
    double *const times = malloc(rows->count * sizeof(*times));
    if (!times)
        return -ENOMEM;
    for (size_t i = 0; i < rows->count; i++) {
        const struct benchmark_row *const row = &rows->items[i];
        if (row->kind == BENCHMARK_ROW_ITERATION && row->status == BENCHMARK_ROW_OK)
            times[count++] = by_wall ? row->real_time : row->cpu_time;
    }
    const struct samples *const before = by_wall ? &old->real : &old->cpu;
    int rc = bm_compare(before->seconds, before->count, times, count, &c);
    free(times);
    if (!rc)
        rc = bm_row_counter_set(target, "baseline_ratio", c.ratio, BENCHMARK_COUNTER_PLAIN);
    if (!rc && c.interval)
        rc = bm_row_counter_set(target, "baseline_ratio_low", c.low, BENCHMARK_COUNTER_PLAIN);
    if (!rc && c.interval)
        rc = bm_row_counter_set(target, "baseline_ratio_high", c.high, BENCHMARK_COUNTER_PLAIN);
    if (!rc)
        judge(baseline, &c, target->run_name, err);
    return rc;
}
