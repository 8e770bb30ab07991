/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of steps: whole layers and models. What sharing KV heads does to the step stands beside
 * what it does to the attention in it, and the ratio of memory to arithmetic as published beside
 * the one counted for the very step.
 */
#include "analysis/report/page.h"

#include "analysis/report/runs.h"
#include "analysis/report/telling.h"
#include "analysis/report/text.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS_SHOWN = 200 };

static const struct {
    const char *field, *head;
} columns[] = {
    {"batch", "batch"},
    {"context", "context"},
    {"kv_bytes", "KV cache"},
    {"weight_bytes", "weights"},
    {"time_ns", "time"},
    {"items_per_second", "tokens/s"},
    {"attention_fraction", "in attention"},
    {"speedup", "step over MHA"},
    {"attention_speedup", "attention over MHA"},
    {"memory_ratio", "memory ratio, published"},
    {"memory_ratio_counted", "counted"},
    {"memory_ratio_measured", "measured"},
};

static void row(const struct rep_point *p, const struct rep_telling *telling, FILE *out)
{
    char kind[REP_TEXT], text[REP_TEXT];
    fprintf(out, "<tr><td class=\"k\">%s, %s</td>", attn_phase_name(p->name->problem.phase),
            rep_form(p, text));
    fprintf(out, "<td class=\"k\">%s</td>", rep_attention(p, kind));
    rep_page_telling(p, telling, out);
    for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
        const struct rep_field *const field = rep_field_find(columns[i].field);
        fputs("<td class=\"n\">", out);
        rep_html(out, rep_write(field->unit, rep_value(p, field), text));
        fputs("</td>", out);
    }
    fputs("<td class=\"k\">", out);
    rep_html(out, p->label);
    fputs("</td></tr>\n", out);
}

void rep_page_steps(const struct rep_page *page, FILE *out)
{
    static const char *const shown[] = {"phase", "batch", NULL};
    const size_t count = page->steps->count;
    struct rep_telling telling;
    struct rep_point *const sorted = malloc((count + 1) * sizeof(*sorted));
    if (!count || !sorted) {
        free(sorted);
        return;
    }
    memcpy(sorted, page->steps->points, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), rep_by_shape);
    rep_telling_find(page->steps, shown, &telling);
    fputs("<p id=\"steps\">Steps of whole layers and models; tokens and bytes are of all layers "
          "that a row names.</p>\n<div class=\"scroll\" tabindex=\"0\"><table>\n"
          "<thead><tr><th>step of</th><th>attention</th>",
          out);
    rep_page_telling_heads(&telling, out);
    for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
        fprintf(out, "<th class=\"n\">%s</th>", columns[i].head);
    fputs("<th>model</th></tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < count && i < STEPS_SHOWN; i++)
        row(&sorted[i], &telling, out);
    fputs("</tbody></table></div>\n", out);
    if (count > STEPS_SHOWN)
        fprintf(out, "<p class=\"note\">The first %d of %zu steps.</p>\n", STEPS_SHOWN, count);
    free(sorted);
}
