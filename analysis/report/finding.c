/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sentences out of selections. Each states what is seen, with the cases it compares; none explains
 * what the data cannot show. A figure the table does not know keeps the words of its .gp file.
 */
#include "analysis/report/finding.h"

#include "analysis/report/difference.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double lowest(const struct rep_selection *s, const char *name, double sign)
{
    const struct rep_field *const field = rep_field_find(name);
    double found = NAN;
    for (size_t i = 0; i < s->points.count; i++) {
        const double value = rep_value(&s->points.points[i], field);
        if (isfinite(value) && !(sign * found <= sign * value))
            found = value;
    }
    return found;
}

static void say_cache(const struct rep_selection *s, struct rep_figure *f)
{
    const struct rep_pair two = rep_longest_pair(&s->points);
    TEXT(from, REP_TOKENS, lowest(s, "context", 1));
    TEXT(to, REP_TOKENS, lowest(s, "context", -1));
    int at = snprintf(
        f->caption, sizeof(f->caption),
        "One line an attention kind, one point a context, from %s tokens (upper end) to %s "
        "(lower end); further up is faster, further left is smaller. ",
        from, to);
    if (two.mha) {
        char kind[REP_TEXT];
        TEXT(times, REP_TIMES, two.shared->speedup);
        TEXT(context, REP_TOKENS, two.shared->context);
        TEXT(large, REP_BYTES, two.mha->kv_bytes);
        TEXT(small, REP_BYTES, two.shared->kv_bytes);
        TEXT(slow, REP_RATE, two.mha->items_per_second);
        TEXT(fast, REP_RATE, two.shared->items_per_second);
        rep_attention(two.shared, kind);
        snprintf(f->title, sizeof(f->title),
                 "At %s tokens %s needs 1/%.0f of the cache and decodes %s as fast as MHA", context,
                 kind, two.shared->ideal_speedup, times);
        at += snprintf(f->caption + at, sizeof(f->caption) - (size_t)at,
                       "At %s tokens the cache of one layer shrinks from %s to %s, and one layer "
                       "passes %s instead of %s tokens a second. ",
                       context, large, small, fast, slow);
    }
    if (isfinite(lowest(s, "floor_rate", 1)))
        snprintf(f->caption + at, sizeof(f->caption) - (size_t)at,
                 "Thin lines are what the machine's ceilings would allow for the same cases.");
}

static void say_latency(const struct rep_selection *s, struct rep_figure *f)
{
    const struct rep_pair two = rep_longest_pair(&s->points);
    if (two.mha) {
        char kind[REP_TEXT];
        TEXT(slow, REP_TIME, two.mha->time_ns);
        TEXT(fast, REP_TIME, two.shared->time_ns);
        TEXT(context, REP_TOKENS, two.mha->context);
        rep_attention(two.shared, kind);
        snprintf(f->title, sizeof(f->title),
                 "At %s tokens one call takes %s with MHA and %s with %s", context, slow, fast,
                 kind);
    }
    snprintf(f->caption, sizeof(f->caption),
             "Time of one decode call through one layer, both axes logarithmic: ten times the time "
             "for ten times the context is work in proportion, a flatter start is fixed cost. "
             "Bands span the interval of the median.");
}

static void say_speedup(const struct rep_selection *s, struct rep_figure *f)
{
    const struct rep_pair two = rep_longest_pair(&s->points);
    if (!two.mha)
        return;
    TEXT(times, REP_TIMES, two.shared->speedup);
    TEXT(context, REP_TOKENS, two.shared->context);
    char kind[REP_TEXT];
    rep_attention(two.shared, kind);
    snprintf(f->title, sizeof(f->title),
             "%s reads 1/%.0f of the KV bytes and is %s as fast at %s tokens", kind,
             two.shared->ideal_speedup, times, context);
    int at = snprintf(f->caption, sizeof(f->caption),
                      "Blue: measured speed-up over MHA at the same context, the longest darkest. "
                      "Grey dashes: as many times faster as heads are saved (H/G). ");
    if (isfinite(two.shared->floor_speedup)) {
        TEXT(floor, REP_TIMES, two.shared->floor_speedup);
        TEXT(share, REP_PERCENT, two.shared->efficiency);
        snprintf(f->caption + at, sizeof(f->caption) - (size_t)at,
                 "Black dots: the floor's own speed-up, from the machine's ceilings for the same "
                 "cases at the longest context; it allows %s where %s were measured, %s of it.",
                 floor, times, share);
    }
}

