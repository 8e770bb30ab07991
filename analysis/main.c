/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attn-stat: rows in, answers out. This file is the list of subcommands; each is a file of its
 * own.
 */
#include <fcntl.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis/command.h"
#include "analysis/nearest.h"
#include "analysis/tame.h"

static const struct ana_command *const commands[] = {
    /* clang-format off */
    &ana_cmd_report,
    &ana_cmd_csv,
    &ana_cmd_table,
    &ana_cmd_compare,
    &ana_cmd_regress,
    &ana_cmd_roofline,
    &ana_cmd_fit,
    &ana_cmd_predict,
    &ana_cmd_advise,
    &ana_cmd_columns,
    &ana_cmd_models,
    &ana_cmd_kv,
    &ana_cmd_capacity,
    &ana_cmd_convert,
    /* clang-format on */
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

int ana_complain(const struct ana_command *self, const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    ana_tame(text);
    fprintf(stderr, "attn-stat %s: %s\n", self->name, text);
    return ANA_EXIT_USAGE;
}

static void print_usage(FILE *out)
{
    fputs("usage: attn-stat COMMAND [options] [operands]\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs(
        "\nattn-stat COMMAND --help says more. Exit status: 0 ok, 2 usage or I/O; those of regress "
        "stand\nin its --help.\n",
        out);
}

/* Files and pipes of ours would else take the place of a stream we were started without; what may
 * not be read or written stays so. */
static void open_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
            return;
}

int main(int argc, char **argv)
{
    open_standard();
    setlocale(LC_ALL, "C");
    if (argc < 2) {
        print_usage(stderr);
        return ANA_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0 ||
        strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return ANA_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("attn-stat " ATTN_VERSION);
        return ANA_EXIT_OK;
    }
    struct ana_nearest near = {.word = argv[1]};
    for (size_t i = 0; i < COMMANDS; i++) {
        if (ana_word_equal(argv[1], commands[i]->name))
            return commands[i]->run(commands[i], argc - 2, argv + 2);
        ana_nearest_offer(&near, commands[i]->name);
    }
    const char *const best = ana_nearest_best(&near);
    if (best)
        fprintf(stderr, "attn-stat: no command \"%s\"; did you mean %s?\n", argv[1], best);
    else
        fprintf(stderr, "attn-stat: no command \"%s\"; attn-stat --help lists them\n", argv[1]);
    return ANA_EXIT_USAGE;
}
