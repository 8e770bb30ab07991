/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers to remember and tables of cases. The table on the page holds the fastest kernel of each
 * shape and stops at a length people scroll through; every row is in summary.csv beside it.
 */
#include "analysis/report/page.h"

#include "analysis/report/telling.h"
#include "analysis/report/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_SHOWN = 400 };

static void card(FILE *out, const char *value, const char *text)
{
    fputs("<div><dt>", out);
    rep_html(out, text);
    fputs("</dt><dd>", out);
    rep_html(out, value);
    fputs("</dd></div>\n", out);
}

void rep_page_cards(const struct rep_page *page, FILE *out)
{
    double rate = 0, fraction = NAN, worst = NAN;
    size_t checked = 0, failed = 0;
    for (size_t i = 0; i < page->points->count; i++) {
        const struct rep_point *const p = &page->points->points[i];
        if (!rep_is_contender(p))
            continue;
        const double kv_rate = p->kv_bytes / p->time_ns * 1e9;
        rate = !p->name->hot && !rep_has_layers(p) && kv_rate > rate ? kv_rate : rate;
        fraction = fmax(fraction, p->ceiling_fraction);
        worst = fmax(worst, p->error_used);
        checked += isfinite(p->error_used);
    }
    for (size_t i = 0; i < page->summary->case_count; i++)
        failed += page->summary->cases[i].error != NULL;
    if (!page->points->count)
        return;
    char value[REP_TEXT], text[128];
    fputs("<dl class=\"cards\">\n", out);
    if (rate > 0)
        card(out, rep_write(REP_BYTE_RATE, rate, value), "fastest reading of a KV cache");
    if (isfinite(fraction))
        card(out, rep_write(REP_PERCENT, fraction, value), "of the machine's ceiling, best case");
    if (isfinite(worst)) {
        snprintf(text, sizeof(text), "of its error bound used at worst, %zu cases checked",
                 checked);
        card(out, rep_write(REP_PERCENT, worst, value), text);
    }
    snprintf(value, sizeof(value), "%zu", page->summary->case_count - failed);
    snprintf(text, sizeof(text),
             failed ? "cases measured, %zu failed or skipped" : "cases measured", failed);
    card(out, value, text);
    fputs("</dl>\n", out);
}

static void cell(FILE *out, const struct rep_point *p, const char *name)
{
    char text[REP_TEXT];
    const struct rep_field *const field = rep_field_find(name);
    fputs("<td class=\"n\">", out);
    rep_html(out, rep_write(field->unit, rep_value(p, field), text));
    fputs("</td>", out);
}

/* What the row holds, and what its design would where a part of K is copied to every head. */
static void kv_cell(FILE *out, const struct rep_point *p)
{
    const double design = (double)attn_kv_design_bytes(&p->name->problem);
    char held[REP_TEXT], asked[REP_TEXT];
    rep_write(REP_BYTES, p->kv_bytes, held);
    fprintf(out, "<td class=\"n\">%s", held);
    if (design != (double)attn_kv_bytes(&p->name->problem))
        fprintf(out, " (design: %s)", rep_write(REP_BYTES, design, asked));
    fputs("</td>", out);
}

void rep_page_telling_heads(const struct rep_telling *telling, FILE *out)
{
    for (size_t i = 0; i < telling->count; i++)
        fprintf(out, "<th%s>%s</th>", telling->columns[i]->number ? " class=\"n\"" : "",
                telling->columns[i]->head);
}

void rep_page_telling(const struct rep_point *p, const struct rep_telling *telling, FILE *out)
{
    char text[ANA_AXIS_MAX];
    for (size_t i = 0; i < telling->count; i++) {
        fprintf(out, "<td class=\"%s\">", telling->columns[i]->number ? "n" : "k");
        rep_html(out, rep_telling_text(p, telling->columns[i], text));
        fputs("</td>", out);
    }
}

static void own_row(const struct rep_point *p, const struct rep_telling *telling, bool label,
                    FILE *out)
{
    const struct attn_problem *const s = &p->name->problem;
    char kind[REP_TEXT];
    fprintf(out, "<tr><td class=\"k\">%s</td><td class=\"k\">%u/%u \303\227 %u",
            rep_attention(p, kind), s->heads, s->kv_heads, s->dim);
    if (s->dim_v != s->dim)
        fprintf(out, "+%u", s->dim_v);
    fprintf(out, "</td><td class=\"k\">%s", attn_types[s->k_type].name);
    if (s->k_type != s->v_type)
        fprintf(out, "+%s", attn_types[s->v_type].name);
    fputs(p->name->hot ? ", hot</td>" : "</td>", out);
    rep_page_telling(p, telling, out);
    cell(out, p, "context");
    kv_cell(out, p);
    fputs("<td class=\"k\">", out);
    rep_html(out, p->name->kernel);
    fputs("</td>", out);
    cell(out, p, "time_ns");
    cell(out, p, "items_per_second");
    cell(out, p, "ceiling_fraction");
    cell(out, p, "speedup");
    if (label) {
        fputs("<td class=\"k\">", out);
        rep_html(out, p->label);
        fputs("</td>", out);
    }
    fputs("</tr>\n", out);
}

