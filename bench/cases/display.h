/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody at a terminal sees. Rows of one sweep have long names that differ in two or three
 * places, so what all names share is printed once and the table has a column for each key that
 * varies, then median time, its spread, and how near the ceiling it came. Progress and the time
 * left stand on stderr when that is a terminal, whatever stdout is.
 */
#ifndef ATTN_DISPLAY_H
#define ATTN_DISPLAY_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/cases/case.h"
#include "bench/harness/benchmark.h"
#include "bench/machine/counters/bytes.h"

enum { ATTN_DISPLAY_KEYS = 24, ATTN_DISPLAY_KEY_BYTES = 32 };

struct attn_display {
    FILE *table;    /* NULL: the harness shows the rows */
    FILE *progress; /* NULL: not a terminal */
    struct benchmark_runner *runner;
    /* Keys that vary, in name order, and the widest value of each. */
    char key[ATTN_DISPLAY_KEYS][ATTN_DISPLAY_KEY_BYTES];
    int width[ATTN_DISPLAY_KEYS];
    size_t keys;
    bool headed;
    size_t done;
    double start;          /* seconds, monotonic; 0 before the first case */
    double time, fraction; /* of the median row that waits for its spread */
    double rate, moved;
    const struct byte_source *source; /* who counts bytes; NULL: nobody */
};

/* `table`: print rows to stdout in place of the harness's console. */
void attn_display_open(struct attn_display *display, const struct attn_cases *cases,
                       struct benchmark_runner *runner, bool table);

/* Bytes are counted: their share of those that had to move gets a column. Before the first row. */
void attn_display_measured(struct attn_display *display, enum byte_source_id source);

/* A case begins: says which, and how long the rest will take. */
void attn_display_begin(struct attn_display *display, const char *name);

/* A warning before the first row: to the harness, or to stderr when the table is ours. */
void attn_display_warn(const struct attn_display *display, struct benchmark_runner *runner,
                       const char *warning);

/* For benchmark_on_row(). */
void attn_display_row(void *display, const struct benchmark_row *row);

/* The value of a key in a name, "" if it has none; the kernel is the key "kernel". */
void attn_display_value(const char *name, const char *key, char *buf, size_t size);

#endif
