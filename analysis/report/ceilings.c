/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of a survey say all there is to know in their names. Whoever wrote the file may have put
 * anything there: what is not a figure of a survey in full is passed over.
 */
#include "analysis/report/ceilings.h"

#include "analysis/number.h"
#include "analysis/report/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum what { READ, ARITHMETIC, INTEGER, LATENCY, KINDS };

static const struct {
    const char *begin, *end;
    size_t field;
    enum rep_unit unit;
    const char *title;
} kinds[KINDS] = {
    [READ] = {"ceiling.read_", "_bytes_per_second.threads_",
              offsetof(struct rep_point, bytes_per_second), REP_BYTE_RATE, "read"},
    [ARITHMETIC] = {"ceiling.f32_", "_flops_per_second.threads_",
                    offsetof(struct rep_point, flops_per_second), REP_FLOP_RATE,
                    "f32 multiply-adds"},
    /* In a field of its own: a roofline of f32 is not to find it. */
    [INTEGER] = {"ceiling.i8_", "_flops_per_second.threads_",
                 offsetof(struct rep_point, items_per_second), REP_FLOP_RATE, "i8 multiply-adds"},
    [LATENCY] = {"ceiling.latency_", "_ns.threads_", offsetof(struct rep_point, time_ns), REP_TIME,
                 "latency of a load"},
};

/* As keys and as people write them. */
static const char *const labels[] = {"L1",     "L2",      "L3",      "L4",     "L5",
                                     "memory", "avx2",    "avxvnni", "avx512", "avx512vnni",
                                     "neon",   "neondot", "auto",    "c"};

/* Points of cases have a name, and so have these: one and the same, of no kernel. */
static struct attn_name no_name;

static const char *label_of(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
        if (strlen(labels[i]) == length && strncasecmp(labels[i], text, length) == 0)
            return labels[i];
    return NULL;
}

static bool read_key(const struct ana_context *item, struct rep_point *p)
{
    for (int k = 0; k < KINDS; k++) {
        const size_t n = strlen(kinds[k].begin);
        if (strncmp(item->key, kinds[k].begin, n) != 0)
            continue;
        const char *const end = strstr(item->key + n, kinds[k].end);
        const char *const number = end ? end + strlen(kinds[k].end) : NULL;
        double value;
        uint64_t threads;
        for (size_t f = 0; f < rep_field_count; f++)
            *(double *)(void *)((char *)p + rep_fields[f].offset) = NAN;
        p->name = &no_name;
        p->text = "machine";
        p->label = end ? label_of(item->key + n, (size_t)(end - item->key) - n) : NULL;
        p->low_ns = p->high_ns = NAN;
        if (!p->label || ana_parse_count(number, strlen(number), 1 << 20, &threads) ||
            ana_parse_real(item->value, strlen(item->value), &value) || !(value > 0))
            return false;
        p->threads = (double)threads;
        *(double *)(void *)((char *)p + kinds[k].field) = value;
        return true;
    }
    return false;
}

/* So that a roofline finds its roofs where it finds those of cases: work over a second. */
static void add_roofs(struct rep_points *points)
{
    double peak = NAN, memory = NAN;
    for (size_t i = 0; i < points->count; i++) {
        const struct rep_point *const p = &points->points[i];
        peak = fmax(peak, p->flops_per_second);
        if (strcmp(p->label, "memory") == 0)
            memory = fmax(memory, p->bytes_per_second);
    }
    for (size_t i = 0; i < points->count; i++) {
        struct rep_point *const p = &points->points[i];
        if (isnan(p->bytes_per_second))
            continue;
        p->flops = peak;
        p->bytes = memory;
        p->fma_ns = p->read_ns = 1e9;
    }
}

int rep_ceilings_read(const struct ana_result *result, struct rep_points *points)
{
    *points = (struct rep_points){0};
    no_name = (struct attn_name){.problem = attn_problem_default(), .threads = 1};
    points->points = calloc(result->context_count + 1, sizeof(*points->points));
    if (!points->points)
        return -ENOMEM;
    for (size_t i = 0; i < result->context_count; i++)
        points->count += read_key(&result->context[i], &points->points[points->count]);
    add_roofs(points);
    return 0;
}

static double value_of(const struct rep_points *points, enum what kind, const char *label,
                       double threads)
{
    for (size_t i = 0; i < points->count; i++) {
        const struct rep_point *const p = &points->points[i];
        const double value = *(const double *)(const void *)((const char *)p + kinds[kind].field);
        if (isfinite(value) && p->threads == threads && strcmp(p->label, label) == 0)
            return value;
    }
    return NAN;
}

/* Distinct numbers of threads, ascending. */
static size_t teams(const struct rep_points *points, double team[], size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < points->count; i++) {
        const double threads = points->points[i].threads;
        size_t at = 0;
        while (at < n && team[at] < threads)
            at++;
        if ((at < n && team[at] == threads) || n == most)
            continue;
        memmove(&team[at + 1], &team[at], (n - at) * sizeof(*team));
        team[at] = threads;
        n++;
    }
    return n;
}

static void put_rows(const struct rep_points *points, enum what kind, const double team[], size_t n,
                     FILE *out)
{
    char text[REP_TEXT];
    for (size_t l = 0; l < sizeof(labels) / sizeof(*labels); l++) {
        bool any = false;
        for (size_t t = 0; t < n; t++)
            any = any || isfinite(value_of(points, kind, labels[l], team[t]));
        if (!any)
            continue;
        fprintf(out, "<tr><th scope=\"row\">%s, %s</th>", labels[l], kinds[kind].title);
        for (size_t t = 0; t < n; t++)
            fprintf(out, "<td>%s</td>",
                    rep_write(kinds[kind].unit, value_of(points, kind, labels[l], team[t]), text));
        fputs("</tr>\n", out);
    }
}

void rep_ceilings_write(const struct rep_points *points, const struct ana_result *result, FILE *out)
{
    enum { MOST = 16 };
    double team[MOST + 1];
    const size_t n = teams(points, team, MOST);
    const char *const age = ana_result_context(result, "ceiling.age_seconds");
    const char *const unstable = ana_result_context(result, "ceiling.unstable");
    if (!points->count)
        return;
    fputs("<h3>What it can do at most</h3>\n<div class=\"scroll\" tabindex=\"0\"><table>\n"
          "<thead><tr><th>ceiling</th>",
          out);
    for (size_t t = 0; t < n; t++)
        fprintf(out, "<th>%.0f thread%s</th>", team[t], team[t] == 1 ? "" : "s");
    fputs("</tr></thead>\n<tbody>\n", out);
    for (int k = 0; k < KINDS; k++)
        put_rows(points, (enum what)k, team, n, out);
    fputs("</tbody></table></div>\n<p class=\"note\">Best of repeated readings", out);
    if (age && strcmp(age, "0") != 0) {
        fputs(", taken ", out);
        rep_html(out, age);
        fputs(" seconds before this run", out);
    }
    if (unstable && strcmp(unstable, "none") != 0) {
        fputs(". Not stable, so perhaps flukes: ", out);
        rep_html(out, unstable);
    }
    fputs(".</p>\n", out);
}
