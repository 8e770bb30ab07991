/* SPDX-License-Identifier: Apache-2.0 */
/* Colours of the console table, and whether a stream should get them. */
#ifndef BENCHMARK_C_COLOUR_H
#define BENCHMARK_C_COLOUR_H

#include <stdbool.h>
#include <stdio.h>

enum colour {
    COLOUR_NONE = 0, /* ends with a reset all the same, as Google Benchmark's does */
    COLOUR_RED = 1,
    COLOUR_GREEN = 2,
    COLOUR_YELLOW = 3,
    COLOUR_BLUE = 4,
    COLOUR_CYAN = 6,
    COLOUR_WHITE = 7,
};

/* printf, between the sequences of the colour if on. */
void bm_colour_printf(FILE *out, bool on, enum colour colour, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A terminal of a kind known to understand them. */
bool bm_colour_terminal(FILE *stream);

#endif
