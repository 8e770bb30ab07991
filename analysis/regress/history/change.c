/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A split is tested where it was chosen, so its p is too small by itself; it is multiplied by the
 * number of places it could have been (Bonferroni). Without that, one in ten quiet series of a
 * hundred values showed a change.
 */
#include "analysis/regress/history/change.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/regress/history/student.h"
#include "analysis/stats.h"

enum { WINDOW = 50, STEP = 25 };

struct search {
    const double *values;
    size_t n;
    const struct reg_change_rule *rule;
    bool *boundary;    /* a level begins here */
    const bool *given; /* or NULL */
    double *work;      /* n doubles */
    double *sums;      /* [(WINDOW + 1)][(WINDOW + 1)], see fill_sums() */
};

/* sums[a][b]: of |x_i - x_j| over i < a, j < b of a window that begins at `start`. */
static void fill_sums(struct search *s, size_t start, size_t length)
{
    double(*const sums)[WINDOW + 1] = (double(*)[WINDOW + 1]) s->sums;
    memset(sums, 0, sizeof(*sums) * (WINDOW + 1));
    for (size_t a = 0; a < length; a++)
        for (size_t b = 0; b < length; b++)
            sums[a + 1][b + 1] = sums[a][b + 1] + sums[a + 1][b] - sums[a][b] +
                                 fabs(s->values[start + a] - s->values[start + b]);
}

static double rectangle(const double (*sums)[WINDOW + 1], size_t a0, size_t a1, size_t b0,
                        size_t b1)
{
    return sums[a1][b1] - sums[a0][b1] - sums[a1][b0] + sums[a0][b0];
}

/* How much more the two halves [from, split) and [split, to) differ from each other than each
 * from itself. */
static double energy(const double (*sums)[WINDOW + 1], size_t from, size_t split, size_t to)
{
    const double n = (double)(split - from), m = (double)(to - split);
    const double between = rectangle(sums, from, split, split, to);
    const double in_n = rectangle(sums, from, split, from, split) / 2;
    const double in_m = rectangle(sums, split, to, split, to) / 2;
    return n * m / (n + m) *
           (2 * between / (n * m) - 2 * in_n / (n * (n - 1)) - 2 * in_m / (m * (m - 1)));
}

static double test(const struct search *s, size_t from, size_t split, size_t to)
{
    const size_t lasting = s->rule->lasting;
    const size_t places = to - from + 1 > 2 * lasting ? to - from + 1 - 2 * lasting : 1;
    const double p = reg_welch(s->values + from, split - from, s->values + split, to - split);
    return fmin(1, p * (double)places);
}

/* Splits [from, to) of the window at `start`, and its parts. */
static void split(struct search *s, size_t start, size_t from, size_t to)
{
    const double(*const sums)[WINDOW + 1] = (const double(*)[WINDOW + 1]) s->sums;
    const size_t lasting = s->rule->lasting;
    double best = 0;
    size_t at = 0, end = 0;
    for (size_t a = from + lasting; a + lasting <= to; a++)
        for (size_t b = a + lasting; b <= to; b++) {
            const double q = energy(sums, from, a, b);
            if (q > best) {
                best = q;
                at = a;
                end = b;
            }
        }
    if (!at || test(s, start + from, start + at, start + end) > 10 * s->rule->p)
        return;
    s->boundary[start + at] = true;
    split(s, start, from, at);
    split(s, start, at, to);
}

static double median_of(const struct search *s, size_t from, size_t to)
{
    memcpy(s->work, s->values + from, (to - from) * sizeof(*s->work));
    ana_sort(s->work, to - from);
    return ana_median(s->work, to - from);
}

static size_t next_boundary(const struct search *s, size_t at)
{
    do
        at++;
    while (at < s->n && !s->boundary[at]);
    return at;
}

