/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: the input's lines are flags, a filter and the name, label, message and counter of a
 * case. Whatever they are, the run must end, and its JSON must be strict JSON that holds the case.
 * test_harness_fuzz.c feeds it from a seeded generator and from tests/corpus/harness in every test
 * run; where the compiler has libFuzzer, fuzz_harness is the same target with the harness inside.
 */
#include "tests/fuzz_harness.h"

#include "bench/harness/benchmark.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 6 };

static char *lines[LINES];

static void run(struct benchmark_state *state)
{
    if (strlen(lines[3]) % 5 == 4)
        benchmark_skip_with_error(state, "%s", lines[3]);
    while (benchmark_keep_running(state))
        benchmark_clobber_memory();
    benchmark_set_label(state, "%s", lines[4]);
    benchmark_set_counter(state, lines[5], strtod(lines[4], NULL), BENCHMARK_COUNTER_PLAIN);
}

/* Only flags whose values change what is computed, not where it is written or for how long. */
static bool harmless(const char *flag)
{
    static const char *const excluded[] = {"out",         "dump_samples",     "baseline",
                                           "min_time",    "min_warmup_time",  "cooldown",
                                           "repetitions", "min_rel_accuracy", "cache_mode",
                                           "format",      "list_tests",       "cpu_affinity",
                                           "context"};
    for (size_t i = 0; i < sizeof(excluded) / sizeof(*excluded); i++)
        if (strstr(flag, excluded[i]))
            return false;
    return true;
}

static void check_document(const char *text, size_t length, size_t matched)
{
    json_error_t why;
    if (!matched && !length)
        return;
    json_t *const document = json_loadb(text, length, JSON_REJECT_DUPLICATES, &why);
    if (!document || json_array_size(json_object_get(document, "benchmarks")) != matched) {
        fprintf(stderr, "%s (line %d) in\n%s\n", document ? "rows are missing" : why.text, why.line,
                text);
        abort();
    }
    json_decref(document);
}

static void run_one(void)
{
    char *text = NULL;
    size_t length = 0;
    FILE *const out = open_memstream(&text, &length), *const err = fopen("/dev/null", "w");
    const struct benchmark_hooks hooks = {.struct_size = sizeof(hooks), .out = out, .err = err};
    struct benchmark_runner *const runner = benchmark_runner_new(&hooks);
    char filter[300];
    char *argv[] = {(char *)"fuzz",
                    harmless(lines[0]) ? lines[0] : (char *)"x",
                    filter,
                    (char *)"--benchmark_format=json",
                    (char *)"--benchmark_dry_run",
                    NULL};
    int argc = 5;
    snprintf(filter, sizeof(filter), "--benchmark_filter=%.250s", lines[1]);
    const struct benchmark_family family = {.struct_size = sizeof(family),
                                            .name = lines[2],
                                            .run = run,
                                            .arg_names = {lines[5]},
                                            .product = {BENCHMARK_LIST(7)}};
    if (benchmark_initialize(runner, &argc, argv) == 0) {
        benchmark_add_context(runner, lines[4], lines[3]);
        benchmark_register(runner, &family);
        benchmark_run(runner);
        fflush(out);
        check_document(text, length, benchmark_matched(runner));
    }
    benchmark_runner_free(runner);
    fclose(out);
    fclose(err);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *const copy = calloc(1, size + 1);
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    char *rest = copy;
    for (int i = 0; i < LINES; i++) {
        char *const line = strsep(&rest, "\n");
        lines[i] = line ? line : copy + size;
    }
    run_one();
    free(copy);
    return 0;
}
