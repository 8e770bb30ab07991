/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results over time: change points that were planted are found where they are, quiet series stay
 * quiet; the file keeps what it was given, refuses what it cannot read and leaves that alone.
 */
#include "tests/test.h"

#include <errno.h>
#include <math.h>
#include <sqlite3.h>

#include "analysis/arena.h"
#include "analysis/regress/history/finding.h"
#include "analysis/regress/history/machine_class.h"
#include "analysis/regress/history/moment.h"
#include "analysis/regress/history/student.h"
#include "tests/tree.h"

static uint64_t seed;
static char root[TREE_MAX];
static char message[600];

static double normal(void)
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += test_uniform(&seed);
    return sum - 6;
}

static bool near(double a, double b, double relative)
{
    return fabs(a - b) <= relative * fabs(b);
}

static void test_student(void)
{
    static const double a[] = {1, 2, 3, 4, 7}, b[] = {2, 5, 6, 8, 9, 12}, c[] = {4, 4, 4};
    /* from tables, and from integrating the density */
    CHECK(near(reg_student(2.228138852, 10), 0.05, 1e-6), "%.9g", reg_student(2.228138852, 10));
    CHECK(near(reg_student(2.0, 10), 0.07338803477, 1e-8), "%.10g", reg_student(2, 10));
    CHECK(near(reg_student(4.5, 7.3), 0.00251937373, 1e-8), "%.10g", reg_student(4.5, 7.3));
    CHECK(near(reg_student(1, 1), 0.5, 1e-12), "Cauchy: %.12g", reg_student(1, 1));
    CHECK(near(reg_student(0, 5), 1, 1e-12), "%g", reg_student(0, 5));
    CHECK(near(reg_welch(a, 5, b, 6), 0.07091510631, 1e-8), "%.10g", reg_welch(a, 5, b, 6));
    CHECK(reg_welch(c, 3, c, 3) >= 1 && reg_welch(c, 3, a, 1) >= 1, "nothing differs");
    CHECK(reg_welch(c, 3, (const double[]){5, 5}, 2) <= 0, "no spread at all");
}

static const struct reg_change_rule usual = {.effect = 0.02, .p = 0.001, .lasting = 5};

/* Levels of ln time, so many points each; checks that exactly their beginnings are found. */
static void check_levels(const double *levels, const size_t *lengths, size_t count, double sigma)
{
    double values[400];
    size_t n = 0, begin = 0;
    struct reg_change *found;
    size_t changes;
    for (size_t l = 0; l < count; l++)
        for (size_t i = 0; i < lengths[l]; i++)
            values[n++] = levels[l] + sigma * normal();
    CHECK(reg_changes(values, n, NULL, &usual, &found, &changes) == 0, "memory");
    CHECK(changes == count - 1, "%zu changes instead of %zu", changes, count - 1);
    for (size_t i = 0; i < changes && i + 1 < count; i++) {
        begin += lengths[i];
        CHECK(found[i].at + 1 >= begin && found[i].at <= begin + 1, "change %zu at %zu, not %zu", i,
              found[i].at, begin);
        CHECK(fabs(found[i].after - found[i].before - levels[i + 1] + levels[i]) < 3 * sigma,
              "change %zu by %g", i, found[i].after - found[i].before);
    }
    free(found);
}

static void test_planted(void)
{
    check_levels((double[]){1, 1.05}, (size_t[]){30, 20}, 2, 0.005);
    check_levels((double[]){1, 1.05}, (size_t[]){150, 8}, 2, 0.005);
    check_levels((double[]){1, 1.05}, (size_t[]){6, 60}, 2, 0.005);
    check_levels((double[]){1, 1.1, 1}, (size_t[]){40, 12, 40}, 3, 0.01);
    check_levels((double[]){1, 1.04, 1.08, 1.5, 1.42}, (size_t[]){20, 30, 25, 70, 40}, 5, 0.004);
    check_levels((double[]){2}, (size_t[]){3}, 1, 0.01);
}

static void test_quiet(void)
{
    int loud = 0;
    for (int t = 0; t < 300; t++) {
        double values[120];
        struct reg_change *found;
        size_t changes;
        for (size_t i = 0; i < 120; i++) {
            values[i] = 0.01 * normal();
            if (test_uniform(&seed) < 0.05) /* one slow night */
                values[i] += 0.2 * test_uniform(&seed);
        }
        CHECK(reg_changes(values, 120, NULL, &usual, &found, &changes) == 0, "memory");
        loud += changes > 0;
        free(found);
    }
    CHECK(loud <= 9, "%d of 300 quiet series changed", loud);
}

