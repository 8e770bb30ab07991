/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traces of requests for phase=generate. A trace is a text file, a request a line:
 *
 *     # arrival prompt output
 *     0   512 128      arrives before decode step 0, 512 tokens long, asks for 128 more
 *     3   64  200
 *
 * Arrivals are numbers of decode steps, not seconds, so that a trace means the same on every
 * machine; they never fall. A comment begins with #, blank lines are skipped.
 */
#ifndef ATTN_GENERATE_TRACE_H
#define ATTN_GENERATE_TRACE_H

#include "bench/cases/message.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct attn_request {
    uint64_t arrival;        /* at most 2^53 */
    uint32_t prompt, output; /* at least 1 each, together at most ATTN_TRACE_TOKENS_MAX */
    uint32_t line;           /* of the file */
};

struct attn_trace {
    uint32_t id; /* a hash of the requests, never 0: it stands in the names of rows */
    size_t n;
    struct attn_request *request;
};

enum {
    ATTN_TRACES_MAX = 64,
    ATTN_TRACE_REQUESTS_MAX = 1 << 20,
    ATTN_TRACE_TOKENS_MAX = 1 << 26,
};

/* Reads a trace from text; `where` opens every message. 0, -EINVAL or -ENOMEM with a sentence. */
int attn_trace_parse(const char *where, const char *text, struct attn_trace *trace,
                     struct attn_message *why);
/* The same of what a file still holds, of which it reads no more than a trace may have. */
int attn_trace_read(const char *where, FILE *file, struct attn_trace *trace,
                    struct attn_message *why);
void attn_trace_free(struct attn_trace *trace);

/*
 * The trace in a file, read once and kept until the program ends. 0, or -errno with a sentence.
 */
int attn_trace_load(const char *path, const struct attn_trace **trace, struct attn_message *why);

/* A trace that was loaded, or NULL. */
const struct attn_trace *attn_trace_find(uint32_t id);

#endif
