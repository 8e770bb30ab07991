/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: how a grid is written, which cases a filter lets through, pivots, comparisons, roofs. */
#include "tests/test.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <unistd.h>

#include "analysis/compare.h"
#include "analysis/pivot.h"
#include "analysis/roofline.h"

static char path[64];
static char message[512];

/* What the table writes, in a buffer that the next call overwrites. */
static const char *written(const struct ana_table *table, enum ana_format format)
{
    static char text[8192];
    FILE *const out = fopen(path, "w+");
    if (!out || ana_table_write(table, format, out))
        abort();
    rewind(out);
    text[fread(text, 1, sizeof(text) - 1, out)] = '\0';
    fclose(out);
    return text;
}

static void check_grid(void)
{
    struct ana_table *const table = ana_table_new();
    ana_table_column(table, "name", false);
    ana_table_column(table, "ns", true);
    ana_table_text(table, "a|b");
    ana_table_number(table, 0.125);
    ana_table_text(table, "caf\u00e9 \"x\", y");
    ana_table_number(table, 12345678);
    ana_table_text(table, "");
    ana_table_number(table, NAN);
    CHECK_STR(written(table, ANA_TABLE_TEXT), "name               ns\n"
                                              "a|b             0.125\n"
                                              "caf\u00e9 \"x\", y  12345678\n\n");
    CHECK_STR(written(table, ANA_TABLE_MARKDOWN), "| name        |       ns |\n|---|--:|\n"
                                                  "| a\\|b         |    0.125 |\n"
                                                  "| caf\u00e9 \"x\", y | 12345678 |\n"
                                                  "|             |          |\n");
    CHECK_STR(written(table, ANA_TABLE_CSV), "name,ns\na|b,0.125\n"
                                             "\"caf\u00e9 \"\"x\"\", y\",12345678\n,\n");
    CHECK_STR(written(table, ANA_TABLE_JSON),
              "[\n  {\"name\": \"a|b\", \"ns\": 0.125},\n"
              "  {\"name\": \"caf\u00e9 \\\"x\\\", y\", \"ns\": 12345678},\n"
              "  {\"name\": \"\", \"ns\": null}\n]\n");
    ana_table_free(table);
    enum ana_format format;
    CHECK(ana_format_parse("csv", &format) == 0 && format == ANA_TABLE_CSV, "csv");
    CHECK(ana_format_parse("xls", &format) == -EINVAL, "xls");
}

static struct ana_result *read_file(const char *rows)
{
    struct ana_result *result;
    FILE *const out = fopen(path, "w");
    fprintf(out, "{\"benchmarks\": [%s]}", rows);
    fclose(out);
    if (ana_result_read(path, &result, message, sizeof(message))) {
        printf("%s\n", message);
        exit(1);
    }
    return result;
}

#define ROW(kernel, kv_heads, context, cache, ns)                               \
    "{\"name\": \"decode/" kernel "/kv:f16/batch:1/heads:32/kv_heads:" kv_heads \
    "/dim:128/context:" context cache                                           \
    "/real_time/threads:2\", \"time_unit\": \"ns\", \"real_time\": " ns         \
    ", \"ceiling_read_ns\": 50, \"ceiling_fma_ns\": 100}"

static struct ana_result *sweep(void)
{
    return read_file(ROW("split.avx2", "8", "1024", "", "200") ","  /* 0 */
                     ROW("split.avx2", "32", "1024", "", "400") "," /* 1 */
                     ROW("naive", "8", "1024", "", "2000") ","      /* 2 */
                     ROW("naive", "8", "512", "", "1000") ","       /* 3 */
                     ROW("split.avx2", "8", "512", "", "90") ","    /* 4 */
                     ROW("split.avx2", "8", "512", "/cache:hot", "60"));
}

static size_t passing(const struct ana_summary *summary, const char *first, const char *second)
{
    const struct ana_texts filters = {{first, second}, second ? 2 : 1};
    size_t count = 0;
    CHECK(ana_filter_check(&filters, summary, message, sizeof(message)) == 0, "%s", message);
    for (size_t i = 0; i < summary->case_count; i++)
        count += ana_filter_passes(&filters, summary->cases[i].row);
    return count;
}

static void check_refused_filter(const struct ana_summary *summary, const char *filter,
                                 const char *part)
{
    const struct ana_texts filters = {{filter}, 1};
    CHECK(ana_filter_check(&filters, summary, message, sizeof(message)) == -EINVAL, "%s", filter);
    CHECK(strstr(message, part), "%s: %s", filter, message);
}

