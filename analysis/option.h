/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of a subcommand: a table of names and the variables behind them. Spelled --name=value
 * or --name value, - and _ alike; a name of one letter is -x value. Everything else, and all after
 * "--", is an operand.
 */
#ifndef ANA_OPTION_H
#define ANA_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/command.h"

enum ana_option_kind {
    ANA_FLAG,  /* bool: --x, --x=true, --x=false */
    ANA_TEXT,  /* const char * */
    ANA_COUNT, /* uint64_t, K M G are 1024s */
    ANA_ABOVE, /* the same from 1, for variables in which 0 means that it was not given */
    ANA_SIZE,  /* uint64_t bytes from 1, "16GiB" */
    ANA_REAL,  /* double */
    ANA_TEXTS, /* struct ana_texts: may be given again and again */
};

enum { ANA_TEXTS_MAX = 64 };
struct ana_texts {
    const char *text[ANA_TEXTS_MAX];
    size_t count;
};

struct ana_option {
    const char *name; /* with _ */
    enum ana_option_kind kind;
    void *value; /* the variable, already holding its default */
    const char *doc;
};

/*
 * Moves the operands to argv[0..*argc), sets variables. 0; 1 after --help was printed (the command
 * returns ANA_EXIT_OK); -EINVAL after complaining (it returns ANA_EXIT_USAGE).
 * The table ends with a NULL name.
 */
int ana_options(const struct ana_command *self, const struct ana_option *options, int *argc,
                char **argv);

#endif
