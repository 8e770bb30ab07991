/* SPDX-License-Identifier: Apache-2.0 */
/* The line protocol of --benchmark_worker: what is asked, what is answered, and nothing breaks it.
 */
#include "bench/harness/worker.h"

#include "tests/test_harness.h"

static int setups, teardowns, calls;

static void setup(void *user, struct benchmark_state *state)
{
    (void)user, (void)state;
    setups++;
}

static void teardown(void *user, struct benchmark_state *state)
{
    teardowns++;
    if (user)
        benchmark_skip_with_error(state, "wrong\nresult");
}

static void work(struct benchmark_state *state)
{
    while (benchmark_keep_running(state)) {
        fake_now += 0.25;
        calls++;
    }
}

static void broken(struct benchmark_state *state)
{
    benchmark_skip_with_error(state, "out of order");
}

static void no_setup(void *user, struct benchmark_state *state)
{
    (void)user;
    benchmark_skip_with_message(state, "not here");
}

/* The answers to some requests, without the greeting. */
static char *ask(const char *requests)
{
    static char yes;
    static char *answers;
    size_t length;
    struct bench b = bench_new(NULL);
    struct instances instances;
    bench_add(&b, (struct benchmark_family){.name = "works",
                                            .run = work,
                                            .use_real_time = true,
                                            .code = "c0de",
                                            .setup = setup,
                                            .teardown = teardown});
    bench_add(&b, (struct benchmark_family){
                      .name = "wrong", .run = work, .user = &yes, .teardown = teardown});
    bench_add(&b, (struct benchmark_family){.name = "broken", .run = broken});
    bench_add(&b, (struct benchmark_family){.name = "absent", .run = work, .setup = no_setup});
    bench_add(&b, (struct benchmark_family){.name = "two\nlines", .run = work});
    bench_add(&b, (struct benchmark_family){.name = "fixed", .run = work, .iterations = 7});
    CHECK(bm_instances_select(&instances, &b.runner->families, "", stderr) == 0, "selected");
    free(answers);
    setups = teardowns = calls = 0;
    FILE *const in = fmemopen((char *)(uintptr_t)requests, strlen(requests), "r");
    FILE *const out = open_memstream(&answers, &length);
    CHECK(bm_worker_serve(b.runner, &instances, in, out) == 0, "served");
    fclose(in);
    fclose(out);
    bm_instances_free(&instances);
    bench_free(&b);
    CHECK(strncmp(answers, "benchmark_worker 1\n", 19) == 0, "greeting: %s", answers);
    return answers + 19;
}

static void test_list(void)
{
    CHECK_STR(ask("list\n"), "case c0de works/real_time\ncase - wrong\ncase - broken\n"
                             "case - absent\ncase - fixed/iterations:7\nok 5\n");
}

static void test_run(void)
{
    const char *const answers =
        ask("prepare works/real_time\ncalibrate 1\nrun 8\ndrop\nquit\nlist\n");
    double real, cpu;
    long switches, faults;
    CHECK(strncmp(answers, "ok\nok 6\nok ", 11) == 0, "%s", answers);
    CHECK(sscanf(answers + 11, "%lf %lf %ld %ld", &real, &cpu, &switches, &faults) == 4 &&
              real == 0.25e9 && cpu == 0.125e9 && switches >= 0 && faults >= 0,
          "%s", answers);
    CHECK(strcmp(answers + strlen(answers) - 4, "\nok\n") == 0, "%s", answers);
    CHECK(setups == 1 && teardowns == 1, "%d setups, %d teardowns", setups, teardowns);
    /* Search: 1, then 6 twice; a run: 1 untimed and 8. */
    CHECK(calls == 1 + 6 + 6 + 1 + 8, "%d calls", calls);
    CHECK_STR(ask("prepare fixed/iterations:7\ncalibrate 1\n"), "ok\nok 7\n");
}

static void test_refusals(void)
{
    CHECK_STR(ask("prepare nothing\n"), "error there is no case nothing\n");
    CHECK_STR(ask("run 1\ncalibrate 1\ndrop\n"),
              "error no case is prepared\nerror no case is prepared\nok\n");
    CHECK_STR(ask("prepare wrong\ndrop\n"), "ok\nerror wrong result\n");
    CHECK_STR(ask("prepare broken\nrun 1\ncalibrate 1\ndrop\n"),
              "ok\nerror out of order\nerror out of order\nok\n");
    CHECK_STR(ask("prepare absent\nprepare broken\n"), "skipped not here\nok\n");
    CHECK_STR(ask("prepare works/real_time\nprepare broken\n"),
              "ok\nerror works/real_time is still prepared; drop it first\n");
    CHECK(teardowns == 1, "left prepared, torn down %d times", teardowns);
    CHECK_STR(ask("prepare works/real_time\nrun\nrun 0\nrun -1\nrun x\nrun 1x\n"),
              "ok\nerror run takes a number of iterations from 1\n"
              "error run takes a number of iterations from 1\n"
              "error run takes a number of iterations from 1\n"
              "error run takes a number of iterations from 1\n"
              "error run takes a number of iterations from 1\n");
    CHECK_STR(ask("prepare works/real_time\ncalibrate\ncalibrate nan\ncalibrate -1\n"),
              "ok\nerror calibrate takes a number of seconds\n"
              "error calibrate takes a number of seconds\n"
              "error calibrate takes a number of seconds\n");
    const char *const answers = ask("lists\n\nrunning\n");
    CHECK(strstr(answers, "error list, prepare") == answers, "%s", answers);
    CHECK_STR(ask("\r\n") + 0, "error list, prepare, calibrate, run, drop and quit are what can "
                               "be asked\n");
}

int main(void)
{
    test_list();
    test_run();
    test_refusals();
    return test_exit();
}
