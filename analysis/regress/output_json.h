/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of JSON that a report and a stored run have in common. */
#ifndef REG_OUTPUT_JSON_H
#define REG_OUTPUT_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "analysis/regress/report.h"

/* Grows when a reader of the older form would misread the newer. */
enum { REG_SCHEMA = 1 };

/* Without memory jansson gives NULL and takes it; the dump at the end then fails. */
json_t *reg_report_json(const struct reg_report *report);
void reg_json_number(json_t *object, const char *key, double value);
void reg_json_text(json_t *object, const char *key, const char *text);

/* Writes the object and frees it. 0 or -EIO. */
int reg_json_dump(json_t *object, FILE *out);

#endif
