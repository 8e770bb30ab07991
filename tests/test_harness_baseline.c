/* SPDX-License-Identifier: Apache-2.0 */
/* Comparison with an earlier run: reading it, the ratio and its interval, who fails. */
#include "bench/harness/baseline.h"

#include "tests/test_harness.h"

#include <math.h>
#include <unistd.h>

static const char *write_file(const char *text)
{
    static char path[] = "/tmp/test_harness_baseline.json";
    FILE *const file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    return path;
}

static void test_compare(void)
{
    const double a[] = {10, 10.1, 9.9, 10, 10.05, 9.95}, b[] = {12, 12.1, 11.9, 12, 12.05, 11.95};
    struct comparison c;
    CHECK_THAT(bm_compare(a, 6, b, 6, &c) == 0 && c.interval);
    CHECK(fabs(c.ratio - 1.2) < 0.01 && c.low > 1.15 && c.high < 1.25, "%g (%g to %g)", c.ratio,
          c.low, c.high);
    CHECK_THAT(bm_compare(a, 6, a, 6, &c) == 0 && c.low < 1 && c.high > 1 && c.ratio == 1);
    CHECK_THAT(bm_compare(a, 1, b, 1, &c) == 0 && !c.interval && c.ratio == 1.2);
    CHECK(bm_compare(a, 3, b, 3, &c) == 0 && !c.interval, "three of each cannot reach 95 %%");
}

static void test_read(void)
{
    struct baseline baseline;
    FILE *const null = fopen("/dev/null", "w");
    CHECK_THAT(bm_baseline_read(&baseline, "/nonexistent", null) != 0);
    CHECK_THAT(bm_baseline_read(&baseline, write_file("{\"benchmarks\": ["), null) != 0);
    CHECK_THAT(bm_baseline_read(&baseline, write_file("{}"), null) != 0);
    CHECK_THAT(bm_baseline_read(&baseline, write_file("{\"benchmarks\": [3, {}, {\"name\": 1}]}"),
                                null) == 0);
    CHECK_THAT(baseline.count == 0);
    bm_baseline_free(&baseline);
    CHECK_THAT(
        bm_baseline_read(
            &baseline,
            write_file(
                "{\"benchmarks\": ["
                "{\"name\": \"b\", \"real_time\": 2, \"cpu_time\": 1, \"time_unit\": \"us\"},"
                "{\"name\": \"a\", \"real_time\": 3, \"cpu_time\": 1, \"time_unit\": \"ms\"},"
                "{\"name\": \"b\", \"real_time\": 4, \"cpu_time\": 1, \"time_unit\": \"us\"},"
                "{\"name\": \"a\", \"real_time\": 0, \"cpu_time\": 0, \"time_unit\": \"ms\","
                " \"error_occurred\": true},"
                "{\"name\": \"b_mean\", \"run_name\": \"b\", \"run_type\": \"aggregate\","
                " \"real_time\": 3, \"cpu_time\": 1, \"time_unit\": \"us\"}]}"),
            null) == 0);
    CHECK_THAT(baseline.count == 2 && !bm_baseline_find(&baseline, "c"));
    const struct baseline_case *const b = bm_baseline_find(&baseline, "b");
    CHECK_THAT(b && b->real.count == 2 && fabs(b->real.seconds[1] - 4e-6) < 1e-15);
    bm_baseline_free(&baseline);
    fclose(null);
}

static double each;

static void timed(struct benchmark_state *state)
{
    each *= 1.0001;
    while (benchmark_keep_running(state))
        fake_now += each;
}

static struct bench run(double seconds, const char *first, const char *second)
{
    struct bench b =
        bench_new(ARGUMENTS("--benchmark_repetitions=8", "--benchmark_min_time=1x", first, second));
    bench_add(&b, (struct benchmark_family){.name = "f", .run = timed, .use_real_time = true});
    each = seconds;
    bench_run(&b);
    return b;
}

static void test_run(void)
{
    char path[64], in[96], out[96];
    snprintf(path, sizeof(path), "/tmp/test_harness_baseline.%ld.json", (long)getpid());
    snprintf(in, sizeof(in), "--benchmark_baseline=%s", path);
    snprintf(out, sizeof(out), "--benchmark_out=%s", path);
    struct bench b = run(1, out, "--benchmark_format=json");
    bench_free(&b);
    b = run(1.2, in, "--benchmark_color=false");
    CHECK(b.status == 0 && strstr(b.out, "baseline_ratio=1.2"), "%s", b.out);
    CHECK(strstr(b.err, "Baseline: 1 cases compared, 1 slower, 0 faster"), "%s", b.err);
    bench_free(&b);
    b = run(1.2, in, "--benchmark_baseline_fail_threshold=0.3");
    CHECK(b.status == 0, "within the threshold");
    bench_free(&b);
    b = run(1.2, in, "--benchmark_baseline_fail_threshold=0.1");
    CHECK(b.status == 1 && strstr(b.err, "error: f/real_time takes 1.200 times as long"), "%s",
          b.err);
    bench_free(&b);
    b = run(1, "--benchmark_baseline_fail_threshold=0.1", "--benchmark_format=json");
    CHECK(b.status == 1 && !*b.out && strstr(b.err, "needs a --benchmark_baseline\n"),
          "a gate that guards nothing: %s", b.err);
    bench_free(&b);
    remove(path);
    b = run(1.2, in, "--benchmark_format=json");
    CHECK(b.status == 1 && !*b.out && strstr(b.err, "--benchmark_baseline="), "%s", b.err);
    bench_free(&b);
}

int main(void)
{
    test_compare();
    test_read();
    test_run();
    return test_exit();
}
