/* SPDX-License-Identifier: Apache-2.0 */
/* The one sentence above the page, and the comparison it rests on. */
#include "analysis/report/finding.h"

#include "analysis/report/difference.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct rep_pair rep_longest_pair(const struct rep_points *points)
{
    struct rep_pair found = {0};
    for (size_t i = 0; i < points->count; i++) {
        const struct rep_point *const p = &points->points[i];
        if (p->group <= 1 || !isfinite(p->speedup))
            continue;
        if (found.shared &&
            (p->context < found.shared->context ||
             (p->context == found.shared->context && p->group <= found.shared->group)))
            continue;
        found.shared = p;
    }
    for (size_t i = 0; found.shared && i < points->count; i++) {
        const struct rep_point *const p = &points->points[i];
        if (p->group == 1 && p->context == found.shared->context &&
            (!found.mha ||
             fabs(p->time_ns - found.shared->time_ns * found.shared->speedup) <
                 fabs(found.mha->time_ns - found.shared->time_ns * found.shared->speedup)))
            found.mha = p;
    }
    if (!found.mha)
        found.shared = NULL;
    return found;
}

/* "2.4 ms (2.3 to 2.5)", or the time alone where there is no interval. */
static void with_interval(const struct rep_point *p, char *buf, size_t size)
{
    TEXT(time, REP_TIME, p->time_ns);
    TEXT(low, REP_TIME, p->low_ns);
    TEXT(high, REP_TIME, p->high_ns);
    if (isfinite(p->low_ns) && p->high_ns > p->low_ns)
        snprintf(buf, size, "%s (%s to %s)", time, low, high);
    else
        snprintf(buf, size, "%s", time);
}

/* " (6.9x to 8.2x)": the least and the most that both intervals allow; "" without them. */
static void ratio_interval(const struct rep_pair *two, char *buf, size_t size)
{
    *buf = '\0';
    if (!(two->mha->high_ns > two->mha->low_ns) || !(two->shared->high_ns > two->shared->low_ns))
        return;
    TEXT(low, REP_TIMES, two->mha->low_ns / two->shared->high_ns);
    TEXT(high, REP_TIMES, two->mha->high_ns / two->shared->low_ns);
    snprintf(buf, size, " (%s to %s)", low, high);
}

static bool may_compare(const struct rep_pair *two)
{
    return two->mha && !rep_few_calls(two->mha) && !rep_few_calls(two->shared);
}

/* Where no attention was measured alone: the step at the longest context, MHA beside what shares
 * most, or the fastest there is. */
static void say_steps(const struct rep_points *steps, struct rep_headline *headline)
{
    const struct rep_pair two = rep_longest_pair(steps);
    const struct rep_point *longest = steps->count ? &steps->points[0] : NULL;
    char kind[REP_TEXT], a[128], b[128];
    for (size_t i = 1; i < steps->count; i++)
        longest = steps->points[i].context > longest->context ? &steps->points[i] : longest;
    if (!longest)
        return;
    const bool compared = may_compare(&two);
    const struct rep_point *const p = compared ? two.shared : longest;
    const bool model = p->name->problem.phase != ATTN_LAYER;
    TEXT(context, REP_TOKENS, p->context);
    if (compared) {
        TEXT(times, REP_TIMES, p->speedup);
        TEXT(attention, REP_TIMES, p->attention_speedup);
        snprintf(headline->text, sizeof(headline->text),
                 "At %s tokens of context a step of a whole %s is %s as fast with %s as with MHA",
                 context, model ? "model" : "layer", times, rep_attention(p, kind));
        with_interval(two.mha, a, sizeof(a));
        with_interval(p, b, sizeof(b));
        snprintf(headline->below, sizeof(headline->below),
                 "One step: %s with MHA, %s with %s; the attention in it is %s as fast.%s%s", a, b,
                 kind, attention, *p->label ? " Measured on " : "", p->label);
    } else {
        TEXT(rate, REP_RATE, p->items_per_second);
        TEXT(share, REP_PERCENT, p->attention_fraction);
        snprintf(headline->text, sizeof(headline->text),
                 "At %s tokens of context a whole %s passes %s tokens a second", context,
                 model ? "model" : "layer", rate);
        with_interval(p, a, sizeof(a));
        if (isfinite(p->attention_fraction))
            snprintf(headline->below, sizeof(headline->below),
                     "One step takes %s, %s of it in attention.", a, share);
    }
}

