/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text on its way into somebody else's syntax. Everything that comes from a result file (names,
 * labels, messages, context) passes through one of these and through nothing else.
 */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* For HTML text and attribute values. Control characters and broken UTF-8 become U+FFFD. */
void rep_html(FILE *out, const char *text);

/* As a single-quoted gnuplot string, quotes included, of plain characters: none of the marks of
 * its enhanced text, no line breaks. '...' is the one form in which gnuplot runs nothing. */
void rep_gnuplot_string(FILE *out, const char *text);

/* The same broken into lines of at most `width` characters: 'a'."\n".'b'. */
void rep_gnuplot_lines(FILE *out, const char *text, size_t width);

/* The whole file, NUL terminated, or NULL; longer than `max` is NULL too. */
char *rep_read_file(const char *path, size_t max);

#endif