static void say_time(const struct rep_selection *s, struct rep_figure *f)
{
    const struct rep_series *const longest = &s->series[s->series_count - 1];
    const struct rep_point *const few = &s->points.points[longest->first];
    const struct rep_point *const many = few + longest->count - 1;
    TEXT(fast, REP_TIME, few->time_ns);
    TEXT(slow, REP_TIME, many->time_ns);
    TEXT(context, REP_TOKENS, many->context);
    snprintf(f->title, sizeof(f->title),
             "At %s tokens one call takes %s with %.0f KV head%s and %s with %.0f", context, fast,
             few->kv_heads, few->kv_heads > 1 ? "s" : "", slow, many->kv_heads);
    if (!isfinite(few->floor_ns) || !isfinite(many->floor_ns))
        return;
    TEXT(low, REP_TIME, few->floor_ns);
    TEXT(high, REP_TIME, many->floor_ns);
    const size_t end = strlen(f->caption);
    snprintf(f->caption + end, sizeof(f->caption) - end,
             " There the floor is %s and %s: where it is flat, arithmetic that fewer KV heads do "
             "not save is the limit, where it rises, the bytes of the cache are.",
             low, high);
}

static void say_kernels(const struct rep_selection *s, struct rep_figure *f)
{
    const struct rep_point *top = NULL;
    size_t wins = 0, kinds = 0;
    for (size_t k = 0; k < s->series_count; k++) {
        const struct rep_point *first = NULL;
        for (size_t i = s->series[k].first; i < s->series[k].first + s->series[k].count; i++)
            if (!first || s->points.points[i].time_ns < first->time_ns)
                first = &s->points.points[i];
        kinds++;
        wins += first && strcmp(first->name->kernel, s->rows[0]) == 0;
        top = first;
    }
    if (!top || s->row_count < 2)
        return;
    TEXT(context, REP_TOKENS, top->context);
    if (kinds == 1)
        snprintf(f->title, sizeof(f->title), "%s is the fastest kernel for %s at %s tokens",
                 s->rows[0], s->series[0].name, context);
    else
        snprintf(f->title, sizeof(f->title),
                 "%s is the fastest kernel for %zu of %zu attention kinds at %s tokens", s->rows[0],
                 wins, kinds, context);
    snprintf(f->caption, sizeof(f->caption),
             "One panel an attention kind, fastest kernel first. A dot is the median time of one "
             "call, to the left is faster; the line through it spans its interval.%s",
             isfinite(lowest(s, "floor_ns", 1))
                 ? " The black tick is the floor, the longer of reading the bytes and doing the "
                   "arithmetic on this machine; the percentage says how much of it was reached."
                 : "");
}

static void say_models(const struct rep_selection *s, struct rep_figure *f)
{
    if (s->row_count < 2)
        return;
    const size_t last = s->row_count - 1;
    const double high = lowest(s, "items_per_second", -1), low = lowest(s, "items_per_second", 1);
    TEXT(fast, REP_RATE, high);
    TEXT(slow, REP_RATE, low);
    TEXT(times, REP_TIMES, high / low);
    TEXT(context, REP_TOKENS, s->points.points[0].context);
    snprintf(f->title, sizeof(f->title), "One layer of %.40s decodes %s as fast as one of %.60s",
             s->rows[0], times, s->rows[last]);
    snprintf(
        f->caption, sizeof(f->caption),
        "Tokens a second through one attention layer at %s tokens of context, %s to %s; "
        "whole models have different numbers of layers. Beside each bar its rate, its share of "
        "the machine's ceiling (black tick), the attention kind and the size of one layer's "
        "cache.",
        context, slow, fast);
}