static void test_small_and_exact(void)
{
    double values[40];
    bool given[40] = {false};
    struct reg_change *found;
    size_t changes;
    for (size_t i = 0; i < 40; i++)
        values[i] = (i >= 20 ? 0.008 : 0) + 0.0002 * normal();
    CHECK(reg_changes(values, 40, NULL, &usual, &found, &changes) == 0 && changes == 0,
          "0.8 %% is nobody's business at 2 %%");
    free(found);
    given[20] = true;
    CHECK(reg_changes(values, 40, given, &usual, &found, &changes) == 0 && changes == 1 &&
              found[0].given && found[0].at == 20,
          "what is given stays");
    free(found);
    const struct reg_change_rule exact = {.effect = 0.001, .exact = true};
    const double counts[] = {5, 5, 5.01, 5.01, 5, 5.0005};
    CHECK(reg_changes(counts, 6, NULL, &exact, &found, &changes) == 0 && changes == 2 &&
              found[0].at == 2 && found[1].at == 4,
          "%zu steps of a count", changes);
    free(found);
}

static void test_moments(void)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {
        {"1970-01-01", 0},
        {"2026-11-22T07:49:42+00:00", 1795333782},
        {"2026-11-22T07:49:42Z", 1795333782},
        {"2026-11-22 09:49:42+02:00", 1795333782},
        {"2026-11-22T05:19:42-02:30", 1795333782},
    };
    static const char *const bad[] = {"2026-02-31",
                                      "1970-01-01T00:00:00+05:00",
                                      "",
                                      "now",
                                      "2026-13-01",
                                      "2026-11-22T7",
                                      "2026-11-22T07:49:42x",
                                      "1969-01-01",
                                      "2026-11-22T25:00:00"};
    int64_t seconds;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CHECK(reg_parse_moment(good[i].text, &seconds) == 0 && seconds == good[i].seconds,
              "%s: %lld", good[i].text, (long long)seconds);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(reg_parse_moment(bad[i], &seconds) == -EINVAL, "%s", bad[i]);
}

static const char *path_of(const char *name)
{
    static char paths[4][TREE_MAX + 64];
    static int next;
    char *const path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", root, name);
    return path;
}

/* Writes a result file of two cases on a machine and imports it. */
static int import(struct reg_history *history, int day, const char *cpu, double ns, double count,
                  struct reg_imported *done)
{
    char text[1024];
    struct ana_result *result;
    struct ana_summary *summary;
    snprintf(text, sizeof(text),
             "{\"context\": {\"date\": \"2026-01-%02dT00:00:00+00:00\", \"git_commit\": \"c%d\","
             "\"env.cpu_model\": \"%s\", \"env.compiler\": \"gcc\"}, \"benchmarks\": ["
             "{\"name\": \"a\", \"real_time\": %g, \"cpu_time\": 1, \"time_unit\": \"ns\","
             "\"sim_instructions\": %g},"
             "{\"name\": \"b\", \"error_occurred\": true, \"error_message\": \"wrong\"}]}",
             day, day, cpu, ns, count);
    tree_write(root, "/result.json", text);
    CHECK(ana_result_read(path_of("result.json"), &result, message, sizeof(message)) == 0, "%s",
          message);
    CHECK(ana_summarise(&result, 1, &summary) == 0, "memory");
    const struct reg_import what = {.result = result, .summary = summary, .time = -1};
    const int status = reg_history_import(history, &what, done);
    ana_summary_free(summary);
    ana_result_free(result);
    return status;
}

static struct reg_history *open_history(const char *name, enum reg_history_use use, int expected)
{
    struct reg_history *history;
    const int status = reg_history_open(path_of(name), use, 50, &history, message, sizeof(message));
    CHECK(status == expected, "%s: %d (%s) instead of %d", name, status, status ? message : "",
          expected);
    return history;
}

static void test_file(void)
{
    struct reg_imported done;
    struct reg_history *history = open_history("h.db", REG_HISTORY_READ, -ENOENT);
    CHECK(strstr(message, "begins one"), "%s", message);
    history = open_history("h.db", REG_HISTORY_CREATE, 0);
    for (int day = 20; day > 0; day--) /* not in their order */
        CHECK(import(history, day, day % 2 ? "fast" : "slow", 100 + day, 1000, &done) == 0, "%s",
              reg_history_trouble(history));
    CHECK(done.points == 2 && done.failed == 1 && !done.known, "%zu points", done.points);
    CHECK(import(history, 1, "fast", 101, 1000, &done) == 0 && done.known && !done.points,
          "imported twice");
    reg_history_close(history);

    history = open_history("h.db", REG_HISTORY_WRITE, 0);
    struct ana_arena *const arena = ana_arena_new();
    struct reg_series *series;
    size_t count;
    CHECK(reg_history_read(history, arena, &series, &count) == 0 && count == 3,
          "%zu series: times of two classes, counts of one", count);
    for (size_t i = 0; i < count; i++) {
        CHECK(series[i].count == (strcmp(series[i].metric, "real_ns") == 0 ? 10 : 20), "%s: %zu",
              series[i].metric, series[i].count);
        for (size_t p = 1; p < series[i].count; p++)
            CHECK(series[i].points[p].time > series[i].points[p - 1].time, "not by time");
    }
    CHECK(reg_history_accept(history, series[0].id, series[0].points[4].run, "meant") == 0, "%s",
          reg_history_trouble(history));
    CHECK(reg_history_read(history, arena, &series, &count) == 0, "%s",
          reg_history_trouble(history));
    CHECK(series[0].points[4].accepted, "not accepted");
    CHECK_STR(series[0].points[4].accepted, "meant");
    CHECK(!series[0].points[5].accepted && !series[1].points[4].accepted, "accepted elsewhere");
    ana_arena_free(arena);
    reg_history_close(history);
}

