/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The groups of checks that Google Benchmark's own tests make of it, each by name, made of this
 * library through its public interface. Groups whose tables are long stand in a file of their own
 * and are named here with it; those that do not apply say why.
 */
#include "tests/test_harness.h"

#include <jansson.h>
#include <math.h>

struct result {
    struct bench bench;
    json_t *document;
    const json_t *rows;
};

static struct result run_json(const char *const *arguments, const struct benchmark_family *families,
                              size_t count)
{
    struct result r = {.bench = bench_new(arguments)};
    json_error_t why;
    for (size_t i = 0; i < count; i++)
        bench_add(&r.bench, families[i]);
    bench_run(&r.bench);
    r.document = json_loadb(r.bench.out, r.bench.out_length, JSON_REJECT_DUPLICATES, &why);
    CHECK(r.document, "%s", why.text);
    r.rows = json_object_get(r.document, "benchmarks");
    return r;
}

static void result_free(struct result *r)
{
    json_decref(r->document);
    bench_free(&r->bench);
}

#define RUN(...)                                                                                   \
    run_json(ARGUMENTS("--benchmark_format=json"), (const struct benchmark_family[]){__VA_ARGS__}, \
             sizeof((const struct benchmark_family[]){__VA_ARGS__}) /                              \
                 sizeof(struct benchmark_family))