static void say_efficiency(const struct rep_selection *s, struct rep_figure *f)
{
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < s->points.count; i++) {
        const struct rep_point *const p = &s->points.points[i];
        if (p->group > 1 && isfinite(p->efficiency)) {
            low = fmin(low, p->efficiency);
            high = fmax(high, p->efficiency);
        }
    }
    if (!(low <= high))
        return;
    TEXT(least, REP_PERCENT, low);
    TEXT(most, REP_PERCENT, high);
    snprintf(f->title, sizeof(f->title),
             "Between %s and %s of the speed-up this machine allows is reached", least, most);
    snprintf(f->caption, sizeof(f->caption),
             "Measured speed-up over MHA divided by the floor's own speed-up, for each context and "
             "number of KV heads. 100\302\240%% means fewer KV heads gain all that the ceilings "
             "promise; a light cell is speed left on the table.");
}

static void say_roofline(const struct rep_selection *s, struct rep_figure *f)
{
    size_t near = 0, known = 0;
    for (size_t i = 0; i < s->points.count; i++) {
        known += isfinite(s->points.points[i].ceiling_fraction);
        near += s->points.points[i].ceiling_fraction >= 0.5;
    }
    if (known)
        snprintf(f->title, sizeof(f->title), "%zu of %zu cases run at half their ceiling or better",
                 near, known);
    snprintf(
        f->caption, sizeof(f->caption),
        "Every case as operations a second over operations a byte, whatever its threads. Under "
        "the slope memory is the limit, under the flat roof arithmetic is; %s",
        known ? "both roofs are the best readings of the machine's ceilings in these files."
              : "the files hold no ceilings, so no roof is drawn.");
}

static void say_scaling(const struct rep_selection *s, struct rep_figure *f)
{
    const double least = lowest(s, "threads", 1), most = lowest(s, "threads", -1);
    double low = INFINITY, high = 0;
    for (size_t k = 0; k < s->series_count; k++) {
        const struct rep_point *const one = &s->points.points[s->series[k].first];
        const double gain = one[s->series[k].count - 1].items_per_second / one->items_per_second;
        if (s->series[k].count > 1) {
            low = fmin(low, gain);
            high = fmax(high, gain);
        }
    }
    if (!(low <= high))
        return;
    TEXT(a, REP_TIMES, low);
    TEXT(b, REP_TIMES, high);
    snprintf(f->title, sizeof(f->title),
             "%.0f threads in place of %.0f bring %s%s%s the tokens a second", most, least, a,
             strcmp(a, b) ? " to " : "", strcmp(a, b) ? b : "");
}

static void say_batch(const struct rep_selection *s, struct rep_figure *f)
{
    double low = INFINITY, high = 0;
    const double most = lowest(s, "batch", -1), least = lowest(s, "batch", 1);
    for (size_t k = 0; k < s->series_count; k++) {
        const struct rep_point *const one = &s->points.points[s->series[k].first];
        const double gain = one[s->series[k].count - 1].items_per_second / one->items_per_second;
        low = fmin(low, gain);
        high = fmax(high, gain);
    }
    TEXT(a, REP_TIMES, low);
    TEXT(b, REP_TIMES, high);
    if (high < 1.1)
        snprintf(f->title, sizeof(f->title),
                 "A batch of %.0f passes no more tokens a second than one of %.0f", most, least);
    else
        snprintf(f->title, sizeof(f->title),
                 "A batch of %.0f passes %s%s%s the tokens a second of one of %.0f", most, a,
                 strcmp(a, b) ? " to " : "", strcmp(a, b) ? b : "", least);
}

static void say_error(const struct rep_selection *s, struct rep_figure *f)
{
    const double worst = lowest(s, "error_used", -1);
    TEXT(share, REP_PERCENT, worst);
    snprintf(f->title, sizeof(f->title),
             worst <= 1 ? "Every result is right: the largest error is %s of its bound"
                        : "A result is wrong: its error is %s of its bound",
             share);
}

