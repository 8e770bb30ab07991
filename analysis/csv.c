/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See csv.h. Numbers are most of a table, and asking printf and strtod for 15, 16 and 17 digits in
 * turn was most of the program's time. Nearly always a wide enough product tells the digits: it is
 * off by less than a hundredth of the last of 17, and only a candidate nearer than that to the edge
 * of what reads back as the value goes the long way.
 */
#include "analysis/csv.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/tame.h"

enum { DIGITS = 17, POWERS = 28 };

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

void ana_json_text(FILE *out, const char *text)
{
    putc('"', out);
    for (size_t length; *text; text += length ? length : 1) {
        length = ana_character(text);
        if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else if (length)
            fwrite(text, 1, length, out);
        else if ((unsigned char)*text < 0x80)
            fprintf(out, "\\u%04x", (unsigned)*text);
        else
            putc('?', out);
    }
    putc('"', out);
}

/* Exact as long doubles of 64 bits: 10^27 is 5^27 * 2^27, and 5^27 has 63 bits. */
static const long double powers[POWERS] = {
    1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
    1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
    1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L,
};

/* Long doubles have 64 bits or more here: not on every machine, and not under valgrind. */
static bool wide(void)
{
    const volatile long double large = powers[19];
    return LDBL_MANT_DIG >= 64 && large + 1 > large;
}

/*
 * value = digits * 10^(exponent - 16) with digits of 17 places, the last ones nought if fewer do.
 * `places` is how many were needed. False where this cannot be told.
 */
static bool shortest(double value, uint64_t *digits, int *exponent, int *places)
{
    static const uint64_t units[] = {100, 10, 1};
    int e = (int)floor(log10(value));
    for (int again = 0; again < 2; again++) {
        const int shift = DIGITS - 1 - e;
        if (shift <= -POWERS || shift >= POWERS || value < DBL_MIN)
            return false;
        const long double scaled = shift >= 0 ? value * powers[shift] : value / powers[-shift];
        if (scaled < powers[DIGITS - 1] || scaled >= powers[DIGITS]) {
            e += scaled < powers[DIGITS - 1] ? -1 : 1; /* log10 was rounded the other way */
            continue;
        }
        /* Half the distance to the next double, which is half as far below a power of two. */
        int binary;
        const bool edge = frexp(value, &binary) <= 0.5;
        const long double half = scaled / (long double)value * ldexp(0.5, binary - DBL_MANT_DIG);
        for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
            const uint64_t unit = units[i];
            const uint64_t candidate = ((uint64_t)(scaled / unit + 0.5L)) * unit;
            const long double off = fabsl((long double)candidate - scaled);
            if (edge || (off > half - 0.02L && off < half + 0.02L))
                return false;
            if (off >= half || candidate >= (uint64_t)1e17)
                continue;
            *digits = candidate;
            *exponent = e;
            *places = DIGITS - 2 + (int)i;
            return true;
        }
        return false;
    }
    return false;
}

/* As printf's %.<places>g writes it, which is what readers of these tables are used to. */
static void lay_out(uint64_t digits, int exponent, int places, char *text)
{
    char figures[DIGITS + 1];
    int last = DIGITS - 1;
    for (int i = DIGITS - 1; i >= 0; i--, digits /= 10)
        figures[i] = (char)('0' + digits % 10);
    while (last > 0 && figures[last] == '0')
        last--;
    if (exponent < -4 || exponent >= places) {
        *text++ = figures[0];
        if (last > 0)
            *text++ = '.';
        memcpy(text, figures + 1, (size_t)last);
        sprintf(text + last, "e%+03d", exponent);
        return;
    }
    if (exponent < 0) {
        memcpy(text, "0.0000", 6);
        text += 1 - exponent;
    }
    for (int i = 0; i <= last || i <= exponent; i++) {
        if (i == exponent + 1 && i > 0 && exponent >= 0)
            *text++ = '.';
        *text++ = figures[i];
    }
    *text = '\0';
}

void ana_csv_number(FILE *out, double value)
{
    char text[48];
    uint64_t figures;
    int exponent, places;
    if (!isfinite(value))
        return;
    if (value < 0) {
        putc('-', out);
        value = -value;
    }
    if (value < 0x1p53 && value >= 1 && !(floor(value) < value)) {
        char *at = text + sizeof(text) - 1;
        *at = '\0';
        for (uint64_t whole = (uint64_t)value; whole; whole /= 10)
            *--at = (char)('0' + whole % 10);
        fputs(at, out);
        return;
    }
    if (value > 0 && wide() && shortest(value, &figures, &exponent, &places)) {
        lay_out(figures, exponent, places, text);
        fputs(text, out);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) { /* %g drops the zeros behind */
        snprintf(text, sizeof(text), "%.*g", digits, value);
        const double again = strtod(text, NULL);
        if (!(again < value) && !(again > value))
            break;
    }
    fputs(text, out);
}
