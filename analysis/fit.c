/* SPDX-License-Identifier: Apache-2.0 */
/* Levenberg and Marquardt's steps, each a small least-squares problem; see fit.h for the law. */
#include "analysis/fit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats.h"

enum { T0 = 0, READ = 1, COMPUTE = READ + ANA_LEVELS };
_Static_assert((int)ANA_LAW_TERMS <= (int)ANA_FIT_MAX, "terms the least squares can take");

const char *const ana_level_names[ANA_LEVELS] = {"L1", "L2", "L3", "memory"};

static const double overlaps[] = {1, 2, 8};
static const double common_spread = 0.05; /* a row's own counts from here on */
static const double least_share = 0.01;   /* of the time, below which a term is not seen */
static const double huber = 1.345;        /* residuals beyond so many sigma count less */

/* Logarithms of t0, of ns a byte for each level, of ns a flop. */
struct state {
    const struct ana_sample *samples;
    size_t n;
    double overlap;
    double x[ANA_LAW_TERMS];
    bool active[ANA_LAW_TERMS];
    double *weight, *residual, *work; /* n each; residual is ln(model / measured) */
    double *rows, *right;             /* of the least-squares problem of a step */
};

/* ln of the model's time and its derivatives by x. */
static double model(const double *x, const bool *active, double overlap, const struct ana_sample *s,
                    double slope[ANA_LAW_TERMS])
{
    const size_t read = READ + (size_t)s->level;
    const double t0 = active[T0] ? exp(x[T0]) : 0;
    const double a = active[read] ? s->bytes * exp(x[read]) : 0;
    const double b = active[COMPUTE] ? s->flops * exp(x[COMPUTE]) : 0;
    const double most = fmax(a, b);
    const double pa = most > 0 ? pow(a / most, overlap) : 0;
    const double pb = most > 0 ? pow(b / most, overlap) : 0;
    const double both = most > 0 ? most * pow(pa + pb, 1 / overlap) : 0;
    const double ns = t0 + both;
    memset(slope, 0, ANA_LAW_TERMS * sizeof(*slope));
    slope[T0] = t0 / ns;
    slope[read] = most > 0 ? both / ns * pa / (pa + pb) : 0;
    slope[COMPUTE] = most > 0 ? both / ns * pb / (pa + pb) : 0;
    return log(ns);
}

static double rho(double r, double k)
{
    const double a = fabs(r);
    return a <= k ? a * a / 2 : k * (a - k / 2);
}

static double loss(struct state *s, const double *x, double k)
{
    double sum = 0, slope[ANA_LAW_TERMS];
    for (size_t i = 0; i < s->n; i++) {
        s->residual[i] =
            model(x, s->active, s->overlap, &s->samples[i], slope) - log(s->samples[i].ns);
        sum += s->weight[i] * s->weight[i] * rho(s->residual[i], k);
    }
    return sum;
}

/* sigma of the residuals, by their median distance from nought. */
static double scatter(struct state *s)
{
    for (size_t i = 0; i < s->n; i++)
        s->work[i] = fabs(s->residual[i]);
    ana_sort(s->work, s->n);
    return fmax(1.4826 * ana_median(s->work, s->n), 1e-6);
}

/* One damped step from the residuals in place; -EDOM if even damping does not help. */
static int step(struct state *s, double k, double damping, double delta[ANA_LAW_TERMS])
{
    size_t map[ANA_LAW_TERMS], columns = 0;
    for (size_t j = 0; j < ANA_LAW_TERMS; j++)
        if (s->active[j])
            map[columns++] = j;
    double slope[ANA_LAW_TERMS];
    for (size_t i = 0; i < s->n; i++) {
        const double r = s->residual[i];
        const double w = s->weight[i] * (fabs(r) <= k ? 1 : sqrt(k / fabs(r)));
        model(s->x, s->active, s->overlap, &s->samples[i], slope);
        for (size_t j = 0; j < columns; j++)
            s->rows[i * columns + j] = w * slope[map[j]];
        s->right[i] = -w * r;
    }
    for (size_t j = 0; j < columns; j++) {
        double *const row = s->rows + (s->n + j) * columns;
        memset(row, 0, columns * sizeof(*row));
        row[j] = damping;
        s->right[s->n + j] = 0;
    }
    struct ana_fit fit;
    const int status = ana_least_squares(s->rows, s->n + columns, columns, s->right, &fit);
    memset(delta, 0, ANA_LAW_TERMS * sizeof(*delta));
    for (size_t j = 0; !status && j < columns; j++)
        delta[map[j]] = fmin(fmax(fit.beta[j], -1), 1);
    return status;
}

