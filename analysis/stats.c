/* SPDX-License-Identifier: Apache-2.0 */
/* The formulas behind stats.h. */
#include "analysis/stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void ana_sort(double *values, size_t n)
{
    if (n > 1)
        qsort(values, n, sizeof(*values), compare);
}

double ana_median(const double *sorted, size_t n)
{
    if (n == 0)
        return NAN;
    return n % 2 ? sorted[n / 2] : sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2;
}

double ana_quantile(const double *sorted, size_t n, double p)
{
    if (n == 0)
        return NAN;
    const double at = p * (double)(n - 1);
    const size_t i = at <= 0 ? 0 : (size_t)at < n - 1 ? (size_t)at : n - 1;
    const double rest = at - (double)i;
    return i + 1 < n && rest > 0 ? sorted[i] + rest * (sorted[i + 1] - sorted[i]) : sorted[i];
}

double ana_mad(const double *sorted, size_t n, double *work)
{
    const double median = ana_median(sorted, n);
    for (size_t i = 0; i < n; i++)
        work[i] = fabs(sorted[i] - median);
    ana_sort(work, n);
    return 1.4826 * ana_median(work, n);
}

double ana_median_interval(const double *sorted, size_t n, double level, double *low, double *high)
{
    if (n == 0) {
        *low = *high = NAN;
        return 0;
    }
    /* tail = P(Bin(n, 1/2) <= k): the median lies below order statistic k + 1 (from 1) so often. */
    double tail = exp2(-(double)n), term = tail, kept = tail;
    size_t k = 0;
    while (2 * (k + 1) < n) {
        term *= (double)(n - k) / (double)(k + 1);
        if (1 - 2 * (tail + term) < level)
            break;
        tail += term;
        kept = tail;
        k++;
    }
    *low = sorted[k];
    *high = sorted[n - 1 - k];
    return n == 1 ? 0 : 1 - 2 * kept;
}

double ana_geomean(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(values[i] > 0))
            return NAN;
        sum += log(values[i]);
    }
    return n ? exp(sum / (double)n) : NAN;
}

/* Modified Gram-Schmidt: X = Q R in place, r is columns x columns, upper triangle. */
static int orthogonalise(double *q, size_t rows, size_t columns, double *r)
{
    for (size_t j = 0; j < columns; j++) {
        double before = 0;
        for (size_t i = 0; i < rows; i++)
            before += q[i * columns + j] * q[i * columns + j];
        for (size_t k = 0; k < j; k++) {
            double dot = 0;
            for (size_t i = 0; i < rows; i++)
                dot += q[i * columns + k] * q[i * columns + j];
            for (size_t i = 0; i < rows; i++)
                q[i * columns + j] -= dot * q[i * columns + k];
            r[k * columns + j] = dot;
        }
        double after = 0;
        for (size_t i = 0; i < rows; i++)
            after += q[i * columns + j] * q[i * columns + j];
        if (!(after > before * 1e-24))
            return -EDOM;
        r[j * columns + j] = sqrt(after);
        for (size_t i = 0; i < rows; i++)
            q[i * columns + j] /= r[j * columns + j];
    }
    return 0;
}

int ana_least_squares(const double *x, size_t rows, size_t columns, const double *y,
                      struct ana_fit *fit)
{
    if (columns == 0 || columns > ANA_FIT_MAX || columns > rows)
        return -EINVAL;
    double r[ANA_FIT_MAX * ANA_FIT_MAX] = {0};
    double *const q = malloc(rows * columns * sizeof(*q));
    double *const rest = malloc(rows * sizeof(*rest));
    int status = -ENOMEM;
    if (!q || !rest)
        goto out;
    memcpy(q, x, rows * columns * sizeof(*q));
    memcpy(rest, y, rows * sizeof(*rest));
    status = orthogonalise(q, rows, columns, r);
    if (status)
        goto out;
    for (size_t j = 0; j < columns; j++) { /* rest loses its part along each direction */
        double dot = 0;
        for (size_t i = 0; i < rows; i++)
            dot += q[i * columns + j] * rest[i];
        for (size_t i = 0; i < rows; i++)
            rest[i] -= dot * q[i * columns + j];
        fit->beta[j] = dot;
    }
    double squares = 0;
    for (size_t i = 0; i < rows; i++)
        squares += rest[i] * rest[i];
    fit->sigma = rows > columns ? sqrt(squares / (double)(rows - columns)) : NAN;
    for (size_t j = columns; j-- > 0;) {
        for (size_t k = j + 1; k < columns; k++)
            fit->beta[j] -= r[j * columns + k] * fit->beta[k];
        fit->beta[j] /= r[j * columns + j];
    }
    /* Row j of R^-1, whose squares sum to the variance of beta[j] in units of sigma^2. */
    for (size_t j = 0; j < columns; j++) {
        double inverse[ANA_FIT_MAX] = {0}, sum = 0;
        for (size_t c = j; c < columns; c++) {
            double value = c == j;
            for (size_t k = j; k < c; k++)
                value -= inverse[k] * r[k * columns + c];
            inverse[c] = value / r[c * columns + c];
            sum += inverse[c] * inverse[c];
        }
        fit->error[j] = fit->sigma * sqrt(sum);
    }
out:
    free(rest);
    free(q);
    return status;
}
