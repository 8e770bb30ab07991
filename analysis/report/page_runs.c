/* SPDX-License-Identifier: Apache-2.0 */
/* The table of runs that generate. */
#include "analysis/report/page.h"

#include "analysis/report/runs.h"
#include "analysis/report/telling.h"
#include "analysis/report/text.h"

#include <stdlib.h>
#include <string.h>

enum { RUNS_SHOWN = 200 };

static void cell(FILE *out, bool number, const char *text)
{
    fprintf(out, "<td class=\"%s\">", number ? "n" : "k");
    rep_html(out, text);
    fputs("</td>", out);
}

static void row(const struct rep_point *p, const struct rep_telling *telling, FILE *out)
{
    char text[REP_TEXT];
    fputs("<tr>", out);
    cell(out, false, rep_form(p, text));
    for (size_t i = 0; i < rep_run_column_count; i++)
        cell(out, rep_run_columns[i].number, rep_run_text(p, &rep_run_columns[i], text));
    rep_page_telling(p, telling, out);
    cell(out, false, p->label);
    fputs("</tr>\n", out);
}

void rep_page_runs(const struct rep_page *page, FILE *out)
{
    const size_t count = page->runs->count;
    struct rep_telling telling;
    struct rep_point *const sorted = malloc((count + 1) * sizeof(*sorted));
    if (!count || !sorted) {
        free(sorted);
        return;
    }
    memcpy(sorted, page->runs->points, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), rep_by_shape);
    rep_telling_find(page->runs, rep_run_shown, &telling);
    fputs("<p id=\"runs\">Runs that generate: prompts, then one token after the other. Tokens and "
          "bytes are of the whole model; the longest sequence is the one that was reached.</p>\n"
          "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><th>run of</th>",
          out);
    for (size_t i = 0; i < rep_run_column_count; i++)
        fprintf(out, "<th%s>%s</th>", rep_run_columns[i].number ? " class=\"n\"" : "",
                rep_run_columns[i].head);
    rep_page_telling_heads(&telling, out);
    fputs("<th>model</th></tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < count && i < RUNS_SHOWN; i++)
        row(&sorted[i], &telling, out);
    fputs("</tbody></table></div>\n", out);
    if (count > RUNS_SHOWN)
        fprintf(out, "<p class=\"note\">The first %d of %zu runs.</p>\n", RUNS_SHOWN, count);
    free(sorted);
}
