/* SPDX-License-Identifier: Apache-2.0 */
/* Names of cases, the values their arguments take, and which of them a filter selects. */
#include "bench/harness/cases.h"

#include "tests/test_harness.h"

#include <errno.h>
#include <math.h>

static void nothing(struct benchmark_state *state)
{
    (void)state;
}

static void check_name(struct benchmark_family family, const int64_t *args, int count, int threads,
                       const char *expected)
{
    char *const name = bm_case_name(&family, args, count, threads);
    CHECK_STR(name, expected);
    free(name);
}

static void test_names(void)
{
    const int64_t args[] = {2, 5, 4, 2147483648, -3};
    check_name((struct benchmark_family){.name = "f"}, NULL, 0, 0, "f");
    check_name((struct benchmark_family){.name = ""}, NULL, 0, 0, "");
    check_name((struct benchmark_family){.name = "", .use_real_time = true}, args, 1, 0,
               "2/real_time");
    check_name((struct benchmark_family){.name = "f"}, args + 3, 2, 0, "f/2147483648/-3");
    check_name((struct benchmark_family){.name = "f", .arg_names = {"bs", "", "h"}}, args, 3, 0,
               "f/bs:2/5/h:4");
    check_name((struct benchmark_family){.name = "f",
                                         .min_time = 0.002,
                                         .min_warmup_time = 0.001,
                                         .use_real_time = true},
               args, 1, 2, "f/2/min_time:0.002/min_warmup_time:0.001/real_time/threads:2");
    check_name((struct benchmark_family){.name = "f",
                                         .iterations = 10,
                                         .repetitions = 3,
                                         .process_cpu_time = true,
                                         .use_manual_time = true},
               args + 4, 1, 2, "f/-3/iterations:10/repeats:3/process_time/manual_time/threads:2");
    check_name((struct benchmark_family){.name = "f", .process_cpu_time = true}, NULL, 0, 1,
               "f/process_time/threads:1");
}

static void check_values(struct benchmark_values values, bool threads, const char *expected)
{
    int64_t *list;
    size_t count;
    char text[256] = "";
    CHECK_THAT(bm_values_expand(&values, threads, &list, &count) == 0);
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%lld", i ? " " : "",
                 (long long)list[i]);
    CHECK_STR(text, expected);
    free(list);
}

#define VALUES(...) ((struct benchmark_values)__VA_ARGS__)

static void test_values(void)
{
    check_values(VALUES(BENCHMARK_LIST(3, 1, 2)), false, "3 1 2");
    check_values(VALUES(BENCHMARK_RANGE(8, 8)), false, "8");
    check_values(VALUES(BENCHMARK_RANGE(1, 100)), false, "1 8 64 100");
    check_values(VALUES(BENCHMARK_RANGE(0, 64)), false, "0 1 8 64");
    check_values(VALUES(BENCHMARK_RANGE(-64, 64)), false, "-64 -8 -1 0 1 8 64");
    check_values(VALUES(BENCHMARK_RANGE(-100, -2)), false, "-100 -64 -8 -2");
    check_values(VALUES(BENCHMARK_RANGE(-8, 0)), false, "-8 -1 0");
    check_values(VALUES(BENCHMARK_RANGE(-1, 0)), false, "-1 0");
    check_values(VALUES(BENCHMARK_RANGE(-1, 1)), false, "-1 0 1");
    check_values(VALUES(BENCHMARK_GEOMETRIC(5, 15, 2)), false, "5 8 15");
    check_values(VALUES(BENCHMARK_DENSE(1, 8, 3)), false, "1 4 7");
    check_values(VALUES(BENCHMARK_DENSE(1, 8, 3)), true, "1 4 7 8");
    check_values(VALUES(BENCHMARK_RANGE(1, 6)), true, "1 2 4 6");
    check_values(VALUES(BENCHMARK_GEOMETRIC(INT64_MAX - 1, INT64_MAX, 2)), false,
                 "9223372036854775806 9223372036854775807");
}

static size_t select_with(const struct families *families, const char *filter,
                          struct instances *instances)
{
    if (bm_instances_select(instances, families, filter, stderr))
        return SIZE_MAX;
    return instances->count;
}

