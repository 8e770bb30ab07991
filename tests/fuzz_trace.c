/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of traces of requests: the input is the file. What the reader takes holds what
 * generate_trace.h says of it and is the same trace when it is written and read again; what it
 * does not take, it refuses with a sentence of one line. Fed by test_fuzz_replay.c in every test
 * run, and by libFuzzer where the compiler has it.
 */
#include "tests/fuzz_replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cases/generate_trace.h"

static void require(bool promise, const char *what)
{
    if (promise)
        return;
    fprintf(stderr, "broken promise: %s\n", what);
    abort();
}

static int read_bytes(const void *data, size_t size, struct attn_trace *trace,
                      struct attn_message *why)
{
    FILE *const file =
        size ? fmemopen((void *)(uintptr_t)data, size, "r") : fopen("/dev/null", "r");
    require(file, "a file in memory");
    const int error = attn_trace_read("trace", file, trace, why);
    fclose(file);
    return error;
}

static void check_refusal(const struct attn_trace *trace, int error, const char *sentence)
{
    require(error == -EINVAL && !trace->n && !trace->request, "refused as a whole");
    require(strncmp(sentence, "trace", 5) == 0, "a sentence says where");
    for (const char *c = sentence; *c; c++)
        require((unsigned char)*c >= ' ' && *c != 0x7f, "a sentence of one line, of characters");
}

static void check_requests(const struct attn_trace *trace, size_t lines)
{
    require(trace->id && trace->n >= 1 && trace->n <= lines, "requests, and a hash of them");
    for (size_t i = 0; i < trace->n; i++) {
        const struct attn_request *const r = &trace->request[i];
        require(r->prompt >= 1 && r->output >= 1, "a request has tokens");
        require((uint64_t)r->prompt + r->output <= ATTN_TRACE_TOKENS_MAX, "and not too many");
        require(r->arrival <= (uint64_t)1 << 53, "a step is a number everywhere");
        require(r->line >= 1 && r->line <= lines, "a request stands in a line");
        require(!i || r->arrival >= r[-1].arrival, "time does not go backwards");
        require(!i || r->line > r[-1].line, "lines neither");
    }
}

static void check_again(const struct attn_trace *trace)
{
    struct attn_trace again;
    struct attn_message why;
    char *text = NULL;
    size_t length = 0;
    FILE *const out = open_memstream(&text, &length);
    require(out, "memory for a small trace");
    for (size_t i = 0; i < trace->n; i++)
        fprintf(out, "%" PRIu64 " %u\t%u\n", trace->request[i].arrival, trace->request[i].prompt,
                trace->request[i].output);
    fclose(out);
    require(read_bytes(text, length, &again, &why) == 0, "what was written can be read");
    require(again.n == trace->n && again.id == trace->id, "it is the same trace");
    attn_trace_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct attn_trace trace;
    struct attn_message why = {{0}};
    size_t lines = 1;
    const int error = read_bytes(data, size, &trace, &why);
    if (error) {
        check_refusal(&trace, error, why.text);
        return 0;
    }
    require(!memchr(data, 0, size), "a trace is a text");
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    check_requests(&trace, lines);
    check_again(&trace);
    attn_trace_free(&trace);
    return 0;
}
