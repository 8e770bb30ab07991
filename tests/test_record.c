/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of result files: what other programs write, what a crash leaves behind, and what no
 * program should have written.
 */
#include "tests/test.h"

#include <errno.h>
#include <math.h>
#include <sys/resource.h>
#include <unistd.h>

#include "analysis/axis.h"
#include "analysis/record.h"
#include "analysis/summary.h"

static char path[64];
static char message[512];

static struct ana_result *read_text(const char *text, size_t length, int *status)
{
    struct ana_result *result = NULL;
    FILE *const out = fopen(path, "wb");
    if (!out || fwrite(text, 1, length, out) != length || fclose(out))
        abort();
    message[0] = '\0';
    *status = ana_result_read(path, &result, message, sizeof(message));
    return result;
}

static void check_refused(const char *text, int wanted, const char *part)
{
    int status;
    struct ana_result *const result = read_text(text, strlen(text), &status);
    CHECK(status == wanted && !result, "%.60s: status %d", text, status);
    CHECK(strstr(message, part), "%.60s: \"%s\" lacks \"%s\"", text, message, part);
    CHECK(!strchr(message, '\n'), "more than one line: %s", message);
    ana_result_free(result);
}

static void check_bad_files(void)
{
    check_refused("", -EBADMSG, "the file is empty");
    check_refused("  \n\t", -EBADMSG, "the file is empty");
    check_refused("\x7f"
                  "ELF",
                  -EBADMSG, "line 1 column 1: not JSON");
    check_refused("[]", -EBADMSG, "instead of '{'");
    check_refused("{}", -EBADMSG, "no \"benchmarks\" array");
    check_refused("{\"benchmarks\": 3}", -EBADMSG, "no \"benchmarks\" array");
    check_refused("{\"benchmarks\": [3]}", -EBADMSG, "is not an object");
    check_refused("{\"benchmarks\": [{\"real_time\": 1}]}", -EBADMSG, "has no name");
    check_refused("{\"benchmarks\": [\n {\"name\": \"a\"},\n {\"name\": }]}", -EBADMSG, "line 3");
    check_refused("{\"benchmarks\": [\n {\"name\": \"a\"", -EBADMSG, "line 2: the file is cut off");
    check_refused("{\"benchmarks\": [{\"name\": \"a", -EBADMSG, "cut off");
    check_refused("{\"benchmarks\": []} x", -EBADMSG, "more text after the end");
    check_refused("{\"benchmarks\": [{\"name\": \"a\"} {\"name\": \"b\"}]}", -EBADMSG,
                  "instead of ']'");
    check_refused("{\"context\": {} \"benchmarks\": []}", -EBADMSG, "instead of '}'");
    check_refused("{3: 4}", -EBADMSG, "instead of '\"'");
    char deep[1000] = "{\"context\": ";
    memset(deep + strlen(deep), '[', 900);
    check_refused(deep, -EBADMSG, "nested too deeply");

    struct ana_result *result = NULL;
    CHECK(ana_result_read("/nowhere/r.json", &result, message, sizeof(message)) == -ENOENT,
          "status of a missing file");
    CHECK(strstr(message, "/nowhere/r.json: No such file"), "%s", message);
    CHECK(ana_result_read("/", &result, message, sizeof(message)) == -EISDIR, "%s", message);
}

/* Every prefix of a good file is refused; none crashes. */
static void check_truncated(void)
{
    static const char text[] =
        "{\"context\": {\"caches\": [{\"size\": 32768}], \"x\": \"y\\\"\"},\n"
        " \"benchmarks\": [{\"name\": \"a/1\", \"real_time\": 1.5e0, \"time_unit\": \"us\", "
        "\"bad\": NaN, \"cold\": true}]}";
    int status;
    for (size_t length = 0; length + 1 < sizeof(text); length++) {
        ana_result_free(read_text(text, length, &status));
        CHECK(status == -EBADMSG, "%zu bytes: status %d", length, status);
    }
    struct ana_result *const result = read_text(text, sizeof(text) - 1, &status);
    CHECK(status == 0, "whole: %s", message);
    ana_result_free(result);
}