/* Descends to the nearest minimum; returns the loss there. */
static double descend(struct state *s)
{
    double k = INFINITY, best = loss(s, s->x, k), delta[ANA_LAW_TERMS], tried[ANA_LAW_TERMS];
    for (int round = 0; round < 4; round++) { /* the scale of the residuals settles in a few */
        double damping = 0.01;
        k = huber * scatter(s);
        best = loss(s, s->x, k);
        for (int i = 0; i < 60 && damping < 1e6; i++) {
            if (step(s, k, damping * sqrt((double)s->n), delta))
                break;
            double moved = 0;
            for (size_t j = 0; j < ANA_LAW_TERMS; j++) {
                tried[j] = s->x[j] + delta[j];
                moved = fmax(moved, fabs(delta[j]));
            }
            const double now = loss(s, tried, k);
            if (now < best) {
                memcpy(s->x, tried, sizeof(tried));
                const bool settled = best - now <= 1e-10 * best;
                best = now;
                damping = fmax(damping / 8, 1e-7);
                if (settled || moved < 1e-9)
                    break;
            } else {
                loss(s, s->x, k); /* residuals of where we stand */
                damping *= 8;
                if (moved < 1e-9)
                    break;
            }
        }
    }
    return best;
}

static void begin(struct state *s)
{
    double least = INFINITY;
    for (size_t j = 0; j < ANA_LAW_TERMS; j++)
        s->x[j] = INFINITY;
    for (size_t i = 0; i < s->n; i++) {
        const struct ana_sample *const p = &s->samples[i];
        const size_t read = READ + (size_t)p->level;
        least = fmin(least, p->ns);
        s->x[read] = fmin(s->x[read], log(p->ns / p->bytes));
        s->x[COMPUTE] = fmin(s->x[COMPUTE], log(p->ns / p->flops));
    }
    s->x[T0] = log(least / 2);
}

/* Drops terms that are nowhere a noticeable part of the time; true if there was one. */
static bool drop_unseen(struct state *s)
{
    double share[ANA_LAW_TERMS] = {0}, slope[ANA_LAW_TERMS];
    for (size_t i = 0; i < s->n; i++) {
        model(s->x, s->active, s->overlap, &s->samples[i], slope);
        for (size_t j = 0; j < ANA_LAW_TERMS; j++)
            share[j] = fmax(share[j], slope[j]);
    }
    bool dropped = false;
    for (size_t j = 0; j < ANA_LAW_TERMS; j++)
        if (s->active[j] && share[j] < least_share) {
            s->active[j] = false;
            dropped = true;
        }
    return dropped;
}

/* Inverse of a symmetric positive matrix by Gauss and Jordan; false if it has none to speak of. */
static bool invert(double a[ANA_LAW_TERMS][ANA_LAW_TERMS], size_t n)
{
    double inverse[ANA_LAW_TERMS][ANA_LAW_TERMS] = {{0}}, scale[ANA_LAW_TERMS];
    for (size_t i = 0; i < n; i++) {
        inverse[i][i] = 1;
        scale[i] = a[i][i];
    }
    for (size_t c = 0; c < n; c++) {
        const double pivot = a[c][c];
        if (!(pivot > scale[c] * 1e-7))
            return false;
        for (size_t j = 0; j < n; j++) {
            a[c][j] /= pivot;
            inverse[c][j] /= pivot;
        }
        for (size_t i = 0; i < n; i++) {
            const double factor = a[i][c];
            for (size_t j = 0; i != c && j < n; j++) {
                a[i][j] -= factor * a[c][j];
                inverse[i][j] -= factor * inverse[c][j];
            }
        }
    }
    memcpy(a, inverse, sizeof(inverse));
    return true;
}

