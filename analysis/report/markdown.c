/* SPDX-License-Identifier: Apache-2.0 */
/* See markdown.h. Texts of result files pass through one function, as on the page. */
#include "analysis/report/markdown.h"

#include "analysis/report/finding.h"
#include "analysis/report/runs.h"
#include "analysis/report/telling.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 40, PROBLEMS = 20 };

/* One line in which nothing is markup: what Markdown reads is escaped, lines end nowhere. */
static void put(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\`*[]<>|#~", *text))
            putc('\\', out);
        putc(iscntrl((unsigned char)*text) ? ' ' : *text, out);
    }
}

static void findings(const struct rep_request *r, const struct rep_sets *sets, FILE *out)
{
    size_t said = 0;
    for (size_t i = 0; i < rep_plot_count + r->plot_count; i++) {
        const struct rep_plot *const plot =
            i < rep_plot_count ? &rep_plots[i] : &r->plots[i - rep_plot_count];
        struct rep_figure figure;
        if (rep_figure_say(plot, sets, &figure) != 0 || !*figure.title)
            continue;
        fputs(said++ ? "- " : "\n**What the measurements show**\n\n- ", out);
        put(out, figure.title);
        fputs(" (", out);
        put(out, figure.subtitle);
        fputs(")\n", out);
    }
}

static void field(FILE *out, const struct rep_point *p, const char *name)
{
    char text[REP_TEXT];
    const struct rep_field *const f = rep_field_find(name);
    fprintf(out, " %s |", rep_write(f->unit, rep_value(p, f), text));
}

static void telling_heads(const struct rep_telling *telling, bool rule, FILE *out)
{
    for (size_t i = 0; i < telling->count; i++)
        if (rule)
            fputs(telling->columns[i]->number ? "--:|" : "---|", out);
        else
            fprintf(out, " %s |", telling->columns[i]->head);
}

static void telling_cells(const struct rep_point *p, const struct rep_telling *telling, FILE *out)
{
    char text[ANA_AXIS_MAX];
    for (size_t i = 0; i < telling->count; i++)
        fprintf(out, " %s |", rep_telling_text(p, telling->columns[i], text));
}

static void cases(const struct rep_points *best, FILE *out)
{
    static const char *const shown[] = {"batch", "heads", "dim", "threads", "kv", NULL};
    static const char *const fields[] = {"batch",
                                         "heads",
                                         "kv_heads",
                                         "dim",
                                         "context",
                                         "threads",
                                         "kv_bytes",
                                         "time_ns",
                                         "items_per_second",
                                         "ceiling_fraction",
                                         "speedup"};
    struct rep_telling telling;
    if (!best->count)
        return;
    rep_telling_find(best, shown, &telling);
    fputs("\n| attention | cache |", out);
    telling_heads(&telling, false, out);
    fputs(" batch | heads | KV heads | dim | context | threads | KV cache | time | tokens/s | of "
          "ceiling | over MHA | kernel |\n|---|---|",
          out);
    telling_heads(&telling, true, out);
    fputs("--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n", out);
    for (size_t i = 0; i < best->count && i < SHOWN; i++) {
        const struct rep_point *const p = &best->points[i];
        const struct attn_problem *const s = &p->name->problem;
        char kind[REP_TEXT];
        fprintf(out, "| %s | %s%s%s |", rep_attention(p, kind), attn_types[s->k_type].name,
                s->k_type == s->v_type ? "" : "+",
                s->k_type == s->v_type ? "" : attn_types[s->v_type].name);
        telling_cells(p, &telling, out);
        for (size_t f = 0; f < sizeof(fields) / sizeof(*fields); f++)
            field(out, p, fields[f]);
        putc(' ', out);
        put(out, p->name->kernel);
        fputs(" |\n", out);
    }
    if (best->count > SHOWN)
        fprintf(out, "\nThe first %d of %zu shapes.\n", SHOWN, best->count);
}

/* Whole layers and models: the step beside its attention. */
static void steps(struct rep_points *all, FILE *out)
{
    static const char *const fields[] = {"batch",   "context",          "kv_bytes",
                                         "time_ns", "items_per_second", "attention_fraction",
                                         "speedup", "attention_speedup"};
    static const char *const shown[] = {"phase", "batch", NULL};
    struct rep_telling telling;
    if (!all->count)
        return;
    qsort(all->points, all->count, sizeof(*all->points), rep_by_shape);
    rep_telling_find(all, shown, &telling);
    fputs("\n| step of | attention |", out);
    telling_heads(&telling, false, out);
    fputs(
        " batch | context | KV cache | time | tokens/s | in attention | over MHA | attention over "
        "MHA |\n|---|---|",
        out);
    telling_heads(&telling, true, out);
    fputs("--:|--:|--:|--:|--:|--:|--:|--:|\n", out);
    for (size_t i = 0; i < all->count && i < SHOWN; i++) {
        const struct rep_point *const p = &all->points[i];
        char kind[REP_TEXT];
        fprintf(out, "| %s", attn_phase_name(p->name->problem.phase));
        fputs(*p->label ? ", " : "", out);
        put(out, p->label);
        fprintf(out, " | %s |", rep_attention(p, kind));
        telling_cells(p, &telling, out);
        for (size_t f = 0; f < sizeof(fields) / sizeof(*fields); f++)
            field(out, p, fields[f]);
        fputc('\n', out);
    }
    if (all->count > SHOWN)
        fprintf(out, "\nThe first %d of %zu steps.\n", SHOWN, all->count);
}

/* Those that generate. */
static void runs(struct rep_points *all, FILE *out)
{
    char text[REP_TEXT];
    struct rep_telling telling;
    if (!all->count)
        return;
    rep_telling_find(all, rep_run_shown, &telling);
    qsort(all->points, all->count, sizeof(*all->points), rep_by_shape);
    fputs("\n| run of |", out);
    for (size_t i = 0; i < rep_run_column_count; i++)
        fprintf(out, " %s |", rep_run_columns[i].head);
    telling_heads(&telling, false, out);
    fputs("\n|---|", out);
    for (size_t i = 0; i < rep_run_column_count; i++)
        fputs(rep_run_columns[i].number ? "--:|" : "---|", out);
    telling_heads(&telling, true, out);
    for (size_t i = 0; i < all->count && i < SHOWN; i++) {
        const struct rep_point *const p = &all->points[i];
        fputs("\n| ", out);
        put(out, *p->label ? p->label : rep_form(p, text));
        fputs(" |", out);
        for (size_t k = 0; k < rep_run_column_count; k++)
            fprintf(out, " %s |", rep_run_text(p, &rep_run_columns[k], text));
        telling_cells(p, &telling, out);
    }
    fputc('\n', out);
    if (all->count > SHOWN)
        fprintf(out, "\nThe first %d of %zu runs.\n", SHOWN, all->count);
}

/* Rows of other programs: name and times. */
static void foreign(const struct ana_summary *summary, FILE *out)
{
    size_t rows = 0;
    char text[REP_TEXT];
    for (size_t i = 0; i < summary->case_count && rows < SHOWN; i++) {
        const struct ana_case *const c = &summary->cases[i];
        if (c->row->attn || c->error)
            continue;
        if (!rows++)
            fputs("\n| case | real time | CPU time |\n|---|--:|--:|\n", out);
        fputs("| ", out);
        put(out, c->row->run_name);
        fprintf(out, " | %s |", rep_write(REP_TIME, c->real_ns, text));
        fprintf(out, " %s |\n", rep_write(REP_TIME, c->cpu_ns, text));
    }
}

static void problems(const struct rep_request *r, FILE *out)
{
    size_t said = 0, left = 0;
    for (size_t i = 0; i < r->summary->case_count; i++) {
        const struct ana_case *const c = &r->summary->cases[i];
        if (!c->error)
            continue;
        if (said == PROBLEMS) {
            left++;
            continue;
        }
        fputs(said++ ? "- " : "\n**Errors and skips**\n\n- ", out);
        put(out, c->row->run_name);
        fputs(": ", out);
        put(out, c->error);
        putc('\n', out);
    }
    if (left)
        fprintf(out, "- and %zu more\n", left);
    said = 0;
    for (size_t f = 0; f < r->result_count; f++)
        for (size_t i = 0; i < r->results[f]->context_count; i++) {
            const struct ana_context *const c = &r->results[f]->context[i];
            if (strncmp(c->key, "warning", 7) != 0 || strcmp(c->key, "warnings") == 0)
                continue;
            fputs(said++ ? "- " : "\n**Warnings**\n\n- ", out);
            put(out, c->value);
            putc('\n', out);
        }
}

int rep_markdown_write(const struct rep_request *r, FILE *out)
{
    struct rep_points points = {0};
    struct rep_sets sets = {0};
    struct rep_machine machine = {{0}};
    struct rep_headline headline;
    int error = rep_points_read(r->results, r->result_count, r->summary, &points);
    error = error ? error : rep_sets_make(&points, &sets);
    if (!error) {
        rep_headline_say(&sets, &headline);
        if (r->result_count)
            rep_machine_read(r->results[0], &machine);
        fputs("### ", out);
        put(out, headline.text);
        fputs("\n\n", out);
        put(out, headline.below);
        fputs(*headline.below ? "\n\n" : "", out);
        put(out, machine.line);
        fprintf(out, "%s%zu case%s%s\n", *machine.line ? ", " : "", r->summary->case_count,
                r->summary->case_count == 1 ? "" : "s",
                sets.steps.count || sets.runs.count ? "" : ", one attention layer each");
        findings(r, &sets, out);
        qsort(sets.best.points, sets.best.count, sizeof(*sets.best.points), rep_by_shape);
        steps(&sets.steps, out);
        runs(&sets.runs, out);
        cases(&sets.best, out);
        foreign(r->summary, out);
        problems(r, out);
        errno = 0;
        if (fflush(out) || ferror(out))
            error = errno ? -errno : -EIO;
    }
    rep_sets_free(&sets);
    rep_points_free(&points);
    return error;
}
