/* SPDX-License-Identifier: Apache-2.0 */
/* See judge.h. */
#include "analysis/regress/judge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/regress/adjust.h"
#include "analysis/stats.h"

static const struct reg_profile profiles[] = {
    {.name = "vm", .effect = 0.02, .q = 0.01},
    {.name = "bare", .effect = 0.005, .q = 0.05},
};

/* An improvement fails nobody, so fewer of them are worth a second asking. */
static const double slower_screen = 0.20, faster_screen = 0.05;

/* From here on launches of one program differ too much from each other. */
static const double unstable_deviation = 0.05, unstable_gap = 0.03;

const struct reg_profile *reg_profile_find(const char *name)
{
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
        if (strcmp(name, profiles[i].name) == 0)
            return &profiles[i];
    return NULL;
}

double reg_profile_bound(const struct reg_profile *profile)
{
    return fmax(0.05, 2 * profile->effect);
}

static double median_of(const double *values, size_t n, double *sorted)
{
    memcpy(sorted, values, n * sizeof(*sorted));
    ana_sort(sorted, n);
    return ana_median(sorted, n);
}

/* p that the change in the given direction (1 slower, -1 faster) is more than `effect`. */
static double beyond(const double *d, size_t n, double direction, double effect, bool sign)
{
    double rest[REG_LAUNCHES_MAX];
    for (size_t i = 0; i < n; i++)
        rest[i] = direction * d[i] - log1p(effect);
    return sign ? reg_sign(rest, n) : reg_signed_rank(rest, n);
}

bool reg_flagged(const struct reg_series *series, const struct reg_profile *profile)
{
    double sorted[REG_LAUNCHES_MAX];
    const size_t n = series->screens;
    if (!n)
        return false;
    const double median = median_of(series->screen, n, sorted);
    if (fabs(median) <= log1p(profile->effect) / 2)
        return false;
    return beyond(series->screen, n, median > 0 ? 1 : -1, 0, false) <=
           (median > 0 ? slower_screen : faster_screen);
}

size_t reg_confirms_needed(const struct reg_profile *profile, size_t cases)
{
    size_t n = 6;
    while (n < REG_LAUNCHES_MAX && 2 * reg_least_p(n) > profile->q / (double)(cases ? cases : 1))
        n++;
    return n;
}

/* Two looks at half of the error each are one p of twice the smaller. */
static double two_looks(const struct reg_series *s, double direction,
                        const struct reg_profile *profile, const struct reg_looks *looks, bool sign)
{
    const double all = beyond(s->confirm, s->confirms, direction, profile->effect, sign);
    if (!looks->first)
        return all;
    const size_t n = s->confirms < looks->first ? s->confirms : looks->first;
    const double first = beyond(s->confirm, n, direction, profile->effect, sign);
    return fmin(1, 2 * fmin(first, all));
}

/* Two heaps of launches with nothing between them; one stray launch is no heap. */
static bool two_heaps(const double *sorted, size_t n)
{
    double gaps[REG_LAUNCHES_MAX], widest = 0;
    if (n < 6)
        return false;
    for (size_t i = 0; i + 1 < n; i++) {
        gaps[i] = sorted[i + 1] - sorted[i];
        if (i >= 1 && i + 3 <= n && gaps[i] > widest)
            widest = gaps[i];
    }
    ana_sort(gaps, n - 1);
    return widest > unstable_gap && widest > 4 * ana_median(gaps, n - 1);
}

static void describe(const struct reg_series *s, struct reg_judged *judged, double *sorted)
{
    const double *const d = s->confirms ? s->confirm : s->screen;
    const size_t n = s->confirms ? s->confirms : s->screens;
    *judged = (struct reg_judged){
        .verdict = REG_INCONCLUSIVE,
        .launches = n,
        .estimate = median_of(d, n, sorted),
        .low = -(double)INFINITY,
        .high = INFINITY,
        .deviation = reg_deviation(d, n),
        .p = NAN,
        .adjusted = NAN,
        .sign_p = NAN,
        .visible = NAN,
    };
    double low, high;
    if (n && ana_median_interval(sorted, n, 0.95, &low, &high) >= 0.95) {
        judged->low = low;
        judged->high = high;
    }
}

