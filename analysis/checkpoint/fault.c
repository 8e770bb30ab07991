/* SPDX-License-Identifier: Apache-2.0 */
/* See fault.h. Names out of a file go into sentences, and may hold what splits a line in two. */
#include "analysis/checkpoint/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

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

int ana_fault_unless_file(const char *path, struct ana_fault *fault)
{
    struct stat st;
    if (stat(path, &st) || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
        return 0;
    return ana_fault(fault, -EINVAL, "%.400s: not a regular file", path);
}
