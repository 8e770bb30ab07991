/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the page: head, headline, navigation, sections in order, foot. */
#include "analysis/report/page.h"

#include "analysis/report/text.h"

#include <errno.h>

static void head(const struct rep_page *page, FILE *out)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light\">\n<title>",
          out);
    rep_html(out, page->headline.text);
    fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", rep_page_css);
}

static void headline(const struct rep_page *page, FILE *out)
{
    fputs("<header>\n<p class=\"kicker\">attnbench report</p>\n<h1>", out);
    rep_html(out, page->headline.text);
    fputs("</h1>\n", out);
    if (*page->headline.below) {
        fputs("<p class=\"lead\">", out);
        rep_html(out, page->headline.below);
        fputs("</p>\n", out);
    }
    fputs("<p class=\"byline\">", out);
    const char *const date =
        page->result_count ? ana_result_context(page->results[0], "date") : NULL;
    rep_html(out, page->machine->line);
    if (date) {
        fputs(*page->machine->line ? " \302\267 " : "", out);
        fputs("measured ", out);
        rep_html(out, date);
    }
    fprintf(out, "%s%zu case%s</p>\n</header>\n", *page->machine->line || date ? " \302\267 " : "",
            page->summary->case_count, page->summary->case_count == 1 ? "" : "s");
}

static void navigation(const struct rep_page *page, FILE *out)
{
    fputs("<nav aria-label=\"Sections\"><ul>\n", out);
    if (page->figure_count && page->points->count)
        fputs("<li><a href=\"#figures\">Figures</a></li>\n", out);
    fputs("<li><a href=\"#cases\">Cases</a></li>\n"
          "<li><a href=\"#problems\">Errors and warnings</a></li>\n"
          "<li><a href=\"#machine\">Machine</a></li>\n"
          "<li><a href=\"#again\">Run it again</a></li>\n"
          "<li><a href=\"summary.csv\">summary.csv</a></li>\n"
          "<li><a href=\"summary.json\">summary.json</a></li>\n</ul></nav>\n",
          out);
}

int rep_page_write(const struct rep_page *page, FILE *out)
{
    head(page, out);
    headline(page, out);
    navigation(page, out);
    fputs("<main>\n", out);
    rep_page_cards(page, out);
    rep_page_figures(page, out);
    rep_page_rows(page, out);
    rep_page_problems(page, out);
    rep_page_machine(page, out);
    fputs("</main>\n<footer><p>A row is one attention layer, unless it stands in a table of "
          "steps or runs: times, bytes and tokens a second are of that layer, not of a whole "
          "model. Bytes "
          "are compulsory (each visible key and value "
          "once) unless said to be measured. 1 GB is 10<sup>9</sup> bytes, 1 GiB is 2<sup>30</sup>."
          "</p></footer>\n</body>\n</html>\n",
          out);
    return ferror(out) ? -EIO : 0;
}