/* Bytes changed at random: any answer but a crash, and a sentence with every refusal. */
static void check_flipped(void)
{
    static const char text[] =
        "{\"context\": {\"caches\": [{\"size\": 32768}, null], \"x\": -1.5e3},\n"
        "\"benchmarks\": [{\"name\": \"BM/n:8\", \"real_time\": 2, \"time_unit\": \"us\", "
        "\"x\": NaN, \"y\": [1], \"label\": \"\\u00e9\"},\n"
        "{\"name\": \"BM/n:8_cv\", \"run_name\": \"BM/n:8\", \"aggregate_name\": \"cv\"}]}";
    static const char spice[] = "{}[]\",:\\-0eN\xff\x00\n";
    uint64_t seed = test_seed();
    for (int round = 0; round < 300; round++) {
        char copy[sizeof(text)];
        int status;
        memcpy(copy, text, sizeof(text));
        for (int flips = 0; flips < 3; flips++)
            copy[test_random(&seed) % (sizeof(text) - 1)] =
                spice[test_random(&seed) % (sizeof(spice) - 1)];
        struct ana_result *const result = read_text(copy, sizeof(text) - 1, &status);
        CHECK(status ? *message && !result : result != NULL, "status %d, \"%s\"", status, message);
        struct ana_summary *summary;
        if (result && ana_summarise(&(struct ana_result *){result}, 1, &summary) == 0)
            ana_summary_free(summary);
        ana_result_free(result);
    }
}

static void check_foreign(void)
{
    static const char text[] =
        "{\"context\": {\"host_name\": \"h\", \"num_cpus\": 2, \"load_avg\": [0.57, 1],\n"
        " \"cpu_scaling_enabled\": false, \"caches\": [{\"type\": \"Data\", \"size\": 32768}]},\n"
        "\"benchmarks\": [\n"
        "{\"name\": \"BM_sort/n:8/3\", \"family_index\": 0, \"run_name\": \"BM_sort/n:8/3\", "
        "\"run_type\": \"iteration\", \"repetitions\": 3, \"repetition_index\": 0, \"threads\": 2, "
        "\"iterations\": 100, \"real_time\": 2.0, \"cpu_time\": 1.0, \"time_unit\": \"ms\", "
        "\"alloc\": NaN, \"rate\": -Infinity, \"hits\": 7, \"label\": \"caf\xe9\"},\n"
        "{\"name\": \"BM_err\", \"error_occurred\": true, \"error_message\": \"mess\\\"age\", "
        "\"real_time\": 0, \"time_unit\": \"ns\"},\n"
        "{\"name\": \"BM_sort/n:8/3_cv\", \"run_name\": \"BM_sort/n:8/3\", "
        "\"run_type\": \"aggregate\", \"aggregate_name\": \"cv\", "
        "\"aggregate_unit\": \"percentage\", \"real_time\": 0.05, \"time_unit\": \"ms\"},\n"
        "{\"name\": \"BM_sort_BigO\", \"run_name\": \"BM_sort\", \"run_type\": \"aggregate\", "
        "\"aggregate_name\": \"BigO\", \"cpu_coefficient\": 14.0, \"big_o\": \"N\"},\n"
        "{\"name\": \"BM_old_mean\", \"real_time\": 3, \"time_unit\": \"ns\"}]}";
    int status;
    char buf[ANA_AXIS_MAX];
    struct ana_result *const result = read_text(text, sizeof(text) - 1, &status);
    CHECK(status == 0, "%s", message);
    if (status)
        return;
    CHECK(result->row_count == 5 && result->attn_rows == 0, "%zu rows", result->row_count);
    CHECK(result->missing_numbers == 2, "%zu missing", result->missing_numbers);
    CHECK_STR(ana_result_context(result, "caches.0.size"), "32768");
    CHECK_STR(ana_result_context(result, "load_avg.0"), "0.57");
    CHECK_STR(ana_result_context(result, "cpu_scaling_enabled"), "false");
    CHECK(!ana_result_context(result, "nothing"), "absent key");

    const struct ana_row *row = &result->rows[0];
    CHECK(row->real_ns == 2e6 && row->cpu_ns == 1e6 && row->threads == 2, "%g", row->real_ns);
    CHECK(row->iterations == 100 && row->repetition_index == 0, "integers");
    CHECK(isnan(ana_row_figure(row, "alloc")) && isnan(ana_row_figure(row, "rate")), "NaN");
    CHECK(ana_row_figure(row, "hits") == 7, "counter");
    CHECK_STR(row->label, "caf?");
    CHECK_STR(ana_axis_text(row, "family", buf), "BM_sort");
    CHECK(ana_axis_number(row, "n") == 8 && ana_axis_number(row, "arg2") == 3, "axes");
    CHECK(isnan(ana_axis_number(row, "kv_heads")), "no such axis");

    CHECK(result->rows[1].error && isnan(result->rows[1].real_ns), "error row");
    CHECK_STR(result->rows[1].message, "mess\"age");
    CHECK(result->rows[2].percentage && isnan(result->rows[2].real_ns), "cv row");
    CHECK(result->rows[3].aggregate && isnan(result->rows[3].real_ns), "BigO row");
    CHECK(result->rows[4].aggregate, "old aggregate");
    CHECK_STR(result->rows[4].run_name, "BM_old");

    struct ana_summary *summary;
    CHECK(ana_summarise(&(struct ana_result *){result}, 1, &summary) == 0, "summary");
    CHECK(summary->case_count == 4, "%zu cases", summary->case_count);
    CHECK(summary->cases[0].samples == 1 && summary->cases[0].real_ns == 2e6, "first case");
    CHECK(summary->cases[1].error && isnan(summary->cases[1].real_ns), "error case");
    CHECK(ana_case_figure(summary, &summary->cases[0], "hits") == 7, "figure");
    ana_summary_free(summary);
    ana_result_free(result);
}

