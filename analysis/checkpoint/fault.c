/* SPDX-License-Identifier: Apache-2.0 */
/* See fault.h. Names out of a file go into sentences, and may hold what splits a line in two. */
#include "analysis/checkpoint/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "analysis/tame.h"

int ana_fault(struct ana_fault *fault, int status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(fault->text, sizeof(fault->text), format, list);
    va_end(list);
    ana_tame(fault->text);
    return status;
}
