/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went wrong, where it was measured and how to do it again.
 */
#include "analysis/report/page.h"

#include "analysis/report/ceilings.h"
#include "analysis/report/text.h"

#include <stdlib.h>
#include <string.h>

static bool is_warning(const char *key)
{
    return strncmp(key, "warning", 7) == 0;
}

static void warning(FILE *out, size_t *n, const char *text)
{
    fputs((*n)++ ? "<li>" : "<h3>Warnings</h3>\n<ul>\n<li>", out);
    rep_html(out, text);
    fputs("</li>\n", out);
}

static void failures(const struct rep_page *page, FILE *out, bool skipped, const char *title)
{
    enum { SHOWN = 500 };
    size_t n = 0;
    for (size_t i = 0; i < page->summary->case_count; i++) {
        const struct ana_case *const c = &page->summary->cases[i];
        if (!c->error || c->skipped != skipped || n++ >= SHOWN)
            continue;
        if (n == 1)
            fprintf(out,
                    "<h3>%s</h3>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>"
                    "<th>case</th><th>reason</th></tr></thead>\n<tbody>\n",
                    title);
        fputs("<tr><td class=\"wrap\">", out);
        rep_html(out, c->row->run_name);
        fputs("</td><td class=\"wrap\">", out);
        rep_html(out, c->error);
        fputs("</td></tr>\n", out);
    }
    if (n)
        fputs("</tbody></table></div>\n", out);
    if (n > SHOWN)
        fprintf(out, "<p class=\"note\">The first %d of %zu.</p>\n", SHOWN, n);
}

static void above_ceiling(const struct rep_page *page, FILE *out, size_t *n)
{
    char text[ATTN_NAME_MAX + 160], share[REP_TEXT], name[ATTN_NAME_MAX];
    for (size_t i = 0, said = 0; i < page->points->count && said < 20; i++) {
        const struct rep_point *const p = &page->points->points[i];
        if (!(p->ceiling_fraction > 1.10) || !rep_is_contender(p))
            continue;
        said++;
        attn_name_format(p->name, name, sizeof(name));
        snprintf(text, sizeof(text), "%s runs at %s of its ceiling: the ceiling was read too low",
                 name, rep_write(REP_PERCENT, p->ceiling_fraction, share));
        warning(out, n, text);
    }
}

void rep_page_problems(const struct rep_page *page, FILE *out)
{
    fputs("<section id=\"problems\">\n<h2>Errors and warnings</h2>\n", out);
    size_t errors = 0, skips = 0, warnings = 0;
    for (size_t i = 0; i < page->summary->case_count; i++) {
        errors += page->summary->cases[i].error && !page->summary->cases[i].skipped;
        skips += page->summary->cases[i].error && page->summary->cases[i].skipped;
    }
    failures(page, out, false, "Errors: these cases have no time");
    failures(page, out, true, "Skipped");
    for (size_t i = 0; i < page->warning_count; i++)
        warning(out, &warnings, page->warnings[i]);
    for (size_t r = 0; r < page->result_count; r++)
        for (size_t i = 0; i < page->results[r]->context_count; i++)
            if (is_warning(page->results[r]->context[i].key) &&
                strcmp(page->results[r]->context[i].key, "warnings") != 0)
                warning(out, &warnings, page->results[r]->context[i].value);
    above_ceiling(page, out, &warnings);
    if (warnings)
        fputs("</ul>\n", out);
    if (!errors && !skips && !warnings)
        fputs("<p>None: every case was measured and found right.</p>\n", out);
    fputs("</section>\n", out);
}

/* What people ask first, in words. The remaining keys follow under their own names: one that is not
 * known here is still evidence. */
static const struct {
    const char *key, *words;
    bool bytes;
} known[] = {
    {"date", "Measured on", false},
    {"host_name", "Host", false},
    {"env.cpu_model", "CPU", false},
    {"cpu_model", "CPU", false},
    {"num_cpus", "CPUs the system shows", false},
    {"mhz_per_cpu", "Clock, MHz", false},
    {"cpu_scaling_enabled", "Clock scaling on", false},
    {"env.governor", "Clock governor", false},
    {"env.turbo", "Turbo", false},
    {"env.smt", "Hardware threads share cores", false},
    {"env.cpu_features", "Vector features", false},
    {"env.affinity", "CPUs this run could use", false},
    {"env.memory_bytes", "Memory", true},
    {"env.memory_available_bytes", "Memory free at the start", true},
    {"env.numa_nodes", "NUMA nodes", false},
    {"env.thp", "Transparent huge pages", false},
    {"env.hypervisor", "Virtual machine", false},
    {"env.kernel", "Kernel", false},
    {"env.compiler", "Compiler", false},
    {"library_build_type", "Build type", false},
    {"library_version", "Version", false},
    {"git_commit", "Commit", false},
    {"byte_sources", "Where byte counts come from", false},
    {"seed", "Seed of the data", false},
};

