/* SPDX-License-Identifier: Apache-2.0 */
/* JUnit XML: every continuous integration shows it. Undecided cases are skipped tests there. */
#include "analysis/regress/output.h"

#include <math.h>
#include <string.h>

#include "analysis/tame.h"

/* XML 1.0 has no way to write most control characters, and readers refuse bad UTF-8. */
static void put_xml(const char *text, FILE *out)
{
    for (size_t length; *text; text += length ? length : 1) {
        length = ana_character(text);
        if (strchr("<>&\"", *text))
            fputs(*text == '<'   ? "&lt;"
                  : *text == '>' ? "&gt;"
                  : *text == '&' ? "&amp;"
                                 : "&quot;",
                  out);
        else if (length || *text == '\t' || *text == '\n')
            fwrite(text, 1, length ? length : 1, out);
        else
            fputc('?', out);
    }
}

static void put_case(const struct reg_report *report, const struct reg_case *c, FILE *out)
{
    static const char *const element[REG_VERDICTS] = {
        [REG_REGRESSED] = "failure",    [REG_ERROR] = "error",      [REG_MISSING] = "error",
        [REG_INCONCLUSIVE] = "skipped", [REG_UNSTABLE] = "skipped", [REG_UNCHANGED] = "skipped",
    };
    /* What a noisy run says is on show, but fails nothing. */
    const char *const inside =
        report->noisy && c->verdict == REG_REGRESSED ? "skipped" : element[c->verdict];
    const size_t family = strcspn(c->name, "/");
    char name[256], change[32], interval[64], p[32];
    snprintf(name, sizeof(name), "%.*s", (int)(family < 200 ? family : 200), c->name);
    fprintf(out, "  <testcase classname=\"%s.", report->what);
    put_xml(name, out);
    fputs("\" name=\"", out);
    put_xml(c->name, out);
    if (!isnan(c->head_ns))
        fprintf(out, "\" time=\"%.9f", c->head_ns * 1e-9);
    if (!inside) {
        fputs("\"/>\n", out);
        return;
    }
    reg_put_change(c->ratio, change, sizeof(change));
    reg_put_interval(c, interval, sizeof(interval));
    reg_put_p(c->adjusted, p, sizeof(p));
    fprintf(out, "\">\n    <%s%s%s%s message=\"%s%s%s%s%s%s%s%s", inside,
            strcmp(inside, "skipped") ? " type=\"" : "",
            strcmp(inside, "skipped") ? reg_verdict_name[c->verdict] : "",
            strcmp(inside, "skipped") ? "\"" : "", reg_verdict_name[c->verdict], *change ? " " : "",
            change, *interval ? " " : "", interval, *p ? ", p " : "", p, *c->note ? ": " : "");
    put_xml(c->note, out);
    fputs("\"/>\n  </testcase>\n", out);
}

int reg_write_junit(const struct reg_report *report, FILE *out)
{
    size_t count[REG_VERDICTS];
    reg_tally(report, count);
    const size_t failures = report->noisy ? 0 : count[REG_REGRESSED];
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"attn-stat.regress.%s\" tests=\"%zu\" failures=\"%zu\" "
            "errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n  <properties>\n",
            report->what, report->count, failures, count[REG_ERROR] + count[REG_MISSING],
            count[REG_INCONCLUSIVE] + count[REG_UNSTABLE] + count[REG_UNCHANGED] +
                count[REG_REGRESSED] - failures,
            report->seconds);
    for (size_t i = 0; i < report->property_count; i++) {
        fputs("    <property name=\"", out);
        put_xml(report->properties[i].key, out);
        fputs("\" value=\"", out);
        put_xml(report->properties[i].value, out);
        fputs("\"/>\n", out);
    }
    for (size_t i = 0; i < report->remark_count; i++) {
        fputs("    <property name=\"remark\" value=\"", out);
        put_xml(report->remarks[i], out);
        fputs("\"/>\n", out);
    }
    fputs("  </properties>\n", out);
    for (size_t i = 0; i < report->count; i++)
        put_case(report, &report->cases[i], out);
    fputs("</testsuite>\n", out);
    return 0;
}