static double number(const struct result *r, size_t row, const char *key)
{
    const json_t *const value = json_object_get(json_array_get(r->rows, row), key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static const char *string(const struct result *r, size_t row, const char *key)
{
    const char *const text = json_string_value(json_object_get(json_array_get(r->rows, row), key));
    return text ? text : "";
}

static void check_near(double found, double expected)
{
    CHECK(fabs(found - expected) <= 1e-9 * fmax(1, fabs(expected)), "found %.17g, expected %.17g",
          found, expected);
}

static int passes, setups, teardowns;
static int64_t most_iterations;

static void work(struct benchmark_state *state)
{
    passes++;
    most_iterations = benchmark_max_iterations(state);
    while (benchmark_keep_running(state))
        fake_now += 1e-3;
}

static void filter_value_is_readable(void)
{
    struct bench b = bench_new(ARGUMENTS("--benchmark_filter=BM_x", "--v=42"));
    CHECK_STR(benchmark_flag_value(b.runner, "benchmark_filter"), "BM_x");
    CHECK_STR(benchmark_flag_value(b.runner, "v"), "42");
    bench_free(&b);
}

static void context_order(void)
{
    static const char *const keys[] = {
        "date",   "host_name", "executable",      "num_cpus",           "mhz_per_cpu",
        "caches", "load_avg",  "library_version", "library_build_type", "json_schema_version"};
    struct result r = RUN({.name = "f", .run = work, .iterations = 1});
    const char *at = r.bench.out;
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        const char *const next = strstr(at, keys[i]);
        CHECK(next, "%s after the one before", keys[i]);
        at = next ? next : at;
    }
    result_free(&r);
}

static void basic_row_keys(void)
{
    static const char *const keys[] = {"name",
                                       "family_index",
                                       "per_family_instance_index",
                                       "run_name",
                                       "run_type",
                                       "repetitions",
                                       "repetition_index",
                                       "threads",
                                       "iterations",
                                       "real_time",
                                       "cpu_time",
                                       "time_unit"};
    struct result r = RUN({.name = "f", .run = work, .iterations = 4});
    json_t *const row = json_array_get(r.rows, 0);
    const char *key;
    json_t *value;
    size_t i = 0;
    json_object_foreach(row, key, value)
    {
        CHECK_THAT(i < sizeof(keys) / sizeof(*keys));
        CHECK_STR(key, keys[i++]);
    }
    CHECK_THAT(i == sizeof(keys) / sizeof(*keys));
    result_free(&r);
}

static void repetitions_and_aggregates(void)
{
    static const char *const names[] = {"", "", "", "mean", "median", "stddev", "cv"};
    struct result r = RUN({.name = "f", .run = work, .iterations = 4, .repetitions = 3});
    CHECK_THAT(json_array_size(r.rows) == 7);
    for (size_t i = 0; i < 7; i++) {
        CHECK_STR(string(&r, i, "aggregate_name"), names[i]);
        check_near(number(&r, i, "iterations"), i < 3 ? 4 : 3);
        CHECK_STR(string(&r, i, "time_unit"), "ns");
    }
    CHECK_STR(string(&r, 6, "aggregate_unit"), "percentage");
    result_free(&r);
    r = RUN({.name = "f",
             .run = work,
             .iterations = 4,
             .repetitions = 1,
             .report_aggregates_only = true});
    CHECK(json_array_size(r.rows) == 1, "with one repetition the plain row is shown");
    result_free(&r);
}

static double one(const double *values, size_t count)
{
    (void)values, (void)count;
    return 1;
}

static void user_statistics(void)
{
    struct result r = RUN({.name = "f",
                           .run = work,
                           .iterations = 1,
                           .repetitions = 2,
                           .statistics = {{"share", one, true}, {"", one, false}}});
    CHECK_STR(string(&r, 6, "name"), "f/iterations:1/repeats:2_share");
    CHECK_STR(string(&r, 6, "aggregate_unit"), "percentage");
    check_near(number(&r, 6, "real_time"), 1);
    CHECK_STR(string(&r, 7, "name"), "f/iterations:1/repeats:2_");
    result_free(&r);
}

/* 10 iterations of 1 ms wall and 0.5 ms CPU on one thread: 5e-3 s of CPU time. */
static void all_counters(struct benchmark_state *state)
{
    static const struct {
        const char *name;
        unsigned flags;
    } counters[] = {
        {"simple", 0},
        {"rate", BENCHMARK_COUNTER_RATE},
        {"invert", BENCHMARK_COUNTER_INVERT},
        {"inverted_rate", BENCHMARK_COUNTER_RATE | BENCHMARK_COUNTER_INVERT},
        {"avg_threads", BENCHMARK_COUNTER_AVG_THREADS},
        {"invariant", BENCHMARK_COUNTER_ITERATION_INVARIANT},
        {"invariant_rate", BENCHMARK_COUNTER_ITERATION_INVARIANT | BENCHMARK_COUNTER_RATE},
        {"avg_iterations", BENCHMARK_COUNTER_AVG_ITERATIONS},
        {"avg_iterations_rate", BENCHMARK_COUNTER_AVG_ITERATIONS | BENCHMARK_COUNTER_RATE},
    };
    work(state);
    for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
        benchmark_set_counter(state, counters[i].name, 20, counters[i].flags);
    benchmark_set_bytes_processed(state, 40);
    benchmark_set_items_processed(state, 50);
}

static void counters(void)
{
    struct result r = RUN({.name = "f", .run = all_counters, .iterations = 10});
    check_near(number(&r, 0, "simple"), 20);
    check_near(number(&r, 0, "rate"), 20 / 5e-3);
    check_near(number(&r, 0, "invert"), 1 / 20.0);
    check_near(number(&r, 0, "inverted_rate"), 5e-3 / 20);
    check_near(number(&r, 0, "avg_threads"), 20);
    check_near(number(&r, 0, "invariant"), 200);
    check_near(number(&r, 0, "invariant_rate"), 200 / 5e-3);
    check_near(number(&r, 0, "avg_iterations"), 2);
    check_near(number(&r, 0, "avg_iterations_rate"), 2 / 5e-3);
    check_near(number(&r, 0, "bytes_per_second"), 40 / 5e-3);
    check_near(number(&r, 0, "items_per_second"), 50 / 5e-3);
    result_free(&r);
    r = RUN({.name = "f", .run = all_counters, .iterations = 10, .use_real_time = true});
    check_near(number(&r, 0, "rate"), 20 / 10e-3);
    result_free(&r);
}

static void count_setup(struct benchmark_state *state)
{
    setups += benchmark_thread_index(state) == 0;
}

static void count_teardown(struct benchmark_state *state)
{
    teardowns += benchmark_thread_index(state) == 0;
}

static void exact_iterations(void)
{
    passes = 0;
    struct result r = RUN({.name = "f", .run = work, .iterations = 42});
    CHECK(passes == 1 && most_iterations == 42, "%d passes of %lld", passes,
          (long long)most_iterations);
    result_free(&r);
}

static void setup_and_teardown(void)
{
    setups = teardowns = 0;
    struct result r = RUN({.name = "f",
                           .run = work,
                           .iterations = 3,
                           .repetitions = 4,
                           .product = {BENCHMARK_LIST(1, 3, 5)},
                           .pass_setup = count_setup,
                           .pass_teardown = count_teardown});
    CHECK(setups == 12 && teardowns == 12, "%d and %d", setups, teardowns);
    result_free(&r);
}

static void timed_threads(struct benchmark_state *state)
{
    while (benchmark_keep_running(state))
        benchmark_set_iteration_time(state, 0.5);
    benchmark_set_counter(state, "rate", 1, BENCHMARK_COUNTER_RATE);
}

/* A manual half second an iteration, four threads of five: each took 2.5 s. */
static void threads_and_clocks(void)
{
    for (int process = 0; process < 2; process++) {
        struct result r = RUN({.name = "f",
                               .run = timed_threads,
                               .iterations = 5,
                               .use_manual_time = true,
                               .process_cpu_time = process,
                               .threads = BENCHMARK_LIST(1, 4)});
        check_near(number(&r, 0, "real_time"), 0.5e9);
        check_near(number(&r, 1, "real_time"), 0.5e9);
        check_near(number(&r, 1, "iterations"), 20);
        check_near(number(&r, 0, "rate"), 1 / 2.5);
        check_near(number(&r, 1, "rate"), 4 / 2.5);
        result_free(&r);
    }
}

static struct {
    int starts, stops;
    bool counts_all;
} heap;

static void heap_start(void *user)
{
    (void)user;
    heap.starts++;
}

static void heap_stop(void *user, struct benchmark_memory *memory)
{
    (void)user;
    heap.stops++;
    memory->allocations = 40;
    memory->max_bytes_used = 42000;
    if (heap.counts_all)
        memory->total_allocated_bytes = 50000;
}

static void memory_rows(struct result *r, int64_t iterations)
{
    const struct benchmark_hooks hooks = {
        .struct_size = sizeof(hooks),
        .wall_clock = fake_wall,
        .cpu_clock = fake_cpu,
        .out = r->bench.out_stream = tmpfile(),
        .err = r->bench.err_stream = tmpfile(),
        .memory_start = heap_start,
        .memory_stop = heap_stop,
    };
    char name[] = "bench", flag[] = "--benchmark_format=json", *argv[] = {name, flag, NULL};
    int argc = 2;
    json_error_t why;
    r->bench.runner = benchmark_runner_new(&hooks);
    CHECK_THAT(benchmark_initialize(r->bench.runner, &argc, argv) == 0);
    bench_add(&r->bench, (struct benchmark_family){
                             .name = "f", .run = work, .iterations = iterations, .repetitions = 2});
    bench_run(&r->bench);
    r->document = json_loadb(r->bench.out, r->bench.out_length, JSON_REJECT_DUPLICATES, &why);
    CHECK(r->document, "%s", why.text);
    r->rows = json_object_get(r->document, "benchmarks");
}

/* Sixteen iterations are counted at most, on repetitions and not on what is made of them. */
static void memory_manager(void)
{
    struct result r = {0};
    memory_rows(&r, 100);
    CHECK(heap.starts == 2 && heap.stops == 2, "%d and %d", heap.starts, heap.stops);
    check_near(number(&r, 0, "allocs_per_iter"), 2.5);
    check_near(number(&r, 1, "max_bytes_used"), 42000);
    const json_t *const row = json_array_get(r.rows, 0), *const mean = json_array_get(r.rows, 2);
    CHECK(!json_object_get(row, "total_allocated_bytes"), "what is not known is left out");
    CHECK(mean && !json_object_get(mean, "allocs_per_iter"), "a mean was not counted");
    result_free(&r);

    r = (struct result){0};
    heap.counts_all = true;
    memory_rows(&r, 4);
    check_near(number(&r, 0, "allocs_per_iter"), 10);
    check_near(number(&r, 0, "total_allocated_bytes"), 50000);
    result_free(&r);
}

/* As upstream does where it was built without them: the run goes on and says so. */
static void performance_counters(void)
{
    struct bench b = bench_new(ARGUMENTS("--benchmark_perf_counters=CYCLES,INSTRUCTIONS"));
    bench_add(&b, (struct benchmark_family){.name = "f", .run = work, .iterations = 1});
    bench_run(&b);
    CHECK(b.status == 0 && strstr(b.out, "f/iterations:1"), "the row is there: %s", b.out);
    CHECK(strstr(b.err, "--benchmark_perf_counters"), "%s", b.err);
    CHECK(!strstr(b.out, "CYCLES"), "no counter that was not counted: %s", b.out);
    bench_free(&b);
}

static struct {
    int starts, stops, mixed;
    int64_t iterations, loops;
} counted;

static void count_loops(struct benchmark_state *state)
{
    while (benchmark_keep_running(state)) {
        counted.loops++;
        fake_now += 1e-3;
    }
}

static int three_passes(void *user, void *of_case)
{
    return user == &counted && of_case == &counted ? 3 : 0;
}

static void start_counting(void *user, void *of_case, int pass)
{
    (void)user;
    (void)of_case;
    counted.mixed += counted.starts % 3 != pass || counted.stops != counted.starts;
    counted.starts++;
    counted.loops = 0;
}

static void stop_counting(void *user, void *of_case, int pass, int64_t iterations,
                          struct benchmark_row *row)
{
    (void)user;
    (void)of_case;
    char name[16];
    counted.stops++;
    counted.iterations = iterations;
    snprintf(name, sizeof(name), "event_%d", pass);
    benchmark_row_set_counter(row, name, (double)counted.loops / (double)iterations, 0);
}

/* Passes of their own behind each repetition, as long as the timed one. */
static void counting_hooks(void)
{
    struct bench b = {.out_stream = tmpfile(), .err_stream = tmpfile()};
    const struct benchmark_hooks hooks = {
        .struct_size = sizeof(hooks),
        .user = &counted,
        .wall_clock = fake_wall,
        .cpu_clock = fake_cpu,
        .out = b.out_stream,
        .err = b.err_stream,
        .counter_passes = three_passes,
        .counter_start = start_counting,
        .counter_stop = stop_counting,
    };
    char name[] = "bench", events[] = "--benchmark_perf_counters=CYCLES",
         twice[] = "--benchmark_repetitions=2", *argv[] = {name, events, twice, NULL};
    int argc = 3;
    b.runner = benchmark_runner_new(&hooks);
    CHECK_THAT(benchmark_initialize(b.runner, &argc, argv) == 0);
    bench_add(&b, (struct benchmark_family){
                      .name = "f", .run = count_loops, .iterations = 50, .user = &counted});
    bench_run(&b);
    CHECK(b.status == 0 && counted.starts == 6 && counted.stops == 6 && !counted.mixed,
          "%d starts, %d stops, %d out of turn", counted.starts, counted.stops, counted.mixed);
    CHECK(counted.iterations == 50, "as long as the timed pass");
    CHECK(strstr(b.out, "event_0=1") && strstr(b.out, "event_2=1"), "in the rows: %s", b.out);
    CHECK(!strstr(b.err, "perf_counters"), "nobody has to be warned: %s", b.err);
    bench_free(&b);
}

static void debug_build(void)
{
#ifdef NDEBUG
    const bool debug = false;
#else
    const bool debug = true;
#endif
    struct result r = RUN({.name = "f", .run = work, .iterations = 1});
    const json_t *const context = json_object_get(r.document, "context");
    CHECK_STR(json_string_value(json_object_get(context, "library_build_type")),
              debug ? "debug" : "release");
    result_free(&r);
    struct bench b = bench_new(NULL);
    bench_add(&b, (struct benchmark_family){.name = "f", .run = work, .iterations = 1});
    bench_run(&b);
    CHECK(!!strstr(b.err, "DEBUG") == debug, "%s", b.err);
    bench_free(&b);
}

static void default_unit(void)
{
    const struct benchmark_family both[] = {
        {.name = "chosen", .run = work, .iterations = 1, .unit = BENCHMARK_SECOND},
        {.name = "open", .run = work, .iterations = 1},
    };
    struct result r =
        run_json(ARGUMENTS("--benchmark_format=json", "--benchmark_time_unit=us"), both, 2);
    CHECK_STR(string(&r, 0, "time_unit"), "s");
    CHECK_STR(string(&r, 1, "time_unit"), "us");
    check_near(number(&r, 0, "real_time"), 1e-3);
    check_near(number(&r, 1, "real_time"), 1e3);
    result_free(&r);
}

static void no_row_without_real_time(void)
{
    struct result r = RUN({.name = "f", .run = work, .repetitions = 3},
                          {.name = "g", .run = all_counters, .iterations = 2});
    for (size_t i = 0; i < json_array_size(r.rows); i++)
        CHECK(isfinite(number(&r, i, "real_time")), "row %zu", i);
    result_free(&r);
}

static void stdout_purity(void)
{
    struct bench b = bench_new(ARGUMENTS("--benchmark_format=csv", "--benchmark_min_time=1x"));
    bench_add(&b, (struct benchmark_family){.name = "f", .run = work});
    bench_run(&b);
    CHECK(strncmp(b.out, "name,iterations,", 16) == 0, "%s", b.out);
    const char *const context = strstr(b.err, "Run on (");
    CHECK(context && !strstr(context + 1, "Run on ("), "on stderr, and once: %s", b.err);
    bench_free(&b);
}

static void unknown_flag(void)
{
    struct bench b = bench_new(NULL);
    char *argv[] = {(char *)"bench", (char *)"--benchmark_what", NULL};
    int argc = 2;
    CHECK_THAT(benchmark_initialize(b.runner, &argc, argv) == 0 && argc == 2);
    CHECK_THAT(benchmark_report_unrecognized(b.runner, argc, argv));
    CHECK_THAT(benchmark_exit_status(b.runner) == 1);
    bench_free(&b);
}

static const struct {
    const char *group;
    void (*check)(void);
    const char *elsewhere;
} groups[] = {
    {"1 bool truth table", NULL, "test_harness_flags"},
    {"2 malformed numbers, strings, key=value", NULL, "test_harness_flags"},
    {"3 minimum time: seconds and iterations", NULL, "test_harness_flags"},
    {"4 filter value readable by the program", filter_value_is_readable, NULL},
    {"5 filter vectors", NULL, "test_harness_names"},
    {"6 name grammar", NULL, "test_harness_names"},
    {"7 context lines and JSON context order", context_order, NULL},
    {"8 basic row key sequence", basic_row_keys, NULL},
    {"9 error rows and escapes", NULL, "test_reporters"},
    {"10 repetitions and aggregates", repetitions_and_aggregates, NULL},
    {"11 aggregates only, report and display", NULL, "test_reporters, test_harness_differential"},
    {"12 user statistics", user_statistics, NULL},
    {"13 a failed first repetition", NULL, "test_harness_run"},
    {"14 errors before, within, after, while paused", NULL, "test_harness_run"},
    {"15 lists: plain, JSON, CSV", NULL, "test_reporters"},
    {"16 locale", NULL, "test_reporters"},
    {"17 complexity", NULL, "test_harness_options"},
    {"18 counters with every flag", counters, NULL},
    {"19 threaded rates are global", threads_and_clocks, NULL},
    {"20 tabular counters", NULL, "test_reporters"},
    {"21 numbers for people, 1000 and 1024", NULL, "test_harness_statistics"},
    {"22 exact iterations", exact_iterations, NULL},
    {"23 setup and teardown counts", setup_and_teardown, NULL},
    {"24 random interleaving", NULL, "test_harness_options"},
    {"25 pause and resume", NULL, "test_harness_run"},
    {"26 threads and clocks", threads_and_clocks, NULL},
    {"27 memory manager", memory_manager, NULL},
    {"28 performance counters, of which it has none", performance_counters, NULL},
    {"28 performance counters of the program", counting_hooks, NULL},
    {"29 statistics vectors", NULL, "test_harness_statistics"},
    {"30 ranges and products", NULL, "test_harness_names"},
    {"31 default unit", default_unit, NULL},
    {"32 debug build warning", debug_build, NULL},
    {"C1 compare.py", NULL, "test_harness_consumers"},
    {"C2 ament", NULL, "test_harness_consumers"},
    {"C3 strict JSON", NULL, "test_harness_fuzz, test_harness_consumers"},
    {"C4 no row without real_time", no_row_without_real_time, NULL},
    {"C5 stdout purity", stdout_purity, NULL},
    {"C6 file complete at exit", NULL, "test_harness_outfile"},
    {"C7 unknown flag", unknown_flag, NULL},
    {"C8 last flag wins", NULL, "test_harness_flags, test_harness_consumers"},
};

int main(void)
{
    for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
        const int before = test_failures;
        if (groups[i].check)
            groups[i].check();
        printf("%-50s %s\n", groups[i].group,
               !groups[i].check          ? groups[i].elsewhere
               : test_failures == before ? "ok"
                                         : "FAILED");
    }
    return test_exit();
}