#define OURS "decode/split.avx2/kv:f16/batch:1/heads:32/kv_heads:8/dim:128/context:8192"
#define TAIL "/real_time/threads:2"

static void check_ours(void)
{
    char text[4096] = "{\"context\": {}, \"benchmarks\": [";
    for (int i = 0; i < 6; i++)
        sprintf(text + strlen(text),
                "{\"name\": \"" OURS TAIL "\", \"run_name\": \"" OURS TAIL "\", \"run_type\": "
                "\"iteration\", \"repetition_index\": %d, \"real_time\": %d, \"time_unit\": "
                "\"us\", \"kv_bytes\": 33554432, \"zeta\": %d, \"label\": \"a, \\\"b\\\"\"},\n",
                i, 10 - i, i);
    strcat(text, "{\"name\": \"" OURS "/cache:hot" TAIL "\", \"skipped\": true, "
                 "\"skip_message\": \"too large\"}]}");
    int status;
    struct ana_result *const result = read_text(text, strlen(text), &status);
    CHECK(status == 0 && result->attn_rows == 7, "%s", message);
    if (status)
        return;
    char buf[ANA_AXIS_MAX];
    const struct ana_row *const row = &result->rows[0];
    CHECK(row->attn == result->rows[5].attn, "repetitions share their name");
    CHECK_STR(ana_axis_text(row, "attention", buf), "GQA-8");
    CHECK_STR(ana_axis_text(row, "kv", buf), "f16");
    CHECK_STR(ana_axis_text(row, "layout", buf), "contiguous");
    CHECK_STR(ana_axis_text(row, "cache", buf), "cold");
    CHECK(ana_axis_number(row, "group") == 4 && ana_axis_number(row, "threads") == 2, "numbers");

    struct ana_summary *summary;
    CHECK(ana_summarise(&(struct ana_result *){result}, 1, &summary) == 0, "summary");
    const struct ana_case *const c = &summary->cases[0];
    CHECK(summary->case_count == 2 && summary->ours, "%zu cases", summary->case_count);
    CHECK(c->samples == 6 && c->real_ns == 7500, "median %g", c->real_ns);
    CHECK(c->low_ns == 5000 && c->high_ns == 10000 && c->coverage == 1 - 2.0 / 64, "interval");
    CHECK(ana_case_figure(summary, c, "kv_bytes") == 33554432, "kv_bytes");
    CHECK(ana_case_figure(summary, c, "zeta") == 2.5, "median of a counter");
    CHECK(summary->cases[1].skipped, "skip");

    FILE *const out = fopen(path, "w+");
    CHECK(ana_summary_csv(summary, out) == 0, "csv");
    rewind(out);
    char line[2048];
    CHECK(fgets(line, sizeof(line), out) && strstr(line, "name,phase,kernel,attention,kv,batch"),
          "%s", line);
    CHECK(strstr(line, ",samples,real_ns,low_ns,high_ns,cpu_ns,kv_bytes,zeta,error\n"), "%s", line);
    CHECK(fgets(line, sizeof(line), out) && strstr(line, ",\"a, \"\"b\"\"\",6,7500,5000,10000,,"),
          "%s", line);
    CHECK(strstr(line, ",33554432,2.5,\n"), "%s", line);
    CHECK(fgets(line, sizeof(line), out) && strstr(line, ",,,,,too large\n"), "%s", line);
    fclose(out);
    ana_summary_free(summary);
    ana_result_free(result);
}

