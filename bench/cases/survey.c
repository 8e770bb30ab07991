/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read, by how many threads, and what becomes of the repetitions. The loops that are timed
 * stand in survey_run.c.
 */
#include "bench/cases/survey.h"

#include "analysis/stats.h"
#include "bench/cases/survey_run.h"
#include "bench/machine/memory.h"
#include "kernels/cpu.h"
#include "kernels/registry.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;  /* in names of benchmarks and keys */
    const char *unit;  /* the end of a key */
    const char *words; /* for people; NULL: the name */
    const char *rung;  /* the ceiling that computes, or NULL */
} kinds[ATTN_SURVEY_KINDS] = {
    [ATTN_SURVEY_READ] = {"read", "_bytes_per_second"},
    [ATTN_SURVEY_ARITHMETIC] = {"f32", "_flops_per_second", "arithmetic", "ceil_fma"},
    [ATTN_SURVEY_INTEGER] = {"i8", "_flops_per_second", "integer arithmetic", "ceil_idot"},
    [ATTN_SURVEY_LATENCY] = {"latency", "_ns"},
    [ATTN_SURVEY_BARRIER] = {"barrier", "_ns"},
};

bool attn_reading_is_arithmetic(const struct attn_reading *r)
{
    return kinds[r->kind].rung != NULL;
}

bool attn_reading_is_rate(const struct attn_reading *r)
{
    return r->kind == ATTN_SURVEY_READ || attn_reading_is_arithmetic(r);
}

