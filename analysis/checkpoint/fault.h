/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a checkpoint cannot be read or written: one sentence, made where the values are known and
 * printed by the command.
 */
#ifndef ANA_CHECKPOINT_FAULT_H
#define ANA_CHECKPOINT_FAULT_H

struct ana_fault {
    char text[640];
};

/* Sets the sentence and returns status, a -errno. */
__attribute__((format(printf, 3, 4))) int ana_fault(struct ana_fault *fault, int status,
                                                    const char *format, ...);

/* 0, also where nothing is; -EINVAL and a sentence if opening `path` might wait for somebody. */
int ana_fault_unless_file(const char *path, struct ana_fault *fault);

#endif
