/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time as result files write them. */
#ifndef REG_HISTORY_MOMENT_H
#define REG_HISTORY_MOMENT_H

#include <stdint.h>

/* "2026-11-22", with "T07:49:42" behind it, with "Z" or "+02:00" behind that; UTC if no zone is
 * named. 0 and Unix seconds, or -EINVAL. */
int reg_parse_moment(const char *text, int64_t *seconds);

#endif
