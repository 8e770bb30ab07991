/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pictures on the page. gnuplot numbers the symbols of every SVG alike; twenty of them in one
 * document need names of their own, so ids and references get a prefix on the way in.
 */
#include "analysis/report/page.h"

#include "analysis/report/text.h"

#include <string.h>

/* `svg` from its <svg tag on, with class, role and own ids. */
static void inline_svg(FILE *out, const char *svg, const char *form, size_t index, const char *alt)
{
    const char *at = strstr(svg, "<svg");
    if (!at)
        return;
    const char *const body = strchr(at, '>'), *const box = strstr(at, "viewBox=");
    if (!body || !box || box > body)
        return;
    fprintf(out,
            "<svg class=\"%s\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\" "
            "xmlns:xlink=\"http://www.w3.org/1999/xlink\" %.*s aria-label=\"",
            form, (int)(strchr(box + 9, box[8]) + 1 - box), box);
    rep_html(out, alt);
    fputs("\">", out);
    for (at = body + 1; *at;) {
        static const char *const marks[] = {" id=\"", " id='", "href=\"#", "href='#", "url(#"};
        /* gnuplot names the file in <title>; the page has a better one. */
        const char *const title = strncmp(at, "<title>", 7) == 0 ? strstr(at, "</title>") : NULL;
        if (title) {
            at = title + strlen("</title>");
            continue;
        }
        size_t m = 0;
        while (m < 5 && strncmp(at, marks[m], strlen(marks[m])) != 0)
            m++;
        if (m == 5) {
            fputc(*at++, out);
            continue;
        }
        fprintf(out, "%s%c%zu-", marks[m], form[0], index);
        at += strlen(marks[m]);
    }
}

/* The command that measured what the figure shows. */
static void command(const struct rep_page *page, const struct rep_figure *f, FILE *out)
{
    const char *const line = f->machine ? "attn-bench --machine"
                             : f->file < page->result_count
                                 ? ana_result_context(page->results[f->file], "command_line")
                                 : NULL;
    if (!line)
        return;
    fputs("<p class=\"note command\">measured by <code>", out);
    rep_html(out, line);
    fputs("</code></p>\n", out);
}

static void one(const struct rep_page *page, size_t index, FILE *out)
{
    const struct rep_figure *const f = &page->figures[index];
    fprintf(out, "<figure id=\"%s\">\n<h3>", f->name);
    rep_html(out, f->title);
    fputs("</h3>\n<p class=\"sub\">", out);
    rep_html(out, f->subtitle);
    fputs("</p>\n", out);
    if (f->state == REP_DRAWN) {
        inline_svg(out, f->wide, "wide", index, f->alt);
        inline_svg(out, f->narrow, "narrow", index, f->alt);
    } else {
        fputs("<p class=\"note\">Not drawn: ", out);
        rep_html(out, f->reason);
        fputs("</p>\n", out);
    }
    fputs("<figcaption><p>", out);
    rep_html(out, f->caption);
    fputs("</p>\n", out);
    command(page, f, out);
    fprintf(out, "<p class=\"note noprint\"><a href=\"plots/%s.dat\">points</a> \302\267 ",
            f->name);
    if (f->state == REP_DRAWN)
        fprintf(out,
                "<a href=\"plots/%s.svg\">SVG</a> \302\267 <a href=\"plots/%s.png\">PNG</a> "
                "\302\267 ",
                f->name, f->name);
    fprintf(out,
            "drawn by <code>gnuplot -d -e &quot;form=&#39;svg&#39;&quot; <a "
            "href=\"plots/%s.gp\">%s.gp</a></code></p>\n</figcaption>\n</figure>\n",
            f->name, f->name);
}

void rep_page_figures(const struct rep_page *page, FILE *out)
{
    if (!page->points->count)
        return;
    fputs("<section id=\"figures\">\n<h2>What the measurements show</h2>\n", out);
    for (size_t i = 0; i < page->figure_count; i++)
        if (page->figures[i].state != REP_NOTHING && !page->figures[i].machine)
            one(page, i, out);
    bool first = true;
    for (size_t i = 0; i < page->figure_count; i++) {
        if (page->figures[i].state != REP_NOTHING)
            continue; /* figures of the machine that are missing are told here as well */
        fputs(first ? "<details><summary>Figures these results have no points for</summary>\n<ul>\n"
                    : "",
              out);
        first = false;
        fputs("<li>", out);
        rep_html(out, page->figures[i].title);
        fputs(": ", out);
        rep_html(out, page->figures[i].reason);
        fputs("</li>\n", out);
    }
    fputs(first ? "</section>\n" : "</ul></details>\n</section>\n", out);
}

void rep_page_ceilings(const struct rep_page *page, FILE *out)
{
    for (size_t i = 0; i < page->figure_count; i++)
        if (page->figures[i].state != REP_NOTHING && page->figures[i].machine)
            one(page, i, out);
}
