/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A subcommand of attn-stat: one const struct in a file of its own (cmd_<name>.c) and one line in
 * main.c. run() gets the arguments after the command's name and returns the exit status: 0 ok,
 * 2 usage or I/O; the regression commands add their own.
 */
#ifndef ANA_COMMAND_H
#define ANA_COMMAND_H

struct ana_command {
    const char *name;
    const char *arguments; /* "RESULT.json..." for the usage line */
    const char *summary;   /* one sentence, no full stop */
    int (*run)(const struct ana_command *self, int argc, char **argv);
};

enum { ANA_EXIT_OK = 0, ANA_EXIT_USAGE = 2 };

/* "attn-stat kv: <sentence>" on stderr; returns ANA_EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int ana_complain(const struct ana_command *self,
                                                       const char *format, ...);

extern const struct ana_command ana_cmd_csv;
extern const struct ana_command ana_cmd_report;
extern const struct ana_command ana_cmd_columns;
extern const struct ana_command ana_cmd_table;
extern const struct ana_command ana_cmd_compare;
extern const struct ana_command ana_cmd_regress;
extern const struct ana_command ana_cmd_roofline;
extern const struct ana_command ana_cmd_fit;
extern const struct ana_command ana_cmd_predict;
extern const struct ana_command ana_cmd_advise;
extern const struct ana_command ana_cmd_models;
extern const struct ana_command ana_cmd_kv;
extern const struct ana_command ana_cmd_capacity;
extern const struct ana_command ana_cmd_convert;

#endif