static void test_filter(void)
{
    static const char *const names[] = {"NoPrefix", "BM_Foo", "BM_Bar", "BM_FooBar", "BM_FooBa"};
    static const struct {
        const char *filter;
        size_t count;
    } cases[] = {
        {"Foo", 3},     {"-Foo", 2},     {"BM_.*", 4},  {"-BM_.*", 1},  {".*", 5},
        {"-.*", 0},     {"", 5},         {"-", 0},      {"monkey", 0},  {"-monkey", 5},
        {".*Foo.*", 3}, {"-.*Foo.*", 2}, {"^BM_.*", 4}, {"-^BM_.*", 1}, {"^N", 1},
        {"-^N", 4},     {".*Ba$", 1},    {"-.*Ba$", 4}, {"all", 5},
    };
    struct families families = {0};
    struct instances instances;
    for (size_t i = 0; i < 5; i++)
        bm_families_add(&families,
                        &(struct benchmark_family){
                            .struct_size = sizeof(struct benchmark_family),
                            .name = names[i],
                            .run = nothing,
                        },
                        stderr);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CHECK(select_with(&families, cases[i].filter, &instances) == cases[i].count, "\"%s\"",
              cases[i].filter);
        if (instances.count)
            CHECK_THAT(instances.items[instances.count - 1].family_index + 1 ==
                       (int64_t)instances.count);
        bm_instances_free(&instances);
    }
    FILE *const null = fopen("/dev/null", "w");
    CHECK_THAT(bm_instances_select(&instances, &families, "(", null) == -EINVAL);
    /* Each of these would overflow the stack of a C library's regcomp(). */
    static const char *const deep[] = {"(", "a*", "()"};
    enum { LENGTH = 100000 };
    char *const text = calloc(1, LENGTH + 1);
    for (size_t i = 0; text && i < sizeof(deep) / sizeof(*deep); i++) {
        for (size_t at = 0; at < LENGTH; at++)
            text[at] = deep[i][at % strlen(deep[i])];
        CHECK(bm_instances_select(&instances, &families, text, null) == -EINVAL, "%s...", deep[i]);
    }
    free(text);
    fclose(null);
    bm_families_free(&families);
}

static void test_order(void)
{
    struct bench b = bench_new(ARGUMENTS("--benchmark_list_tests"));
    bench_add(&b, (struct benchmark_family){
                      .name = "product",
                      .run = nothing,
                      .product = {BENCHMARK_LIST(1, 2), BENCHMARK_LIST(7, 8)},
                      .threads = BENCHMARK_LIST(1, 4),
                  });
    bench_add(&b, (struct benchmark_family){
                      .name = "tuples",
                      .run = nothing,
                      .tuples = BENCHMARK_LIST(1, 2, 3, 4),
                      .tuple_width = 2,
                      .arg_names = {"a", "b"},
                  });
    bench_add(&b, (struct benchmark_family){.name = "DISABLED_x", .run = nothing});
    bench_add(&b, (struct benchmark_family){.name = "as/it:is/threads:9",
                                            .run = nothing,
                                            .verbatim_name = true,
                                            .use_real_time = true,
                                            .repetitions = 3});
    bench_add(&b, (struct benchmark_family){
                      .name = "team", .run = nothing, .team_threads = 3, .use_real_time = true});
    bench_run(&b);
    CHECK_STR(b.out, "product/1/7/threads:1\nproduct/1/7/threads:4\n"
                     "product/2/7/threads:1\nproduct/2/7/threads:4\n"
                     "product/1/8/threads:1\nproduct/1/8/threads:4\n"
                     "product/2/8/threads:1\nproduct/2/8/threads:4\n"
                     "tuples/a:1/b:2\ntuples/a:3/b:4\n"
                     "as/it:is/threads:9\nteam/real_time/threads:3\n");
    CHECK_THAT(b.status == 0);
    bench_free(&b);
}

static double first(const double *values, size_t count)
{
    return count ? values[0] : 0;
}

static void test_too_many(void)
{
    struct bench b = bench_new(ARGUMENTS("--benchmark_list_tests"));
    bench_add(&b, (struct benchmark_family){.name = "many",
                                            .run = nothing,
                                            .product = {BENCHMARK_DENSE(1, 10000, 1),
                                                        BENCHMARK_DENSE(1, 10000, 1)}});
    bench_run(&b);
    CHECK(b.status == 1 && !*b.out, "status %d", b.status);
    CHECK_STR(b.err, "benchmark many: more than a million cases\n");
    bench_free(&b);
}

