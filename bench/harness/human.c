/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for people; the thresholds are Google Benchmark's, whose tables people are used to. */
#include "bench/harness/human.h"

#include <math.h>
#include <stdio.h>

void bm_human(char text[BM_HUMAN_BYTES], double value, bool base_1024)
{
    const char *const large = base_1024 ? "KMGTPEZY" : "kMGTPEZY", *const small = "munpfazy";
    const double base = base_1024 ? 1024 : 1000;
    double scaled = fabs(value);
    int up = 0, down = 0;

    if (scaled > base - 1 && isfinite(scaled)) {
        while (scaled > base - 1 && up < 8) {
            scaled /= base;
            up++;
        }
    } else if (scaled > 0 && scaled < 0.01) {
        while (scaled < 1 && down < 8) {
            scaled *= base;
            down++;
        }
    }
    if (value < 0)
        scaled = -scaled;
    if (up)
        snprintf(text, BM_HUMAN_BYTES, "%g%c%s", scaled, large[up - 1], base_1024 ? "i" : "");
    else if (down)
        snprintf(text, BM_HUMAN_BYTES, "%g%c%s", scaled, small[down - 1], base_1024 ? "i" : "");
    else
        snprintf(text, BM_HUMAN_BYTES, "%g", value);
}

void bm_human_time(char text[BM_HUMAN_BYTES], double value)
{
    const int digits = value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0;
    if (value > 9999999999.0)
        snprintf(text, BM_HUMAN_BYTES, "%1.4e", value);
    else
        snprintf(text, BM_HUMAN_BYTES, "%10.*f", digits, value);
}

static const struct {
    const char *name;
    double scale;
} units[] = {
    [BENCHMARK_UNIT_DEFAULT] = {"ns", 1e9}, [BENCHMARK_NANOSECOND] = {"ns", 1e9},
    [BENCHMARK_MICROSECOND] = {"us", 1e6},  [BENCHMARK_MILLISECOND] = {"ms", 1e3},
    [BENCHMARK_SECOND] = {"s", 1},
};

const char *bm_unit_name(enum benchmark_unit unit)
{
    return units[unit].name;
}

double bm_unit_scale(enum benchmark_unit unit)
{
    return units[unit].scale;
}
