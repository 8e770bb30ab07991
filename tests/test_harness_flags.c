/* SPDX-License-Identifier: Apache-2.0 */
/* Flags and environment of the harness: every grammar, what is refused and with which words. */
#include "bench/harness/settings.h"

#include "tests/test_harness.h"

#include <errno.h>

static const struct {
    const char *text;
    bool value;
} bools[] = {
    {"0", false},   {"f", false},     {"F", false},     {"n", false},     {"N", false},
    {"no", false},  {"NO", false},    {"No", false},    {"off", false},   {"OFF", false},
    {"Off", false}, {"false", false}, {"FALSE", false}, {"False", false}, {"-", false},
    {"1", true},    {"y", true},      {"Y", true},      {"yes", true},    {"YES", true},
    {"t", true},    {"T", true},      {"true", true},   {"TRUE", true},   {"on", true},
    {"ON", true},   {"On", true},     {"", true},       {"2", true},      {"maybe", true},
};

static const struct {
    const char *text;
    int rc;
    double seconds;
    long long iterations;
} min_times[] = {
    {"4", 0, 4, 0},
    {"4.0", 0, 4, 0},
    {"4.0s", 0, 4, 0},
    {"0.5s", 0, 0.5, 0},
    {"0", 0, 0, 0},
    {"1e-3s", 0, 1e-3, 0},
    {"100x", 0, 0, 100},
    {"1x", 0, 0, 1},
    {"", -EINVAL, 0, 0},
    {"abc", -EINVAL, 0, 0},
    {"123ms", -EINVAL, 0, 0},
    {"1z", -EINVAL, 0, 0},
    {"1hs", -EINVAL, 0, 0},
    {"s", -EINVAL, 0, 0},
    {"x", -EINVAL, 0, 0},
    {"0x", -EINVAL, 0, 0},
    {"-5x", -EINVAL, 0, 0},
    {"1.5x", -EINVAL, 0, 0},
    {"+1x", -EINVAL, 0, 0},
    {" 1x", -EINVAL, 0, 0},
    {"-1s", -EDOM, 0, 0},
    {"inf", -EDOM, 0, 0},
    {"nan", -EDOM, 0, 0},
    {"1ss", -EINVAL, 0, 0},
    {"99999999999999999999x", -ERANGE, 0, 0},
};

static const struct {
    const char *text;
    int rc, value;
} counts[] = {
    {"0", 0, 0},
    {"7", 0, 7},
    {"2147483647", 0, 2147483647},
    {"2147483648", -ERANGE, 0},
    {"-1", -EDOM, 0},
    {"", -EINVAL, 0},
    {"x", -EINVAL, 0},
    {"1x", -EINVAL, 0},
    {"1.5", -EINVAL, 0},
    {"-99999999999", -ERANGE, 0},
};

static void test_grammars(void)
{
    for (size_t i = 0; i < sizeof(bools) / sizeof(*bools); i++) {
        bool value = !bools[i].value;
        CHECK(bm_parse_bool(bools[i].text, &value) == 0 && value == bools[i].value, "\"%s\"",
              bools[i].text);
    }
    for (size_t i = 0; i < sizeof(min_times) / sizeof(*min_times); i++) {
        struct min_time value = {0};
        CHECK(bm_parse_min_time(min_times[i].text, &value) == min_times[i].rc, "\"%s\"",
              min_times[i].text);
        CHECK(value.seconds == min_times[i].seconds && value.iterations == min_times[i].iterations,
              "\"%s\"", min_times[i].text);
    }
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        int value = 0;
        CHECK(bm_parse_count(counts[i].text, &value) == counts[i].rc && value == counts[i].value,
              "\"%s\"", counts[i].text);
    }
    double seconds = 3;
    CHECK_THAT(bm_parse_seconds("0.25", &seconds) == 0 && seconds == 0.25);
    CHECK_THAT(bm_parse_seconds("0.25s", &seconds) == -EINVAL && seconds == 0.25);
    CHECK_THAT(bm_parse_seconds("-1", &seconds) == -EDOM);
    CHECK_THAT(bm_parse_seconds("", &seconds) == -EINVAL);
}

