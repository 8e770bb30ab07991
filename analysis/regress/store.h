/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A paired run as a file: its report, and every round it is made of. The rounds are enough to
 * judge the run again (--replay), which is how a rule is tried on data that are there already.
 */
#ifndef REG_STORE_H
#define REG_STORE_H

#include <stdio.h>

#include "analysis/regress/run.h"

struct reg_stored {
    const struct reg_run *run;
    const struct reg_report *report;
};

/* 0 or -EIO. */
int reg_store_write(const struct reg_stored *stored, FILE *out);

/*
 * Reads a stored run; its programs are empty and it can only be reported. 0, or -errno with a
 * sentence. reg_run_close() it.
 */
int reg_store_read(const char *path, struct ana_arena *arena, struct reg_run *run, char *message,
                   size_t size);

#endif
