/* SPDX-License-Identifier: Apache-2.0 */
/* Running cases against a clock the cases drive: passes, repetitions, hooks, misuse, interrupts. */
#include "tests/test_harness.h"

#include <math.h>
#include <signal.h>

enum { MAX_ROWS = 64 };

/* What was reported, as text: name iterations real/ns cpu/ns, or the message. */
struct seen {
    int count, errors, skips;
    char line[MAX_ROWS][200];
    double counter[MAX_ROWS]; /* of counter "c", NaN if absent */
    int threads[MAX_ROWS];
};

static void see(void *user, const struct benchmark_row *row)
{
    struct seen *const seen = user;
    const int i = seen->count++;
    const struct benchmark_counter *const c = benchmark_row_counter(row, "c");
    seen->counter[i] = c ? c->value : (double)NAN;
    seen->threads[i] = row->threads;
    seen->errors += row->status == BENCHMARK_ROW_ERROR;
    seen->skips += row->status == BENCHMARK_ROW_SKIPPED;
    if (row->status != BENCHMARK_ROW_OK)
        snprintf(seen->line[i], sizeof(*seen->line), "%s: %s", row->name, row->message);
    else
        snprintf(seen->line[i], sizeof(*seen->line), "%s %lld %g %g%s%s", row->name,
                 (long long)row->iterations, row->real_time * (row->percentage ? 1 : 1e9),
                 row->cpu_time * (row->percentage ? 1 : 1e9), row->label ? " " : "",
                 row->label ? row->label : "");
}

static int calls;

static void one_millisecond(struct benchmark_state *state)
{
    calls++;
    while (benchmark_keep_running(state))
        fake_now += 1e-3;
}

static struct seen run(const char *const *arguments, struct benchmark_family family,
                       struct bench *kept)
{
    struct seen seen = {0};
    struct bench b = bench_new(arguments);
    benchmark_on_row(b.runner, see, &seen);
    if (!family.name)
        family.name = "f";
    if (!family.run)
        family.run = one_millisecond;
    bench_add(&b, family);
    calls = 0;
    bench_run(&b);
    if (kept)
        *kept = b;
    else
        bench_free(&b);
    return seen;
}

static void test_search(void)
{
    struct seen s = run(NULL, (struct benchmark_family){.use_real_time = true}, NULL);
    CHECK(s.count == 1 && calls == 4, "%d rows, %d passes", s.count, calls);
    CHECK_STR(s.line[0], "f/real_time 700 1e+06 500000");
    /* By CPU time, which runs at half the speed, it takes twice as many. */
    s = run(NULL, (struct benchmark_family){0}, NULL);
    CHECK_STR(s.line[0], "f 1400 1e+06 500000");
    s = run(ARGUMENTS("--benchmark_min_time=10x"), (struct benchmark_family){0}, NULL);
    CHECK_STR(s.line[0], "f 10 1e+06 500000");
    CHECK_THAT(calls == 1);
    s = run(NULL, (struct benchmark_family){.iterations = 42}, NULL);
    CHECK_STR(s.line[0], "f/iterations:42 42 1e+06 500000");
    CHECK_THAT(calls == 1);
    s = run(ARGUMENTS("--benchmark_min_time=10x"), (struct benchmark_family){.iterations = 42},
            NULL);
    CHECK_STR(s.line[0], "f/iterations:42 42 1e+06 500000");
    s = run(ARGUMENTS("--benchmark_dry_run", "--benchmark_repetitions=7"),
            (struct benchmark_family){.iterations = 42, .repetitions = 3, .min_warmup_time = 1},
            NULL);
    CHECK(s.count == 1 && calls == 1, "%d rows, %d passes", s.count, calls);
    s = run(ARGUMENTS("--benchmark_min_warmup_time=0.1"),
            (struct benchmark_family){.use_real_time = true}, NULL);
    CHECK(calls == 7, "three passes to warm up, four to search: %d", calls);
    CHECK_STR(s.line[0], "f/real_time 700 1e+06 500000");
    s = run(ARGUMENTS("--benchmark_repetitions=0"), (struct benchmark_family){0}, NULL);
    CHECK(s.count == 0 && calls == 0, "nothing is run");
}

