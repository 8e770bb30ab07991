/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the harness share: a runner whose clock only moves when a benchmark says so and
 * whose streams end up in strings, so that every result is the same on every machine.
 */
#ifndef ATTN_TEST_HARNESS_H
#define ATTN_TEST_HARNESS_H

#include "bench/harness/benchmark.h"

#include "tests/test.h"

#define CHECK_THAT(condition) CHECK(condition, "is false")

static double fake_now;

static inline double fake_wall(void *user)
{
    (void)user;
    return fake_now;
}

/* CPU time runs at half the speed of wall time. */
static inline double fake_cpu(void *user, bool process_wide)
{
    (void)user, (void)process_wide;
    return fake_now / 2;
}

static inline void fake_sleep(void *user, double seconds)
{
    (void)user;
    fake_now += seconds;
}

struct bench {
    struct benchmark_runner *runner;
    FILE *out_stream, *err_stream;
    char *out, *err; /* valid after bench_run() */
    size_t out_length, err_length;
    int status;
};

enum { BENCH_MAX_ARGUMENTS = 16 };

/* Arguments end with NULL. */
static inline struct bench bench_new(const char *const *arguments)
{
    struct bench b = {0};
    char *argv[BENCH_MAX_ARGUMENTS + 2] = {(char *)"bench"};
    int argc = 1;
    fake_now = 0;
    b.out_stream = tmpfile();
    b.err_stream = tmpfile();
    const struct benchmark_hooks hooks = {
        .struct_size = sizeof(hooks),
        .wall_clock = fake_wall,
        .cpu_clock = fake_cpu,
        .sleep = fake_sleep,
        .out = b.out_stream,
        .err = b.err_stream,
    };
    b.runner = benchmark_runner_new(&hooks);
    for (; arguments && arguments[argc - 1] && argc <= BENCH_MAX_ARGUMENTS; argc++)
        argv[argc] = (char *)arguments[argc - 1];
    const int rc = benchmark_initialize(b.runner, &argc, argv);
    CHECK(rc == 0 && argc == 1, "initialize gave %d and left %d arguments", rc, argc - 1);
    return b;
}

static inline char *bench_slurp(FILE *stream, size_t *length)
{
    fflush(stream);
    *length = (size_t)ftell(stream);
    char *const text = calloc(1, *length + 1);
    rewind(stream);
    *length = fread(text, 1, *length, stream);
    return text;
}

static inline void bench_run(struct bench *b)
{
    b->status = benchmark_run(b->runner);
    free(b->out);
    free(b->err);
    fseek(b->out_stream, 0, SEEK_END);
    fseek(b->err_stream, 0, SEEK_END);
    b->out = bench_slurp(b->out_stream, &b->out_length);
    b->err = bench_slurp(b->err_stream, &b->err_length);
}

static inline void bench_free(struct bench *b)
{
    benchmark_runner_free(b->runner);
    fclose(b->out_stream);
    fclose(b->err_stream);
    free(b->out);
    free(b->err);
}

static inline void bench_add(struct bench *b, struct benchmark_family family)
{
    family.struct_size = sizeof(family);
    CHECK(benchmark_register(b->runner, &family) == 0, "%s", family.name);
}

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
