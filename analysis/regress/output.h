/* SPDX-License-Identifier: Apache-2.0 */
/* The forms a report is written in; each is a file of its own. All return 0 or -errno. */
#ifndef REG_OUTPUT_H
#define REG_OUTPUT_H

#include <stdio.h>

#include "analysis/regress/report.h"

/* For people at a terminal: a line a case, the remarks below. */
int reg_write_text(const struct reg_report *report, FILE *out);

/* "812 us", in a unit people read; "" for NAN. */
void reg_put_time(double ns, char *text, size_t size);

/* "+7.3%" of 1.073; "" for NAN. */
void reg_put_change(double ratio, char *text, size_t size);

#endif
