/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules, most general first. Counters are 48 bits wide at most, and a region is seconds long at
 * most, so that 2^46 of anything is an overflow or rubbish.
 */
#include "bench/machine/counters/plausible.h"

#include <stddef.h>

enum { IPC_MOST = 8 };

static const double clock_slack = 1.2, unknown_max_hz = 6.5e9;

const char *counter_implausible(enum counter_meaning meaning, int64_t value,
                                const struct counter_limits *limits)
{
    const double seconds = limits->ns / 1e9;
    const double max_hz = limits->max_hz > 0 ? limits->max_hz : unknown_max_hz;
    if (value < 0)
        return "is negative";
    if (value >= INT64_C(1) << 46)
        return "is 2^46 or more";
    if (meaning == COUNTER_CYCLES && value == 0)
        return "is 0, so that the set holds more events than there are counters";
    if (meaning == COUNTER_CYCLES && (double)value > clock_slack * max_hz * seconds)
        return "is more than this CPU's clock can give";
    if (meaning == COUNTER_INSTRUCTIONS && value == 0)
        return "is 0";
    if (meaning == COUNTER_INSTRUCTIONS && limits->cycles > 0 &&
        (double)value > (double)IPC_MOST * (double)limits->cycles)
        return "is more than eight a cycle";
    return NULL;
}
