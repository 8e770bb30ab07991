/* SPDX-License-Identifier: Apache-2.0 */
/* From the rounds of a run to its report: verdicts of the cases, and whether to believe them. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/regress/run.h"

enum { REMARKS = 8, PROPERTIES = 24 };

struct reporting {
    const struct reg_run *run;
    const uint64_t *swaps;
    struct ana_arena *arena;
    struct reg_judged *judged;
    struct reg_control control;
    const char **remarks;
    struct reg_property *properties;
    struct reg_report *report;
};

__attribute__((format(printf, 2, 3))) static const char *say(struct reporting *r,
                                                             const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    const char *const copy = ana_arena_copy(r->arena, text);
    return copy ? copy : "";
}

static void remark(struct reporting *r, const char *sentence)
{
    if (r->report->remark_count < REMARKS)
        r->remarks[r->report->remark_count++] = sentence;
}

static void tell(struct reporting *r, const char *key, const char *value)
{
    if (r->report->property_count < PROPERTIES)
        r->properties[r->report->property_count++] = (struct reg_property){key, value};
}

/* What keeps an undecided case from being decided, and what it would take. */
static const char *explain(struct reporting *r, const struct reg_judged *j)
{
    const double effect = log1p(r->run->profile.effect), five = log(1.05);
    const double spread = 100 * j->deviation;
    if (!j->launches)
        return "every round was disturbed and dropped";
    if (isnan(j->deviation))
        return "one launch says nothing of how launches differ";
    if (j->verdict == REG_UNSTABLE)
        return say(r, "launches of one build differ by %.1f %% from each other", spread);
    if (j->verdict != REG_INCONCLUSIVE)
        return "";
    const double z = reg_normal_quantile(r->run->profile.q / 2) + reg_normal_quantile(0.2);
    const double root = z * 1.05 * j->deviation / (five - effect);
    const size_t least = reg_confirms_needed(&r->run->profile, 1);
    const double needed = fmax(ceil(root * root), (double)least);
    if (effect >= five)
        return say(r, "launches differ by %.1f %%", spread);
    return say(r, "launches differ by %.1f %%; about %.0f of them would show a change of 5 %%",
               spread, needed);
}

static void describe_judged(struct reporting *r, size_t subject, struct reg_case *c)
{
    const struct reg_judged *const j = &r->judged[subject];
    const struct reg_experiment *const e = &r->run->experiment;
    const enum reg_stage stage = isnan(j->p) ? REG_SCREEN : REG_CONFIRM;
    c->verdict = j->verdict;
    c->base_n = c->head_n = j->launches;
    c->note = explain(r, j);
    if (!j->launches)
        return;
    c->base_ns = reg_log_time(&e->log, subject, stage, false);
    c->head_ns = reg_log_time(&e->log, subject, stage, true);
    c->ratio = exp(j->estimate);
    c->low = exp(j->low);
    c->high = exp(j->high);
    c->p = j->p;
    c->adjusted = j->adjusted;
    c->visible = exp(j->visible);
}

static void describe(struct reporting *r, const struct reg_entry *entry, struct reg_case *c)
{
    const struct reg_subject *const s = &r->run->experiment.subjects[entry->subject];
    const double none = NAN;
    *c = (struct reg_case){.name = entry->name,
                           .base_ns = none,
                           .head_ns = none,
                           .ratio = none,
                           .low = none,
                           .high = none,
                           .p = none,
                           .adjusted = none,
                           .visible = none,
                           .note = ""};
    switch (entry->presence) {
    case REG_IN_BASE:
        c->verdict = REG_MISSING;
        c->note = "head does not have this case";
        return;
    case REG_IN_HEAD:
        c->verdict = REG_NEW;
        return;
    case REG_SAME_CODE:
        c->verdict = REG_UNCHANGED;
        return;
    default:
        break;
    }
    if (!s->base && !s->head) {
        describe_judged(r, entry->subject, c);
        return;
    }
    c->note = s->trouble ? s->trouble : "";
    c->verdict = s->head == REG_FAILED                ? REG_ERROR
                 : s->head == REG_SKIPPED && !s->base ? REG_MISSING
                                                      : REG_INCONCLUSIVE;
}