static void test_repetitions(void)
{
    struct seen s = run(ARGUMENTS("--benchmark_repetitions=3"),
                        (struct benchmark_family){.use_real_time = true, .label = "l"}, NULL);
    CHECK(calls == 6, "only the first repetition searches: %d passes", calls);
    CHECK_THAT(s.count == 7);
    CHECK_STR(s.line[2], "f/real_time 700 1e+06 500000 l");
    CHECK_STR(s.line[3], "f/real_time_mean 3 1e+06 500000 l");
    CHECK_STR(s.line[4], "f/real_time_median 3 1e+06 500000 l");
    s = run(ARGUMENTS("--benchmark_repetitions=3"),
            (struct benchmark_family){.repetitions = 2, .iterations = 1}, NULL);
    CHECK_THAT(s.count == 6 && calls == 2);
    CHECK_STR(s.line[5], "f/iterations:1/repeats:2_cv 2 0 0");
}

static void batch_of_seven(struct benchmark_state *state)
{
    while (benchmark_keep_running_batch(state, 7))
        fake_now += 7e-3;
    benchmark_set_items_processed(state, benchmark_iterations(state));
}

static void pausing(struct benchmark_state *state)
{
    while (benchmark_keep_running(state)) {
        fake_now += 1e-3;
        benchmark_pause_timing(state);
        fake_now += 5e-3;
        benchmark_resume_timing(state);
    }
}

static void manual(struct benchmark_state *state)
{
    while (benchmark_keep_running(state)) {
        fake_now += 1e-3;
        benchmark_set_iteration_time(state, 0.125);
    }
    benchmark_set_counter(state, "c", (double)benchmark_iterations(state), BENCHMARK_COUNTER_RATE);
}

static void in_register(struct benchmark_state *state)
{
    int64_t turns = 0;
    BENCHMARK_LOOP (state) {
        fake_now += 1e-3;
        turns++;
    }
    benchmark_set_counter(state, "c", (double)(turns - benchmark_iterations(state)),
                          BENCHMARK_COUNTER_PLAIN);
}

static int64_t turns_done;

static void register_cut(struct benchmark_state *state)
{
    int turns = 0;
    BENCHMARK_LOOP (state) {
        if (++turns < 3)
            continue;
        benchmark_skip_with_error(state, "enough");
        break;
    }
    turns_done = benchmark_iterations(state);
    BENCHMARK_LOOP (state)
        CHECK(false, "a skipped case loops no more");
}

static void register_left(struct benchmark_state *state)
{
    BENCHMARK_LOOP (state)
        break;
}

/* The loop that asks only at its ends and the one that looks at every call count alike. */
static void test_register_loop(void)
{
    struct seen s =
        run(NULL, (struct benchmark_family){.run = in_register, .iterations = 10}, NULL);
    CHECK_STR(s.line[0], "f/iterations:10 10 1e+06 500000");
    CHECK_THAT(s.counter[0] == 0);
    s = run(ARGUMENTS("--benchmark_percentiles=50"),
            (struct benchmark_family){.run = in_register, .iterations = 10}, NULL);
    CHECK_STR(s.line[0], "f/iterations:10 10 1e+06 500000");
    CHECK_THAT(s.counter[0] == 0);
    s = run(NULL, (struct benchmark_family){.run = register_cut, .iterations = 10}, NULL);
    CHECK_STR(s.line[0], "f/iterations:10: enough");
    CHECK(turns_done == 2, "%lld iterations were finished", (long long)turns_done);
    s = run(NULL, (struct benchmark_family){.run = register_left, .iterations = 2}, NULL);
    CHECK_STR(s.line[0], "f/iterations:2: the function left its loop before the last iteration");
}

