/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state machine over single characters. Blanks are kept in the copy, so that a line and column
 * the JSON library complains about can be translated to those of the file.
 */
#include "analysis/record_scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { VALUE_MAX = 1 << 24, DEPTH_MAX = 128, BUFFER_BYTES = 1 << 16 };

/* The next character, or EOF, which is also what there is without memory for a buffer. */
static inline int look(struct ana_scan *scan)
{
    if (scan->at == scan->filled) {
        if (!scan->buffer)
            scan->buffer = malloc(BUFFER_BYTES);
        scan->at = scan->filled = 0;
        if (scan->buffer)
            scan->filled = fread(scan->buffer, 1, BUFFER_BYTES, scan->in);
        if (!scan->filled)
            return EOF;
    }
    return (unsigned char)scan->buffer[scan->at];
}

static inline int take(struct ana_scan *scan)
{
    const int c = look(scan);
    if (c == EOF)
        return EOF;
    scan->at++;
    scan->column++;
    if (c == '\n') {
        scan->line++;
        scan->column = 1;
    }
    return c;
}

static bool blank(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int ana_scan_peek(struct ana_scan *scan)
{
    int c = look(scan);
    for (; blank(c); c = look(scan))
        take(scan);
    return c;
}

void ana_scan_skip(struct ana_scan *scan)
{
    take(scan);
}

static inline int put(struct ana_scan *scan, int c)
{
    if (scan->length + 2 > scan->capacity) {
        const size_t capacity = scan->capacity ? 2 * scan->capacity : 4096;
        char *const text = realloc(scan->text, capacity);
        if (!text)
            return -ENOMEM;
        scan->text = text;
        scan->capacity = capacity;
    }
    if (scan->length >= VALUE_MAX)
        return -EMSGSIZE;
    scan->text[scan->length++] = (char)c;
    scan->text[scan->length] = '\0';
    return 0;
}

/* The rest of a string whose opening quote is consumed but not yet copied. */
static int copy_string(struct ana_scan *scan)
{
    int status = put(scan, '"');
    bool escaped = false;
    while (!status) {
        const int c = take(scan);
        if (c == EOF)
            return -ENODATA;
        status = put(scan, c);
        if (c == '"' && !escaped)
            break;
        escaped = c == '\\' && !escaped;
    }
    return status;
}

/* A bare word: a number, true, false, null, or what others write for a number they do not have. */
static int copy_word(struct ana_scan *scan)
{
    const size_t start = scan->length;
    int status = 0;
    for (int c = look(scan); !status && (isalnum(c) || c == '+' || c == '-' || c == '.');
         c = look(scan))
        status = put(scan, take(scan));
    if (status)
        return status;
    if (scan->length == start) /* not a word character at all: let the parser name it */
        return put(scan, take(scan));
    const char *word = scan->text + start;
    word += *word == '-' || *word == '+';
    if (strcasecmp(word, "nan") && strcasecmp(word, "inf") && strcasecmp(word, "infinity"))
        return 0;
    scan->missing++;
    scan->length = start;
    for (const char *p = "null"; *p && !status; p++)
        status = put(scan, *p);
    return status;
}

int ana_scan_value(struct ana_scan *scan)
{
    ana_scan_peek(scan);
    scan->length = 0;
    scan->value_line = scan->line;
    scan->value_column = scan->column;
    int depth = 0, status = 0;
    do {
        const int c = look(scan);
        if (c == EOF)
            return -ENODATA;
        if (c == '"') {
            take(scan);
            status = copy_string(scan);
        } else if (blank(c) || c == ',' || c == ':' || c == '{' || c == '}' || c == '[' ||
                   c == ']') {
            depth += (c == '{' || c == '[') - (c == '}' || c == ']');
            status = put(scan, take(scan));
        } else {
            status = copy_word(scan);
        }
        if (!status && depth > DEPTH_MAX)
            status = -EBADMSG;
    } while (!status && depth > 0);
    return status;
}

void ana_scan_to_ascii(struct ana_scan *scan)
{
    for (size_t i = 0; i < scan->length; i++)
        if ((unsigned char)scan->text[i] >= 0x80)
            scan->text[i] = '?';
}
