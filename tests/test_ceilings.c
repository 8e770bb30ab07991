/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the ceilings in a result file to points of a figure and a table of the page: the keys as
 * surveys write them, and as nobody should.
 */
#include "tests/test.h"
#include "tests/tree.h"

#include "analysis/report/ceilings.h"
#include "analysis/report/query.h"

#include <errno.h>
#include <math.h>

static const char survey[] = "{\"context\": {"
                             "\"ceiling.read_l1_bytes_per_second.threads_1\": \"2e11\","
                             "\"ceiling.read_l1_bytes_per_second.threads_2\": \"4e11\","
                             "\"ceiling.read_memory_bytes_per_second.threads_1\": \"1e10\","
                             "\"ceiling.read_memory_bytes_per_second.threads_2\": \"1.5e10\","
                             "\"ceiling.f32_avx2_flops_per_second.threads_2\": \"3e11\","
                             "\"ceiling.latency_memory_ns.threads_1\": \"90.5\","
                             "\"ceiling.barrier_ns.threads_2\": \"600\","
                             "\"ceiling.unstable\": \"L1 <read>\", \"ceiling.age_seconds\": \"90\""
                             "}, \"benchmarks\": []}";

/* What a survey does not write: each of these keys is passed over. */
static const char hostile[] = "{\"context\": {"
                              "\"ceiling.read_l1_bytes_per_second.threads_0x\": \"1\","
                              "\"ceiling.read_l1_bytes_per_second.threads_\": \"1\","
                              "\"ceiling.read_l1_bytes_per_second.threads_-1\": \"1\","
                              "\"ceiling.read_l1_bytes_per_second.threads_99999999999\": \"1\","
                              "\"ceiling.read_l1_bytes_per_second\": \"1\","
                              "\"ceiling.read_<b>_bytes_per_second.threads_1\": \"1\","
                              "\"ceiling.read__bytes_per_second.threads_1\": \"1\","
                              "\"ceiling.read_l2_bytes_per_second.threads_1\": \"-1\","
                              "\"ceiling.read_l2_bytes_per_second.threads_2\": \"nan\","
                              "\"ceiling.read_l2_bytes_per_second.threads_3\": \"inf\","
                              "\"ceiling.read_l2_bytes_per_second.threads_4\": \"\","
                              "\"ceiling.read_l2_bytes_per_second.threads_5\": 0,"
                              "\"ceiling.read_\": \"1\", \"ceiling.\": \"1\""
                              "}, \"benchmarks\": []}";

static struct ana_result *result_of(const char *root, const char *text)
{
    char path[TREE_MAX + 16], message[256];
    struct ana_result *result = NULL;
    tree_write(root, "/r.json", text);
    snprintf(path, sizeof(path), "%s/r.json", root);
    CHECK(ana_result_read(path, &result, message, sizeof(message)) == 0, "%s", message);
    return result;
}

static char *table_of(const struct rep_points *points, const struct ana_result *result)
{
    char *text = NULL;
    size_t size;
    FILE *const out = open_memstream(&text, &size);
    rep_ceilings_write(points, result, out);
    fclose(out);
    return text;
}

static void test_survey(const char *root)
{
    static const char line[] = "# query: from=machine over=threads by=label x=threads "
                               "y=bytes_per_second log=xy";
    struct ana_result *const result = result_of(root, survey);
    struct rep_sets sets = {.machine = {NULL, 0}};
    struct rep_query query;
    struct rep_selection s;
    char message[256];
    CHECK(rep_ceilings_read(result, &sets.machine) == 0, "read");
    CHECK(sets.machine.count == 6, "%zu points", sets.machine.count);
    CHECK(rep_query_parse(line, &query, message, sizeof(message)) == 0 &&
              query.from == REP_FROM_MACHINE,
          "%s", message);
    CHECK(rep_select(&sets, &query, &s, message, sizeof(message)) == 0, "%s", message);
    CHECK(s.series_count == 2 && s.points.count == 4, "%zu series", s.series_count);
    CHECK_STR(s.series[0].name, "L1");
    CHECK_STR(s.series[1].name, "memory");
    CHECK(s.points.points[3].bytes_per_second == 1.5e10, "most threads last");
    CHECK(s.points.points[0].flops == 3e11 && s.points.points[0].bytes == 1.5e10, "both roofs");
    rep_selection_free(&s);

    char *const table = table_of(&sets.machine, result);
    CHECK(strstr(table, "<th>2 threads</th>") && strstr(table, "400 GB/s") &&
              strstr(table, "300 GFLOP/s") && strstr(table, "90.5 ns"),
          "%s", table);
    CHECK(strstr(table, "L1 &lt;read&gt;") && strstr(table, "taken 90 seconds before"), "%s",
          table);
    free(table);
    rep_sets_free(&sets);
    ana_result_free(result);
}

static void test_none(const char *root, const char *text)
{
    struct ana_result *const result = result_of(root, text);
    struct rep_sets sets = {.machine = {NULL, 0}};
    struct rep_query query;
    struct rep_selection s;
    char message[256];
    CHECK(rep_ceilings_read(result, &sets.machine) == 0, "read");
    CHECK(sets.machine.count == 0, "%zu points", sets.machine.count);
    CHECK(rep_query_parse("# query: from=machine x=threads y=bytes_per_second", &query, message,
                          sizeof(message)) == 0,
          "%s", message);
    CHECK(rep_select(&sets, &query, &s, message, sizeof(message)) == -ENODATA &&
              strstr(message, "attn-bench --machine"),
          "%s", message);
    char *const table = table_of(&sets.machine, result);
    CHECK_STR(table, "");
    free(table);
    rep_sets_free(&sets);
    ana_result_free(result);
}

int main(void)
{
    char root[TREE_MAX], message[256];
    struct rep_query query;
    tree_make(root);
    test_survey(root);
    test_none(root, hostile);
    test_none(root, "{\"context\": {}, \"benchmarks\": []}");
    CHECK(rep_query_parse("# query: from=moon x=threads y=time_ns", &query, message,
                          sizeof(message)) == -EINVAL,
          "a source that is none");
    tree_remove(root);
    return test_exit();
}