static void check_filters(void)
{
    struct ana_result *result = sweep();
    struct ana_summary *summary;
    CHECK(ana_summarise(&result, 1, &summary) == 0, "summary");
    CHECK(passing(summary, "context=1024", NULL) == 3, "equal");
    CHECK(passing(summary, "context:1K", NULL) == 3, "suffix");
    CHECK(passing(summary, "context!=1K", NULL) == 3, "not");
    CHECK(passing(summary, "context=512,1024", NULL) == 6, "any of");
    CHECK(passing(summary, "kernel=split*", "cache=cold") == 3, "both");
    CHECK(passing(summary, "kv-heads=32", NULL) == 1, "dash");
    CHECK(passing(summary, "attention=MHA", NULL) == 1, "derived");
    CHECK(passing(summary, "kernel=zebra", NULL) == 0, "none");
    check_refused_filter(summary, "contxt=3", "did you mean context?");
    check_refused_filter(summary, "context", "is no filter");
    check_refused_filter(summary, "=3", "is no filter");
    check_refused_filter(summary, "context!3", "is no filter");
    ana_summary_free(summary);
    ana_result_free(result);
}

static void check_pivot(void)
{
    struct ana_result *result = sweep();
    struct ana_summary *summary;
    struct ana_table *table;
    struct ana_pivot_story story;
    CHECK(ana_summarise(&result, 1, &summary) == 0, "summary");

    const struct ana_texts cold = {{"cache=cold"}, 1}, none = {0};
    struct ana_pivot pivot = {
        .column = "kernel", .figures = {"real_ns"}, .figure_count = 1, .filters = &cold};
    CHECK(ana_pivot(summary, &pivot, &table, &story) == 0, "pivot");
    CHECK(story.cases == 5 && story.crowded == 0, "%zu cases", story.cases);
    CHECK_STR(written(table, ANA_TABLE_CSV), "kv_heads,context,split.avx2,naive\n"
                                             "8,512,90,1000\n8,1024,200,2000\n32,1024,400,\n");
    ana_table_free(table);

    pivot = (struct ana_pivot){.rows = {"attention"},
                               .row_count = 1,
                               .column = "context",
                               .figures = {"real_ns"},
                               .figure_count = 1,
                               .filters = &none};
    CHECK(ana_pivot(summary, &pivot, &table, &story) == 0, "crowded pivot");
    CHECK(story.crowded == 2, "%zu crowded", story.crowded);
    CHECK_STR(written(table, ANA_TABLE_CSV), "attention,512,1024\nGQA-8,90,1100\nMHA,,400\n");
    ana_table_free(table);

    const struct ana_texts one = {{"context=512", "kernel=naive"}, 2};
    pivot = (struct ana_pivot){.figures = {"real_ns", "ceiling_read_ns"},
                               .figure_count = 2,
                               .filters = &one};
    CHECK(ana_pivot(summary, &pivot, &table, &story) == 0, "list");
    CHECK_STR(written(table, ANA_TABLE_CSV), "kernel,real_ns,ceiling_read_ns\nnaive,1000,50\n");
    ana_table_free(table);
    ana_summary_free(summary);
    ana_result_free(result);
}

static void check_foreign_pivot(void)
{
    struct ana_result *result =
        read_file("{\"name\": \"BM/n:2/x\", \"real_time\": 1, \"time_unit\": \"us\"},"
                  "{\"name\": \"BM/n:10/x\", \"real_time\": 5, \"time_unit\": \"us\"},"
                  "{\"name\": \"CM/n:2/x\", \"real_time\": 7, \"time_unit\": \"us\"}");
    struct ana_summary *summary;
    struct ana_table *table;
    struct ana_pivot_story story;
    const struct ana_texts none = {0};
    CHECK(ana_summarise(&result, 1, &summary) == 0, "summary");
    const struct ana_pivot pivot = {
        .column = "family", .figures = {"real_ns"}, .figure_count = 1, .filters = &none};
    CHECK(ana_pivot(summary, &pivot, &table, &story) == 0, "foreign");
    CHECK_STR(written(table, ANA_TABLE_CSV), "n,BM,CM\n2,1000,7000\n10,5000,\n");
    ana_table_free(table);
    ana_summary_free(summary);
    ana_result_free(result);
}

