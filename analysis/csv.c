/* SPDX-License-Identifier: Apache-2.0 */
/* See csv.h. */
#include "analysis/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void ana_csv_text(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', out);
        putc(*text, out);
    }
    putc('"', out);
}

void ana_csv_number(FILE *out, double value)
{
    char text[40];
    if (!isfinite(value))
        return;
    for (int digits = 15; digits <= 17; digits++) { /* %g drops the zeros behind */
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (!(strtod(text, NULL) < value) && !(strtod(text, NULL) > value))
            break;
    }
    if (fabs(value) < 0x1p53 && fabs(value) >= 1 && !(floor(value) < value))
        snprintf(text, sizeof(text), "%.0f", value);
    fputs(text, out);
}