static void own_table(const struct rep_page *page, FILE *out)
{
    static const char *const shown[] = {"heads", "dim", "kv", "cache", NULL};
    struct rep_telling telling;
    struct rep_points best = {.points = calloc(page->best->count + 1, sizeof(*best.points))};
    if (!best.points)
        return;
    memcpy(best.points, page->best->points, page->best->count * sizeof(*best.points));
    best.count = page->best->count;
    qsort(best.points, best.count, sizeof(*best.points), rep_by_shape);
    bool labels = false;
    for (size_t i = 0; i < best.count; i++)
        labels = labels || *best.points[i].label;
    rep_telling_find(&best, shown, &telling);
    fputs("<p>The fastest kernel of each shape. All kernels and all columns are in "
          "<a href=\"summary.csv\">summary.csv</a>.</p>\n"
          "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><th>attention</th>"
          "<th>heads \303\227 dim</th><th>cache</th>",
          out);
    rep_page_telling_heads(&telling, out);
    fputs("<th class=\"n\">context</th><th class=\"n\">KV cache</th>"
          "<th>fastest kernel</th><th class=\"n\">time</th><th class=\"n\">tokens/s</th>"
          "<th class=\"n\">of ceiling</th><th class=\"n\">over MHA</th>",
          out);
    fputs(labels ? "<th>model</th>" : "", out);
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < best.count && i < ROWS_SHOWN; i++)
        own_row(&best.points[i], &telling, labels, out);
    fputs("</tbody></table></div>\n", out);
    if (best.count > ROWS_SHOWN)
        fprintf(out, "<p class=\"note\">The first %d of %zu shapes.</p>\n", ROWS_SHOWN, best.count);
    rep_points_free(&best);
}

/* Rows of other programs: their own names, times and counters. */
static void foreign_table(const struct rep_page *page, FILE *out)
{
    size_t rows = 0;
    const size_t shown = page->summary->figure_count < 6 ? page->summary->figure_count : 6;
    for (size_t i = 0; i < page->summary->case_count; i++) {
        const struct ana_case *const c = &page->summary->cases[i];
        if (c->row->attn || c->error || rows++ >= ROWS_SHOWN)
            continue;
        char text[REP_TEXT];
        if (rows == 1) {
            fputs("<p>Cases of another program, as their file names them.</p>\n"
                  "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><th>case</th>"
                  "<th class=\"n\">real time</th><th class=\"n\">CPU time</th>",
                  out);
            for (size_t f = 0; f < shown; f++) {
                fputs("<th class=\"n\">", out);
                rep_html(out, page->summary->figures[f]);
                fputs("</th>", out);
            }
            fputs("</tr></thead>\n<tbody>\n", out);
        }
        fputs("<tr><td class=\"wrap\">", out);
        rep_html(out, c->row->run_name);
        fputs("</td><td class=\"n\">", out);
        rep_html(out, rep_write(REP_TIME, c->real_ns, text));
        fputs("</td><td class=\"n\">", out);
        rep_html(out, rep_write(REP_TIME, c->cpu_ns, text));
        for (size_t f = 0; f < shown; f++) {
            fputs("</td><td class=\"n\">", out);
            rep_html(out, rep_write(REP_RATE, c->figures[f], text));
        }
        fputs("</td></tr>\n", out);
    }
    if (rows)
        fputs("</tbody></table></div>\n", out);
    if (rows > ROWS_SHOWN)
        fprintf(out, "<p class=\"note\">The first %d of %zu cases.</p>\n", ROWS_SHOWN, rows);
}

void rep_page_rows(const struct rep_page *page, FILE *out)
{
    fputs("<section id=\"cases\">\n<h2>Cases</h2>\n", out);
    rep_page_steps(page, out);
    rep_page_runs(page, out);
    if (page->best->count)
        own_table(page, out);
    foreign_table(page, out);
    if (!page->summary->case_count)
        fputs("<p>The result files hold no rows.</p>\n", out);
    fputs("</section>\n", out);
}