static void add_remarks(struct reporting *r)
{
    const struct reg_experiment *const e = &r->run->experiment;
    const struct reg_control *const c = &r->control;
    const double disturbed = 100 * reg_log_disturbed(&e->log);
    if (r->report->noisy && c->changed)
        remark(r, say(r,
                      "base differs from itself in %zu of %zu controls: this run is too noisy to "
                      "judge by",
                      c->changed, e->controls));
    else if (r->report->noisy && !c->quiet)
        remark(r, say(r,
                      "base differs from itself by %.1f %% in half of the controls: this run is "
                      "too noisy to judge by",
                      100 * expm1(c->median)));
    else if (r->report->noisy)
        remark(r, say(r, "%.0f %% of the rounds were disturbed: this run is too noisy to judge by",
                      disturbed));
    if (e->short_of_time)
        remark(r, say(r, "the budget of %g s ended the run early; --budget gives it more",
                      e->plan.budget));
    if (!r->run->serves && e->count)
        remark(r, "one of the programs does not know --benchmark_worker, so every sample took a "
                  "process of its own");
    if (e->count)
        remark(r, say(r,
                      "profile %s: slowdowns up to %g %% pass, q %g %%; %zu launches, %zu more of "
                      "what looked changed, %.0f s; base against base: %zu controls, largest "
                      "%+.1f %%; %.1f %% of rounds %s",
                      r->run->profile.name, 100 * r->run->profile.effect, 100 * r->run->profile.q,
                      e->launches[REG_SCREEN], e->launches[REG_CONFIRM], e->seconds, e->controls,
                      100 * expm1(c->largest), disturbed,
                      e->log.keep_disturbed ? "disturbed but kept" : "dropped"));
    if (r->run->attempt > 1)
        remark(r, "this is the second attempt; the first was too noisy");
}

static void add_properties(struct reporting *r)
{
    const struct reg_experiment *const e = &r->run->experiment;
    tell(r, "base", r->run->base);
    tell(r, "head", r->run->head);
    tell(r, "arguments", r->run->arguments);
    tell(r, "profile", r->run->profile.name);
    tell(r, "minimum_effect", say(r, "%g", r->run->profile.effect));
    tell(r, "q", say(r, "%g", r->run->profile.q));
    tell(r, "test", r->run->profile.sign ? "sign" : "signed-rank");
    tell(r, "seed", say(r, "%llu", (unsigned long long)e->plan.seed));
    tell(r, "attempt", say(r, "%u", r->run->attempt));
    tell(r, "launches_screened", say(r, "%zu", e->launches[REG_SCREEN]));
    tell(r, "launches_confirmed", say(r, "%zu", e->launches[REG_CONFIRM]));
    tell(r, "controls", say(r, "%zu", e->controls));
    tell(r, "controls_changed", say(r, "%zu", r->control.changed));
    tell(r, "control_median", say(r, "%.6f", r->control.median));
    tell(r, "control_largest", say(r, "%.6f", r->control.largest));
    for (size_t i = REG_KEPT; i < REG_DROPS; i++)
        tell(r, say(r, "rounds_%s", reg_drop_name[i]), say(r, "%zu", e->log.dropped[i]));
    tell(r, "seconds", say(r, "%.1f", e->seconds));
}

/* A quarter of all rounds: then the rest are no sample of anything. */
static const double most_lost = 0.25;

static int judge(struct reporting *r)
{
    const struct reg_experiment *const e = &r->run->experiment;
    const size_t most = e->count > REG_CONTROLS_MAX ? e->count : REG_CONTROLS_MAX;
    struct reg_series *const series = calloc(most + 1, sizeof(*series));
    int status = series ? 0 : -ENOMEM;
    if (!status) {
        reg_log_series(&e->log, true, NULL, series, e->controls);
        status = reg_judge_controls(series, e->controls, &r->run->profile, &e->looks, &r->control);
    }
    if (!status) {
        reg_log_series(&e->log, false, r->swaps, series, e->count);
        status = reg_judge(series, e->count, &r->run->profile, &e->looks, r->judged);
    }
    r->report->noisy =
        !r->control.quiet || (!e->log.keep_disturbed && reg_log_disturbed(&e->log) > most_lost);
    free(series);
    return status;
}

int reg_run_report(const struct reg_run *run, const uint64_t swaps[REG_STAGES], bool strict,
                   struct ana_arena *arena, struct reg_report *report)
{
    struct reporting r = {
        .run = run,
        .swaps = swaps,
        .arena = arena,
        .judged = calloc(run->experiment.count + 1, sizeof(*r.judged)),
        .remarks = ana_arena_alloc(arena, REMARKS * sizeof(*r.remarks)),
        .properties = ana_arena_alloc(arena, PROPERTIES * sizeof(*r.properties)),
        .report = report,
    };
    struct reg_case *const cases = ana_arena_alloc(arena, (run->count + 1) * sizeof(*cases));
    size_t count[REG_VERDICTS];
    *report = (struct reg_report){
        .what = "ab",
        .base = run->base,
        .head = run->head,
        .cases = cases,
        .count = run->count,
        .remarks = r.remarks,
        .properties = r.properties,
        .unit = "launches",
        .seconds = run->experiment.seconds,
    };
    int status = r.judged && r.remarks && r.properties && cases ? 0 : -ENOMEM;
    if (!status)
        status = judge(&r);
    for (size_t i = 0; !status && i < run->count; i++)
        describe(&r, &run->entries[i], &cases[i]);
    if (!status) {
        add_remarks(&r);
        add_properties(&r);
        reg_tally(report, count);
        report->status =
            reg_exit_status(count, &(struct reg_rule){.strict = strict, .noisy = report->noisy});
    }
    free(r.judged);
    return status;
}