static void run_sql(const char *name, const char *sql)
{
    sqlite3 *db;
    char *why = NULL;
    CHECK(sqlite3_open(path_of(name), &db) == SQLITE_OK, "%s", name);
    CHECK(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s", sql, why ? why : "");
    sqlite3_free(why);
    sqlite3_close(db);
}

/* A history as it was before changes could be accepted. */
static void test_versions(void)
{
    struct reg_imported done;
    struct ana_arena *const arena = ana_arena_new();
    struct reg_series *series;
    size_t count;
    struct reg_history *history = open_history("old.db", REG_HISTORY_CREATE, 0);
    CHECK(import(history, 3, "x", 5, 6, &done) == 0, "%s", reg_history_trouble(history));
    reg_history_close(history);
    run_sql("old.db", "DROP TABLE accepted; PRAGMA user_version = 1");
    history = open_history("old.db", REG_HISTORY_READ, 0);
    CHECK(reg_history_read(history, arena, &series, &count) == 0 && count == 2, "%s",
          reg_history_trouble(history));
    reg_history_close(history);
    history = open_history("old.db", REG_HISTORY_WRITE, 0);
    CHECK(reg_history_read(history, arena, &series, &count) == 0 && count == 2 &&
              reg_history_accept(history, series[0].id, series[0].points[0].run, "r") == 0,
          "%s", reg_history_trouble(history));
    reg_history_close(history);
    run_sql("old.db", "PRAGMA user_version = 99");
    open_history("old.db", REG_HISTORY_WRITE, -ENOTSUP);
    CHECK(strstr(message, "newer"), "%s", message);
    run_sql("other.db", "CREATE TABLE mine(x); INSERT INTO mine VALUES (1)");
    open_history("other.db", REG_HISTORY_CREATE, -EBADMSG);
    run_sql("other.db", "SELECT x FROM mine");
    ana_arena_free(arena);
}

static void overwrite(const char *name, long from, size_t bytes)
{
    FILE *const file = fopen(path_of(name), "r+b");
    CHECK(file && fseek(file, from, SEEK_SET) == 0, "%s", name);
    for (size_t i = 0; file && i < bytes; i++)
        putc((int)(test_random(&seed) & 255), file);
    if (file)
        fclose(file);
}

static void test_damage(void)
{
    struct reg_imported done;
    struct stat before, after;
    struct reg_history *history = open_history("bad.db", REG_HISTORY_CREATE, 0);
    for (int day = 1; day < 20; day++)
        CHECK(import(history, day, "x", day, day, &done) == 0, "%s", reg_history_trouble(history));
    reg_history_close(history);
    CHECK(stat(path_of("bad.db"), &before) == 0, "stat");
    overwrite("bad.db", 4096, 20000);
    open_history("bad.db", REG_HISTORY_CREATE, -EBADMSG);
    CHECK(strstr(message, "left as it is"), "%s", message);
    overwrite("bad.db", 0, 100);
    open_history("bad.db", REG_HISTORY_CREATE, -EBADMSG);
    CHECK(stat(path_of("bad.db"), &after) == 0 && after.st_size == before.st_size,
          "a damaged file was touched");
}

static void test_lock(void)
{
    sqlite3 *db;
    struct reg_imported done;
    struct reg_history *const history = open_history("lock.db", REG_HISTORY_CREATE, 0);
    CHECK(import(history, 1, "x", 1, 1, &done) == 0, "%s", reg_history_trouble(history));
    CHECK(sqlite3_open(path_of("lock.db"), &db) == SQLITE_OK, "open");
    CHECK(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK, "lock");
    CHECK(import(history, 2, "x", 2, 2, &done) == -EBUSY, "wrote past a lock");
    CHECK(strstr(reg_history_trouble(history), "locked by another program for 0.05 s"), "%s",
          reg_history_trouble(history));
    CHECK(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, "unlock");
    CHECK(import(history, 2, "x", 2, 2, &done) == 0 && done.points == 2, "%s",
          reg_history_trouble(history));
    sqlite3_close(db);
    reg_history_close(history);
}

/* Series made by hand: which losses stand. */
static void check_findings(const double *levels, const size_t *lengths, size_t count,
                           const char *accepted_at, size_t standing, enum reg_finding_kind last)
{
    struct reg_point points[200] = {0};
    struct reg_findings found;
    size_t n = 0;
    for (size_t l = 0; l < count; l++)
        for (size_t i = 0; i < lengths[l]; i++, n++)
            points[n] = (struct reg_point){.run = (int64_t)n,
                                           .time = (int64_t)n * 86400,
                                           .commit = "",
                                           .value = levels[l] * exp(0.004 * normal())};
    if (accepted_at)
        points[strtoul(accepted_at, NULL, 10)].accepted = "meant";
    const struct reg_series series = {
        .name = "a", .metric = "real_ns", .class_text = "", .points = points, .count = n};
    const struct reg_finding_rule rule = {.change = usual,
                                          .exact_effect = 0.001,
                                          .creep = 0.03,
                                          .creep_seconds = 30 * 86400,
                                          .q = 0.05};
    CHECK(reg_find(&series, 1, &rule, &found) == 0, "memory");
    CHECK(found.standing == standing, "%zu losses stand, not %zu", found.standing, standing);
    CHECK(found.count && found.list[found.count - 1].kind == last, "the last of %zu is %d",
          found.count, found.count ? (int)found.list[found.count - 1].kind : -1);
    reg_findings_free(&found);
}

static void test_findings(void)
{
    check_findings((double[]){100, 110}, (size_t[]){30, 30}, 2, NULL, 1, REG_SLOWER);
    check_findings((double[]){100, 90}, (size_t[]){30, 30}, 2, NULL, 0, REG_FASTER);
    check_findings((double[]){100, 110, 100}, (size_t[]){30, 30, 30}, 3, NULL, 0, REG_FASTER);
    check_findings((double[]){100, 110}, (size_t[]){30, 30}, 2, "30", 0, REG_MEANT);
    check_findings((double[]){100, 110, 121}, (size_t[]){30, 30, 30}, 3, "30", 1, REG_SLOWER);
    /* too small a step each time, and yet */
    double levels[80];
    for (size_t i = 0; i < 80; i++)
        levels[i] = 100 * exp(0.0009 * (double)i);
    struct reg_point points[80] = {0};
    struct reg_findings found;
    for (size_t i = 0; i < 80; i++)
        points[i] = (struct reg_point){.time = (int64_t)i * 86400,
                                       .commit = "",
                                       .value = levels[i] * exp(0.001 * normal())};
    const struct reg_series series = {
        .name = "a", .metric = "real_ns", .class_text = "", .points = points, .count = 80};
    const struct reg_finding_rule rule = {.change = {.effect = 0.2, .p = 0.001, .lasting = 5},
                                          .creep = 0.02,
                                          .creep_seconds = 30 * 86400,
                                          .q = 0.05};
    CHECK(reg_find(&series, 1, &rule, &found) == 0 && found.standing == 1 &&
              found.list[0].kind == REG_CREEP,
          "a slow loss was not seen");
    reg_findings_free(&found);
}

static void test_classes(void)
{
    struct ana_context lines[] = {
        {"env.cpu_model", "EPYC"},    {"env.kernel", "Linux 6.18.44"}, {"env.compiler", "gcc 12"},
        {"host_name", "runner-1234"}, {"sim.cache", "LL 8M"},
    };
    const struct ana_result ours = {.context = lines, .context_count = 5};
    struct ana_context foreign[] = {{"num_cpus", "8"}, {"host_name", "x"}};
    const struct ana_result others = {.context = foreign, .context_count = 2};
    char text[REG_CLASS_MAX];
    reg_class_text(&ours, false, text);
    CHECK_STR(text, "cpu_model=EPYC, kernel=Linux 6, compiler=gcc 12");
    reg_class_text(&ours, true, text);
    CHECK_STR(text, "compiler=gcc 12, sim.cache=LL 8M");
    reg_class_text(&others, false, text);
    CHECK_STR(text, "num_cpus=8");
}

int main(void)
{
    seed = test_seed();
    tree_make(root);
    test_student();
    test_planted();
    test_quiet();
    test_small_and_exact();
    test_moments();
    test_classes();
    test_findings();
    test_file();
    test_versions();
    test_damage();
    test_lock();
    tree_remove(root);
    return test_exit();
}