static void say_types(const struct rep_selection *s, struct rep_figure *f)
{
    const struct rep_point *narrow = NULL, *wide = NULL;
    for (size_t i = 0; i < s->points.count; i++) {
        const struct rep_point *const p = &s->points.points[i];
        narrow = !narrow || p->kv_bytes < narrow->kv_bytes ? p : narrow;
        wide = !wide || p->kv_bytes > wide->kv_bytes ? p : wide;
    }
    TEXT(bytes, REP_PERCENT, narrow->kv_bytes / wide->kv_bytes);
    TEXT(speed, REP_TIMES, narrow->items_per_second / wide->items_per_second);
    snprintf(f->title, sizeof(f->title),
             "A cache of %s takes %s of the bytes of %s and is %s as fast",
             attn_types[narrow->name->problem.k_type].name, bytes,
             attn_types[wide->name->problem.k_type].name, speed);
}

static void say_percentiles(const struct rep_selection *s, struct rep_figure *f)
{
    double worst = 0;
    const struct rep_point *at = NULL;
    for (size_t i = 0; i < s->points.count; i++) {
        const struct rep_point *const p = &s->points.points[i];
        if (p->p99_ns / p->p50_ns > worst) {
            worst = p->p99_ns / p->p50_ns;
            at = p;
        }
    }
    if (!at)
        return;
    char kind[REP_TEXT];
    TEXT(times, REP_TIMES, worst);
    TEXT(context, REP_TOKENS, at->context);
    snprintf(f->title, sizeof(f->title),
             "One call in a hundred takes up to %s the median (%s, %s tokens)", times,
             rep_attention(at, kind), context);
}

static void say_traffic(const struct rep_selection *s, struct rep_figure *f)
{
    const double low = lowest(s, "amplification", 1), high = lowest(s, "amplification", -1);
    if (!(low <= high))
        return;
    TEXT(a, REP_TIMES, low);
    TEXT(b, REP_TIMES, high);
    snprintf(f->title, sizeof(f->title), "Memory moves %s%s%s the bytes the shapes demand", a,
             strcmp(a, b) ? " to " : "", strcmp(a, b) ? b : "");
}

static void say_simulated(const struct rep_selection *s, struct rep_figure *f)
{
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < s->points.count; i++) {
        const struct rep_point *const p = &s->points.points[i];
        low = fmin(low, p->sim_dram_bytes / p->bytes);
        high = fmax(high, p->sim_dram_bytes / p->bytes);
    }
    TEXT(a, REP_TIMES, low);
    TEXT(b, REP_TIMES, high);
    snprintf(f->title, sizeof(f->title), "Simulated caches move %s%s%s the bytes the shapes demand",
             a, strcmp(a, b) ? " to " : "", strcmp(a, b) ? b : "");
}

/* The last point of a series by its name, NULL if there is none. */
static const struct rep_point *last_of(const struct rep_selection *s, const char *name)
{
    for (size_t k = 0; k < s->series_count; k++)
        if (strcmp(s->series[k].name, name) == 0)
            return &s->points.points[s->series[k].first + s->series[k].count - 1];
    return NULL;
}

static void say_ladder(const struct rep_selection *s, struct rep_figure *f)
{
    const struct rep_point *const memory = last_of(s, "memory"), *const first = last_of(s, "L1");
    if (!memory || !first)
        return;
    TEXT(rate, REP_BYTE_RATE, memory->bytes_per_second);
    TEXT(times, REP_TIMES, first->bytes_per_second / memory->bytes_per_second);
    TEXT(threads, REP_COUNT, memory->threads);
    snprintf(f->title, sizeof(f->title),
             "Memory gives %s to %s thread%s, the first cache %s as much", rate, threads,
             memory->threads == 1 ? "" : "s", times);
    snprintf(f->caption, sizeof(f->caption),
             "Bytes a second that loops reach which read and do nothing else, one line a level of "
             "cache, each thread reading data of its own. What one attention layer reads of its "
             "KV cache comes from the level the cache still fits into.");
}

