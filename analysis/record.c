/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader behind record.h: walks the top level of the file by hand (record_scan.h) and gives
 * each row to jansson.
 */
#include "analysis/record.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/arena.h"
#include "analysis/record_row.h"
#include "analysis/record_scan.h"
#include "analysis/tame.h"

struct reader {
    struct ana_scan scan;
    struct ana_result *result;
    struct ana_arena *arena;
    size_t row_capacity, context_capacity;
    bool has_rows;
    char *message;
    size_t size;
};

__attribute__((format(printf, 3, 4))) static int fail(struct reader *r, int status,
                                                      const char *format, ...)
{
    char what[256];
    va_list list;
    va_start(list, format);
    vsnprintf(what, sizeof(what), format, list);
    va_end(list);
    ana_tame(what); /* what a parser quotes is the file's */
    snprintf(r->message, r->size, "%s: %s", r->result->path, what);
    return status;
}

static int no_memory(struct reader *r)
{
    return fail(r, -ENOMEM, "not enough memory after %zu rows", r->result->row_count);
}

/* Room for one more element; every array of the reader grows by this. */
static int reserve(void *array, size_t count, size_t *capacity, size_t element)
{
    if (count < *capacity)
        return 0;
    const size_t wanted = *capacity ? 2 * *capacity : 64;
    void *const grown = realloc(*(void **)array, wanted * element);
    if (!grown)
        return -ENOMEM;
    *(void **)array = grown;
    *capacity = wanted;
    return 0;
}

static int cut_off(struct reader *r)
{
    const struct ana_scan *const s = &r->scan;
    if (ferror(s->in))
        return fail(r, errno ? -errno : -EIO, "%s", errno ? strerror(errno) : "read error");
    return fail(r, -EBADMSG, "line %u: the file is cut off here", s->line);
}

static int expect(struct reader *r, char wanted)
{
    const int c = ana_scan_peek(&r->scan);
    if (c == EOF)
        return cut_off(r);
    if (c != wanted)
        return fail(r, -EBADMSG, "line %u column %u: not JSON: found '%c' instead of '%c'",
                    r->scan.line, r->scan.column, c < 32 || c > 126 ? '?' : c, wanted);
    ana_scan_skip(&r->scan);
    return 0;
}

/* The next value as a tree, which the caller decrefs. */
static int read_value(struct reader *r, json_t **value)
{
    struct ana_scan *const s = &r->scan;
    const int status = ana_scan_value(s);
    if (status == -ENODATA)
        return cut_off(r);
    if (status == -ENOMEM)
        return no_memory(r);
    if (status)
        return fail(r, -EBADMSG, "line %u: a value that is %s", s->value_line,
                    status == -EMSGSIZE ? "longer than 16 MiB" : "nested too deeply");
    const size_t flags = JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL;
    json_error_t error;
    *value = json_loadb(s->text, s->length, flags, &error);
    if (!*value && json_error_code(&error) == json_error_invalid_utf8) {
        ana_scan_to_ascii(s);
        *value = json_loadb(s->text, s->length, flags, &error);
    }
    if (*value)
        return 0;
    const unsigned line = error.line > 0 ? (unsigned)error.line - 1 : 0;
    const unsigned column = error.column > 0 ? (unsigned)error.column - 1 : 0;
    return fail(r, -EBADMSG, "line %u column %u: not JSON: %s", s->value_line + line,
                (line ? 1 : s->value_column) + column, error.text);
}

static int add_context(struct reader *r, const char *key, const char *value)
{
    struct ana_result *const result = r->result;
    if (reserve(&result->context, result->context_count, &r->context_capacity,
                sizeof(*result->context)))
        return no_memory(r);
    const struct ana_context entry = {ana_arena_copy(r->arena, key),
                                      ana_arena_copy(r->arena, value)};
    if (!entry.key || !entry.value)
        return no_memory(r);
    result->context[result->context_count++] = entry;
    return 0;
}

/* Flattens a value of the context; nesting is bounded by the scanner. */
static int read_context(struct reader *r, const char *key, const json_t *value)
{
    char text[512];
    int status = 0;
    if (json_is_object(value)) {
        const char *name;
        json_t *child;
        json_object_foreach((json_t *)value, name, child)
        {
            snprintf(text, sizeof(text), "%s%s%s", key, *key ? "." : "", name);
            if ((status = read_context(r, text, child)))
                return status;
        }
        return 0;
    }
    if (json_is_array(value)) {
        size_t i;
        json_t *child;
        json_array_foreach(value, i, child)
        {
            snprintf(text, sizeof(text), "%s.%zu", key, i);
            if ((status = read_context(r, text, child)))
                return status;
        }
        return 0;
    }
    if (json_is_string(value))
        return add_context(r, key, json_string_value(value));
    if (json_is_boolean(value))
        return add_context(r, key, json_is_true(value) ? "true" : "false");
    if (!json_is_real(value)) /* null: missing */
        return 0;
    snprintf(text, sizeof(text), "%.15g", json_real_value(value));
    if (strtod(text, NULL) != json_real_value(value))
        snprintf(text, sizeof(text), "%.17g", json_real_value(value));
    return add_context(r, key, text);
}

