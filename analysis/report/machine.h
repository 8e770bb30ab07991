/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine a result file was made on, from the keys of its context. Whatever is missing (other
 * programs write less) is left out of the sentence rather than guessed.
 */
#ifndef REPORT_MACHINE_H
#define REPORT_MACHINE_H

#include "analysis/record.h"

struct rep_machine {
    char line[256];  /* "AMD EPYC 7R13, 2 CPUs, 32 MiB L3": for subtitles */
    double cache[4]; /* size in bytes by level 1 to 3, data or unified; 0 if not known */
};

void rep_machine_read(const struct ana_result *result, struct rep_machine *machine);

/* Same host and CPU? Two files of different machines are not averaged into one curve. */
bool rep_machine_same(const struct ana_result *a, const struct ana_result *b);

#endif
