/* SPDX-License-Identifier: Apache-2.0 */
/* What steps of whole layers and models say, and designs of equal cache. */
#include "analysis/report/finding.h"

#include "analysis/report/difference.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void rep_say_step(const struct rep_selection *s, struct rep_figure *f)
{
    const struct rep_pair two = rep_longest_pair(&s->points);
    if (!two.mha || !isfinite(two.shared->attention_speedup))
        return;
    char kind[REP_TEXT];
    TEXT(step, REP_TIMES, two.shared->speedup);
    TEXT(attention, REP_TIMES, two.shared->attention_speedup);
    TEXT(context, REP_TOKENS, two.shared->context);
    TEXT(before, REP_PERCENT, two.mha->attention_fraction);
    TEXT(after, REP_PERCENT, two.shared->attention_fraction);
    rep_attention(two.shared, kind);
    snprintf(f->title, sizeof(f->title),
             "At %s tokens %s makes attention %s as fast and the whole step %s", context, kind,
             attention, step);
    const size_t at = strlen(f->caption);
    snprintf(f->caption + at, sizeof(f->caption) - at,
             " At %s tokens attention is %s of a step with MHA and %s with %s.", context, before,
             after, kind);
}

void rep_say_share(const struct rep_selection *s, struct rep_figure *f)
{
    const struct rep_point *low = &s->points.points[0], *high = low;
    for (size_t i = 1; i < s->points.count; i++) {
        const struct rep_point *const p = &s->points.points[i];
        low = p->attention_fraction < low->attention_fraction ? p : low;
        high = p->attention_fraction > high->attention_fraction ? p : high;
    }
    if (s->row_count < 2)
        return;
    TEXT(least, REP_PERCENT, low->attention_fraction);
    TEXT(most, REP_PERCENT, high->attention_fraction);
    TEXT(context, REP_TOKENS, low->context);
    snprintf(f->title, sizeof(f->title),
             "At %s tokens attention is %s to %s of a step, depending on the model", context, least,
             most);
}