static int read_row(struct reader *r)
{
    struct ana_result *const result = r->result;
    json_t *object;
    int status = read_value(r, &object);
    if (status)
        return status;
    const uint32_t line = r->scan.value_line;
    if (!json_is_object(object)) {
        status = fail(r, -EBADMSG, "line %u: a row of \"benchmarks\" is not an object", line);
        goto out;
    }
    status = reserve(&result->rows, result->row_count, &r->row_capacity, sizeof(*result->rows));
    if (status) {
        no_memory(r);
        goto out;
    }
    struct ana_row *const row = &result->rows[result->row_count];
    status = ana_row_read(r->arena, object, result->row_count ? row - 1 : NULL, row);
    if (status == -ENOMEM)
        no_memory(r);
    else if (status)
        status = fail(r, -EBADMSG, "line %u: a row of \"benchmarks\" has no name", line);
    if (status)
        goto out;
    row->line = line;
    result->attn_rows += row->attn != NULL;
    result->row_count++;
out:
    json_decref(object);
    return status;
}

static int read_rows(struct reader *r)
{
    r->has_rows = true;
    int status = expect(r, '[');
    if (status)
        return status;
    if (ana_scan_peek(&r->scan) == ']')
        return expect(r, ']');
    for (;;) {
        if ((status = read_row(r)))
            return status;
        if (ana_scan_peek(&r->scan) != ',')
            return expect(r, ']');
        ana_scan_skip(&r->scan);
    }
}

static int read_member(struct reader *r)
{
    json_t *key, *value;
    if (ana_scan_peek(&r->scan) != '"')
        return expect(r, '"');
    int status = read_value(r, &key);
    if (status)
        return status;
    const bool rows = strcmp(json_string_value(key), "benchmarks") == 0;
    const bool context = strcmp(json_string_value(key), "context") == 0;
    json_decref(key);
    if ((status = expect(r, ':')))
        return status;
    if (rows && ana_scan_peek(&r->scan) == '[')
        return read_rows(r);
    if ((status = read_value(r, &value)))
        return status;
    if (context)
        status = read_context(r, "", value);
    json_decref(value);
    return status;
}

static int read_file(struct reader *r)
{
    errno = 0;
    if (ana_scan_peek(&r->scan) == EOF)
        return ferror(r->scan.in) ? cut_off(r) : fail(r, -EBADMSG, "the file is empty");
    int status = expect(r, '{');
    if (!status && ana_scan_peek(&r->scan) == '}')
        ana_scan_skip(&r->scan);
    else
        while (!status) {
            if ((status = read_member(r)))
                break;
            if (ana_scan_peek(&r->scan) != ',') {
                status = expect(r, '}');
                break;
            }
            ana_scan_skip(&r->scan);
        }
    if (status)
        return status;
    if (ana_scan_peek(&r->scan) != EOF)
        return fail(r, -EBADMSG, "line %u: more text after the end of the JSON", r->scan.line);
    if (!r->has_rows)
        return fail(r, -EBADMSG, "no \"benchmarks\" array: not a Google Benchmark result file");
    return 0;
}

int ana_result_read(const char *path, struct ana_result **result, char *message, size_t size)
{
    const bool piped = strcmp(path, "-") == 0;
    struct reader r = {.scan = {.line = 1, .column = 1}, .message = message, .size = size};
    int status = -ENOMEM;
    r.result = calloc(1, sizeof(*r.result));
    r.arena = ana_arena_new();
    if (r.result)
        r.result->arena = r.arena;
    if (r.result && r.arena)
        r.result->path = ana_arena_copy(r.arena, piped ? "standard input" : path);
    if (!r.result || !r.arena || !r.result->path) {
        snprintf(message, size, "%s: not enough memory", path);
        goto out;
    }
    r.scan.in = piped ? stdin : fopen(path, "r");
    if (!r.scan.in) {
        status = fail(&r, -errno, "%s", strerror(errno));
        goto out;
    }
    status = read_file(&r);
    r.result->missing_numbers = r.scan.missing;
out:
    if (r.scan.in && !piped)
        fclose(r.scan.in);
    free(r.scan.text);
    free(r.scan.buffer);
    if (status) {
        if (r.result)
            ana_result_free(r.result);
        else
            ana_arena_free(r.arena);
        return status;
    }
    *result = r.result;
    return 0;
}

void ana_result_free(struct ana_result *result)
{
    if (!result)
        return;
    ana_arena_free(result->arena);
    free(result->context);
    free(result->rows);
    free(result);
}

const char *ana_result_context(const struct ana_result *result, const char *key)
{
    for (size_t i = 0; i < result->context_count; i++)
        if (strcmp(result->context[i].key, key) == 0)
            return result->context[i].value;
    return NULL;
}

double ana_row_figure(const struct ana_row *row, const char *name)
{
    const struct {
        const char *name;
        double value;
    } own[] = {{"real_ns", row->real_ns},       {"cpu_ns", row->cpu_ns},
               {"real_time", row->real_time},   {"cpu_time", row->cpu_time},
               {"iterations", row->iterations}, {"threads", (double)row->threads}};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcmp(own[i].name, name) == 0)
            return own[i].value;
    for (size_t i = 0; i < row->counter_count; i++)
        if (strcmp(row->counters[i].name, name) == 0)
            return row->counters[i].value;
    return NAN;
}
