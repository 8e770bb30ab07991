/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A grid of texts and numbers and the ways to write it: aligned text for a terminal, Markdown for
 * a pull request, CSV and JSON for programs. People get four significant digits, programs all.
 *
 * Cells are added in order. Running out of memory is remembered and told by ana_table_write(), so
 * that the filling code need not check every cell.
 */
#ifndef ANA_TABLE_H
#define ANA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum ana_format { ANA_TABLE_TEXT, ANA_TABLE_MARKDOWN, ANA_TABLE_CSV, ANA_TABLE_JSON };

struct ana_table;

struct ana_table *ana_table_new(void); /* NULL without memory */
void ana_table_free(struct ana_table *table);

/* All columns come before the first cell. Numbers are aligned to the right. */
void ana_table_column(struct ana_table *table, const char *name, bool number);

void ana_table_text(struct ana_table *table, const char *text);
void ana_table_number(struct ana_table *table, double value); /* NAN is an empty cell */

/* 0, -ENOMEM, or -errno of the stream. Missing cells at the end of the last row are empty. */
int ana_table_write(const struct ana_table *table, enum ana_format format, FILE *out);

/* "text", "md", "csv", "json". 0 or -EINVAL. */
int ana_format_parse(const char *text, enum ana_format *format);

#endif
