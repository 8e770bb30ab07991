/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Axes: what was asked of a case, as opposed to figures, which are what came out. Axes of our own
 * rows come from the parsed name. Rows of other programs have the axes their names spell out:
 * "BM_sort/n:1024/8" has family, n and arg1.
 */
#ifndef ANA_AXIS_H
#define ANA_AXIS_H

#include "analysis/record.h"

enum { ANA_AXIS_MAX = 512 }; /* no axis value is longer; a longer label is cut */

struct ana_axis {
    const char *name;
    const char *doc;
    bool number; /* values are numbers, and sort and plot as such */
    /* Where the value of our rows comes from: a function that writes ANA_AXIS_MAX bytes at most,
     * or without one an uint32_t at `offset` of struct attn_name. The label has neither. */
    void (*text)(const struct attn_name *name, char *buf);
    size_t offset;
};

/* Axes of our rows, in the order of summary.csv. */
extern const struct ana_axis ana_axes[];
extern const size_t ana_axis_count;

const struct ana_axis *ana_axis_find(const char *name);

/* The value of an axis in a name of ours, "" for the label; returns buf. */
const char *ana_axis_of(const struct ana_axis *axis, const struct attn_name *name,
                        char buf[ANA_AXIS_MAX]);

/* The value of an axis written into buf ("" if this row has none); returns buf. */
const char *ana_axis_text(const struct ana_row *row, const char *axis, char buf[ANA_AXIS_MAX]);

/* The same as a number, NAN if it is none. */
double ana_axis_number(const struct ana_row *row, const char *axis);

/* Name of the i-th axis that a foreign row's name spells out, into buf; NULL past the last. */
const char *ana_axis_foreign(const struct ana_row *row, size_t i, char buf[ANA_AXIS_MAX]);

#endif