static void check_tables(void)
{
    for (size_t i = 0; i < ANA_COLUMNS; i++) {
        CHECK(ana_columns[i].name && ana_columns[i].unit && ana_columns[i].doc, "column %zu", i);
        CHECK(ana_column_find(ana_columns[i].name) == &ana_columns[i], "%s twice",
              ana_columns[i].name);
    }
    for (size_t i = 0; i < ana_axis_count; i++)
        CHECK(ana_axis_find(ana_axes[i].name) == &ana_axes[i], "%s twice", ana_axes[i].name);
}

/* A night of results fits: a hundred thousand rows would take a third of 500 MB. */
static void check_many(void)
{
    enum { ROWS = 30000 };
    FILE *const out = fopen(path, "w");
    fputs("{\"benchmarks\": [\n", out);
    for (int i = 0; i < ROWS; i++) {
        fprintf(out, "%s{\"name\": \"" OURS "/window:%d" TAIL "\", \"real_time\": %d, ",
                i ? "," : "", i + 1, i);
        for (size_t j = 0; j < ANA_COLUMNS; j++)
            fprintf(out, "\"%s\": %d.5, ", ana_columns[j].name, i);
        fprintf(out, "\"foreign%d\": 1, \"time_unit\": \"ns\"}\n", i);
    }
    fputs("]}\n", out);
    fclose(out);
    struct ana_result *result;
    struct ana_summary *summary = NULL;
    const int status = ana_result_read(path, &result, message, sizeof(message));
    CHECK(status == 0, "%s", message);
    if (status)
        return;
    CHECK(result->row_count == ROWS && result->attn_rows == ROWS, "%zu rows", result->row_count);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%d rows: %ld MiB\n", ROWS, usage.ru_maxrss / 1024);
#if !TEST_SANITIZED
    CHECK(usage.ru_maxrss < 150 * 1024, "%ld KiB", usage.ru_maxrss);
#endif
    ana_result_free(result);
    static const char three[] = "{\"benchmarks\": [{\"name\": \"a\", \"real_time\": 1, "
                                "\"time_unit\": \"ns\", \"x\": 1, \"y\": 2, \"kv_bytes\": 3}]}";
    int again;
    struct ana_result *const small = read_text(three, sizeof(three) - 1, &again);
    CHECK(again == 0 && ana_summarise(&(struct ana_result *){small}, 1, &summary) == 0, "small");
    CHECK(summary->figure_count == 3, "%zu figures", summary->figure_count);
    CHECK_STR(summary->figures[0], "kv_bytes");
    ana_summary_free(summary);
    ana_result_free(small);
}

int main(void)
{
    snprintf(path, sizeof(path), "/tmp/attn_record.%d.json", (int)getpid());
    check_tables();
    check_bad_files();
    check_truncated();
    check_flipped();
    check_foreign();
    check_ours();
    check_many();
    unlink(path);
    return test_exit();
}
