/* SPDX-License-Identifier: Apache-2.0 */
/* See moment.h. */
#include "analysis/regress/history/moment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

int reg_parse_moment(const char *text, int64_t *seconds)
{
    int year, month, day, hour = 0, minute = 0, second = 0, zone_hour = 0, zone_minute = 0, n = 0;
    char sign = '+';
    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &n) != 3 || !n)
        return -EINVAL;
    text += n;
    if (*text == 'T' || *text == ' ') {
        n = 0;
        if (sscanf(text + 1, "%2d:%2d:%2d%n", &hour, &minute, &second, &n) != 3 || !n)
            return -EINVAL;
        text += 1 + n;
    }
    if (*text == 'Z') {
        text++;
    } else if (*text) {
        n = 0;
        if (sscanf(text, "%c%2d:%2d%n", &sign, &zone_hour, &zone_minute, &n) != 3 || !n ||
            (sign != '+' && sign != '-'))
            return -EINVAL;
        text += n;
    }
    if (*text || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || zone_hour < 0 ||
        zone_minute < 0 || zone_hour > 23 || zone_minute > 59)
        return -EINVAL;
    struct tm moment = {.tm_year = year - 1900,
                        .tm_mon = month - 1,
                        .tm_mday = day,
                        .tm_hour = hour,
                        .tm_min = minute,
                        .tm_sec = second};
    const int zone = (zone_hour * 60 + zone_minute) * 60;
    const int64_t since = (int64_t)timegm(&moment) - (sign == '-' ? -zone : zone);
    if (moment.tm_mon != month - 1 || since < 0) /* a day its month does not have */
        return -EINVAL;
    *seconds = since;
    return 0;
}
