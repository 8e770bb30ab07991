/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How quantities are written for people: one rule a kind of quantity, used alike on axes, in
 * captions and in tables, so that a number looks the same wherever it stands on the page.
 */
#ifndef REPORT_UNIT_H
#define REPORT_UNIT_H

#include <stdbool.h>
#include <stddef.h>

enum rep_unit {
    REP_COUNT,     /* 1, 2, 32 */
    REP_TOKENS,    /* 512, 4K: powers of two as model cards write them */
    REP_BYTES,     /* 16 MiB */
    REP_TIME,      /* ns in, 1.2 ms out */
    REP_RATE,      /* 12k: tokens a second */
    REP_BYTE_RATE, /* bytes a second in, 31 GB/s out */
    REP_FLOP_RATE, /* 210 GFLOP/s */
    REP_TIMES,     /* 8x */
    REP_PERCENT,   /* 1 in, 100 % out */
    REP_INTENSITY, /* 4 FLOP/byte */
    REP_SMALL,     /* 3e-07 */
};

enum { REP_TEXT = 32 };

/* Three significant digits at most; `buf` has REP_TEXT bytes and is returned. NAN is "-". */
const char *rep_write(enum rep_unit unit, double value, char *buf);

/*
 * Tic positions for the range: powers of two for counts, tokens and bytes on a log axis, 1-2-5
 * otherwise. At most `max` are written; the number is returned. No tic lies outside the range.
 */
size_t rep_tics(enum rep_unit unit, double from, double to, bool log, size_t max, double *tics);

#endif
