/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The harness knows "--flag=value" only, as Google Benchmark does; its flags get the freedoms of
 * ours here (a blank for the =, - for _), so that one command line has one grammar.
 */
#include "bench/cases/command.h"

#include "bench/cases/outside.h"
#include "kernels/cpu.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every row gets a median and an interval; suites that need more time say so. */
static const char *const defaults[] = {"--benchmark_min_time=0.05s", "--benchmark_repetitions=5"};

static int join_line(struct attn_command *command, int argc, char **argv)
{
    size_t size = 1, n = 0;
    for (int i = 0; i < argc; i++)
        size += strlen(argv[i]) + 1;
    command->line = malloc(size);
    if (!command->line)
        return -ENOMEM;
    command->line[0] = '\0';
    for (int i = 0; i < argc; i++)
        n += (size_t)snprintf(command->line + n, size - n, "%s%s", i ? " " : "", argv[i]);
    return 0;
}

/* The flag of the harness an argument names; the argument becomes the harness's spelling. */
static const struct benchmark_flag *harness_flag(char *spelled)
{
    if (strncmp(spelled, "--", 2) != 0)
        return NULL;
    for (char *c = spelled + 2; *c && *c != '='; c++)
        if (*c == '-')
            *c = '_';
    return benchmark_find_flag(spelled);
}

static int add_flag(struct attn_command *command, const char *flag, const char *value)
{
    char **const at = &command->flag[command->flags];
    if (value ? asprintf(at, "%s=%s", flag, value) < 0 : !(*at = strdup(flag))) {
        *at = NULL;
        return -ENOMEM;
    }
    command->flags++;
    return 0;
}

/* One argument, and the next if that is its value: the harness's is kept, ours is left for later.
 * -EINVAL with a sentence, or -ENOMEM. */
static int read_argument(struct attn_command *command, int argc, char **argv, int *i,
                         struct attn_message *why)
{
    char *const spelled = strdup(argv[*i]);
    const struct benchmark_flag *const flag = spelled ? harness_flag(spelled) : NULL;
    const char *value = NULL;
    int error = spelled ? 0 : -ENOMEM;
    if (error || !flag || strcmp(flag->name, "help") == 0) {
        command->own[command->owns++] = argv[*i];
        goto out;
    }
    if (!flag->is_bool && !strchr(spelled, '=')) {
        if (*i + 1 == argc || strncmp(argv[*i + 1], "--", 2) == 0) {
            error = attn_refuse(why, -EINVAL, "--%s needs a value; give --%s=%s", flag->name,
                                flag->name, *flag->preset ? flag->preset : flag->values);
            goto out;
        }
        value = argv[++*i];
    }
    error = add_flag(command, spelled, value);
out:
    free(spelled);
    return error;
}

/* The one number of an option that is no list. By way of the list, since "1K" is a number here; it
 * was checked when it was parsed. */
static uint64_t number(const struct attn_settings *settings, enum attn_option_id id)
{
    struct attn_message why;
    struct attn_list list;
    uint64_t value = 0;
    if (!attn_option_values(settings, id, &list, &why) && list.n)
        value = strtoull(list.item[0], NULL, 10);
    attn_list_free(&list);
    return value;
}

/* Kernels of the command line may be in what it loads, so this comes before they are checked. */
static int load(const struct attn_settings *settings, struct attn_message *why)
{
    const char *const text = settings->text[ATTN_OPT_LOAD];
    const double seconds = (double)number(settings, ATTN_OPT_LOAD_TIMEOUT);
    const int error = text ? attn_outside_load(text, seconds, why) : 0;
    return error ? attn_refuse_at(why, error, "--load") : 0;
}

int attn_command_parse(struct attn_command *command, int argc, char **argv,
                       struct attn_message *why)
{
    *command = (struct attn_command){0};
    command->own = calloc((size_t)argc + 1, sizeof(*command->own));
    command->flag = calloc((size_t)argc + 1, sizeof(*command->flag));
    int error = command->own && command->flag ? join_line(command, argc, argv) : -ENOMEM;
    if (!error)
        command->own[command->owns++] = argv[0];
    for (int i = 1; !error && i < argc; i++)
        error = read_argument(command, argc, argv, &i, why);
    if (error)
        return error == -ENOMEM ? attn_refuse(why, error, "out of memory") : error;
    error = attn_options_parse(command->owns, command->own, &command->settings, why);
    if (!error)
        error = load(&command->settings, why);
    return error ? error : attn_options_check_kernel(&command->settings, why);
}

