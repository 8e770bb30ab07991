/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that decides at run time what to measure: one case for each word on its command line,
 * under a name of its own, with data set up once and a counter computed from each row's time.
 */
#include "bench/harness/benchmark.h"

#include <stdlib.h>
#include <string.h>

struct word {
    const char *text;
    char *repeated;
    size_t bytes;
};

static void set_up(void *user, struct benchmark_state *state)
{
    struct word *const word = user;
    const size_t length = strlen(word->text);
    enum { COPIES = 1000 };
    if (!length) {
        benchmark_skip_with_message(state, "an empty word has no length to measure");
        return;
    }
    word->bytes = COPIES * length;
    word->repeated = malloc(word->bytes + 1);
    if (!word->repeated) {
        benchmark_skip_with_error(state, "out of memory for %zu bytes", word->bytes);
        return;
    }
    for (size_t i = 0; i < COPIES; i++)
        memcpy(word->repeated + i * length, word->text, length);
    word->repeated[word->bytes] = '\0';
}

static void measure(struct benchmark_state *state)
{
    const struct word *const word = benchmark_user(state);
    while (benchmark_keep_running(state)) {
        const size_t length = strlen(word->repeated);
        benchmark_do_not_optimize(length);
    }
}

static void tear_down(void *user, struct benchmark_state *state)
{
    struct word *const word = user;
    benchmark_set_counter(state, "bytes", (double)word->bytes, BENCHMARK_COUNTER_PLAIN);
    free(word->repeated);
}

static void finish(void *user, struct benchmark_row *row)
{
    const struct word *const word = user;
    if (!row->percentage && row->real_time > 0)
        benchmark_row_set_counter(row, "bytes_per_second", (double)word->bytes / row->real_time,
                                  BENCHMARK_COUNTER_RATE | BENCHMARK_COUNTER_BASE_1024);
}

int main(int argc, char **argv)
{
    struct benchmark_runner *const runner = benchmark_runner_new(NULL);
    struct word *const words = calloc((size_t)argc + 1, sizeof(*words));
    int status = 1;
    int rc = runner && words ? benchmark_initialize(runner, &argc, argv) : -1;

    for (int i = 1; !rc && i < argc; i++) {
        char name[128];
        words[i].text = argv[i];
        snprintf(name, sizeof(name), "strlen/word:%.64s/real_time", argv[i]);
        const struct benchmark_family family = {
            .struct_size = sizeof(family),
            .name = name,
            .verbatim_name = true,
            .run = measure,
            .user = &words[i],
            .use_real_time = true,
            .setup = set_up,
            .teardown = tear_down,
            .finish = finish,
        };
        rc = benchmark_register(runner, &family);
    }
    if (!rc)
        status = benchmark_run(runner);
    else if (rc == 1)
        status = benchmark_exit_status(runner);
    benchmark_runner_free(runner);
    free(words);
    return status;
}
