/* SPDX-License-Identifier: Apache-2.0 */
/* See percent.h. */
#include "analysis/regress/percent.h"

#include <errno.h>
#include <string.h>

#include "analysis/number.h"

int reg_parse_share(const char *text, double *share)
{
    size_t length = strlen(text);
    double value;
    const int percent = length && text[length - 1] == '%';
    length -= (size_t)percent;
    while (percent && length && text[length - 1] == ' ')
        length--;
    if (ana_parse_real(text, length, &value))
        return -EINVAL;
    *share = percent ? value / 100 : value;
    return 0;
}
