/* SPDX-License-Identifier: Apache-2.0 */
/* Words of event.h. */
#include "bench/machine/counters/event.h"

#include <stdarg.h>
#include <stdio.h>

const char *const counter_state_name[COUNTER_STATES] = {
    [COUNTER_OK] = "ok",   [COUNTER_ABSENT] = "absent",           [COUNTER_FORBIDDEN] = "forbidden",
    [COUNTER_OFF] = "off", [COUNTER_IMPLAUSIBLE] = "implausible", [COUNTER_BROKEN] = "broken",
};

enum counter_state counter_trouble_set(struct counter_trouble *trouble, enum counter_state state,
                                       const char *format, ...)
{
    va_list args;
    trouble->state = state;
    va_start(args, format);
    vsnprintf(trouble->reason, sizeof(trouble->reason), format, args);
    va_end(args);
    return state;
}