static void test_refused(void)
{
    const struct {
        struct benchmark_family family;
        const char *said;
    } cases[] = {
        {{.name = NULL, .run = nothing}, "benchmark without name: no name\n"},
        {{.name = "f"}, "benchmark f: no function to run\n"},
        {{.name = "f", .run = nothing, .use_real_time = true, .use_manual_time = true},
         "benchmark f: real time and manual time exclude each other\n"},
        {{.name = "f", .run = nothing, .repetitions = -1},
         "benchmark f: iterations, repetitions and times are numbers, not negative\n"},
        {{.name = "f", .run = nothing, .min_time = (double)NAN},
         "benchmark f: iterations, repetitions and times are numbers, not negative\n"},
        {{.name = "f", .run = nothing, .min_warmup_time = (double)INFINITY},
         "benchmark f: iterations, repetitions and times are numbers, not negative\n"},
        {{.name = "f", .run = nothing, .iterations = 5, .min_time = 1},
         "benchmark f: a number of iterations and a minimum time exclude each other\n"},
        {{.name = "f", .run = nothing, .threads = BENCHMARK_LIST(0)},
         "benchmark f: thread counts go from 1 to 65536\n"},
        {{.name = "f", .run = nothing, .threads = BENCHMARK_LIST(1, INT64_C(4294967297))},
         "benchmark f: thread counts go from 1 to 65536\n"},
        {{.name = "f", .run = nothing, .threads = BENCHMARK_RANGE(1, 65537)},
         "benchmark f: thread counts go from 1 to 65536\n"},
        {{.name = "f", .run = nothing, .product = {BENCHMARK_DENSE(INT64_MIN, INT64_MAX, 1)}},
         "benchmark f: a range has at most a million values\n"},
        {{.name = "f", .run = nothing, .statistics = {{"two_words", first, false}}},
         "benchmark f: a statistic needs a name, one without '_'\n"},
        {{.name = "f", .run = nothing, .statistics = {{NULL, first, false}}},
         "benchmark f: a statistic needs a name, one without '_'\n"},
        {{.name = "f", .run = nothing, .product = {BENCHMARK_RANGE(8, 1)}},
         "benchmark f: a range of values runs from high to low\n"},
        {{.name = "f", .run = nothing, .tuples = BENCHMARK_LIST(1, 2, 3), .tuple_width = 2},
         "benchmark f: tuples are a list whose length is a multiple of tuple_width (1 to 8)\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct families families = {0};
        struct benchmark_family family = cases[i].family;
        char *said;
        size_t length;
        FILE *const err = open_memstream(&said, &length);
        family.struct_size = sizeof(family);
        CHECK_THAT(bm_families_add(&families, &family, err) == -EINVAL && !families.count);
        fclose(err);
        CHECK_STR(said, cases[i].said);
        free(said);
        bm_families_free(&families);
    }
}

static void test_numbering(void)
{
    struct families families = {0};
    struct instances instances;
    const int64_t family_numbers[] = {0, 1, 0, 1};
    static const int64_t family_index[] = {0, 1, 2, 1}, instance_index[] = {0, 0, 0, 1};
    for (int i = 0; i < 4; i++)
        bm_families_add(&families,
                        &(struct benchmark_family){
                            .struct_size = sizeof(struct benchmark_family),
                            .name = "f",
                            .run = nothing,
                            .family = family_numbers[i],
                        },
                        stderr);
    CHECK_THAT(select_with(&families, "", &instances) == 4);
    for (int i = 0; i < 4; i++)
        CHECK_THAT(instances.items[i].family_index == family_index[i] &&
                   instances.items[i].instance_index == instance_index[i] &&
                   instances.items[i].last_of_family == (i != 1));
    bm_instances_free(&instances);
    bm_families_free(&families);
}

int main(void)
{
    test_names();
    test_values();
    test_filter();
    test_order();
    test_refused();
    test_too_many();
    test_numbering();
    return test_exit();
}