static void context_row(FILE *out, const char *words, const char *value)
{
    fputs("<tr><th scope=\"row\">", out);
    rep_html(out, words);
    fputs("</th><td class=\"wrap\">", out);
    rep_html(out, value);
    fputs("</td></tr>\n", out);
}

static void caches(FILE *out, const struct ana_result *result)
{
    char key[64], words[96], text[REP_TEXT + 64], size[REP_TEXT];
    for (size_t i = 0; i < 16; i++) {
        const char *part[4];
        static const char *const names[] = {"type", "level", "size", "num_sharing"};
        for (size_t k = 0; k < 4; k++) {
            snprintf(key, sizeof(key), "caches.%zu.%s", i, names[k]);
            part[k] = ana_result_context(result, key);
        }
        if (!part[1] || !part[2])
            continue;
        snprintf(words, sizeof(words), "L%.4s cache, %.40s", part[1], part[0] ? part[0] : "");
        rep_write(REP_BYTES, strtod(part[2], NULL), size);
        if (part[3])
            snprintf(text, sizeof(text), "%s for %s%s", size,
                     strcmp(part[3], "1") == 0 ? "one CPU" : part[3],
                     strcmp(part[3], "1") == 0 ? "" : " CPUs");
        else
            snprintf(text, sizeof(text), "%s", size);
        context_row(out, words, text);
    }
}

static void machine(FILE *out, const struct ana_result *result)
{
    char size[REP_TEXT];
    fputs("<p>From <code>", out);
    rep_html(out, result->path);
    fputs("</code></p>\n<div class=\"scroll\" tabindex=\"0\"><table><tbody>\n", out);
    for (size_t k = 0; k < sizeof(known) / sizeof(*known); k++) {
        const char *const value = ana_result_context(result, known[k].key);
        if (value && *value && strcmp(value, "unknown") != 0)
            context_row(out, known[k].words,
                        known[k].bytes ? rep_write(REP_BYTES, strtod(value, NULL), size) : value);
    }
    caches(out, result);
    fputs("</tbody></table></div>\n", out);
    size_t rest = 0;
    for (size_t i = 0; i < result->context_count; i++) {
        const struct ana_context *const c = &result->context[i];
        bool shown = strncmp(c->key, "caches.", 7) == 0 || is_warning(c->key) ||
                     strcmp(c->key, "command_line") == 0;
        for (size_t k = 0; k < sizeof(known) / sizeof(*known) && !shown; k++)
            shown = strcmp(c->key, known[k].key) == 0;
        if (shown)
            continue;
        if (!rest++)
            fputs("<details><summary>Everything else the file says about the run</summary>\n"
                  "<div class=\"scroll\" tabindex=\"0\"><table><tbody>\n",
                  out);
        context_row(out, c->key, c->value);
    }
    if (rest)
        fputs("</tbody></table></div></details>\n", out);
}

static void command(FILE *out, const struct ana_result *result)
{
    const char *line = ana_result_context(result, "command_line");
    if (!line)
        line = ana_result_context(result, "executable");
    if (!line)
        return;
    rep_html(out, line);
    fputc('\n', out);
}

void rep_page_machine(const struct rep_page *page, FILE *out)
{
    fputs("<section id=\"machine\">\n<h2>Machine</h2>\n", out);
    if (*page->machine->line) {
        fputs("<p>", out);
        rep_html(out, page->machine->line);
        fputs("</p>\n", out);
    }
    for (size_t r = 0; r < page->result_count; r++)
        machine(out, page->results[r]);
    if (page->result_count)
        rep_ceilings_write(page->ceilings, page->results[0], out);
    rep_page_ceilings(page, out);
    fputs("</section>\n<section id=\"again\">\n<h2>Run it again</h2>\n<pre><code>", out);
    for (size_t r = 0; r < page->result_count; r++)
        command(out, page->results[r]);
    fputs("attn-stat report -o DIR", out);
    for (size_t r = 0; r < page->result_count; r++) {
        fputc(' ', out);
        rep_html(out, page->results[r]->path);
    }
    fputs("</code></pre>\n</section>\n", out);
}
