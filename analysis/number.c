/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hand-made where strtoull is too kind: it takes blanks, signs and wraps "-1" around, all of
 * which would turn a typing error into a benchmark of something else. Reals go through strtod on
 * a bounded copy after their alphabet was checked, which keeps out "inf", "nan" and hexadecimal.
 */
#include "analysis/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t digits(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && isdigit((unsigned char)text[n]))
        n++;
    return n;
}

int ana_parse_count(const char *text, size_t len, uint64_t max, uint64_t *value)
{
    const size_t n = digits(text, len);
    if (n == 0 || len - n > 1)
        return -EINVAL;
    unsigned shift = 0;
    if (len > n) {
        static const char suffixes[] = "KMG";
        const char *const at = strchr(suffixes, toupper((unsigned char)text[n]));
        if (!at || !*at)
            return -EINVAL;
        shift = 10 * (unsigned)(at - suffixes + 1);
    }
    uint64_t number = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t digit = (uint64_t)(text[i] - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return -ERANGE;
        number = number * 10 + digit;
    }
    if (number > UINT64_MAX >> shift || number << shift > max)
        return -ERANGE;
    *value = number << shift;
    return 0;
}

int ana_parse_real(const char *text, size_t len, double *value)
{
    char copy[64];
    if (len == 0 || len >= sizeof(copy))
        return -EINVAL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (strspn(copy, "0123456789+-.eE") != len || !isdigit((unsigned char)copy[len - 1]))
        return -EINVAL;
    char *end;
    errno = 0;
    const double number = strtod(copy, &end);
    if (*end)
        return -EINVAL;
    if (!isfinite(number))
        return -ERANGE;
    *value = number;
    return 0;
}

static const struct {
    const char *name;
    double factor;
} units[] = {
    {"", 1},       {"B", 1},        {"K", 0x1p10},   {"M", 0x1p20},   {"G", 0x1p30},
    {"T", 0x1p40}, {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40},
    {"KB", 1e3},   {"MB", 1e6},     {"GB", 1e9},     {"TB", 1e12},
};

int ana_parse_bytes(const char *text, size_t len, uint64_t *value)
{
    size_t n = digits(text, len);
    if (n > 0 && n + 1 < len && text[n] == '.')
        n += 1 + digits(text + n + 1, len - n - 1);
    double number, factor = 0;
    const int status = ana_parse_real(text, n, &number);
    if (status)
        return status;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strlen(units[i].name) == len - n && strncasecmp(units[i].name, text + n, len - n) == 0)
            factor = units[i].factor;
    if (factor == 0)
        return -EINVAL;
    if (number * factor >= 0x1p63)
        return -ERANGE;
    *value = (uint64_t)(number * factor);
    return 0;
}