void attn_command_free(struct attn_command *command)
{
    for (int i = 0; i < command->flags; i++)
        free(command->flag[i]);
    free(command->flag);
    free(command->own);
    free(command->line);
    *command = (struct attn_command){0};
}

/* "--benchmark_min_time=..." is also $BENCHMARK_MIN_TIME, which the user has set on purpose. */
static bool in_environment(const char *flag)
{
    char name[64];
    size_t n = 0;
    for (const char *c = flag + 2; *c && *c != '=' && n + 1 < sizeof(name); c++)
        name[n++] = (char)toupper((unsigned char)*c);
    name[n] = '\0';
    return getenv(name);
}

bool attn_command_is_formless(const struct attn_command *command)
{
    static const char *const others[] = {"--benchmark_format", "--benchmark_list_tests"};
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        if (in_environment(others[i]))
            return false;
        for (int f = 0; f < command->flags; f++)
            if (strncmp(command->flag[f], others[i], strlen(others[i])) == 0)
                return false;
    }
    return true;
}

bool attn_command_wants_table(const struct attn_command *command)
{
    return attn_command_is_formless(command) && isatty(STDOUT_FILENO);
}

bool attn_command_initialize(const struct attn_command *command, const struct attn_sweep *sweep,
                             struct benchmark_runner *runner, bool table, int *status)
{
    const size_t most =
        1 + sizeof(defaults) / sizeof(*defaults) + 1 + ATTN_SWEEP_FLAGS + (size_t)command->flags;
    const char **const argv = calloc(most + 1, sizeof(*argv));
    int argc = 0;
    *status = 1;
    if (!argv)
        return false;
    argv[argc++] = command->own[0];
    for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++)
        if (!in_environment(defaults[i]))
            argv[argc++] = defaults[i];
    if (table)
        argv[argc++] = "--benchmark_format=json";
    for (size_t i = 0; i < sweep->flags; i++)
        if (!in_environment(sweep->flag[i]))
            argv[argc++] = sweep->flag[i];
    for (int i = 0; i < command->flags; i++)
        argv[argc++] = command->flag[i];
    const bool end = benchmark_initialize(runner, &argc, (char **)(uintptr_t)argv) != 0;
    *status = end ? benchmark_exit_status(runner) : argc > 1;
    free(argv);
    return !end && argc == 1; /* what is left over is malformed, and was complained about */
}

double attn_command_min_time(const struct benchmark_runner *runner)
{
    const char *const text = benchmark_flag_value(runner, "benchmark_min_time");
    return text && !strchr(text, 'x') ? strtod(text, NULL) : 0; /* "10x" is a number of calls */
}

int attn_command_repetitions(const struct benchmark_runner *runner)
{
    const char *const text = benchmark_flag_value(runner, "benchmark_repetitions");
    return text ? (int)strtol(text, NULL, 10) : 1;
}

uint64_t attn_command_seed(const struct attn_settings *settings)
{
    return number(settings, ATTN_OPT_SEED);
}

int attn_command_mask_cpu(const struct attn_settings *settings, struct attn_message *why)
{
    struct attn_list list;
    uint64_t mask = 0;
    if (!settings->text[ATTN_OPT_CPU_MASK])
        return 0;
    const int error = attn_option_values(settings, ATTN_OPT_CPU_MASK, &list, why);
    for (size_t i = 0; !error && i < list.n; i++)
        for (int bit = 0; bit < 64; bit++)
            if (strcmp(attn_cpu_feature_name(UINT64_C(1) << bit), list.item[i]) == 0)
                mask |= UINT64_C(1) << bit;
    attn_list_free(&list);
    if (!error)
        attn_cpu_set_mask(mask);
    return error;
}
