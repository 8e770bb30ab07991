/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for people: counter values with an SI or IEC prefix, times in a fixed width. */
#ifndef BENCHMARK_C_HUMAN_H
#define BENCHMARK_C_HUMAN_H

#include "bench/harness/benchmark.h"

enum { BM_HUMAN_BYTES = 32 };

/* "1.5k", "976.562Ki", "2u"; C locale expected. */
void bm_human(char text[BM_HUMAN_BYTES], double value, bool base_1024);
/* At least ten characters wide, three significant digits or all before the point. */
void bm_human_time(char text[BM_HUMAN_BYTES], double value);
/* "ns", "us", "ms", "s". */
const char *bm_unit_name(enum benchmark_unit unit);
/* How many of the unit make a second. */
double bm_unit_scale(enum benchmark_unit unit);

#endif