static void check_roofline(void)
{
    struct ana_result *result = sweep();
    struct ana_summary *summary;
    struct ana_roof roof;
    CHECK(ana_summarise(&result, 1, &summary) == 0, "summary");
    CHECK(ana_roofline(summary, &summary->cases[0], &roof) == 0, "roofline");
    const struct attn_problem *const p = &summary->cases[0].row->attn->problem;
    CHECK(fabs(roof.bytes_per_second - (double)attn_bytes(p) / 200e-9) < 1e3, "bytes");
    CHECK(fabs(roof.intensity - (double)attn_flops(p) / (double)attn_bytes(p)) < 1e-9, "intensity");
    CHECK(roof.compute_bound && roof.fraction == 0.5, "fraction %g", roof.fraction);
    ana_summary_free(summary);
    ana_result_free(result);
}

#define REP(name, ns) "{\"name\": \"" name "\", \"real_time\": " ns ", \"time_unit\": \"ns\"}"

static void check_compare(void)
{
    struct ana_result *files[2];
    struct ana_summary *summary;
    struct ana_comparison comparison;
    const struct ana_texts none = {0};
    files[0] = read_file(REP("a", "10") "," REP("a", "11") "," REP("a", "12") "," REP(
        "a", "13") "," REP("b", "10") "," REP("b", "11") "," REP("gone", "1") "," REP("c", "5"));
    files[1] =
        read_file(REP("a", "20") "," REP("a", "21") "," REP("a", "22") "," REP("a", "23") "," REP(
            "b", "11") "," REP("b", "12") "," REP("new",
                                                  "1") ","
                                                       "{\"name\": \"c\", \"error_occurred\": "
                                                       "true, \"error_message\": \"x\"}");
    CHECK(ana_summarise(files, 2, &summary) == 0, "summary");
    CHECK(ana_compare(summary, &none, 0.05, &comparison) == 0, "compare");
    CHECK(comparison.count == 5 && comparison.both == 3 && comparison.only_old == 1 &&
              comparison.only_new == 1 && comparison.significant == 1,
          "%zu cases, %zu both", comparison.count, comparison.both);
    const struct ana_change *const a = &comparison.changes[0];
    CHECK(a->significant && fabs(a->ratio - 21.5 / 11.5) < 1e-12, "ratio %g", a->ratio);
    CHECK(fabs(a->p - 2.0 / 70) < 1e-12 && fabs(a->least_p - a->p) < 1e-12, "p %g", a->p);
    CHECK(!comparison.changes[1].significant && comparison.changes[1].least_p > 0.3, "b");
    CHECK(isnan(comparison.changes[3].ratio), "an error has no ratio");
    CHECK(fabs(comparison.geomean - sqrt(21.5 / 11.5 * 11.5 / 10.5)) < 1e-12, "geomean %g",
          comparison.geomean);
    ana_comparison_free(&comparison);
    ana_summary_free(summary);
    ana_result_free(files[0]);
    ana_result_free(files[1]);
}

/* The fewest digits of printf's own that read back, and the layout of %g. */
static void check_numbers(void)
{
    static const double known[] = {
        0.1,    1e-5,   1e22,     1e23,     5e-324,  1.7976931348623157e308,
        0.3,    1e15,   1e17,     123456.7, 1e-4,    9007199254740993.0,
        1 / 3., 2 / 3., 999999.5, -0.25,    0x1p-30, 1e16 / 3};
    uint64_t seed = test_seed();
    char text[64], shortest[64];
    for (size_t i = 0; i < 20000; i++) {
        const uint64_t bits = test_random(&seed);
        double value;
        memcpy(&value, &bits, sizeof(value));
        if (i % 2)
            value = test_uniform(&seed) * pow(10, (double)(bits % 26) - 10);
        if (i < sizeof(known) / sizeof(*known))
            value = known[i];
        if (!isfinite(value))
            continue;
        memset(text, 0, sizeof(text));
        FILE *const out = fmemopen(text, sizeof(text), "w");
        ana_csv_number(out, value);
        fclose(out);
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(shortest, sizeof(shortest), "%.*g", digits, value);
            if (!(strtod(shortest, NULL) < value) && !(strtod(shortest, NULL) > value))
                break;
        }
        const bool whole = fabs(value) < 0x1p53 && fabs(value) >= 1 && !(floor(value) < value);
        CHECK(strtod(text, NULL) - value == 0, "%.17g became %s", value, text);
        CHECK(whole || strlen(text) <= strlen(shortest), "%s instead of %s", text, shortest);
    }
}

int main(void)
{
    snprintf(path, sizeof(path), "/tmp/attn_table.%d", (int)getpid());
    check_numbers();
    check_grid();
    check_filters();
    check_pivot();
    check_foreign_pivot();
    check_roofline();
    check_compare();
    unlink(path);
    return test_exit();
}
