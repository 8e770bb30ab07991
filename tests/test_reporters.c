/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden files: the same run on a clock that cases drive, written by every reporter, compared with
 * tests/golden byte by byte once the machine's part of the context is masked. UPDATE_GOLDEN=1
 * writes them anew; look at the difference before committing it.
 */
#include "tests/test_harness.h"

#include <locale.h>
#include <regex.h>

#ifndef GOLDEN
#define GOLDEN "tests/golden"
#endif

static void plain(struct benchmark_state *state)
{
    const int64_t n = benchmark_arg(state, 0);
    while (benchmark_keep_running(state))
        fake_now += 1e-9 * (double)n;
    benchmark_set_bytes_processed(state, benchmark_iterations(state) * n * 16);
    benchmark_set_items_processed(state, benchmark_iterations(state));
}

static double step = 1e-3;

static void varying(struct benchmark_state *state)
{
    step *= 1.5;
    while (benchmark_keep_running(state))
        fake_now += step;
    benchmark_set_counter(state, "rate", 3, BENCHMARK_COUNTER_RATE);
    benchmark_set_counter(state, "period", 3, BENCHMARK_COUNTER_RATE | BENCHMARK_COUNTER_INVERT);
    benchmark_set_counter(state, "a_long_counter_name", 1234567, BENCHMARK_COUNTER_PLAIN);
    benchmark_set_label(state, "one \"quoted\" label");
}

static void failing(struct benchmark_state *state)
{
    benchmark_skip_with_error(state, "say \"freedom\"\n\xff");
}

static void skipping(struct benchmark_state *state)
{
    benchmark_skip_with_message(state, "not on this machine");
}

/* Cases may change the locale; numbers keep their point. */
static void localised(struct benchmark_state *state)
{
    setlocale(LC_ALL, "de_DE.UTF-8");
    while (benchmark_keep_running(state))
        fake_now += 0.25;
}

static double largest(const double *values, size_t count)
{
    double most = values[0];
    for (size_t i = 1; i < count; i++)
        if (values[i] > most)
            most = values[i];
    return most;
}

static void add_cases(struct bench *b)
{
    step = 1e-3;
    bench_add(b, (struct benchmark_family){.name = "plain",
                                           .run = plain,
                                           .product = {BENCHMARK_LIST(5, 70, 4000)},
                                           .arg_names = {"n"},
                                           .iterations = 1000});
    bench_add(b, (struct benchmark_family){.name = "varying",
                                           .run = varying,
                                           .repetitions = 3,
                                           .iterations = 4,
                                           .use_real_time = true,
                                           .unit = BENCHMARK_MICROSECOND,
                                           .statistics = {{"largest", largest, false}}});
    bench_add(b, (struct benchmark_family){.name = "failing", .run = failing});
    bench_add(b, (struct benchmark_family){.name = "skipping", .run = skipping});
    bench_add(b, (struct benchmark_family){.name = "localised",
                                           .run = localised,
                                           .iterations = 2,
                                           .unit = BENCHMARK_SECOND});
}

/* Replaces what each expression matches; the machine's part of a context is written as a word. */
static char *mask(char *text)
{
    static const struct {
        const char *regex, *word;
    } masks[] = {
        {"\"(date|host_name|library_build_type)\": \"[^\"]*\"", "\"masked\": \"\""},
        {"\"(num_cpus|mhz_per_cpu)\": [0-9]+", "\"masked\": 0"},
        {"    \"(cpu_scaling|aslr)_enabled\": [a-z]+,\n", ""},
        {"\"caches\": \\[[^]]*\\]", "\"caches\": []"},
        {"\"load_avg\": \\[[^]]*\\]", "\"load_avg\": []"},
    };
    for (size_t m = 0; m < sizeof(masks) / sizeof(*masks); m++) {
        regex_t regex;
        regmatch_t match;
        char *from = text;
        regcomp(&regex, masks[m].regex, REG_EXTENDED);
        while (regexec(&regex, from, 1, &match, 0) == 0) {
            char *masked;
            const int head = (int)(from - text + match.rm_so);
            if (asprintf(&masked, "%.*s%s%s", head, text, masks[m].word, from + match.rm_eo) < 0)
                abort();
            free(text);
            text = masked;
            from = text + head + strlen(masks[m].word);
        }
        regfree(&regex);
    }
    return text;
}

static char *read_file(const char *path)
{
    FILE *const file = fopen(path, "rb");
    char *const text = calloc(1, 1 << 20);
    if (file && text) {
        const size_t length = fread(text, 1, (1 << 20) - 1, file);
        text[length] = '\0';
    }
    if (file)
        fclose(file);
    return text;
}

static void check_golden(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", GOLDEN, name);
    if (getenv("UPDATE_GOLDEN")) {
        FILE *const file = fopen(path, "wb");
        fputs(text, file);
        fclose(file);
    }
    char *const golden = read_file(path);
    CHECK(strcmp(golden, text) == 0, "%s differs:\n%s", path, text);
    free(golden);
}

static void golden(const char *name, const char *const *arguments)
{
    struct bench b = bench_new(arguments);
    add_cases(&b);
    bench_run(&b);
    b.out = mask(b.out);
    check_golden(name, b.out);
    CHECK(b.status == 0, "%s: status %d", name, b.status);
    bench_free(&b);
}

/* The display and the file of one run. */
static void golden_file(const char *name, const char *format, const char *display)
{
    char out[] = "/tmp/test_reporters.XXXXXX", out_flag[64], format_flag[64];
    const int fd = mkstemp(out);
    CHECK(fd >= 0, "%s", out);
    snprintf(out_flag, sizeof(out_flag), "--benchmark_out=%s", out);
    snprintf(format_flag, sizeof(format_flag), "--benchmark_out_format=%s", format);
    struct bench b = bench_new(ARGUMENTS(out_flag, format_flag, display));
    add_cases(&b);
    bench_run(&b);
    char *const text = mask(read_file(out));
    check_golden(name, text);
    free(text);
    bench_free(&b);
    remove(out);
}

int main(void)
{
    golden("harness_console.txt", ARGUMENTS("--benchmark_color=false"));
    golden("harness_tabular.txt",
           ARGUMENTS("--benchmark_color=no", "--benchmark_counters_tabular"));
    golden("harness_colour.txt", ARGUMENTS("--benchmark_color=true"));
    golden("harness_aggregates.txt", ARGUMENTS("--benchmark_report_aggregates_only"));
    golden("harness.json", ARGUMENTS("--benchmark_format=json"));
    golden("harness.csv", ARGUMENTS("--benchmark_format=csv"));
    golden("harness_list.txt", ARGUMENTS("--benchmark_list_tests"));
    golden("harness_list.json", ARGUMENTS("--benchmark_list_tests", "--benchmark_format=json"));
    golden("harness_list.csv", ARGUMENTS("--benchmark_list_tests", "--benchmark_format=csv"));
    golden_file("harness.json", "json", "--benchmark_format=csv");
    golden_file("harness.csv", "csv", "--benchmark_format=json");
    golden_file("harness.json", "json", "--benchmark_display_aggregates_only");
    return test_exit();
}
