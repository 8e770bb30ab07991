/* SPDX-License-Identifier: Apache-2.0 */
/* See student.h. */
#include "analysis/regress/history/student.h"

#include <math.h>

/* The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), evaluated
 * from the front as Lentz does. */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m < 500; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        const double terms[] = {even, odd};
        double factor = 1;
        for (int i = 0; i < 2; i++) {
            d = 1 + terms[i] * d;
            c = 1 + terms[i] / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            factor = d * c;
            value *= factor;
        }
        if (fabs(factor - 1) < 1e-15)
            break;
    }
    return value;
}

static double incomplete_beta(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x > 0;
    const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                     : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double reg_student(double t, double freedom)
{
    return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t));
}

static double mean_of(const double *x, size_t n, double *variance)
{
    double mean = 0, sum = 0;
    for (size_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    *variance = sum / (double)(n - 1);
    return mean;
}

double reg_welch(const double *a, size_t n, const double *b, size_t m)
{
    double va, vb;
    if (n < 2 || m < 2)
        return 1;
    const double difference = mean_of(a, n, &va) - mean_of(b, m, &vb);
    const double ea = va / (double)n, eb = vb / (double)m, error = ea + eb;
    if (!(error > 0))
        return fabs(difference) > 0 ? 0 : 1;
    const double freedom = error * error / (ea * ea / (double)(n - 1) + eb * eb / (double)(m - 1));
    return reg_student(difference / sqrt(error), freedom);
}