static void more(struct rep_figure *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void more(struct rep_figure *f, const char *format, ...)
{
    const size_t at = strlen(f->caption);
    va_list args;
    va_start(args, format);
    vsnprintf(f->caption + at, sizeof(f->caption) - at, format, args);
    va_end(args);
}

/* A bar of GLA or GTA stands for more cache than the design asks for. */
static bool say_copies(const struct rep_point *p, struct rep_figure *f)
{
    const uint64_t design = attn_kv_design_bytes(&p->name->problem);
    if (rep_has_layers(p) || design == attn_kv_bytes(&p->name->problem))
        return false;
    char kind[REP_TEXT];
    TEXT(measured, REP_BYTES, p->kv_bytes);
    TEXT(asked, REP_BYTES, (double)design);
    more(f,
         " %s is measured with a copy of the rotary part of K in each KV head: of its %s the "
         "design would keep %s.",
         rep_attention(p, kind), measured, asked);
    return true;
}

/* Heads that all read one latent compute more on a byte than the machine does while it reads one.
 */
static void say_latent(const struct rep_point *p, struct rep_figure *f)
{
    const struct attn_problem *const shape = &p->name->problem;
    if (rep_has_layers(p) || !shape->v_is_k_prefix || shape->kv_heads != 1)
        return;
    const double done = p->flops / p->bytes, able = done * p->read_ns / p->fma_ns;
    if (!isfinite(able))
        return;
    more(f,
         " MLA computes %.0f flop on a byte that it reads, and this machine %.0f in the time of "
         "reading one, so its limit is %s.",
         done, able, done > able ? "arithmetic" : "reading");
}

/* Where layers differ, or designs of one kind in their heads, by the rows' names. */
void rep_say_equal(const struct rep_selection *s, struct rep_figure *f)
{
    size_t fast = 0, slow = 0;
    for (size_t i = 1; i < s->points.count; i++) {
        const double rate = s->points.points[i].items_per_second;
        fast = rate > s->points.points[fast].items_per_second ? i : fast;
        slow = rate < s->points.points[slow].items_per_second ? i : slow;
    }
    const struct rep_point *const a = &s->points.points[fast], *const b = &s->points.points[slow];
    bool copies = false;
    for (size_t i = 0; i < s->points.count; i++) {
        copies |= say_copies(&s->points.points[i], f);
        say_latent(&s->points.points[i], f);
    }
    if (s->row_of[fast] == s->row_of[slow])
        return;
    TEXT(bytes, REP_BYTES, a->kv_bytes);
    TEXT(times, REP_TIMES, a->items_per_second / b->items_per_second);
    char quick[REP_TEXT], late[REP_TEXT];
    const bool kinds = strcmp(rep_attention(a, quick), rep_attention(b, late)) != 0 &&
                       !rep_has_layers(a) && !rep_has_layers(b);
    const char *const budget = copies ? "Same cache as measured" : "Same KV budget";
    if (rep_within_noise(a, b))
        snprintf(f->title, sizeof(f->title),
                 "%s (%s), different design: no difference beyond noise", budget, bytes);
    else
        snprintf(f->title, sizeof(f->title), "%s (%s), different design: %s is %s as fast as %s",
                 budget, bytes, kinds ? quick : s->rows[s->row_of[fast]], times,
                 kinds ? late : s->rows[s->row_of[slow]]);
}

void rep_say_ratio(const struct rep_selection *s, struct rep_figure *f)
{
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < s->points.count; i++) {
        const struct rep_point *const p = &s->points.points[i];
        const double ratio = p->memory_ratio_counted / p->memory_ratio;
        low = fmin(low, ratio);
        high = fmax(high, ratio);
    }
    TEXT(least, REP_TIMES, low);
    TEXT(most, REP_TIMES, high);
    snprintf(f->title, sizeof(f->title),
             "Counted memory to arithmetic is %s to %s the published order of growth", least, most);
}

/* The point that grew longest, the first of them, and the series it is in. */
static const struct rep_point *longest(const struct rep_selection *s, const char **series)
{
    const struct rep_point *last = NULL;
    for (size_t k = 0; k < s->series_count; k++)
        for (size_t i = s->series[k].first; i < s->series[k].first + s->series[k].count; i++)
            if (!last || s->points.points[i].longest > last->longest) {
                last = &s->points.points[i];
                *series = s->series[k].name;
            }
    return last;
}

void rep_say_tokens(const struct rep_selection *s, struct rep_figure *f)
{
    const char *cache = "";
    const struct rep_point *const last = longest(s, &cache);
    const bool several = s->series_count > 1;
    TEXT(time, REP_TIME, last->tpot_p50_ns);
    TEXT(slow, REP_TIME, last->tpot_p99_ns);
    TEXT(tokens, REP_TOKENS, last->longest);
    snprintf(f->title, sizeof(f->title),
             "Grown to %s tokens%s%s%s, half of the tokens take %s or less and 99\302\240%% %s",
             tokens, several ? " (" : "", several ? cache : "", several ? ")" : "", time, slow);
}

void rep_say_runs(const struct rep_selection *s, struct rep_figure *f)
{
    const char *cache = "";
    const struct rep_point *const last = longest(s, &cache);
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < s->points.count; i++) {
        const struct rep_point *const p = &s->points.points[i];
        if (p->longest == last->longest) {
            low = fmin(low, p->items_per_second);
            high = fmax(high, p->items_per_second);
        }
    }
    TEXT(tokens, REP_TOKENS, last->longest);
    TEXT(least, REP_RATE, low);
    TEXT(most, REP_RATE, high);
    const bool several = strcmp(least, most) != 0;
    snprintf(f->title, sizeof(f->title),
             "Runs that grow to %s tokens pass %s%s%s tokens a second, prompts included", tokens,
             least, several ? " to " : "", several ? most : "");
}
