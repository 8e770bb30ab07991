/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers with their units, and the places on an axis where numbers are round. Drawn here and not
 * by gnuplot, because its formats know neither KiB nor a microsecond sign beside a millisecond.
 */
#include "analysis/report/unit.h"

#include <math.h>
#include <stdio.h>

/* Three significant digits without an exponent and without trailing noise. */
static int plain(double value, char *buf, size_t size)
{
    const double a = fabs(value);
    const int decimals = a >= 99.95 || a == round(a) ? 0 : a >= 9.995 ? 1 : 2;
    int n = snprintf(buf, size, "%.*f", decimals, value);
    if (decimals && n > 0 && (size_t)n < size)
        while (n > 1 && (buf[n - 1] == '0' || buf[n - 1] == '.')) {
            const char last = buf[n - 1];
            buf[--n] = '\0';
            if (last == '.')
                break;
        }
    return n;
}

struct scale {
    double at;
    const char *unit;
};

static const char *scaled(const struct scale *scale, double value, char *buf)
{
    while (scale[1].unit && fabs(value) < scale->at * 0.99949)
        scale++;
    const int n = plain(value / scale->at, buf, REP_TEXT - 12);
    if (n > 0)
        snprintf(buf + n, (size_t)(REP_TEXT - n), "%s", scale->unit);
    return buf;
}

static const struct scale binary[] = {{0x1p40, " TiB"}, {0x1p30, " GiB"}, {0x1p20, " MiB"},
                                      {0x1p10, " KiB"}, {1, " B"},        {0, NULL}};
static const struct scale tokens[] = {{0x1p20, "M"}, {0x1p10, "K"}, {1, ""}, {0, NULL}};
static const struct scale time_ns[] = {
    {1e9, " s"}, {1e6, " ms"}, {1e3, " \302\265s"}, {1, " ns"}, {0, NULL}};
static const struct scale thousands[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}, {0, NULL}};
static const struct scale byte_rate[] = {{1e12, " TB/s"}, {1e9, " GB/s"}, {1e6, " MB/s"},
                                         {1e3, " kB/s"},  {1, " B/s"},    {0, NULL}};
static const struct scale flop_rate[] = {
    {1e12, " TFLOP/s"}, {1e9, " GFLOP/s"}, {1e6, " MFLOP/s"}, {1, " FLOP/s"}, {0, NULL}};

const char *rep_write(enum rep_unit unit, double value, char *buf)
{
    if (!isfinite(value)) {
        snprintf(buf, REP_TEXT, "-");
        return buf;
    }
    int n = 0;
    switch (unit) {
    case REP_BYTES:
        return scaled(binary, value, buf);
    case REP_TOKENS:
        return scaled(tokens, value, buf);
    case REP_TIME:
        return scaled(time_ns, value, buf);
    case REP_RATE:
        return scaled(thousands, value, buf);
    case REP_BYTE_RATE:
        return scaled(byte_rate, value, buf);
    case REP_FLOP_RATE:
        return scaled(flop_rate, value, buf);
    case REP_SMALL:
        snprintf(buf, REP_TEXT, "%.1e", value);
        return buf;
    case REP_TIMES:
        n = plain(value >= 9.95 ? round(value) : round(value * 10) / 10, buf, REP_TEXT - 4);
        snprintf(buf + n, (size_t)(REP_TEXT - n), "\303\227");
        return buf;
    case REP_PERCENT:
        n = value != 0 && fabs(value) < 0.01 ? snprintf(buf, REP_TEXT, "%.2g", value * 100)
                                             : snprintf(buf, REP_TEXT, "%.0f", value * 100);
        snprintf(buf + n, (size_t)(REP_TEXT - n), "\302\240%%");
        return buf;
    case REP_INTENSITY:
    case REP_COUNT:
        break;
    }
    if (fabs(value) < 1e12)
        plain(value, buf, REP_TEXT);
    else
        snprintf(buf, REP_TEXT, "%.3g", value);
    return buf;
}

static bool doubles(enum rep_unit unit)
{
    return unit == REP_COUNT || unit == REP_TOKENS || unit == REP_BYTES || unit == REP_TIMES ||
           unit == REP_INTENSITY;
}

static size_t powers_of_two(double from, double to, size_t max, double *tics)
{
    const int first = (int)ceil(log2(from) - 1e-9), last = (int)floor(log2(to) + 1e-9);
    int step = 1;
    while ((size_t)((last - first) / step + 1) > max)
        step++;
    size_t n = 0;
    /* Counted down from the largest: the largest case is the one people ask about. */
    for (int e = last - (last - first) / step * step; e <= last && n < max; e += step)
        tics[n++] = ldexp(1, e);
    return n;
}

static size_t decades(double from, double to, size_t max, double *tics)
{
    static const double full[] = {1, 2, 5}, half[] = {1, 3}, one[] = {1};
    static const struct {
        const double *at;
        size_t n;
    } sets[] = {{full, 3}, {half, 2}, {one, 1}};
    for (size_t s = 0; s < 3; s++) {
        size_t n = 0;
        for (int e = (int)floor(log10(from)); e <= (int)ceil(log10(to)); e++)
            for (size_t i = 0; i < sets[s].n; i++) {
                const double tic = sets[s].at[i] * pow(10, e);
                if (tic >= from * 0.9999 && tic <= to * 1.0001 && n++ < max)
                    tics[n - 1] = tic;
            }
        if (n <= max)
            return n;
    }
    return max;
}

static size_t linear(double from, double to, size_t max, double *tics)
{
    static const double nice[] = {1, 2, 2.5, 5, 10};
    const double raw = (to - from) / (double)max, magnitude = pow(10, floor(log10(raw)));
    double step = 10 * magnitude;
    for (size_t i = 0; i < sizeof(nice) / sizeof(*nice); i++)
        if (nice[i] * magnitude >= raw) {
            step = nice[i] * magnitude;
            break;
        }
    size_t n = 0;
    for (double k = ceil(from / step - 1e-9); k * step <= to * (1 + 1e-9) && n < max; k++)
        tics[n++] = k * step + 0.0; /* never -0 */
    return n;
}

size_t rep_tics(enum rep_unit unit, double from, double to, bool log, size_t max, double *tics)
{
    if (!isfinite(from) || !isfinite(to) || !(from < to) || max < 2)
        return 0;
    if (!log)
        return linear(from, to, max, tics);
    if (!(from > 0))
        return 0;
    if (doubles(unit))
        return powers_of_two(from, to, max, tics);
    const size_t n = decades(from, to, max, tics);
    return n < 3 ? linear(from, to, max, tics) : n; /* too short a stretch for round powers */
}
