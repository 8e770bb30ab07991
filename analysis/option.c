/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hand-made instead of getopt_long: that one abbreviates (--con is --context until somebody adds
 * --config), tells - from _, and cannot say which option was meant.
 */
#include "analysis/option.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analysis/nearest.h"
#include "analysis/number.h"

static const char *const placeholders[] = {
    [ANA_FLAG] = "",  [ANA_TEXT] = "TEXT",  [ANA_COUNT] = "N", [ANA_SIZE] = "SIZE",
    [ANA_REAL] = "X", [ANA_TEXTS] = "TEXT", [ANA_ABOVE] = "N",
};

static void print_help(const struct ana_command *self, const struct ana_option *options)
{
    printf("usage: attn-stat %s [options] %s\n\n%s.\n\n", self->name, self->arguments,
           self->summary);
    for (; options->name; options++) {
        char left[64];
        const char *const dashes = options->name[1] ? "--" : "-";
        const char *const between = !*placeholders[options->kind] ? ""
                                    : options->name[1]            ? "="
                                                                  : " ";
        snprintf(left, sizeof(left), "%s%s%s%s", dashes, options->name, between,
                 placeholders[options->kind]);
        printf("  %-22s %s\n", left, options->doc);
    }
    printf("  %-22s %s\n", "--help", "this text");
}

static int bad_value(const struct ana_command *self, const struct ana_option *option,
                     const char *text, int status)
{
    static const char *const wanted[] = {
        [ANA_FLAG] = "true or false",
        [ANA_TEXT] = "a text",
        [ANA_COUNT] = "a whole number such as 8192 or 8K",
        [ANA_ABOVE] = "a whole number from 1, such as 8192 or 8K",
        [ANA_SIZE] = "a size such as 16GiB",
        [ANA_REAL] = "a number such as 0.5",
        [ANA_TEXTS] = "a text, at most 64 times",
    };
    ana_complain(self, "--%s=%s: %s; it takes %s", option->name, text,
                 status == -ERANGE ? "out of range" : "not a value of this option",
                 wanted[option->kind]);
    return -EINVAL;
}

static int set_flag(bool *flag, const char *text)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *flag = strcmp(text, yes[i]) == 0;
            return 0;
        }
    return -EINVAL;
}

static int above_zero(int status, const uint64_t *value)
{
    return status ? status : *value ? 0 : -ERANGE;
}

static int set_value(const struct ana_option *option, const char *text)
{
    struct ana_texts *const texts = option->value;
    switch (option->kind) {
    case ANA_FLAG:
        return set_flag(option->value, text);
    case ANA_TEXT:
        *(const char **)option->value = text;
        return 0;
    case ANA_COUNT:
        return ana_parse_count(text, strlen(text), UINT64_MAX, option->value);
    case ANA_ABOVE:
        return above_zero(ana_parse_count(text, strlen(text), UINT64_MAX, option->value),
                          option->value);
    case ANA_SIZE:
        return above_zero(ana_parse_bytes(text, strlen(text), option->value), option->value);
    case ANA_REAL:
        return ana_parse_real(text, strlen(text), option->value);
    case ANA_TEXTS:
        if (texts->count == ANA_TEXTS_MAX)
            return -ERANGE;
        texts->text[texts->count++] = text;
        return 0;
    }
    return -EINVAL;
}

static const struct ana_option *find(const struct ana_option *options, const char *name)
{
    for (; options->name; options++)
        if (ana_word_equal(options->name, name))
            return options;
    return NULL;
}

static int unknown(const struct ana_command *self, const struct ana_option *options,
                   const char *argument, const char *name)
{
    struct ana_nearest near = {.word = name};
    for (; options->name; options++)
        ana_nearest_offer(&near, options->name);
    const char *const best = ana_nearest_best(&near);
    if (best)
        ana_complain(self, "unknown option %s; did you mean --%s?", argument, best);
    else
        ana_complain(self, "unknown option %s; see attn-stat %s --help", argument, self->name);
    return -EINVAL;
}

int ana_options(const struct ana_command *self, const struct ana_option *options, int *argc,
                char **argv)
{
    int operands = 0, i = 0;
    for (; i < *argc && strcmp(argv[i], "--") != 0; i++) {
        const char *const argument = argv[i];
        if (argument[0] != '-' || !argument[1]) {
            argv[operands++] = argv[i];
            continue;
        }
        const char *const start = argument + (argument[1] == '-' ? 2 : 1);
        char name[64];
        const size_t length = strcspn(start, "=");
        snprintf(name, sizeof(name), "%.*s", (int)(length < 60 ? length : 60), start);
        if (strcmp(name, "help") == 0 || strcmp(name, "h") == 0) {
            print_help(self, options);
            return 1;
        }
        const struct ana_option *const option = find(options, name);
        if (!option)
            return unknown(self, options, argument, name);
        const char *text = start[length] ? start + length + 1 : NULL;
        if (!text && option->kind == ANA_FLAG)
            text = "true";
        if (!text && i + 1 == *argc) {
            ana_complain(self, "option %s needs a value", argument);
            return -EINVAL;
        }
        if (!text)
            text = argv[++i];
        const int status = set_value(option, text);
        if (status)
            return bad_value(self, option, text, status);
    }
    for (i++; i < *argc; i++)
        argv[operands++] = argv[i];
    *argc = operands;
    return 0;
}
