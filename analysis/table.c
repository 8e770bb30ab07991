/* SPDX-License-Identifier: Apache-2.0 */
/* See table.h. Cells are one flat array; a row is as many of them as there are columns. */
#include "analysis/table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/arena.h"
#include "analysis/csv.h"

struct column {
    const char *name;
    bool number;
};

struct cell {
    const char *text; /* NULL: a number */
    double number;
};

struct ana_table {
    struct ana_arena *arena;
    struct column *columns;
    struct cell *cells;
    size_t column_count, cell_count, cell_capacity;
    bool failed;
};

struct ana_table *ana_table_new(void)
{
    struct ana_table *const table = calloc(1, sizeof(*table));
    if (!table)
        return NULL;
    table->arena = ana_arena_new();
    if (table->arena)
        return table;
    free(table);
    return NULL;
}

void ana_table_free(struct ana_table *table)
{
    if (!table)
        return;
    ana_arena_free(table->arena);
    free(table->columns);
    free(table->cells);
    free(table);
}

void ana_table_column(struct ana_table *table, const char *name, bool number)
{
    struct column *const grown =
        realloc(table->columns, (table->column_count + 1) * sizeof(*grown));
    const char *const copy = ana_arena_copy(table->arena, name);
    if (grown)
        table->columns = grown;
    if (grown && copy)
        table->columns[table->column_count++] = (struct column){copy, number};
    else
        table->failed = true;
}

static void add_cell(struct ana_table *table, struct cell cell)
{
    if (table->cell_count == table->cell_capacity) {
        const size_t capacity = table->cell_capacity ? 2 * table->cell_capacity : 256;
        struct cell *const grown = realloc(table->cells, capacity * sizeof(*grown));
        if (!grown) {
            table->failed = true;
            return;
        }
        table->cells = grown;
        table->cell_capacity = capacity;
    }
    table->cells[table->cell_count++] = cell;
}

void ana_table_text(struct ana_table *table, const char *text)
{
    const char *const copy = ana_arena_copy(table->arena, text);
    table->failed = table->failed || !copy;
    add_cell(table, (struct cell){.text = copy ? copy : ""});
}

void ana_table_number(struct ana_table *table, double value)
{
    add_cell(table, (struct cell){.number = value});
}

enum { CELL_MAX = 1024 };

/* A cell for people, in buf. */
static const char *shown(const struct cell *cell, char buf[CELL_MAX])
{
    if (cell->text)
        snprintf(buf, CELL_MAX, "%s", cell->text);
    else if (!isfinite(cell->number))
        *buf = '\0';
    else if (fabs(cell->number) < 0x1p53 && fabs(cell->number - rint(cell->number)) <= 0)
        snprintf(buf, CELL_MAX, "%.0f", cell->number);
    else if (fabs(cell->number) >= 1000 && fabs(cell->number) < 1e9)
        snprintf(buf, CELL_MAX, "%.0f", cell->number);
    else
        snprintf(buf, CELL_MAX, "%.4g", cell->number);
    return buf;
}

static struct cell cell_at(const struct ana_table *t, size_t row, size_t column)
{
    const size_t i = row * t->column_count + column;
    return i < t->cell_count ? t->cells[i] : (struct cell){.text = ""};
}

