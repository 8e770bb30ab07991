/* SPDX-License-Identifier: Apache-2.0 */
/* The commands below attn-stat regress, found by the word behind it. */
#include "analysis/regress/regress.h"

#include <stdio.h>
#include <string.h>

#include "analysis/nearest.h"

static const struct ana_command *const commands[] = {
    /* clang-format off */
    &reg_cmd_ab,
    &reg_cmd_check,
    &reg_cmd_history,
    &reg_cmd_sim,
    /* clang-format on */
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const char *word_of(const struct ana_command *command)
{
    return command->name + strlen("regress ");
}

static void print_help(FILE *out)
{
    fputs("usage: attn-stat regress WORD [options] [operands]\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", word_of(commands[i]), commands[i]->summary);
    fputs(
        "\nattn-stat regress WORD --help says more.\n"
        "\n"
        "Exit status: 0 no regression, 1 regression, 2 usage or I/O, 4 a crash, a wrong result or "
        "a\nmissing case; under --strict also 3 too noisy to judge, 5 inconclusive cases.\n",
        out);
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    if (argc < 1) {
        ana_complain(self, "needs a word: what to do; attn-stat regress --help lists them");
        return ANA_EXIT_USAGE;
    }
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
        print_help(stdout);
        return ANA_EXIT_OK;
    }
    struct ana_nearest near = {.word = argv[0]};
    for (size_t i = 0; i < COMMANDS; i++) {
        if (ana_word_equal(argv[0], word_of(commands[i])))
            return commands[i]->run(commands[i], argc - 1, argv + 1);
        ana_nearest_offer(&near, word_of(commands[i]));
    }
    const char *const best = ana_nearest_best(&near);
    if (best)
        return ana_complain(self, "no word \"%s\"; did you mean %s?", argv[0], best);
    return ana_complain(self, "no word \"%s\"; attn-stat regress --help lists them", argv[0]);
}

const struct ana_command ana_cmd_regress = {
    .name = "regress",
    .arguments = "WORD [options] [operands]",
    .summary = "Guard against slowdowns: the verdicts continuous integration asks for",
    .run = run,
};
