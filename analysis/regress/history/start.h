/* SPDX-License-Identifier: Apache-2.0 */
/* Another program, run to its end. */
#ifndef REG_HISTORY_START_H
#define REG_HISTORY_START_H

/* In `folder` (NULL: here), nothing on stdin, stdout to our stderr. Its exit status, 128 and the
 * signal that ended it, or -errno if it could not be started. */
int reg_start(const char *const *argv, const char *folder);

#endif