/* Characters, not bytes: a continuation byte of UTF-8 takes no room. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void pad(FILE *out, int n)
{
    for (; n > 0; n--)
        putc(' ', out);
}

static void write_aligned(const struct ana_table *t, size_t rows, bool markdown, FILE *out)
{
    char buf[CELL_MAX];
    int *const widths = calloc(t->column_count, sizeof(*widths));
    for (size_t c = 0; widths && c < t->column_count; c++) {
        widths[c] = width_of(t->columns[c].name);
        for (size_t r = 0; r < rows; r++) {
            const struct cell cell = cell_at(t, r, c);
            const int width = width_of(shown(&cell, buf));
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    for (size_t r = 0; r < rows + 1; r++) {
        size_t columns = t->column_count;
        for (; !markdown && r > 0 && columns > 0; columns--) { /* no blanks at the end of a line */
            const struct cell cell = cell_at(t, r - 1, columns - 1);
            if (*shown(&cell, buf))
                break;
        }
        for (size_t c = 0; c < columns; c++) {
            const struct cell cell =
                r ? cell_at(t, r - 1, c) : (struct cell){.text = t->columns[c].name};
            const char *const text = shown(&cell, buf);
            const int space = widths ? widths[c] - width_of(text) : 0;
            const bool right = t->columns[c].number;
            fputs(markdown ? (c ? " | " : "| ") : (c ? "  " : ""), out);
            pad(out, right ? space : 0);
            for (const char *p = text; *p; p++) {
                const bool control = (unsigned char)*p < ' ' || *p == 0x7f;
                if (markdown && *p == '|')
                    putc('\\', out);
                if (markdown && (*p == '<' || *p == '&'))
                    fputs(*p == '<' ? "&lt;" : "&amp;", out);
                else
                    putc(*p == '\n' || *p == '\r' ? ' ' : control ? '?' : *p, out);
            }
            if (markdown || c + 1 < columns)
                pad(out, right ? 0 : space);
        }
        fputs(markdown ? " |\n" : "\n", out);
        for (size_t c = 0; markdown && r == 0 && c < t->column_count; c++)
            fputs(t->columns[c].number ? (c ? "--:|" : "|--:|") : (c ? "---|" : "|---|"), out);
        if (markdown && r == 0)
            putc('\n', out);
    }
    free(widths);
}

static void write_csv(const struct ana_table *t, size_t rows, FILE *out)
{
    for (size_t r = 0; r < rows + 1; r++)
        for (size_t c = 0; c < t->column_count; c++) {
            const struct cell cell =
                r ? cell_at(t, r - 1, c) : (struct cell){.text = t->columns[c].name};
            if (cell.text)
                ana_csv_text(out, cell.text);
            else
                ana_csv_number(out, cell.number);
            putc(c + 1 < t->column_count ? ',' : '\n', out);
        }
}

static void write_json(const struct ana_table *t, size_t rows, FILE *out)
{
    fputs("[", out);
    for (size_t r = 0; r < rows; r++) {
        fputs(r ? ",\n  {" : "\n  {", out);
        for (size_t c = 0; c < t->column_count; c++) {
            const struct cell cell = cell_at(t, r, c);
            fputs(c ? ", " : "", out);
            ana_json_text(out, t->columns[c].name);
            fputs(": ", out);
            if (cell.text)
                ana_json_text(out, cell.text);
            else if (isfinite(cell.number))
                ana_csv_number(out, cell.number);
            else
                fputs("null", out);
        }
        putc('}', out);
    }
    fputs(rows ? "\n]\n" : "]\n", out);
}

int ana_table_write(const struct ana_table *t, enum ana_format format, FILE *out)
{
    if (t->failed)
        return -ENOMEM;
    const size_t rows =
        t->column_count ? (t->cell_count + t->column_count - 1) / t->column_count : 0;
    if (format == ANA_TABLE_CSV)
        write_csv(t, rows, out);
    else if (format == ANA_TABLE_JSON)
        write_json(t, rows, out);
    else
        write_aligned(t, rows, format == ANA_TABLE_MARKDOWN, out);
    errno = 0;
    if (fflush(out) || ferror(out))
        return errno ? -errno : -EIO;
    return 0;
}

int ana_format_parse(const char *text, enum ana_format *format)
{
    static const struct {
        const char *name;
        enum ana_format format;
    } formats[] = {{"text", ANA_TABLE_TEXT},
                   {"md", ANA_TABLE_MARKDOWN},
                   {"markdown", ANA_TABLE_MARKDOWN},
                   {"csv", ANA_TABLE_CSV},
                   {"json", ANA_TABLE_JSON}};
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (strcmp(formats[i].name, text) == 0) {
            *format = formats[i].format;
            return 0;
        }
    return -EINVAL;
}
