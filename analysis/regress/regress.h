/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attn-stat regress: questions about two states of a program. Each is a command of its own, named
 * "regress <word>" so that its complaints and its --help say how it is called; a new one is a file
 * cmd_<word>.c, its line here, in regress.c and in meson.build.
 */
#ifndef REG_REGRESS_H
#define REG_REGRESS_H

#include "analysis/command.h"

/* Beside ANA_EXIT_OK and ANA_EXIT_USAGE. When several apply the order is 2, 4, 3, 1, 5, 0: what is
 * broken was not measured, and a run that is too noisy must not report a slowdown as fact. */
enum {
    REG_EXIT_REGRESSED = 1,
    REG_EXIT_NOISY = 3,     /* only when asked to be strict */
    REG_EXIT_BROKEN = 4,    /* crash, wrong result, missing case */
    REG_EXIT_UNDECIDED = 5, /* only when asked to be strict */
};

extern const struct ana_command reg_cmd_ab;
extern const struct ana_command reg_cmd_check;
extern const struct ana_command reg_cmd_history;
extern const struct ana_command reg_cmd_sim;

#endif
