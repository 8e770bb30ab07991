/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line a level, one column a number of threads. A ceiling that did not repeat has a mark beside
 * it, and one that cannot be read here says why below its table.
 */
#include "bench/cases/survey_show.h"

#include "bench/cases/data.h"
#include "bench/cases/survey_file.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *title;
    double unit; /* of a column */
    int digits;
} tables[ATTN_SURVEY_KINDS] = {
    [ATTN_SURVEY_READ] = {"read, GB/s", 1e9, 1},
    [ATTN_SURVEY_ARITHMETIC] = {"f32 multiply-add, GFLOP/s", 1e9, 0},
    [ATTN_SURVEY_INTEGER] = {"i8 multiply-add, Gop/s", 1e9, 0},
    [ATTN_SURVEY_LATENCY] = {"latency, ns", 1, 1},
    [ATTN_SURVEY_BARRIER] = {"start and meet, ns", 1, 0},
};

static const struct attn_reading *find(const struct attn_survey *s, enum attn_survey_kind kind,
                                       const char *what, uint32_t threads)
{
    for (size_t i = 0; i < s->readings; i++) {
        const struct attn_reading *const r = &s->reading[i];
        if (r->kind == kind && r->threads == threads && strcmp(r->what, what) == 0)
            return r;
    }
    return NULL;
}

static void put_cell(FILE *out, const struct attn_reading *r)
{
    char text[32] = "-", why[64];
    double spread;
    const double best = r ? attn_reading_best(r, &spread) : 0;
    if (best > 0)
        snprintf(text, sizeof(text), "%.*f", tables[r->kind].digits, best / tables[r->kind].unit);
    fprintf(out, " %10s%c", text, r && attn_reading_is_unstable(r, why, sizeof(why)) ? '~' : ' ');
}

/* Is there a reading of this kind by so many threads? */
static bool has_column(const struct attn_survey *s, enum attn_survey_kind kind, uint32_t threads)
{
    for (size_t i = 0; i < s->readings; i++)
        if (s->reading[i].kind == kind && s->reading[i].threads == threads)
            return true;
    return false;
}

static void put_table(FILE *out, const struct attn_survey *s, enum attn_survey_kind kind)
{
    const char *done[ATTN_SURVEY_REPETITIONS];
    size_t lines = 0;
    fprintf(out, "\n%-26s", tables[kind].title);
    for (int t = 0; t < s->teams; t++)
        if (has_column(s, kind, s->team[t]))
            fprintf(out, " %3u thread%c", s->team[t], s->team[t] == 1 ? ' ' : 's');
    fputs("\n", out);
    for (size_t i = 0; i < s->readings; i++) {
        const struct attn_reading *const r = &s->reading[i];
        size_t k = 0;
        while (k < lines && strcmp(done[k], r->what) != 0)
            k++;
        if (r->kind != kind || k < lines || lines == ATTN_SURVEY_REPETITIONS)
            continue;
        done[lines++] = r->what;
        char size[32] = "";
        if (r->bytes)
            attn_bytes_text(r->bytes, size, sizeof(size));
        fprintf(out, "%-10s %-15s", r->what, size);
        for (int t = 0; t < s->teams; t++)
            if (has_column(s, kind, s->team[t]))
                put_cell(out, find(s, kind, r->what, s->team[t]));
        fputs("\n", out);
    }
}

static void put_reasons(FILE *out, const struct attn_survey *s)
{
    char words[96];
    for (size_t i = 0; i < s->readings; i++) {
        if (!*s->reading[i].why_not)
            continue;
        attn_reading_words(&s->reading[i], words, sizeof(words));
        fprintf(out, "not read  %s: %s\n", words, s->reading[i].why_not);
    }
}

void attn_survey_show(FILE *out, const struct attn_survey *s)
{
    char why[64];
    size_t unstable = 0;
    for (size_t i = 0; i < s->readings; i++)
        unstable += attn_reading_is_unstable(&s->reading[i], why, sizeof(why));
    for (int kind = 0; kind < ATTN_SURVEY_KINDS; kind++)
        put_table(out, s, (enum attn_survey_kind)kind);
    fprintf(out, "\nclock     %.0f ns a reading; one in a thousand comes %.0f ns later\n",
            s->clock_cost_ns, s->jitter_ns);
    fputs("arithmetic of every KV type is in f32, to which others are widened first; split_idot "
          "multiplies\n          caches of integers as they are\n",
          out);
    put_reasons(out, s);
    if (unstable)
        fprintf(out,
                "unstable  %zu marked ~: half of its repetitions are more than %.0f %% from the "
                "best, or a level further away did better\n",
                unstable, 100 * ATTN_SURVEY_STABLE);
}

/* Against the survey before; NAN if the reading is not in both. */
static double change(const struct attn_reading *r, const struct machine_context *before)
{
    char key[96];
    double spread;
    attn_reading_key(r, key, sizeof(key));
    const char *const text = context_get(before, key);
    const double then = text ? strtod(text, NULL) : 0, now = attn_reading_best(r, &spread);
    return then > 0 && now > 0 ? now / then - 1 : NAN;
}

__attribute__((format(printf, 3, 4))) static void put_cause(FILE *out, size_t *n,
                                                            const char *format, ...)
{
    va_list arguments;
    fprintf(out, "%-10s", (*n)++ ? "" : "because");
    va_start(arguments, format);
    vfprintf(out, format, arguments);
    va_end(arguments);
    fputs("\n", out);
}

/* What of this run could be why, in words. */
static void put_causes(FILE *out, const struct attn_survey *s, const struct machine_context *before,
                       const struct machine_context *during)
{
    char why[64];
    size_t causes = 0, unstable = 0;
    const char *const earlier = context_get(before, "ceiling.unstable");
    for (size_t i = 0; i < s->readings; i++)
        unstable += fabs(change(&s->reading[i], before)) > ATTN_SURVEY_AGREES &&
                    attn_reading_is_unstable(&s->reading[i], why, sizeof(why));
    if (unstable)
        put_cause(out, &causes, "%zu of them are not stable in this survey", unstable);
    if (earlier && strcmp(earlier, "none") != 0)
        put_cause(out, &causes, "not stable in the survey before: %s", earlier);
    for (size_t i = 0; i < during->warnings; i++)
        put_cause(out, &causes, "%s", during->warning[i]);
    if (!causes)
        put_cause(out, &causes, "of nothing that this program can see");
}

void attn_survey_compare(FILE *out, const struct attn_survey *s,
                         const struct machine_context *before, uint64_t age,
                         const struct machine_context *during)
{
    char text[32], words[96];
    size_t apart = 0, common = 0;
    attn_age_text(age, text, sizeof(text));
    for (size_t i = 0; i < s->readings; i++) {
        const double by = change(&s->reading[i], before);
        common += !isnan(by);
        if (!(fabs(by) > ATTN_SURVEY_AGREES))
            continue;
        attn_reading_words(&s->reading[i], words, sizeof(words));
        if (!apart++)
            fprintf(out, "differs   from the survey %s ago by more than %.0f %%:\n", text,
                    100 * ATTN_SURVEY_AGREES);
        fprintf(out, "          %s %+.0f %%\n", words, 100 * by);
    }
    if (!common)
        return;
    if (!apart) {
        fprintf(out, "repeats   every ceiling is within %.0f %% of the survey %s ago\n",
                100 * ATTN_SURVEY_AGREES, text);
        return;
    }
    put_causes(out, s, before, during);
}
