/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Escaping for HTML and gnuplot. Result files are not ours: a label may hold a script element or
 * a backquote, and a report is opened in browsers and its plots are run.
 */
#include "analysis/report/text.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/tame.h"

void rep_html(FILE *out, const char *text)
{
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        const size_t len = ana_character((const char *)s);
        switch (*s) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        case '\n':
        case '\t':
            fputc(' ', out);
            break;
        default:
            if (len)
                fwrite(s, 1, len, out);
            else
                fputs("\357\277\275", out);
        }
        s += len ? len : 1;
    }
}

static void quoted(FILE *out, const char *text, size_t size)
{
    fputc('\'', out);
    const unsigned char *s = (const unsigned char *)text, *const end = s + size;
    while (s < end) {
        const size_t len = ana_character((const char *)s);
        if (!len)
            fputc('?', out);
        else if (*s == '\'')
            fputs("\342\200\231", out);
        else if (strchr("\\`", *s))
            fputc(' ', out);
        else if (strchr("_^{}@&~", *s))
            fprintf(out, "\\%c", *s);
        else
            fwrite(s, 1, len, out);
        s += len ? len : 1;
    }
    fputc('\'', out);
}

void rep_gnuplot_string(FILE *out, const char *text)
{
    quoted(out, text, strlen(text));
}

void rep_gnuplot_lines(FILE *out, const char *text, size_t width)
{
    for (;;) {
        size_t at = 0, shown = 0, last = 0;
        for (; text[at] && shown <= width; at++) {
            shown += ((unsigned char)text[at] & 0xc0) != 0x80;
            if (text[at] == ' ')
                last = at;
        }
        if (!text[at] && shown <= width) {
            quoted(out, text, at);
            return;
        }
        if (!last)
            last = at;
        quoted(out, text, last);
        fputs(".\"\\n\".", out);
        text += last + (text[last] == ' ');
    }
}

char *rep_read_file(const char *path, size_t max)
{
    FILE *const in = fopen(path, "rb");
    if (!in)
        return NULL;
    size_t size = 0, room = 4096;
    char *text = malloc(room + 1);
    for (size_t got; text && (got = fread(text + size, 1, room - size, in)) > 0;) {
        size += got;
        if (size < room)
            continue;
        char *const more = room < max ? realloc(text, 2 * room + 1) : NULL;
        if (!more) {
            free(text);
            text = NULL;
        } else {
            text = more;
            room *= 2;
        }
    }
    if (text)
        text[size] = '\0';
    fclose(in);
    return text;
}
