/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts a JSON text into its top-level pieces without understanding them: where a value begins and
 * ends needs only strings and brackets. Each piece then goes to the JSON library on its own,
 * which keeps one row in memory instead of a tree of all of them (a tree of 100,000 rows takes
 * about half a gigabyte), and lets NaN tokens be replaced before a strict parser sees them.
 */
#ifndef ANA_RECORD_SCAN_H
#define ANA_RECORD_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct ana_scan {
    FILE *in;
    char *buffer; /* what was read ahead of it; to be freed */
    size_t at, filled;
    uint32_t line, column; /* of the next character, from 1 */
    char *text;            /* the last value, NUL terminated */
    size_t length, capacity;
    uint32_t value_line, value_column; /* where it began */
    size_t missing;                    /* NaN and Infinity tokens replaced by null so far */
};

/* The next character that is not blank, not consumed; EOF at the end. */
int ana_scan_peek(struct ana_scan *scan);
void ana_scan_skip(struct ana_scan *scan); /* consumes what peek returned */

/*
 * Copies the value that begins at the next character. 0, -ENODATA if the file ends inside it,
 * -EMSGSIZE if it is longer than any row has a right to be, -EBADMSG if brackets nest absurdly
 * deep, -ENOMEM.
 */
int ana_scan_value(struct ana_scan *scan);

/* Makes the text valid UTF-8 by force. */
void ana_scan_to_ascii(struct ana_scan *scan);

#endif