static void test_loops(void)
{
    struct seen s =
        run(NULL, (struct benchmark_family){.run = batch_of_seven, .iterations = 10}, NULL);
    CHECK_STR(s.line[0], "f/iterations:10 14 1e+06 500000");
    s = run(NULL, (struct benchmark_family){.run = pausing, .iterations = 10}, NULL);
    CHECK_STR(s.line[0], "f/iterations:10 10 1e+06 500000");
    s = run(NULL, (struct benchmark_family){.run = manual, .use_manual_time = true}, NULL);
    CHECK_STR(s.line[0], "f/manual_time 6 1.25e+08 500000");
    CHECK_THAT(s.counter[0] == 8);
}

static void error_before(struct benchmark_state *state)
{
    benchmark_skip_with_error(state, "no %s", "luck");
    benchmark_skip_with_message(state, "the first message counts");
    while (benchmark_keep_running(state))
        fake_now += 1;
}

static void error_within(struct benchmark_state *state)
{
    while (benchmark_keep_running(state)) {
        fake_now += 1e-3;
        if (benchmark_iterations(state) == 3)
            benchmark_skip_with_error(state, "at three");
    }
}

static void skip_after(struct benchmark_state *state)
{
    while (benchmark_keep_running(state))
        fake_now += 1;
    benchmark_skip_with_message(state, "too slow");
}

static void no_loop(struct benchmark_state *state)
{
    (void)state;
}

static void half_loop(struct benchmark_state *state)
{
    while (benchmark_keep_running(state))
        break;
}

static void resume_only(struct benchmark_state *state)
{
    while (benchmark_keep_running(state))
        benchmark_resume_timing(state);
}

static void pause_outside(struct benchmark_state *state)
{
    benchmark_pause_timing(state);
    while (benchmark_keep_running(state))
        fake_now += 1;
}

static void stay_paused(struct benchmark_state *state)
{
    while (benchmark_keep_running(state))
        benchmark_pause_timing(state);
}

static void no_such_argument(struct benchmark_state *state)
{
    benchmark_arg(state, 2);
    while (benchmark_keep_running(state))
        fake_now += 1;
}

static void negative_time(struct benchmark_state *state)
{
    while (benchmark_keep_running(state))
        benchmark_set_iteration_time(state, -1);
}