/* Where only runs that generate were measured: the one that grew longest. */
static void say_runs(const struct rep_points *runs, struct rep_headline *headline)
{
    const struct rep_point *p = runs->count ? &runs->points[0] : NULL;
    for (size_t i = 1; i < runs->count; i++)
        p = runs->points[i].longest > p->longest ? &runs->points[i] : p;
    if (!p)
        return;
    TEXT(longest, REP_TOKENS, p->longest);
    TEXT(rate, REP_RATE, p->items_per_second);
    TEXT(half, REP_TIME, p->tpot_p50_ns);
    TEXT(slow, REP_TIME, p->tpot_p99_ns);
    TEXT(prompt, REP_TIME, p->prefill_ns);
    snprintf(headline->text, sizeof(headline->text),
             "Generating until a sequence has %s tokens, a whole model passes %s tokens a second",
             longest, rate);
    snprintf(headline->below, sizeof(headline->below),
             "A prompt takes %s, half of the tokens after it %s or less and 99\302\240%% %s.",
             prompt, half, slow);
}

void rep_headline_say(const struct rep_sets *sets, struct rep_headline *headline)
{
    *headline = (struct rep_headline){.text = "No case of this file was measured"};
    static const char line[] = "# query: kernel=best over=kv_heads,context x=kv_bytes y=time_ns "
                               "series=64";
    struct rep_query query;
    struct rep_selection s;
    char reason[256], a[128], b[128];
    if (rep_query_parse(line, &query, reason, sizeof(reason)) ||
        rep_select(sets, &query, &s, reason, sizeof(reason))) {
        say_runs(&sets->runs, headline);
        say_steps(&sets->steps, headline); /* which stand before runs, where both are there */
        return;
    }
    const struct rep_pair two = rep_longest_pair(&s.points);
    if (may_compare(&two)) {
        char kind[REP_TEXT];
        TEXT(times, REP_TIMES, fabs(two.shared->speedup));
        TEXT(context, REP_TOKENS, two.mha->context);
        TEXT(share, REP_PERCENT, two.shared->ceiling_fraction);
        TEXT(large, REP_BYTES, two.mha->kv_bytes);
        TEXT(small, REP_BYTES, two.shared->kv_bytes);
        rep_attention(two.shared, kind);
        const char *const longer = kind[0] == 'M' ? "multi\342\200\221query attention" : kind;
        char interval[96];
        ratio_interval(&two, interval, sizeof(interval));
        snprintf(
            headline->text, sizeof(headline->text),
            "At %s tokens of context, %s decodes %s as fast as multi\342\200\221head attention%s",
            context, longer, times, interval);
        with_interval(two.mha, a, sizeof(a));
        with_interval(two.shared, b, sizeof(b));
        snprintf(headline->below, sizeof(headline->below),
                 "One layer, one call: %s with a KV cache of %s, %s with %s.%s%s%s", a, large, b,
                 small, isfinite(two.shared->ceiling_fraction) ? " The faster one runs at " : "",
                 isfinite(two.shared->ceiling_fraction) ? share : "",
                 isfinite(two.shared->ceiling_fraction) ? " of what this machine allows." : "");
    } else {
        const struct rep_point *longest = &s.points.points[0];
        for (size_t i = 1; i < s.points.count; i++)
            if (s.points.points[i].context > longest->context)
                longest = &s.points.points[i];
        char kind[REP_TEXT];
        TEXT(context, REP_TOKENS, longest->context);
        TEXT(rate, REP_RATE, longest->items_per_second);
        snprintf(headline->text, sizeof(headline->text),
                 "At %s tokens of context, one %s layer decodes %s tokens a second", context,
                 rep_attention(longest, kind), rate);
        with_interval(longest, a, sizeof(a));
        snprintf(headline->below, sizeof(headline->below), "One call takes %s with %s (%s).", a,
                 longest->name->kernel, s.held);
    }
    rep_selection_free(&s);
}
