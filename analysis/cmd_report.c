/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat report: a page, its pictures and the tidy table in a folder. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/option.h"
#include "analysis/report/markdown.h"
#include "analysis/report/query.h"
#include "analysis/report/report.h"
#include "analysis/report/text.h"
#include "analysis/results.h"

enum { PLOT_MAX = 1 << 20 };

/* A figure from a file: its name is the file's, so that its pictures can be found again. */
static int read_plot(const struct ana_command *self, const char *path, struct rep_plot *plot,
                     char name[REP_NAME])
{
    char *const text = rep_read_file(path, PLOT_MAX);
    if (!text) {
        ana_complain(self, "%s: %s", path, errno ? strerror(errno) : "too large for a plot");
        return -EINVAL;
    }
    struct rep_query query;
    char message[256], line[512];
    snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
    if (rep_query_parse(line, &query, message, sizeof(message))) {
        ana_complain(self, "%s: %s", path, message);
        free(text);
        return -EINVAL;
    }
    const char *const slash = strrchr(path, '/'), *const base = slash ? slash + 1 : path;
    size_t len = strlen(base);
    if (len > 3 && strcmp(base + len - 3, ".gp") == 0)
        len -= 3;
    size_t n = 0;
    for (; n < len && n < REP_NAME - 1; n++)
        name[n] =
            strspn(base + n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
                ? base[n]
                : '-';
    name[n] = '\0';
    *plot = (struct rep_plot){.name = name, .text = text};
    return 0;
}

/* A file of the report that is one of the inputs, as a path in `path`; false if there is none. */
static bool overwrites(const char *dir, int argc, char **argv, const struct rep_plot *plots,
                       size_t plot_count, char path[PATH_MAX])
{
    static const char *const ends[] = {"dat", "gp", "svg", "png"};
    for (size_t i = 0; i < rep_report_file_count; i++) {
        snprintf(path, PATH_MAX, "%s/%s", dir, rep_report_files[i]);
        if (ana_results_input(path, argc, argv))
            return true;
    }
    for (size_t i = 0; i < rep_plot_count + plot_count; i++)
        for (size_t k = 0; k < sizeof(ends) / sizeof(*ends); k++) {
            const struct rep_plot *const plot =
                i < rep_plot_count ? &rep_plots[i] : &plots[i - rep_plot_count];
            snprintf(path, PATH_MAX, "%s/plots/%s.%s", dir, plot->name, ends[k]);
            if (ana_results_input(path, argc, argv))
                return true;
        }
    return false;
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    const char *dir = NULL, *format = "html";
    struct ana_texts files = {.count = 0};
    const struct ana_option options[] = {
        {"o", ANA_TEXT, &dir, "folder to write to; it may exist and keeps what else it holds"},
        {"format", ANA_TEXT, &format, "html: a folder; md: Markdown on stdout, without pictures"},
        {"plot", ANA_TEXTS, &files, "a .gp file to draw besides the built-in figures"},
        {0}};
    const int parsed = ana_options(self, options, &argc, argv);
    if (parsed)
        return parsed < 0 ? ANA_EXIT_USAGE : ANA_EXIT_OK;
    const bool markdown = strcmp(format, "md") == 0;
    if (!markdown && strcmp(format, "html") != 0)
        return ana_complain(self, "--format=%s: it is html or md", format);
    if (markdown && dir)
        return ana_complain(self, "--format=md goes to stdout; -o is for html");
    if (!dir && !markdown)
        return ana_complain(self, "where to? -o DIR names the folder to write to");
    struct rep_plot plots[ANA_TEXTS_MAX];
    char names[ANA_TEXTS_MAX][REP_NAME];
    size_t plot_count = 0;
    int status = ANA_EXIT_OK;
    while (plot_count < files.count && !status) {
        if (read_plot(self, files.text[plot_count], &plots[plot_count], names[plot_count]))
            status = ANA_EXIT_USAGE;
        else
            plot_count++;
    }
    char path[PATH_MAX];
    if (!status && dir && overwrites(dir, argc, argv, plots, plot_count, path))
        status = ana_complain(self,
                              "-o %s would overwrite %s, which the report is made from; give "
                              "another folder",
                              dir, path);
    struct ana_results results;
    if (!status)
        status = ana_results_open(self, argc, argv, &results);
    if (status)
        goto out;
    const struct rep_request request = {
        .results = results.files,
        .result_count = results.count,
        .summary = results.summary,
        .dir = dir,
        .plots = plots,
        .plot_count = plot_count,
    };
    char notice[384], message[384];
    const int error = markdown ? rep_markdown_write(&request, stdout) : 0;
    if (error)
        status = ana_complain(self, "cannot write to stdout: %s", strerror(-error));
    else if (markdown)
        status = ana_finish_stdout(self);
    else if (rep_report_write(&request, notice, message, sizeof(message)))
        status = ana_complain(self, "%s", message);
    else if (*notice)
        ana_complain(self, "%s", notice);
    ana_results_close(&results);
out:
    for (size_t i = 0; i < plot_count; i++)
        free((void *)plots[i].text);
    return status;
}

const struct ana_command ana_cmd_report = {
    .name = "report",
    .arguments = "(-o DIR | --format=md) RESULT.json...",
    .summary = "A page with pictures, tables and the machine they are from",
    .run = run,
};
