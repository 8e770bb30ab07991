/* SPDX-License-Identifier: Apache-2.0 */
/* Fits of one coefficient; with a constant term a few points would fit every curve equally well. */
#include "bench/harness/complexity.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    [BENCHMARK_O_NONE] = "f(N)",     [BENCHMARK_O_1] = "(1)",       [BENCHMARK_O_N] = "N",
    [BENCHMARK_O_N_SQUARED] = "N^2", [BENCHMARK_O_N_CUBED] = "N^3", [BENCHMARK_O_LOG_N] = "lgN",
    [BENCHMARK_O_N_LOG_N] = "NlgN",  [BENCHMARK_O_AUTO] = "f(N)",   [BENCHMARK_O_FUNCTION] = "f(N)",
};

const char *bm_complexity_name(enum benchmark_complexity curve)
{
    return names[curve];
}

static double value_at(enum benchmark_complexity curve, double n, double (*function)(int64_t n))
{
    switch (curve) {
    case BENCHMARK_O_N:
        return n;
    case BENCHMARK_O_N_SQUARED:
        return n * n;
    case BENCHMARK_O_N_CUBED:
        return n * n * n;
    case BENCHMARK_O_LOG_N:
        return log2(n);
    case BENCHMARK_O_N_LOG_N:
        return n * log2(n);
    case BENCHMARK_O_FUNCTION:
        return function((int64_t)n);
    default:
        return 1;
    }
}

static struct complexity_fit fit_one(const double *n, const double *times, size_t count,
                                     enum benchmark_complexity curve, double (*function)(int64_t n))
{
    double with_time = 0, squared = 0, sum = 0, residual = 0;
    for (size_t i = 0; i < count; i++) {
        const double g = value_at(curve, n[i], function);
        with_time += g * times[i];
        squared += g * g;
        sum += times[i];
    }
    const double coefficient = squared > 0 ? with_time / squared : 0;
    for (size_t i = 0; i < count; i++) {
        const double off = times[i] - coefficient * value_at(curve, n[i], function);
        residual += off * off;
    }
    return (struct complexity_fit){
        .curve = curve,
        .coefficient = coefficient,
        .rms = sum > 0 ? sqrt(residual / (double)count) / (sum / (double)count) : 0,
    };
}

struct complexity_fit bm_complexity_fit(const double *n, const double *times, size_t count,
                                        enum benchmark_complexity curve,
                                        double (*function)(int64_t n))
{
    static const enum benchmark_complexity tried[] = {
        BENCHMARK_O_1,       BENCHMARK_O_LOG_N,     BENCHMARK_O_N,
        BENCHMARK_O_N_LOG_N, BENCHMARK_O_N_SQUARED, BENCHMARK_O_N_CUBED,
    };
    if (curve != BENCHMARK_O_AUTO)
        return fit_one(n, times, count, curve, function);
    struct complexity_fit best = fit_one(n, times, count, tried[0], NULL);
    for (size_t i = 1; i < sizeof(tried) / sizeof(*tried); i++) {
        const struct complexity_fit next = fit_one(n, times, count, tried[i], NULL);
        if (next.rms < best.rms)
            best = next;
    }
    return best;
}

static int append(double **list, size_t count, double value)
{
    double *const grown = realloc(*list, (count + 1) * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    *list = grown;
    grown[count] = value;
    return 0;
}

int bm_complexity_note(struct complexity_points *points, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct benchmark_row *const row = &rows->items[i];
        if (row->kind != BENCHMARK_ROW_ITERATION || row->status != BENCHMARK_ROW_OK ||
            row->complexity_n <= 0)
            continue;
        if (append(&points->n, points->count, row->complexity_n) ||
            append(&points->real, points->count, row->real_time) ||
            append(&points->cpu, points->count, row->cpu_time))
            return -ENOMEM;
        points->count++;
    }
    return 0;
}

static int make_row(struct benchmark_row *row, const struct instance *last, const char *aggregate,
                    enum benchmark_row_kind kind)
{
    const int rc = bm_row_init(row, last, BENCHMARK_NANOSECOND);
    if (rc)
        return rc;
    free(row->run_name);
    free(row->name);
    row->name = NULL;
    row->kind = kind;
    row->instance_index = 0;
    row->run_name = strdup(last->family_name);
    row->aggregate_name = strdup(aggregate);
    if (asprintf(&row->name, "%s_%s", last->family_name, aggregate) < 0)
        row->name = NULL;
    if (row->name && row->run_name && row->aggregate_name)
        return 0;
    bm_row_free(row);
    return -ENOMEM;
}

int bm_complexity_rows(struct rows *rows, const struct complexity_points *points,
                       const struct instance *last)
{
    const struct benchmark_family *const f = last->family;
    struct benchmark_row big_o, rms;
    if (points->count < 2)
        return 0;
    /* The curve is chosen once, by the time the case is about, and both times are fitted to it. */
    const bool by_wall = f->use_real_time || f->use_manual_time;
    const enum benchmark_complexity curve =
        bm_complexity_fit(points->n, by_wall ? points->real : points->cpu, points->count,
                          f->complexity, f->complexity_function)
            .curve;
    const struct complexity_fit real =
        bm_complexity_fit(points->n, points->real, points->count, curve, f->complexity_function);
    const struct complexity_fit cpu =
        bm_complexity_fit(points->n, points->cpu, points->count, curve, f->complexity_function);
    int rc = make_row(&big_o, last, "BigO", BENCHMARK_ROW_BIG_O);
    if (rc)
        return rc;
    big_o.big_o = names[curve];
    big_o.real_time = real.coefficient;
    big_o.cpu_time = cpu.coefficient;
    rc = bm_rows_add(rows, &big_o);
    if (!rc)
        rc = make_row(&rms, last, "RMS", BENCHMARK_ROW_RMS);
    if (rc)
        return rc;
    rms.percentage = true;
    rms.real_time = real.rms;
    rms.cpu_time = cpu.rms;
    return bm_rows_add(rows, &rms);
}

void bm_complexity_free(struct complexity_points *points)
{
    free(points->n);
    free(points->real);
    free(points->cpu);
    *points = (struct complexity_points){0};
}