static void test_errors(void)
{
    static const struct {
        void (*run)(struct benchmark_state *);
        const char *line;
    } cases[] = {
        {error_before, "f/iterations:5: no luck"},
        {error_within, "f/iterations:5: at three"},
        {skip_after, "f/iterations:5: too slow"},
        {no_loop, "f/iterations:5: the function neither ran its loop nor skipped"},
        {half_loop, "f/iterations:5: the function left its loop before the last iteration"},
        {resume_only, "f/iterations:5: timing can only be resumed inside the loop, after it was "
                      "paused"},
        {pause_outside, "f/iterations:5: timing can only be paused inside the loop, and once"},
        {stay_paused, "f/iterations:5: timing can only be paused inside the loop, and once"},
        {no_such_argument, "f/iterations:5: argument 2 asked for, but the case has 0"},
        {negative_time, "f/iterations:5: an iteration time is a number of seconds, not negative"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct seen s =
            run(NULL, (struct benchmark_family){.run = cases[i].run, .iterations = 5}, NULL);
        CHECK(s.count == 1 && s.errors + s.skips == 1, "%s", cases[i].line);
        CHECK_STR(s.line[0], cases[i].line);
    }
    struct bench b;
    run(NULL, (struct benchmark_family){.run = error_before}, &b);
    CHECK_THAT(b.status == 0);
    bench_free(&b);
    run(ARGUMENTS("--benchmark_fail_on_error"), (struct benchmark_family){.run = error_before}, &b);
    CHECK_THAT(b.status == 1);
    bench_free(&b);
    run(ARGUMENTS("--benchmark_fail_on_error"), (struct benchmark_family){.run = skip_after}, &b);
    CHECK(b.status == 0, "a skip is no error");
    bench_free(&b);
    run(ARGUMENTS("--benchmark_filter=nothing"), (struct benchmark_family){0}, &b);
    CHECK_STR(b.err, "Failed to match any benchmarks against regex: nothing\n");
    CHECK_THAT(b.status == 0 && !*b.out);
    bench_free(&b);
    run(ARGUMENTS("--benchmark_filter=nothing", "--benchmark_fail_on_error"),
        (struct benchmark_family){0}, &b);
    CHECK_THAT(b.status == 1);
    bench_free(&b);
}

static int fail_first;

static void fail_once(struct benchmark_state *state)
{
    if (fail_first-- > 0)
        benchmark_skip_with_error(state, "warming up");
    while (benchmark_keep_running(state))
        fake_now += 1e-3;
}

static void test_failed_repetition(void)
{
    fail_first = 1;
    const struct seen s =
        run(NULL,
            (struct benchmark_family){.run = fail_once, .repetitions = 3, .use_real_time = true},
            NULL);
    CHECK_THAT(s.count == 7 && s.errors == 1);
    CHECK_STR(s.line[0], "f/repeats:3/real_time: warming up");
    CHECK_STR(s.line[1], "f/repeats:3/real_time 700 1e+06 500000");
    CHECK_STR(s.line[3], "f/repeats:3/real_time_mean 2 1e+06 500000");
}

static struct {
    int setups, teardowns, pass_setups, pass_teardowns;
    bool fail_setup, fail_teardown;
    size_t samples;
    double sample;
} around;

static void set_up(void *user, struct benchmark_state *state)
{
    CHECK_THAT(user == &around && benchmark_user(state) == &around);
    around.setups++;
    fake_now += 100;
    if (around.fail_setup)
        benchmark_skip_with_message(state, "not here");
}

static void tear_down(void *user, struct benchmark_state *state)
{
    (void)user;
    around.teardowns++;
    const double *const samples = benchmark_samples(state, &around.samples);
    around.sample = samples ? samples[around.samples - 1] : 0;
    benchmark_set_counter(state, "c", 3, BENCHMARK_COUNTER_PLAIN);
    benchmark_set_label(state, "from %s", "teardown");
    if (around.fail_teardown)
        benchmark_skip_with_error(state, "wrong result");
}

static void pass_set_up(struct benchmark_state *state)
{
    around.pass_setups++;
    CHECK_THAT(!benchmark_keep_running(state) || true);
}

static void count_pass_setup(struct benchmark_state *state)
{
    (void)state;
    around.pass_setups++;
}

static void count_pass_teardown(struct benchmark_state *state)
{
    (void)state;
    around.pass_teardowns++;
}

static void finish(void *user, struct benchmark_row *row)
{
    (void)user;
    if (row->kind == BENCHMARK_ROW_ITERATION)
        benchmark_row_set_counter(row, "c", benchmark_row_counter(row, "c")->value * 2, 0);
    else if (strcmp(row->aggregate_name, "median") == 0)
        benchmark_row_set_counter(row, "c", row->real_time, 0);
}

static void test_setup(void)
{
    struct benchmark_family family = {
        .user = &around,
        .setup = set_up,
        .teardown = tear_down,
        .pass_setup = count_pass_setup,
        .pass_teardown = count_pass_teardown,
        .finish = finish,
        .use_real_time = true,
        .repetitions = 2,
        .samples = true,
        .team_threads = 5,
    };
    struct seen s = run(NULL, family, NULL);
    CHECK(around.setups == 1 && around.teardowns == 1, "once a case");
    CHECK(around.pass_setups == 5 && around.pass_teardowns == 5, "around every pass: %d",
          around.pass_setups);
    CHECK(around.samples == 1400 && fabs(around.sample - 1e-3) < 1e-9, "%zu samples, %g s",
          around.samples, around.sample);
    CHECK_THAT(s.count == 6 && s.threads[0] == 5 && s.threads[5] == 5);
    CHECK_STR(s.line[1], "f/repeats:2/real_time/threads:5 700 1e+06 500000 from teardown");
    CHECK_STR(s.line[3], "f/repeats:2/real_time/threads:5_median 2 1e+06 500000 from teardown");
    CHECK_THAT(s.counter[0] == 6 && s.counter[2] == 6);
    CHECK_THAT(fabs(s.counter[3] - 1e-3) < 1e-9 && s.counter[4] == 0);

    around.fail_setup = true;
    s = run(NULL, family, NULL);
    CHECK(s.count == 1 && s.skips == 1 && calls == 0, "%d rows", s.count);
    CHECK_STR(s.line[0], "f/repeats:2/real_time/threads:5: not here");
    CHECK(around.teardowns == 2, "teardown runs whenever setup did");
    around.fail_setup = false;
    around.fail_teardown = true;
    s = run(NULL, family, NULL);
    CHECK(s.count == 1 && s.errors == 1, "the times are discarded: %d rows", s.count);
    CHECK_STR(s.line[0], "f/repeats:2/real_time/threads:5: wrong result");

    s = run(NULL, (struct benchmark_family){.pass_setup = pass_set_up, .iterations = 1}, NULL);
    CHECK_STR(s.line[0],
              "f/iterations:1: the timed loop belongs into the benchmark function, not into its "
              "setup");
}

static void awkward_counters(struct benchmark_state *state)
{
    while (benchmark_keep_running(state))
        fake_now += 1;
    benchmark_set_counter(state, "c", (double)INFINITY, 0);
    benchmark_set_counter(state, "real_time", 1, 0);
}

static void test_counters(void)
{
    struct bench b;
    const struct seen s = run(ARGUMENTS("--benchmark_min_time=1x"),
                              (struct benchmark_family){.run = awkward_counters}, &b);
    CHECK_THAT(s.count == 1 && isnan(s.counter[0]));
    CHECK(strstr(b.err, "counter c is not a finite number"), "%s", b.err);
    CHECK(strstr(b.err, "cannot be called \"real_time\""), "%s", b.err);
    bench_free(&b);
}

static _Atomic int ran;

static void threaded(struct benchmark_state *state)
{
    while (benchmark_keep_running(state))
        ran++;
    benchmark_set_counter(state, "c", 1, BENCHMARK_COUNTER_PLAIN);
}

static void one_thread_fails(struct benchmark_state *state)
{
    if (benchmark_thread_index(state) == 1)
        benchmark_skip_with_error(state, "thread 1 of %d", benchmark_threads(state));
    while (benchmark_keep_running(state))
        ran++;
}

static void test_threads(void)
{
    ran = 0;
    struct seen s = run(NULL,
                        (struct benchmark_family){
                            .run = threaded, .iterations = 10, .threads = BENCHMARK_LIST(1, 4)},
                        NULL);
    CHECK(s.count == 2 && ran == 50, "%d iterations", ran);
    CHECK_THAT(s.counter[0] == 1 && s.counter[1] == 4 && s.threads[1] == 4);
    CHECK(strncmp(s.line[1], "f/iterations:10/threads:4 40 ", 29) == 0, "%s", s.line[1]);
    s = run(NULL,
            (struct benchmark_family){
                .run = one_thread_fails, .iterations = 10, .threads = BENCHMARK_LIST(8)},
            NULL);
    CHECK_STR(s.line[0], "f/iterations:10/threads:8: thread 1 of 8");
}

static void press_ctrl_c(struct benchmark_state *state)
{
    while (benchmark_keep_running(state))
        fake_now += 1;
    if (++calls == 2)
        raise(SIGINT);
}

static void test_interrupt(void)
{
    struct seen seen = {0};
    struct bench b = bench_new(ARGUMENTS("--benchmark_format=json", "--benchmark_min_time=1x"));
    benchmark_on_row(b.runner, see, &seen);
    around.fail_teardown = false;
    around.teardowns = 0;
    /* As a script's shell starts what runs in its background. */
    signal(SIGINT, SIG_IGN);
    for (int i = 0; i < 3; i++)
        bench_add(&b,
                  (struct benchmark_family){
                      .name = "f", .run = press_ctrl_c, .user = &around, .teardown = tear_down});
    calls = 0;
    bench_run(&b);
    signal(SIGINT, SIG_DFL);
    CHECK(b.status == 130, "status %d", b.status);
    CHECK(seen.count == 1 && calls == 2, "what was not finished is not reported: %d rows, %d calls",
          seen.count, calls);
    CHECK(around.teardowns == 2, "the interrupted case is torn down");
    CHECK(strcmp(b.out + b.out_length - 7, "\n  ]\n}\n") == 0, "the document is ended");
    bench_free(&b);
}

static void hang_up_in_call_three(struct benchmark_state *state)
{
    calls = 0;
    while (benchmark_keep_running(state))
        if (++calls == 3)
            raise(SIGHUP);
}

/* Where calls are looked at one by one, a long pass does not have to be sat out. */
static void test_interrupt_inside(void)
{
    const struct benchmark_family family = {
        .name = "f", .run = hang_up_in_call_three, .samples = true, .iterations = 1000000};
    struct seen seen = {0};
    struct bench b = bench_new(ARGUMENTS("--benchmark_format=json"));
    benchmark_on_row(b.runner, see, &seen);
    bench_add(&b, family);
    signal(SIGHUP, SIG_DFL); /* the tests themselves may run under nohup */
    bench_run(&b);
    CHECK(b.status == 129 && calls == 3 && !seen.count, "status %d, %d calls", b.status, calls);
    bench_free(&b);

    /* Under nohup. */
    signal(SIGHUP, SIG_IGN);
    b = bench_new(ARGUMENTS("--benchmark_format=json", "--benchmark_min_time=10x"));
    bench_add(&b, (struct benchmark_family){.name = "f", .run = hang_up_in_call_three});
    bench_run(&b);
    signal(SIGHUP, SIG_DFL);
    CHECK(b.status == 0 && calls == 10, "status %d, %d calls", b.status, calls);
    bench_free(&b);
}

static void test_context(void)
{
    struct bench b = bench_new(ARGUMENTS("--benchmark_format=json", "--benchmark_min_time=1x",
                                         "--benchmark_context=zebra=1,apple=\"2\""));
    bench_add(&b, (struct benchmark_family){.name = "f", .run = one_millisecond});
    CHECK_THAT(benchmark_add_context(b.runner, "middle", "a\nb") == 0);
    CHECK_THAT(benchmark_add_context(b.runner, "middle", "again") != 0);
    CHECK_THAT(benchmark_add_context(b.runner, "date", "today") != 0);
    CHECK_THAT(benchmark_add_finished_row(b.runner, " {\"name\": \"old\"}\n") == 0);
    CHECK_THAT(benchmark_add_finished_row(b.runner, "name") != 0);
    benchmark_warn(b.runner, "the %s is busy", "machine");
    bench_run(&b);
    CHECK(strstr(b.out, "    \"json_schema_version\": 1,\n    \"apple\": \"\\\"2\\\"\",\n"
                        "    \"middle\": \"a\\nb\",\n    \"zebra\": \"1\",\n"
                        "    \"warnings\": \"1\",\n    \"warning_1\": \"the machine is busy\"\n"
                        "  },\n  \"benchmarks\": [\n    {\"name\": \"old\"},\n    {\n"
                        "      \"name\": \"f\",\n"),
          "%s", b.out);
    CHECK(!strstr(b.err, "busy"), "under JSON stderr has no warnings");
    bench_free(&b);
}

int main(void)
{
    test_search();
    test_repetitions();
    test_loops();
    test_register_loop();
    test_errors();
    test_failed_repetition();
    test_setup();
    test_counters();
    test_threads();
    test_interrupt();
    test_interrupt_inside();
    test_context();
    return test_exit();
}