/* Four times out of five, of a signed-rank test at `level` with normal launches. */
static double visible(const struct reg_judged *judged, const struct reg_profile *profile,
                      double level)
{
    if (judged->launches < 2 || reg_least_p(judged->launches) > level)
        return INFINITY;
    const double z = reg_normal_quantile(level) + reg_normal_quantile(0.2);
    return log1p(profile->effect) + z * 1.05 * judged->deviation / sqrt((double)judged->launches);
}

static void settle(const struct reg_profile *profile, const double *sorted, bool slower,
                   bool faster, struct reg_judged *judged)
{
    const size_t n = judged->launches;
    if (slower)
        judged->verdict = REG_REGRESSED;
    else if (faster)
        judged->verdict = REG_IMPROVED;
    else if (n > 1 && (judged->deviation > unstable_deviation || two_heaps(sorted, n)))
        judged->verdict = REG_UNSTABLE;
    else if (reg_upper_bound(sorted, n, 0.95) < log1p(reg_profile_bound(profile)))
        judged->verdict = REG_OK;
}

int reg_judge(const struct reg_series *series, size_t count, const struct reg_profile *profile,
              const struct reg_looks *looks, struct reg_judged *judged)
{
    double *const p = calloc(4 * count + 1, sizeof(*p)), sorted[REG_LAUNCHES_MAX];
    double *const slower = p, *const faster = p + count;
    size_t asked = 0;
    if (!p)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct reg_series *const s = &series[i];
        asked += s->confirms > 0;
        slower[i] = s->confirms ? two_looks(s, 1, profile, looks, profile->sign) : (double)NAN;
        faster[i] = s->confirms ? two_looks(s, -1, profile, looks, profile->sign) : (double)NAN;
    }
    int status = reg_adjust(slower, p + 2 * count, count);
    if (!status)
        status = reg_adjust(faster, p + 3 * count, count);
    const double level = profile->q / (double)(asked ? asked : 1) / (looks->first ? 2 : 1);
    for (size_t i = 0; !status && i < count; i++) {
        struct reg_judged *const j = &judged[i];
        const double up = p[2 * count + i], down = p[3 * count + i];
        describe(&series[i], j, sorted);
        if (series[i].confirms) {
            const double direction = j->estimate >= 0 ? 1 : -1;
            j->p = direction > 0 ? slower[i] : faster[i];
            j->adjusted = direction > 0 ? up : down;
            j->sign_p = two_looks(&series[i], direction, profile, looks, true);
        }
        j->visible = visible(j, profile, level);
        settle(profile, sorted, up <= profile->q, down <= profile->q, j);
    }
    free(p);
    return status;
}

int reg_judge_controls(const struct reg_series *series, size_t count,
                       const struct reg_profile *profile, const struct reg_looks *looks,
                       struct reg_control *control)
{
    struct reg_judged *const judged = calloc(count + 1, sizeof(*judged));
    double *const size = calloc(count + 1, sizeof(*size));
    size_t seen = 0;
    int status = judged && size ? reg_judge(series, count, profile, looks, judged) : -ENOMEM;
    *control = (struct reg_control){.quiet = true};
    for (size_t i = 0; !status && i < count; i++) {
        const enum reg_verdict verdict = judged[i].verdict;
        control->changed += verdict == REG_REGRESSED || verdict == REG_IMPROVED;
        if (judged[i].launches)
            size[seen++] = fabs(judged[i].estimate);
    }
    if (!status && seen) {
        ana_sort(size, seen);
        control->median = ana_median(size, seen);
        control->largest = size[seen - 1];
        control->quiet = !control->changed && control->median <= log1p(profile->effect) / 2;
    }
    free(size);
    free(judged);
    return status;
}
