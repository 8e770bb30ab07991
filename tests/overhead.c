/* SPDX-License-Identifier: Apache-2.0 */
/* Our half of the overhead benchmark. */
#include "tests/overhead.h"

#include "bench/harness/benchmark.h"

static void asking(struct benchmark_state *state)
{
    while (benchmark_keep_running(state))
        OVERHEAD_BODY();
}

static void counting(struct benchmark_state *state)
{
    BENCHMARK_LOOP (state)
        OVERHEAD_BODY();
}

static void take(void *user, const struct benchmark_row *row)
{
    *(double *)user = row->real_time * 1e9;
}

double overhead_here(enum overhead_loop loop)
{
    static void (*const loops[])(struct benchmark_state *) = {
        [OVERHEAD_ASKING] = asking,
        [OVERHEAD_COUNTING] = counting,
    };
    double nanoseconds = -1;
    FILE *const nowhere = fopen("/dev/null", "we");
    const struct benchmark_hooks hooks = {.struct_size = sizeof(hooks),
                                          .out = nowhere,
                                          .err = nowhere};
    struct benchmark_runner *const runner = nowhere ? benchmark_runner_new(&hooks) : NULL;
    const struct benchmark_family family = {.struct_size = sizeof(family),
                                            .name = "empty",
                                            .run = loops[loop],
                                            .iterations = OVERHEAD_ITERATIONS,
                                            .use_real_time = true};
    char name[] = "overhead", *argv[] = {name, NULL};
    int argc = 1;
    if (runner && benchmark_initialize(runner, &argc, argv) == 0 &&
        benchmark_register(runner, &family) == 0) {
        benchmark_on_row(runner, take, &nanoseconds);
        benchmark_run(runner);
    }
    benchmark_runner_free(runner);
    if (nowhere)
        fclose(nowhere);
    return nanoseconds;
}
