/* SPDX-License-Identifier: Apache-2.0 */
/* attn-stat regress history: its words. Built with and without SQLite; without, it says so. */
#include <stdio.h>
#include <string.h>

#include "analysis/nearest.h"
#include "analysis/regress/history/words.h"
#include "analysis/regress/regress.h"

static const struct ana_command *const words[] = {
/* clang-format off */
#if REG_HAVE_SQLITE
    &reg_cmd_history_import,
    &reg_cmd_history_check,
    &reg_cmd_history_trend,
    &reg_cmd_history_accept,
    &reg_cmd_history_bisect,
#endif
    NULL,
    /* clang-format on */
};

static const char *word_of(const struct ana_command *command)
{
    return command->name + strlen("regress history ");
}

static void print_help(void)
{
    fputs("usage: attn-stat regress history WORD [options] HISTORY.db [operands]\n\n", stdout);
    for (size_t i = 0; words[i]; i++)
        printf("  %-10s %s\n", word_of(words[i]), words[i]->summary);
    if (!words[0])
        fputs("This build has no SQLite and so no words; install libsqlite3-dev and build anew.\n",
              stdout);
    fputs("\nattn-stat regress history WORD --help says more.\n", stdout);
}

static int run(const struct ana_command *self, int argc, char **argv)
{
    if (argc && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
        print_help();
        return ANA_EXIT_OK;
    }
    if (!words[0])
        return ana_complain(self, "not in this build: it was made without SQLite; install "
                                  "libsqlite3-dev and build anew");
    if (!argc)
        return ana_complain(self, "needs a word; attn-stat regress history --help lists them");
    struct ana_nearest near = {.word = argv[0]};
    for (size_t i = 0; words[i]; i++) {
        if (ana_word_equal(argv[0], word_of(words[i])))
            return words[i]->run(words[i], argc - 1, argv + 1);
        ana_nearest_offer(&near, word_of(words[i]));
    }
    const char *const best = ana_nearest_best(&near);
    return best ? ana_complain(self, "no word \"%s\"; did you mean %s?", argv[0], best)
                : ana_complain(self, "no word \"%s\"; attn-stat regress history --help lists them",
                               argv[0]);
}

const struct ana_command reg_cmd_history = {
    .name = "regress history",
    .arguments = "WORD",
    .summary = "Results over time: import, check, trend, accept, bisect",
    .run = run,
};