/* Variance of a Huber estimate: what the residuals up to the bend say of sigma. */
static double variance(const struct state *s, double k, size_t columns)
{
    double squares = 0, straight = 0, weights = 0;
    for (size_t i = 0; i < s->n; i++) {
        const double w = s->weight[i] * s->weight[i], r = fmin(fabs(s->residual[i]), k);
        squares += w * r * r;
        straight += w * (fabs(s->residual[i]) < k);
        weights += w;
    }
    const double inner = fmax(straight / weights, 0.1);
    return squares / (double)(s->n - columns) / (inner * inner);
}

/* false: two terms cannot be told apart. */
static bool covariance(struct state *s, double out[ANA_LAW_TERMS][ANA_LAW_TERMS])
{
    size_t map[ANA_LAW_TERMS], columns = 0;
    double slope[ANA_LAW_TERMS], a[ANA_LAW_TERMS][ANA_LAW_TERMS] = {{0}};
    memset(out, 0, sizeof(a));
    for (size_t j = 0; j < ANA_LAW_TERMS; j++)
        if (s->active[j])
            map[columns++] = j;
    if (columns >= s->n)
        return false;
    for (size_t i = 0; i < s->n; i++) {
        model(s->x, s->active, s->overlap, &s->samples[i], slope);
        for (size_t j = 0; j < columns; j++)
            for (size_t c = 0; c < columns; c++)
                a[j][c] += s->weight[i] * s->weight[i] * slope[map[j]] * slope[map[c]];
    }
    if (!invert(a, columns))
        return false;
    const double v = variance(s, huber * scatter(s), columns);
    for (size_t j = 0; j < columns; j++)
        for (size_t c = 0; c < columns; c++)
            out[map[j]][map[c]] = v * a[j][c];
    return true;
}

/* Two-sided 95 % of Student's t. */
static double student(size_t freedom)
{
    static const double few[] = {12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262};
    const size_t known = sizeof(few) / sizeof(*few);
    if (freedom <= known)
        return few[freedom ? freedom - 1 : 0];
    return 1.96 + 2.4 / (double)freedom + 3 / ((double)freedom * (double)freedom);
}

/* exp(x) with its interval, or 1 / exp(x) for terms that are fitted as ns a unit. */
static struct ana_term term_of(const struct state *s, const struct ana_law *law, size_t j)
{
    const double sign = j == T0 ? 1 : -1;
    const double half = student(s->n - 1) * sqrt(law->covariance[j][j]);
    if (!s->active[j])
        return (struct ana_term){NAN, NAN, NAN, false};
    return (struct ana_term){exp(sign * s->x[j]), exp(sign * s->x[j] - half),
                             exp(sign * s->x[j] + half), true};
}

/* The best law for one overlap; its loss, or INFINITY. */
static double fit_one(struct state *s, struct ana_law *law)
{
    bool present[ANA_LEVELS] = {false};
    for (size_t i = 0; i < s->n; i++)
        present[s->samples[i].level] = true;
    begin(s);
    for (size_t j = 0; j < ANA_LAW_TERMS; j++)
        s->active[j] = j == T0 || j == COMPUTE || present[j - READ];
    double found = descend(s);
    while (drop_unseen(s))
        found = descend(s);
    if (!covariance(s, law->covariance) && s->active[COMPUTE]) {
        /* Bytes and operations in proportion: reading takes all of the time. */
        begin(s);
        s->active[COMPUTE] = false;
        for (size_t j = READ; j < COMPUTE; j++)
            s->active[j] = present[j - READ];
        s->active[T0] = true;
        found = descend(s);
        while (drop_unseen(s))
            found = descend(s);
        if (!covariance(s, law->covariance))
            return INFINITY;
    }
    memcpy(law->measured, present, sizeof(present));
    law->overlap = s->overlap;
    law->rows = s->n;
    law->t0 = term_of(s, law, T0);
    law->compute = term_of(s, law, COMPUTE);
    for (size_t l = 0; l < ANA_LEVELS; l++)
        law->bandwidth[l] = term_of(s, law, READ + l);
    law->scatter = scatter(s);
    /* Losses of different scales are compared by what the same bend makes of them. */
    return isfinite(found) ? loss(s, s->x, 0.1) : INFINITY;
}