static const struct {
    const char *text;
    int rc;
    size_t count;
} cpu_lists[] = {
    {"", 0, 0},           {"3", 0, 1},           {"0,2-4", 0, 4},
    {"1-1", 0, 1},        {"x", -EINVAL, 0},     {"0-", -EINVAL, 0},
    {"-", -EINVAL, 0},    {"0,", -EINVAL, 0},    {",0", -EINVAL, 0},
    {"0,,1", -EINVAL, 0}, {"0-1-2", -EINVAL, 0}, {"0x1", -EINVAL, 0},
    {"3-1", -EDOM, 0},    {"-1", -EDOM, 0},      {"0--1", -EDOM, 0},
    {"65536", -EDOM, 0},  {"0-65536", -EDOM, 0}, {"99999999999999999999", -EDOM, 0},
};

static void test_cpus(void)
{
    for (size_t i = 0; i < sizeof(cpu_lists) / sizeof(*cpu_lists); i++) {
        struct numbers list = {0};
        CHECK(bm_parse_cpus(cpu_lists[i].text, &list) == cpu_lists[i].rc &&
                  list.count == cpu_lists[i].count,
              "\"%s\"", cpu_lists[i].text);
        free(list.items);
    }
}

static void test_context(void)
{
    struct key_values list = {0};
    CHECK_THAT(bm_parse_context("a=1,b=2", &list) == 0 && list.count == 2);
    CHECK_THAT(bm_parse_context("b=3,c=", &list) == 0 && list.count == 3);
    CHECK_STR(list.items[1].value, "3");
    CHECK_THAT(bm_parse_context("", &list) == 0 && list.count == 3);
    static const char *const malformed[] = {"a", "a=b=c", "=x", "a=1,", ",", "a=1,,b=2"};
    for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++)
        CHECK(bm_parse_context(malformed[i], &list) == -EINVAL, "\"%s\"", malformed[i]);
    CHECK_THAT(bm_parse_context("x=1,x=2", &list) == -EEXIST);
    CHECK(list.count == 3, "a malformed list leaves nothing behind");
    bm_key_values_free(&list);
}

/* Parses one argument; what was said goes to *said, to be freed. */
static int parse_one(const char *argument, struct settings *settings, int *argc, char **said)
{
    char *argv[] = {(char *)"prog", (char *)argument, NULL};
    size_t length;
    bool help;
    FILE *const err = open_memstream(said, &length);
    *argc = 2;
    const int malformed = bm_settings_from_arguments(settings, argc, argv, &help, err);
    fclose(err);
    return malformed;
}

