/* SPDX-License-Identifier: Apache-2.0 */
/* A comment on a pull request. Reviewers read the first rows, so the worst stand first. */
#include "analysis/regress/output.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/tame.h"

/* A comment takes 65536 characters; what is around the rows needs little. */
enum { ROWS_MOST = 50, BYTES_MOST = 60000, NOTES_MOST = 20 };

/* How much each verdict wants to be seen; 0: only counted. */
static const int weight[REG_VERDICTS] = {
    [REG_ERROR] = 8,    [REG_MISSING] = 7,  [REG_REGRESSED] = 6,
    [REG_IMPROVED] = 5, [REG_UNSTABLE] = 4, [REG_INCONCLUSIVE] = 3,
    [REG_NEW] = 2,      [REG_OK] = 1,       [REG_UNCHANGED] = 0,
};

static int by_weight(const void *a, const void *b)
{
    const struct reg_case *const x = *(const struct reg_case *const *)a;
    const struct reg_case *const y = *(const struct reg_case *const *)b;
    if (weight[x->verdict] != weight[y->verdict])
        return weight[y->verdict] - weight[x->verdict];
    const double far_x = isnan(x->ratio) ? 0 : fabs(log(x->ratio));
    const double far_y = isnan(y->ratio) ? 0 : fabs(log(y->ratio));
    return far_x != far_y ? (far_x < far_y) - (far_x > far_y) : strcmp(x->name, y->name);
}

/* Text that means nothing to Markdown, HTML or the table around it. */
static void put_plain(const char *given, FILE *out)
{
    enum { LONGEST = 600 };
    size_t length;
    for (const char *c = given; *c && c - given < LONGEST; c += length ? length : 1) {
        length = ana_character(c);
        if (*c == '<')
            fputs("&lt;", out);
        else if (*c == '&')
            fputs("&amp;", out);
        else if (strchr("|`*_[]\\~@#", *c))
            fprintf(out, "\\%c", *c);
        else if (length)
            fwrite(c, 1, length, out);
        else
            fputc('?', out);
    }
}

static void put_row(const struct reg_case *c, FILE *out)
{
    char base[32], head[32], change[32], interval[64], p[32], visible[32];
    reg_put_time(c->base_ns, base, sizeof(base));
    reg_put_time(c->head_ns, head, sizeof(head));
    reg_put_change(c->ratio, change, sizeof(change));
    reg_put_interval(c, interval, sizeof(interval));
    reg_put_p(c->adjusted, p, sizeof(p));
    reg_put_change(c->visible, visible, sizeof(visible));
    fputs("| ", out);
    put_plain(c->name, out);
    fprintf(out, " | %s | %s | %s %s | %s | %s | %s |\n", base, head, change, interval, p, visible,
            reg_verdict_name[c->verdict]);
}

static void put_rows(const struct reg_case *const *cases, size_t count, FILE *out)
{
    size_t shown = 0;
    fputs("\n| case | base | head | change [95 % interval] | p | visible | verdict |\n"
          "|---|--:|--:|--:|--:|--:|---|\n",
          out);
    while (shown < count && shown < ROWS_MOST && weight[cases[shown]->verdict] &&
           ftell(out) < BYTES_MOST / 2)
        put_row(cases[shown++], out);
    if (shown < count)
        fprintf(out, "\n%zu more case%s, none of them worse, in the other outputs.\n",
                count - shown, count - shown == 1 ? "" : "s");
}

static void put_notes(const struct reg_case *const *cases, size_t count, FILE *out)
{
    size_t shown = 0;
    for (size_t i = 0; i < count && shown < NOTES_MOST && ftell(out) < BYTES_MOST; i++) {
        if (!*cases[i]->note)
            continue;
        if (!shown++)
            fputs("\n<details><summary>notes</summary>\n\n", out);
        fputs("- ", out);
        put_plain(cases[i]->name, out);
        fputs(": ", out);
        put_plain(cases[i]->note, out);
        fputs("\n", out);
    }
    if (shown)
        fputs("\n</details>\n", out);
}

/* Written to memory first: the size is what the cut goes by. */
static void put_all(const struct reg_report *report, const struct reg_case **cases, FILE *out)
{
    char headline[512];
    reg_headline(report, headline, sizeof(headline));
    fprintf(out, "<!-- attn-stat regress %s -->\n## %s\n\n", report->what, headline);
    put_plain(report->base, out);
    fputs(" → ", out);
    put_plain(report->head, out);
    fputs("\n", out);
    for (size_t i = 0; i < report->remark_count; i++) {
        fputs("\n", out);
        put_plain(report->remarks[i], out);
        fputs("\n", out);
    }
    if (report->count)
        put_rows(cases, report->count, out);
    put_notes(cases, report->count, out);
}

int reg_write_markdown(const struct reg_report *report, FILE *out)
{
    const struct reg_case **const cases = calloc(report->count + 1, sizeof(*cases));
    char *text = NULL;
    size_t length;
    FILE *const memory = cases ? open_memstream(&text, &length) : NULL;
    int status = -ENOMEM;
    if (!memory)
        goto out;
    for (size_t i = 0; i < report->count; i++)
        cases[i] = &report->cases[i];
    qsort(cases, report->count, sizeof(*cases), by_weight);
    put_all(report, cases, memory);
    if (!fclose(memory))
        status = fwrite(text, 1, length, out) == length ? 0 : -EIO;
out:
    free(text);
    free(cases);
    return status;
}
