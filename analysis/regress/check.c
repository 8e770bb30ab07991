/* SPDX-License-Identifier: Apache-2.0 */
/* See check.h. */
#include "analysis/regress/check.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/regress/adjust.h"
#include "analysis/regress/shift.h"

struct judged {
    struct reg_shift shift;
    bool asked; /* both sides have times */
};

struct judging {
    const struct reg_check_options *options;
    struct ana_arena *arena;
    struct judged *judged;
    struct reg_case *cases;
    size_t asked, too_few;
};

__attribute__((format(printf, 2, 3))) static const char *note(struct judging *j, const char *format,
                                                              ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    const char *const copy = ana_arena_copy(j->arena, text);
    return copy ? copy : "";
}

static bool has_times(const struct ana_case *c)
{
    return c && !c->error && c->samples && c->times[0] > 0;
}

/* What is decided without statistics: whether there is anything to compare. */
static enum reg_verdict presence(struct judging *j, const struct ana_change *change,
                                 struct reg_case *c)
{
    const struct ana_case *const old = change->old, *const new = change->new;
    if (!new || (old && !old->skipped && new->skipped)) {
        c->note = new ? note(j, "head skips it: %s", new->error) : "head does not have this case";
        return REG_MISSING;
    }
    if (new->error && !new->skipped) {
        c->note = note(j, "head says: %s", new->error);
        return REG_ERROR;
    }
    if (new->samples && !new->error && !(new->times[0] > 0)) {
        c->note = "head has times that are none";
        return REG_ERROR;
    }
    if (!old) {
        c->note = new->skipped ? note(j, "head skips it: %s", new->error) : "";
        return REG_NEW;
    }
    if (!has_times(old) || !has_times(new))
        c->note = old->error ? note(j, "base says: %s", old->error)
                             : "no single repetitions with times, only aggregates";
    return REG_INCONCLUSIVE;
}

static double level_of(const struct judging *j)
{
    return j->options->q / (double)(j->asked ? j->asked : 1);
}

static int ask(struct judging *j, const struct ana_change *change, struct reg_case *c,
               struct reg_shift *shift)
{
    const struct reg_shift_question question = {
        .effect = j->options->effect,
        .bound = 2 * j->options->effect,
        .level = level_of(j),
    };
    const int status = reg_shift(change->old->times, change->old->samples, change->new->times,
                                 change->new->samples, &question, shift);
    if (status == -ENOMEM)
        return status;
    c->ratio = shift->ratio;
    c->low = shift->low;
    c->high = shift->high;
    c->visible = shift->visible;
    return 0;
}

static void judge(struct judging *j, const struct reg_shift *shift, double slower, double faster,
                  struct reg_case *c)
{
    const double q = j->options->q;
    const size_t fewer = c->base_n < c->head_n ? c->base_n : c->head_n;
    c->p = shift->ratio >= 1 ? shift->slower : shift->faster;
    c->adjusted = shift->ratio >= 1 ? slower : faster;
    if (reg_shift_floor(c->base_n, c->head_n) > level_of(j)) {
        j->too_few++;
        c->note = note(j, "%zu repetitions cannot show a change of any size; %zu a side can", fewer,
                       reg_shift_needed(level_of(j)));
    } else if (slower <= q) {
        c->verdict = REG_REGRESSED;
    } else if (faster <= q) {
        c->verdict = REG_IMPROVED;
    } else if (shift->bounded <= 0.05) {
        c->verdict = REG_OK;
    }
}

/* Both directions are adjusted for the number of cases asked. */
static int judge_all(struct judging *j, const struct ana_comparison *comparison)
{
    const size_t n = comparison->count;
    double *const p = malloc((4 * n + 1) * sizeof(*p));
    if (!p)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        p[i] = j->judged[i].asked ? j->judged[i].shift.slower : (double)NAN;
        p[n + i] = j->judged[i].asked ? j->judged[i].shift.faster : (double)NAN;
    }
    int status = reg_adjust(p, p + 2 * n, n);
    if (!status)
        status = reg_adjust(p + n, p + 3 * n, n);
    for (size_t i = 0; !status && i < n; i++)
        if (j->judged[i].asked)
            judge(j, &j->judged[i].shift, p[2 * n + i], p[3 * n + i], &j->cases[i]);
    free(p);
    return status;
}

static int remark(struct judging *j, struct reg_report *report)
{
    const char **const remarks = ana_arena_alloc(j->arena, 3 * sizeof(*remarks));
    size_t n = 0;
    if (!remarks)
        return -ENOMEM;
    if (j->too_few)
        remarks[n++] = note(j,
                            "%zu of %zu cases have too few repetitions for a verdict among so many "
                            "cases; --benchmark_repetitions=%zu gives enough",
                            j->too_few, j->asked, reg_shift_needed(level_of(j)));
    remarks[n++] = "the files were not measured side by side: what changed between them besides "
                   "the program counts as a change; attn-stat regress ab runs both alternately";
    report->remarks = remarks;
    report->remark_count = n;
    return 0;
}

int reg_check(const struct ana_comparison *comparison, const struct reg_check_options *options,
              struct ana_arena *arena, struct reg_report *report)
{
    struct judging j = {
        .options = options,
        .arena = arena,
        .judged = calloc(comparison->count + 1, sizeof(*j.judged)),
        .cases = ana_arena_alloc(arena, (comparison->count + 1) * sizeof(*j.cases)),
    };
    int status = j.judged && j.cases ? 0 : -ENOMEM;
    for (size_t i = 0; !status && i < comparison->count; i++) {
        const struct ana_change *const change = &comparison->changes[i];
        struct reg_case *const c = &j.cases[i];
        const bool old = has_times(change->old), new = has_times(change->new);
        *c = (struct reg_case){
            .name = (change->old ? change->old : change->new)->row->run_name,
            .base_ns = old ? change->old->real_ns : (double)NAN,
            .head_ns = new ? change->new->real_ns : (double)NAN,
            .base_n = old ? change->old->samples : 0,
            .head_n = new ? change->new->samples : 0,
            .ratio = NAN,
            .low = NAN,
            .high = NAN,
            .p = NAN,
            .adjusted = NAN,
            .visible = NAN,
            .note = "",
        };
        c->verdict = presence(&j, change, c);
        j.judged[i].asked = c->verdict == REG_INCONCLUSIVE && old && new;
        j.asked += j.judged[i].asked;
    }
    for (size_t i = 0; !status && i < comparison->count; i++)
        if (j.judged[i].asked)
            status = ask(&j, &comparison->changes[i], &j.cases[i], &j.judged[i].shift);
    if (!status)
        status = judge_all(&j, comparison);
    if (!status)
        status = remark(&j, report);
    report->cases = j.cases;
    report->count = comparison->count;
    free(j.judged);
    return status;
}