static void test_messages(void)
{
    static const struct {
        const char *argument, *said;
    } cases[] = {
        {"--benchmark_repetitions=x",
         "The value of flag --benchmark_repetitions is expected to be a 32-bit integer, but "
         "actually has value \"x\".\n"},
        {"--benchmark_repetitions=99999999999",
         "The value of flag --benchmark_repetitions is expected to be a 32-bit integer, but "
         "actually has value \"99999999999\", which overflows.\n"},
        {"--benchmark_min_warmup_time=x",
         "The value of flag --benchmark_min_warmup_time is expected to be a double, but actually "
         "has value \"x\".\n"},
        {"--benchmark_min_time=abc",
         "Malformed seconds value passed to --benchmark_min_time: `abc` (expected seconds like "
         "0.5s or iterations like 100x)\n"},
        {"--benchmark_color=",
         "The value of flag --benchmark_color is expected to be one of auto, true, false, but "
         "actually has value \"\".\n"},
        {"--benchmark_format=xml",
         "The value of flag --benchmark_format is expected to be one of console, json, csv, but "
         "actually has value \"xml\".\n"},
        {"--benchmark_time_unit=min",
         "The value of flag --benchmark_time_unit is expected to be one of ns, us, ms, s, but "
         "actually has value \"min\".\n"},
        {"--benchmark_context=a",
         "The value of flag --benchmark_context is expected to be a comma-separated list of "
         "<key>=<value> strings, but actually has value \"a\".\n"},
        {"--v=x", "The value of flag --v is expected to be a 32-bit integer, but actually has "
                  "value \"x\".\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct settings settings;
        char *said;
        int argc;
        bm_settings_init(&settings);
        CHECK(parse_one(cases[i].argument, &settings, &argc, &said) == 1, "%s", cases[i].argument);
        CHECK(argc == 2, "%s stays for the complaint about what is left", cases[i].argument);
        CHECK_STR(said, cases[i].said);
        free(said);
        bm_settings_free(&settings);
    }
}

static void test_arguments(void)
{
    char *argv[] = {(char *)"prog",
                    (char *)"--benchmark_filter=first",
                    (char *)"positional",
                    (char *)"--benchmark_list_tests",
                    (char *)"-h",
                    (char *)"--benchmark_filter",
                    (char *)"--benchmark_filter=last",
                    (char *)"--benchmark_filterx=1",
                    (char *)"--v=42",
                    NULL};
    int argc = 9;
    bool help;
    struct settings settings;
    bm_settings_init(&settings);
    CHECK_THAT(bm_settings_from_arguments(&settings, &argc, argv, &help, stderr) == 0 && !help);
    CHECK_THAT(argc == 5 && !argv[5]);
    CHECK_STR(argv[1], "positional");
    CHECK_STR(argv[2], "-h");
    CHECK_STR(argv[3], "--benchmark_filter");
    CHECK_STR(argv[4], "--benchmark_filterx=1");
    CHECK_STR(settings.filter, "last");
    CHECK_THAT(settings.list_tests && settings.verbosity == 42);
    CHECK_STR(bm_settings_text(&settings, "benchmark_filter"), "last");
    CHECK_THAT(!bm_settings_text(&settings, "benchmark_nonsense"));
    bm_settings_free(&settings);

    char *help_argv[] = {(char *)"prog", (char *)"--help=me", NULL};
    argc = 2;
    bm_settings_init(&settings);
    bm_settings_from_arguments(&settings, &argc, help_argv, &help, stderr);
    CHECK_THAT(help && argc == 1);
    CHECK_THAT(settings.min_time.seconds == 0.5 && settings.repetitions == 1);
    bm_settings_free(&settings);
}

static void test_environment(void)
{
    struct settings settings;
    char *said;
    size_t length;
    setenv("BENCHMARK_FILTER", "from_env", 1);
    setenv("BENCHMARK_REPETITIONS", "many", 1);
    setenv("BENCHMARK_MIN_TIME", "soon", 1);
    setenv("BENCHMARK_CONTEXT", "k=env,other=1", 1);
    setenv("V", "3", 1);
    setenv("BENCHMARK_V", "2", 1);
    FILE *const err = open_memstream(&said, &length);
    bm_settings_init(&settings);
    CHECK_THAT(bm_settings_from_environment(&settings, err) == 2);
    fclose(err);
    CHECK_STR(said,
              "Malformed seconds value passed to environment variable BENCHMARK_MIN_TIME: `soon` "
              "(expected seconds like 0.5s or iterations like 100x)\n"
              "Environment variable BENCHMARK_REPETITIONS is expected to be a 32-bit integer, "
              "but actually has value \"many\".\n");
    CHECK_STR(settings.filter, "from_env");
    CHECK(settings.repetitions == 1, "the default stays");
    CHECK(settings.verbosity == 2, "V of make is not ours");
    free(said);
    int argc;
    CHECK_THAT(parse_one("--benchmark_context=k=cli", &settings, &argc, &said) == 0 && argc == 1);
    CHECK_STR(settings.context.items[0].value, "cli");
    free(said);
    bm_settings_free(&settings);
    unsetenv("BENCHMARK_FILTER");
    unsetenv("BENCHMARK_REPETITIONS");
    unsetenv("BENCHMARK_MIN_TIME");
    unsetenv("BENCHMARK_CONTEXT");
    unsetenv("V");
    unsetenv("BENCHMARK_V");
}

static void test_lookup(void)
{
    CHECK_THAT(benchmark_find_flag("--benchmark_filter=x"));
    CHECK_THAT(benchmark_find_flag("--benchmark_filter"));
    CHECK_THAT(!benchmark_find_flag("--benchmark_filterx"));
    CHECK_THAT(!benchmark_find_flag("benchmark_filter"));
    CHECK_THAT(!benchmark_find_flag("--"));
    for (size_t i = 0; benchmark_flag_at(i); i++)
        CHECK(benchmark_flag_at(i)->help && benchmark_flag_at(i)->values, "%s",
              benchmark_flag_at(i)->name);
}

int main(void)
{
    test_grammars();
    test_cpus();
    test_context();
    test_messages();
    test_arguments();
    test_environment();
    test_lookup();
    return test_exit();
}
