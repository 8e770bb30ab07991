/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/cases/generate_trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 64 << 20 };

/* Digits up to 2^53, so that a number is one everywhere; the next field or NULL. */
static const char *read_number(const char *text, uint64_t *value)
{
    text += strspn(text, " \t");
    const size_t digits = strspn(text, "0123456789");
    if (digits < 1 || digits > 16)
        return NULL;
    *value = strtoull(text, NULL, 10);
    return *value <= (uint64_t)1 << 53 ? text + digits : NULL;
}

static int read_line(const char *line, struct attn_request *request, struct attn_message *why)
{
    uint64_t field[3];
    const char *at = line;
    for (int i = 0; i < 3; i++) {
        at = read_number(at, &field[i]);
        if (!at || (i < 2 && *at != ' ' && *at != '\t'))
            return attn_refuse(why, -EINVAL,
                               "\"%.40s\" is not a request; write three whole numbers up to 2^53: "
                               "the decode step it arrives at, tokens of the prompt, tokens to "
                               "generate",
                               line);
    }
    at += strspn(at, " \t\r");
    if (*at && *at != '#')
        return attn_refuse(why, -EINVAL, "\"%.40s\" follows the three numbers of a request", at);
    if (field[1] < 1 || field[2] < 1 || field[1] + field[2] > ATTN_TRACE_TOKENS_MAX)
        return attn_refuse(why, -EINVAL,
                           "a prompt of %" PRIu64 " and an output of %" PRIu64
                           " tokens; both must be at least 1, together at most %d",
                           field[1], field[2], ATTN_TRACE_TOKENS_MAX);
    request->arrival = field[0];
    request->prompt = (uint32_t)field[1];
    request->output = (uint32_t)field[2];
    return 0;
}

static uint32_t hash(uint32_t h, uint64_t value)
{
    for (int i = 0; i < 8; i++, value >>= 8)
        h = (h ^ (uint32_t)(value & 0xff)) * 0x01000193u;
    return h;
}

static int add(struct attn_trace *trace, const struct attn_request *request,
               struct attn_message *why)
{
    if (trace->n == ATTN_TRACE_REQUESTS_MAX)
        return attn_refuse(why, -EINVAL, "more than %d requests", ATTN_TRACE_REQUESTS_MAX);
    if ((trace->n & (trace->n - 1)) == 0) {
        const size_t room = trace->n ? 2 * trace->n : 1;
        void *const grown = realloc(trace->request, room * sizeof(*trace->request));
        if (!grown)
            return attn_refuse(why, -ENOMEM, "out of memory");
        trace->request = grown;
    }
    if (trace->n && request->arrival < trace->request[trace->n - 1].arrival)
        return attn_refuse(why, -EINVAL,
                           "time goes backwards: this request arrives at step %" PRIu64
                           ", the one before it at %" PRIu64,
                           request->arrival, trace->request[trace->n - 1].arrival);
    trace->request[trace->n++] = *request;
    trace->id = hash(hash(hash(trace->id, request->arrival), request->prompt), request->output);
    return 0;
}

int attn_trace_parse(const char *where, const char *text, struct attn_trace *trace,
                     struct attn_message *why)
{
    int error = 0;
    *trace = (struct attn_trace){.id = 0x811c9dc5u};
    for (uint32_t number = 1; !error && *text; number++) {
        const size_t len = strcspn(text, "\n");
        char line[256];
        struct attn_request request = {.line = number};
        const size_t blank = strspn(text, " \t\r");
        if (blank < len && text[blank] != '#') {
            if (len >= sizeof(line))
                error = attn_refuse(why, -EINVAL, "the line is longer than %zu characters",
                                    sizeof(line) - 1);
            snprintf(line, sizeof(line), "%.*s", (int)len, text);
            if (!error)
                error = read_line(line, &request, why);
            if (!error)
                error = add(trace, &request, why);
            if (error)
                attn_refuse_at(why, error, "%s:%u", where, number);
        }
        text += len + (text[len] == '\n');
    }
    if (!error && !trace->n)
        error = attn_refuse(why, -EINVAL, "%s holds no request", where);
    if (error)
        attn_trace_free(trace);
    else if (!trace->id)
        trace->id = 1;
    return error;
}

void attn_trace_free(struct attn_trace *trace)
{
    free(trace->request);
    *trace = (struct attn_trace){0};
}

/* To the end of the file, or to where it is too large; *text is to be freed in any case. */
static int read_text(const char *where, FILE *file, char **text, struct attn_message *why)
{
    size_t n = 0, room = 4096;
    *text = NULL;
    for (;; room *= 2) {
        char *const grown = realloc(*text, room + 1);
        if (!grown)
            return attn_refuse(why, -ENOMEM, "out of memory");
        *text = grown;
        errno = 0;
        n += fread(*text + n, 1, room - n, file);
        if (n < room || room > FILE_BYTES_MAX)
            break;
    }
    (*text)[n] = '\0';
    if (ferror(file)) {
        const int error = errno ? errno : EIO;
        return attn_refuse(why, -error, "cannot read the trace %s: %s", where, strerror(error));
    }
    const bool is_text = !memchr(*text, '\0', n);
    if (n > FILE_BYTES_MAX || !is_text)
        return attn_refuse(why, -EINVAL, "%s is not a trace: it is %s", where,
                           is_text ? "larger than 64 MiB" : "not a text file");
    return 0;
}

int attn_trace_read(const char *where, FILE *file, struct attn_trace *trace,
                    struct attn_message *why)
{
    char *text;
    *trace = (struct attn_trace){0};
    int error = read_text(where, file, &text, why);
    if (!error)
        error = attn_trace_parse(where, text, trace, why);
    free(text);
    return error;
}

static struct {
    char *path;
    struct attn_trace trace;
} loaded[ATTN_TRACES_MAX];
static size_t loads;

int attn_trace_load(const char *path, const struct attn_trace **trace, struct attn_message *why)
{
    for (size_t i = 0; i < loads; i++)
        if (strcmp(loaded[i].path, path) == 0) {
            *trace = &loaded[i].trace;
            return 0;
        }
    if (loads == ATTN_TRACES_MAX)
        return attn_refuse(why, -EINVAL, "more than %d traces", ATTN_TRACES_MAX);
    FILE *const file = fopen(path, "re");
    if (!file)
        return attn_refuse(why, -errno, "cannot read the trace %s: %s", path, strerror(errno));
    const int error = attn_trace_read(path, file, &loaded[loads].trace, why);
    fclose(file);
    if (error)
        return error;
    loaded[loads].path = strdup(path);
    if (!loaded[loads].path) {
        attn_trace_free(&loaded[loads].trace);
        return attn_refuse(why, -ENOMEM, "out of memory");
    }
    *trace = &loaded[loads++].trace;
    return 0;
}

const struct attn_trace *attn_trace_find(uint32_t id)
{
    for (size_t i = 0; i < loads; i++)
        if (loaded[i].trace.id == id)
            return &loaded[i].trace;
    return NULL;
}