/* The noise of the whole series: median distance from the median of one's own level. */
static double noise(const struct search *s, double *residuals)
{
    for (size_t from = 0, to; from < s->n; from = to) {
        to = next_boundary(s, from);
        const double level = median_of(s, from, to);
        for (size_t i = from; i < to; i++)
            residuals[i] = fabs(s->values[i] - level);
    }
    ana_sort(residuals, s->n);
    return 1.4826 * ana_median(residuals, s->n);
}

static struct reg_change describe(const struct search *s, size_t before, size_t at, size_t after)
{
    const bool given = s->given && s->given[at];
    return (struct reg_change){
        .at = at,
        .before = median_of(s, before, at),
        .after = median_of(s, at, after),
        .p = given || s->rule->exact ? 0 : test(s, before, at, after),
        .given = given,
    };
}

/* How little a change deserves to stay: above 1 it must go. */
static double weakness(const struct search *s, const struct reg_change *c, size_t before,
                       size_t after, double sigma)
{
    const size_t n = c->at - before, m = after - c->at, least = n < m ? n : m;
    const double shift = fabs(c->after - c->before);
    const double needed = fmax(log1p(s->rule->effect) / 2, 3 * sigma / sqrt((double)least));
    if (c->given)
        return 0;
    if (least < s->rule->lasting)
        return HUGE_VAL;
    return fmax(c->p / s->rule->p, shift > 0 ? needed / shift : HUGE_VAL);
}

/* Takes the weakest change away until all that are left deserve to stay. */
static void merge(struct search *s, double *residuals)
{
    for (;;) {
        const double sigma = noise(s, residuals);
        double worst = 1;
        size_t weakest = 0;
        for (size_t before = 0, at = next_boundary(s, 0); at < s->n;) {
            const size_t after = next_boundary(s, at);
            const struct reg_change c = describe(s, before, at, after);
            const double w = weakness(s, &c, before, after, sigma);
            if (w > worst) {
                worst = w;
                weakest = at;
            }
            before = at;
            at = after;
        }
        if (!weakest)
            return;
        s->boundary[weakest] = false;
    }
}

static void find_steps(struct search *s)
{
    const double least = log1p(s->rule->effect);
    double level = s->values[0];
    for (size_t i = 1; i < s->n; i++)
        if (fabs(s->values[i] - level) > least || (s->given && s->given[i])) {
            s->boundary[i] = true;
            level = s->values[i];
        }
}

static void find_levels(struct search *s, double *residuals)
{
    for (size_t start = 0; start < s->n; start += STEP) {
        const size_t length = s->n - start < WINDOW ? s->n - start : WINDOW;
        fill_sums(s, start, length);
        split(s, start, 0, length);
        if (start + length == s->n)
            break;
    }
    for (size_t i = 1; s->given && i < s->n; i++)
        s->boundary[i] |= s->given[i];
    merge(s, residuals);
}

int reg_changes(const double *values, size_t n, const bool *given,
                const struct reg_change_rule *rule, struct reg_change **found, size_t *count)
{
    struct search s = {.values = values, .n = n, .rule = rule, .given = given};
    s.boundary = calloc(n + 1, sizeof(*s.boundary));
    s.work = calloc(n + 1, sizeof(*s.work));
    s.sums = calloc((size_t)(WINDOW + 1) * (WINDOW + 1), sizeof(*s.sums));
    double *const residuals = calloc(n + 1, sizeof(*residuals));
    *found = calloc(n + 1, sizeof(**found));
    *count = 0;
    int status = s.boundary && s.work && s.sums && residuals && *found ? 0 : -ENOMEM;
    if (!status && n) {
        rule->exact ? find_steps(&s) : find_levels(&s, residuals);
        for (size_t before = 0, at = next_boundary(&s, 0); at < n;) {
            const size_t after = next_boundary(&s, at);
            (*found)[(*count)++] = describe(&s, before, at, after);
            before = at;
            at = after;
        }
    }
    if (status) {
        free(*found);
        *found = NULL;
    }
    free(s.boundary);
    free(s.work);
    free(s.sums);
    free(residuals);
    return status;
}