int ana_law_fit(const struct ana_sample *samples, size_t n, struct ana_law *law)
{
    struct state s = {.samples = samples, .n = n};
    if (n < 4)
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        if (!(samples[i].bytes > 0 && samples[i].flops > 0 && samples[i].ns > 0) ||
            !isfinite(samples[i].bytes + samples[i].flops + samples[i].ns))
            return -EINVAL;
    const size_t rows = n + ANA_LAW_TERMS;
    double *const memory = calloc(3 * n + rows * (ANA_LAW_TERMS + 1), sizeof(*memory));
    if (!memory)
        return -ENOMEM;
    s.weight = memory;
    s.residual = memory + n;
    s.work = memory + 2 * n;
    s.right = memory + 3 * n;
    s.rows = s.right + rows;
    for (size_t i = 0; i < n; i++) {
        const double spread = isfinite(samples[i].spread) ? fmax(samples[i].spread, 0) : 0;
        s.weight[i] = 1 / hypot(1, spread / common_spread);
    }
    double best = INFINITY;
    for (size_t p = 0; p < sizeof(overlaps) / sizeof(*overlaps); p++) {
        struct ana_law now = {0};
        s.overlap = overlaps[p];
        const double found = fit_one(&s, &now);
        if (found < best) {
            best = found;
            *law = now;
        }
    }
    free(memory);
    return isfinite(best) ? 0 : -EDOM;
}

/* The state a law was made from, as far as the model needs it. */
static void restore(const struct ana_law *law, double x[ANA_LAW_TERMS], bool active[ANA_LAW_TERMS])
{
    for (size_t j = 0; j < ANA_LAW_TERMS; j++) {
        const struct ana_term *const term = j == T0        ? &law->t0
                                            : j == COMPUTE ? &law->compute
                                                           : &law->bandwidth[j - READ];
        active[j] = term->seen;
        x[j] = (j == T0 ? 1 : -1) * log(term->seen ? term->value : 1);
    }
}

double ana_law_ns(const struct ana_law *law, double bytes, double flops, enum ana_level level)
{
    double x[ANA_LAW_TERMS], slope[ANA_LAW_TERMS];
    bool active[ANA_LAW_TERMS];
    const struct ana_sample at = {.bytes = bytes, .flops = flops, .level = level};
    if (!law->measured[level])
        return NAN;
    restore(law, x, active);
    return exp(model(x, active, law->overlap, &at, slope));
}

double ana_law_doubt(const struct ana_law *law, double bytes, double flops, enum ana_level level)
{
    double x[ANA_LAW_TERMS], slope[ANA_LAW_TERMS], sum = 0;
    bool active[ANA_LAW_TERMS];
    const struct ana_sample at = {.bytes = bytes, .flops = flops, .level = level};
    restore(law, x, active);
    model(x, active, law->overlap, &at, slope);
    for (size_t i = 0; i < ANA_LAW_TERMS; i++)
        for (size_t j = 0; j < ANA_LAW_TERMS; j++)
            sum += slope[i] * slope[j] * law->covariance[i][j];
    return sqrt(fmax(sum, 0));
}

int ana_law_hold_out(const struct ana_sample *samples, size_t n, const size_t *fold, double *errors)
{
    struct ana_sample *const rest = calloc(n + 1, sizeof(*rest));
    if (!rest)
        return -ENOMEM;
    int status = 0;
    for (size_t i = 0; i < n && !status; i++) {
        bool done = false;
        for (size_t j = 0; j < i && !done; j++)
            done = fold[j] == fold[i];
        if (done)
            continue;
        size_t kept = 0;
        for (size_t j = 0; j < n; j++)
            if (fold[j] != fold[i])
                rest[kept++] = samples[j];
        struct ana_law law;
        const int fitted = ana_law_fit(rest, kept, &law);
        if (fitted == -ENOMEM)
            status = fitted;
        for (size_t j = i; j < n; j++) {
            if (fold[j] != fold[i])
                continue;
            const struct ana_sample *const s = &samples[j];
            errors[j] = fitted ? NAN : log(ana_law_ns(&law, s->bytes, s->flops, s->level) / s->ns);
        }
    }
    free(rest);
    return status;
}
