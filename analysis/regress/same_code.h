/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Do two executables run the same code? What cannot have changed need not be timed: that saves the
 * time, and every case that is not asked is one that cannot raise a false alarm.
 */
#ifndef REG_SAME_CODE_H
#define REG_SAME_CODE_H

#include <stdbool.h>

/*
 * True if everything the two programs load from their files is equal, byte by byte, but for
 * sections that only name the build (.note.gnu.build-id, .build_identity). False also for whatever
 * is not an ELF executable, since equal scripts may start different programs, and for programs
 * that look for libraries beside themselves ($ORIGIN).
 */
bool reg_same_code(const char *base, const char *head);

#endif
