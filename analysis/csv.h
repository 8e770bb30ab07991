/* SPDX-License-Identifier: Apache-2.0 */
/* One cell of a CSV file (RFC 4180) or of a JSON file; the separators are the caller's. */
#ifndef ANA_CSV_H
#define ANA_CSV_H

#include <stdio.h>

/* Quoted where it must be. */
void ana_csv_text(FILE *out, const char *text);

/* A JSON string, quotes included. */
void ana_json_text(FILE *out, const char *text);

/* The fewest digits that read back as the same double; nothing for NAN and infinity. */
void ana_csv_number(FILE *out, double value);

#endif