static void say_roofs(const struct rep_selection *s, struct rep_figure *f)
{
    const struct rep_point *const memory = last_of(s, "memory");
    if (!memory || !(memory->flops > 0))
        return;
    TEXT(ridge, REP_INTENSITY, memory->flops / memory->bytes_per_second);
    snprintf(f->title, sizeof(f->title),
             "Below %s operations a byte memory is this machine's limit", ridge);
    snprintf(f->caption, sizeof(f->caption),
             "One roof a level of cache, for as many threads as were surveyed: up the slope the "
             "level is the limit, along the flat arithmetic in f32 is. Dotted: decoding from an "
             "f16 cache does one operation a byte for each query head that shares a KV head, so "
             "sharing moves a layer to the right, towards the flat.");
}

static const struct {
    const char *plot;
    void (*say)(const struct rep_selection *selection, struct rep_figure *figure);
    bool compares; /* times, whose differences a few calls cannot tell from chance */
} sayings[] = {
    {"01-cache-versus-speed", say_cache, true},
    {"02-latency-versus-context", say_latency, true},
    {"03-speedup-versus-kv-heads", say_speedup, true},
    {"03-time-versus-kv-heads", say_time, true},
    {"04-kernels", say_kernels, true},
    {"05-models", say_models, true},
    {"06-efficiency", say_efficiency, true},
    {"07-roofline", say_roofline, false},
    {"08-batch", say_batch, true},
    {"09-threads", say_scaling, true},
    {"10-error", say_error, false},
    {"11-kv-types", say_types, true},
    {"12-percentiles", say_percentiles, false},
    {"13-traffic", say_traffic, false},
    {"14-simulated-traffic", say_simulated, false},
    {"15-query-tokens", rep_say_drafts, true},
    {"16-reach", rep_say_reach, true},
    {"21-bandwidth-ladder", say_ladder, false},
    {"22-machine-roofline", say_roofs, false},
    {"30-paper-gqa", rep_say_paper, true},
    {"31-paper-mqa", rep_say_paper, true},
    {"32-paper-flash-decoding", rep_say_paper, true},
    {"33-paper-depth", rep_say_paper, true},
    {"34-paper-gqa-step", rep_say_paper, true},
    {"35-paper-mqa-step", rep_say_paper, true},
    {"40-step-speedup", rep_say_step, true},
    {"41-attention-share", rep_say_share, false},
    {"42-equal-cache", rep_say_equal, true},
    {"43-equal-cache-models", rep_say_equal, true},
    {"44-memory-ratio", rep_say_ratio, false},
    {"45-generate", rep_say_tokens, false},
    {"46-generate-rate", rep_say_runs, false},
};

/* The words of the .gp file stay, and why. */
static void hold_back(struct rep_figure *f)
{
    const size_t end = strlen(f->caption);
    snprintf(f->caption + end, sizeof(f->caption) - end,
             " Cases were timed by fewer than %d calls, which do not tell differences from chance.",
             REP_CALLS_LEAST);
}

static bool any_few_calls(const struct rep_selection *s)
{
    for (size_t i = 0; i < s->points.count; i++)
        if (rep_few_calls(&s->points.points[i]))
            return true;
    return false;
}

void rep_finding_say(const char *plot, const struct rep_selection *selection,
                     const struct rep_query *query, struct rep_figure *figure)
{
    for (size_t i = 0; i < sizeof(sayings) / sizeof(*sayings); i++) {
        if (strcmp(sayings[i].plot, plot) != 0)
            continue;
        if (sayings[i].compares && any_few_calls(selection))
            hold_back(figure);
        else
            sayings[i].say(selection, figure);
    }
    int at = snprintf(figure->alt, sizeof(figure->alt), "Chart of %s against %s, %zu points",
                      query->y ? query->y->title : query->x->title,
                      query->y ? query->x->title : "categories", selection->points.count);
    for (size_t k = 0; k < selection->series_count && k < 8 && at < 440; k++)
        at += snprintf(figure->alt + at, sizeof(figure->alt) - (size_t)at, "%s%.40s",
                       k ? ", " : ": ", selection->series[k].name);
}