void attn_reading_key(const struct attn_reading *r, char *buf, size_t size)
{
    snprintf(buf, size, "ceiling.%s%s%s%s.threads_%" PRIu32, kinds[r->kind].name,
             *r->what ? "_" : "", r->what, kinds[r->kind].unit, r->threads);
    for (char *c = buf; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}

void attn_reading_words(const struct attn_reading *r, char *buf, size_t size)
{
    snprintf(buf, size, "%s%s%s of %" PRIu32 " thread%s", r->what, *r->what ? " " : "",
             kinds[r->kind].words ? kinds[r->kind].words : kinds[r->kind].name, r->threads,
             r->threads == 1 ? "" : "s");
}

double attn_reading_best(const struct attn_reading *r, double *spread)
{
    double sorted[ATTN_SURVEY_REPETITIONS];
    const size_t n = (size_t)r->values;
    *spread = 0;
    if (!n)
        return 0;
    memcpy(sorted, r->value, n * sizeof(*sorted));
    ana_sort(sorted, n);
    const bool rate = attn_reading_is_rate(r);
    const double best = sorted[rate ? n - 1 : 0], middle = sorted[rate ? (n - 1) / 2 : n / 2];
    *spread = rate ? 1 - middle / best : middle / best - 1;
    return best;
}

bool attn_reading_is_unstable(const struct attn_reading *r, char *why, size_t size)
{
    const struct attn_survey *const s = r->survey;
    double spread, ignored;
    const double best = attn_reading_best(r, &spread);
    if (!(best > 0))
        return false;
    if (spread > ATTN_SURVEY_STABLE) {
        snprintf(why, size, "%.0f %% apart", 100 * spread);
        return true;
    }
    const bool has_levels = r->kind == ATTN_SURVEY_READ || r->kind == ATTN_SURVEY_LATENCY;
    const struct attn_reading *const end = has_levels ? s->reading + s->readings : r;
    /* Levels of one number of threads stand side by side, from the core outwards. */
    for (const struct attn_reading *far = r + 1; far < end; far++) {
        if (far->kind != r->kind || far->threads != r->threads)
            break;
        const double other = attn_reading_best(far, &ignored);
        const double by = attn_reading_is_rate(r) ? other / best : best / other;
        if (other > 0 && by > 1 + ATTN_SURVEY_STABLE) {
            snprintf(why, size, "%s was better", far->what);
            return true;
        }
    }
    return false;
}

/* One thread, powers of two, all cores, all hardware threads. */
static void choose_teams(struct attn_survey *s)
{
    const uint32_t cores = s->host->topology.cores, pus = s->host->topology.pus;
    for (uint32_t n = 1; n < cores && s->teams < ATTN_SURVEY_TEAMS - 2; n *= 2)
        s->team[s->teams++] = n;
    s->team[s->teams++] = cores < ATTN_RANKS_MAX ? cores : ATTN_RANKS_MAX;
    if (pus > cores && pus <= ATTN_RANKS_MAX)
        s->team[s->teams++] = pus;
}

static struct attn_reading *add(struct attn_survey *s, enum attn_survey_kind kind, const char *what,
                                uint32_t threads)
{
    struct attn_reading *const r = &s->reading[s->readings++];
    *r = (struct attn_reading){.survey = s, .kind = kind, .threads = threads};
    snprintf(r->what, sizeof(r->what), "%.15s", what);
    snprintf(r->name, sizeof(r->name), "machine/%s%s%s/real_time/threads:%" PRIu32,
             kinds[kind].name, *what ? "/" : "", r->what, threads);
    return r;
}

static void add_levels(struct attn_survey *s, enum attn_survey_kind kind, uint32_t threads,
                       uint64_t available)
{
    struct machine_level level[MACHINE_LEVELS];
    const int n = machine_levels(&s->host->topology, threads, available, level);
    for (int i = 0; i < n; i++) {
        struct attn_reading *const r = add(s, kind, level[i].name, threads);
        r->bytes = level[i].bytes;
        snprintf(r->why_not, sizeof(r->why_not), "%s", level[i].why_not);
    }
}

/* Builds of the arithmetic ceiling that this CPU runs. The portable ones only where there is no
 * other: whoever has vectors is not limited by what goes without. */
static bool is_arithmetic(const struct attn_kernel *k, enum attn_survey_kind kind, bool portable)
{
    return k->kind == ATTN_CEILING && strcmp(k->rung, kinds[kind].rung) == 0 &&
           !(k->cpu & ~attn_cpu_features()) &&
           (strcmp(k->isa, "c") == 0 || strcmp(k->isa, "auto") == 0) == portable;
}

static size_t add_arithmetic(struct attn_survey *s, enum attn_survey_kind kind, bool portable)
{
    const size_t before = s->readings;
    size_t count;
    const struct attn_kernel *const *const all = attn_registry(&count);
    for (size_t i = 0; i < count; i++)
        for (int t = 0; is_arithmetic(all[i], kind, portable) && t < s->teams; t++)
            add(s, kind, all[i]->isa, s->team[t])->kernel = all[i];
    return s->readings - before;
}

static int add_all(struct attn_survey *s)
{
    const uint64_t available = machine_memory_available("");
    size_t kernels;
    attn_registry(&kernels);
    const size_t most = (size_t)s->teams * (MACHINE_LEVELS + kernels + 1) + MACHINE_LEVELS;
    s->reading = calloc(most, sizeof(*s->reading));
    if (!s->reading)
        return -ENOMEM;
    for (int t = 0; t < s->teams; t++)
        add_levels(s, ATTN_SURVEY_READ, s->team[t], available);
    for (int kind = 0; kind < ATTN_SURVEY_KINDS; kind++)
        if (kinds[kind].rung && !add_arithmetic(s, (enum attn_survey_kind)kind, false))
            add_arithmetic(s, (enum attn_survey_kind)kind, true);
    add_levels(s, ATTN_SURVEY_LATENCY, 1, available);
    for (int t = 0; t < s->teams; t++)
        if (s->team[t] > 1)
            add(s, ATTN_SURVEY_BARRIER, "", s->team[t]);
    return 0;
}

/* The value of a repetition's row, kept. */
static void on_row(void *user, const struct benchmark_row *row)
{
    struct attn_survey *const s = user;
    if (row->kind != BENCHMARK_ROW_ITERATION || row->status != BENCHMARK_ROW_OK)
        return;
    for (size_t i = 0; i < s->readings; i++) {
        struct attn_reading *const r = &s->reading[i];
        if (strcmp(r->name, row->run_name) == 0 && r->values < ATTN_SURVEY_REPETITIONS) {
            const double value = attn_survey_value(r, row);
            if (value > 0)
                r->value[r->values++] = value;
            return;
        }
    }
}

int attn_survey_open(struct attn_survey *s, struct attn_host *host, struct benchmark_runner *runner,
                     struct attn_message *why)
{
    *s = (struct attn_survey){.host = host, .runner = runner};
    choose_teams(s);
    int error = add_all(s);
    for (size_t i = 0; !error && i < s->readings; i++)
        error = attn_survey_register(&s->reading[i], i);
    if (error) {
        attn_survey_close(s);
        return attn_refuse(why, error, "cannot prepare the survey: %s", strerror(-error));
    }
    benchmark_on_row(runner, on_row, s);
    return 0;
}

void attn_survey_close(struct attn_survey *s)
{
    free(s->reading);
    *s = (struct attn_survey){0};
}

bool attn_survey_complete(const struct attn_survey *s)
{
    for (size_t i = 0; i < s->readings; i++)
        if (!s->reading[i].values && !*s->reading[i].why_not)
            return false;
    return s->readings > 0;
}

void attn_survey_describe(const struct attn_survey *s, struct machine_context *context)
{
    char key[96], words[96], why[64], unstable[1024] = "";
    double spread;
    size_t n = 0;
    for (size_t i = 0; i < s->readings; i++) {
        const struct attn_reading *const r = &s->reading[i];
        const double best = attn_reading_best(r, &spread);
        if (!(best > 0))
            continue;
        attn_reading_key(r, key, sizeof(key));
        context_set(context, key, "%.6g", best);
        attn_reading_words(r, words, sizeof(words));
        if (attn_reading_is_unstable(r, why, sizeof(why)) && n < sizeof(unstable))
            n += (size_t)snprintf(unstable + n, sizeof(unstable) - n, "%s%s (%s)", n ? ", " : "",
                                  words, why);
    }
    context_set(context, "ceiling.clock_cost_ns", "%.0f", s->clock_cost_ns);
    context_set(context, "ceiling.clock_jitter_ns", "%.0f", s->jitter_ns);
    context_set(context, "ceiling.unstable", "%s", n ? unstable : "none");
}
