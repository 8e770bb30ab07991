/* SPDX-License-Identifier: Apache-2.0 */
/* See gate.h. */
#include "analysis/regress/sim/gate.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analysis/arena.h"
#include "analysis/regress/output.h"
#include "analysis/regress/sim/functions.h"

enum { FUNCTIONS = 5 };
static const double worth_a_note = 0.001;

struct pair {
    const struct reg_counts *base, *head;
    const struct ana_case *b, *h;
    const struct reg_gate_rule *rule;
};

static const struct ana_case *find(const struct reg_counts *counts, const char *name)
{
    const struct ana_summary *const summary = counts->results.summary;
    for (size_t i = 0; i < summary->case_count; i++)
        if (strcmp(summary->cases[i].row->run_name, name) == 0)
            return &summary->cases[i];
    return NULL;
}

/* Appends a sentence. */
__attribute__((format(printf, 3, 4))) static void say(char *text, size_t size, const char *format,
                                                      ...)
{
    size_t used = strlen(text);
    va_list list;
    if (used)
        used += (size_t)snprintf(text + used, size - used, "; ");
    va_start(list, format);
    if (used < size)
        vsnprintf(text + used, size - used, format, list);
    va_end(list);
}

/* Whose work grew or shrank, where both sides' files are there. */
static void attribute(const struct pair *p, const char *name, char *note, size_t size)
{
    struct reg_functions base, head;
    char text[600];
    if (!*p->base->folder || !*p->head->folder || reg_functions_read(p->base->folder, name, &base))
        return;
    if (reg_functions_read(p->head->folder, name, &head) == 0) {
        reg_functions_difference(&base, &head, FUNCTIONS, text, sizeof(text));
        if (*text)
            say(note, size, "by function: %s", text);
        reg_functions_free(&head);
    }
    reg_functions_free(&base);
}

static enum reg_verdict judge(const struct pair *p, const struct reg_gated *g, char *note,
                              size_t size)
{
    const double ratio = g->head / g->base;
    const double more_scratch = reg_count_scratch(p->h) - reg_count_scratch(p->b);
    const double more_dram = g->head_dram - g->base_dram;
    bool worse = ratio > 1 + p->rule->instructions;
    char change[32];
    reg_put_change(ratio, change, sizeof(change));
    if (worse)
        say(note, size, "%s instructions, at most %+g%% pass", change, 100 * p->rule->instructions);
    else if (fabs(ratio - 1) > worth_a_note)
        say(note, size, "%s instructions", change);
    if (more_dram > p->rule->dram_bytes && g->head_dram > g->base_dram * (1 + p->rule->dram)) {
        say(note, size, "%.0f more bytes from or to DRAM", more_dram);
        worse = true;
    }
    if (more_scratch > 0) {
        say(note, size, "%.0f more bytes of scratch", more_scratch);
        worse = true;
    }
    if (worse)
        return REG_REGRESSED;
    return ratio < 1 - p->rule->instructions ? REG_IMPROVED : REG_OK;
}

static void compare(const struct pair *p, struct reg_gated *g, char *note, size_t size)
{
    const struct ana_case *const b = p->b, *const h = p->h;
    g->base = b ? reg_count_instructions(p->base, b) : NAN;
    g->head = h ? reg_count_instructions(p->head, h) : NAN;
    g->base_dram = b ? reg_count_dram(p->base, b) : NAN;
    g->head_dram = h ? reg_count_dram(p->head, h) : NAN;
    const bool has_base = b && g->base > 0, has_head = h && g->head > 0;
    if (h && h->row->error) {
        g->verdict = REG_ERROR;
        say(note, size, "%s", h->row->message);
    } else if (has_base && !has_head) {
        g->verdict = REG_MISSING;
        if (h)
            say(note, size, "%s", *h->row->message ? h->row->message : "not counted");
    } else if (has_head && !has_base) {
        g->verdict = REG_NEW;
    } else if (!has_base) {
        g->verdict = REG_INCONCLUSIVE;
        say(note, size, "counted on neither side");
    } else {
        g->verdict = judge(p, g, note, size);
        if (g->verdict != REG_OK)
            attribute(p, g->name, note, size);
    }
}

static int add(const struct pair *p, const char *name, struct ana_arena *arena,
               struct reg_gated *gated, size_t *count)
{
    char note[1024] = "";
    struct reg_gated *const g = &gated[(*count)++];
    *g = (struct reg_gated){.name = name};
    compare(p, g, note, sizeof(note));
    g->note = ana_arena_copy(arena, note);
    return g->note ? 0 : -ENOMEM;
}

int reg_gate(const struct reg_counts *base, const struct reg_counts *head,
             const struct reg_gate_rule *rule, struct ana_arena *arena, struct reg_gated **gated,
             size_t *count)
{
    const struct ana_summary *const b = base->results.summary, *const h = head->results.summary;
    struct reg_gated *const all =
        ana_arena_alloc(arena, (b->case_count + h->case_count + 1) * sizeof(*all));
    int status = all ? 0 : -ENOMEM;
    *count = 0;
    *gated = all;
    for (size_t i = 0; !status && i < b->case_count; i++) {
        const char *const name = b->cases[i].row->run_name;
        const struct pair p = {base, head, &b->cases[i], find(head, name), rule};
        status = add(&p, name, arena, all, count);
    }
    for (size_t i = 0; !status && i < h->case_count; i++) {
        const char *const name = h->cases[i].row->run_name;
        const struct pair p = {base, head, NULL, &h->cases[i], rule};
        if (!find(base, name))
            status = add(&p, name, arena, all, count);
    }
    return status;
}
