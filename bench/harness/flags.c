/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of flags, and the two places their values come from. A flag is --name=value (never two
 * arguments), anywhere on the command line, the last one counting; every flag can be preset by the
 * environment variable of its name in capitals.
 */
#include "bench/harness/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct flag {
    struct benchmark_flag shown;
    int (*parse)(const char *text, void *target);
    size_t offset;
    const char *expected, *domain; /* for -EINVAL and -ERANGE; for -EDOM */
};

#define FLAG(name_, values_, preset_, field, parse_, expected_, domain_, help_)             \
    {                                                                                       \
        .shown = {.name = name_, .values = values_, .preset = preset_, .help = help_},      \
        .parse = parse_, .offset = offsetof(struct settings, field), .expected = expected_, \
        .domain = domain_                                                                   \
    }
#define SWITCH(name_, field, help_)                                        \
    {                                                                      \
        .shown = {.name = name_,                                           \
                  .values = "{true|false}",                                \
                  .preset = "false",                                       \
                  .help = help_,                                           \
                  .is_bool = true},                                        \
        .parse = bm_parse_bool, .offset = offsetof(struct settings, field) \
    }

/* clang-format off */
static const struct flag flags[] = {
    SWITCH("benchmark_list_tests", list_tests,
           "List the names the filter selects, in the form --benchmark_format asks for."),
    FLAG("benchmark_filter", "<regex>", "", filter, bm_parse_string, NULL, NULL,
         "Run what this POSIX extended regular expression is found in; with a leading '-', the rest."),
    FLAG("benchmark_min_time", "`<integer>x` OR `<float>s`", "0.5s", min_time, bm_parse_min_time,
         NULL, NULL, "Seconds one repetition is to last at least, or its exact iterations."),
    FLAG("benchmark_min_warmup_time", "<min_warmup_time>", "0", min_warmup_time, bm_parse_seconds,
         "a double", "a number of seconds", "Seconds to run before the first repetition is timed."),
    FLAG("benchmark_repetitions", "<num_repetitions>", "1", repetitions, bm_parse_count,
         "a 32-bit integer", "a non-negative number", "How often each case is measured."),
    SWITCH("benchmark_dry_run", dry_run,
           "One iteration, one repetition, whatever the cases ask for."),
    SWITCH("benchmark_report_aggregates_only", report_aggregates_only,
           "Of repeated cases report mean, median, ... only."),
    SWITCH("benchmark_display_aggregates_only", display_aggregates_only,
           "The same for what is displayed; the file gets every repetition."),
    FLAG("benchmark_format", "<console|json|csv>", "console", format, bm_parse_format,
         "one of console, json, csv", NULL, "Form of what is displayed."),
    FLAG("benchmark_out", "<filename>", "", out, bm_parse_string, NULL, NULL,
         "File to write the results to as well."),
    FLAG("benchmark_out_format", "<json|console|csv>", "json", out_format, bm_parse_format,
         "one of console, json, csv", NULL, "Form of that file."),
    FLAG("benchmark_color", "{auto|true|false}", "auto", color, bm_parse_color,
         "one of auto, true, false", NULL, "Colours; auto means on terminals known to have them."),
    SWITCH("benchmark_counters_tabular", counters_tabular,
           "Counters in columns of their own on the console."),
    FLAG("benchmark_context", "<key>=<value>,...", "", context, bm_parse_context,
         "a comma-separated list of <key>=<value> strings", NULL,
         "Strings to record in the context."),
    FLAG("benchmark_time_unit", "{ns|us|ms|s}", "", time_unit, bm_parse_unit,
         "one of ns, us, ms, s", NULL, "Unit of times of cases that do not choose one."),
    SWITCH("benchmark_fail_on_error", fail_on_error,
           "Exit with 1 when a case ended in an error or nothing matched the filter."),
    SWITCH("benchmark_enable_random_interleaving", random_interleaving,
           "Run the repetitions of all cases in a random order, all cases set up at once."),
    FLAG("benchmark_interleaving_seed", "<integer>", "0", interleaving_seed, bm_parse_count,
         "a 32-bit integer", "a non-negative number",
         "Seed of that order, recorded in the context; 0 draws one."),
    FLAG("benchmark_min_rel_accuracy", "<fraction>", "0", min_rel_accuracy, bm_parse_fraction,
         "a double", "a fraction of at least 0 and below 1",
         "Repeat until half the 95 % interval of the median is below this fraction of it."),
    FLAG("benchmark_min_repetitions", "<num_repetitions>", "1", min_repetitions, bm_parse_count,
         "a 32-bit integer", "a non-negative number",
         "Least repetitions when an accuracy is asked for."),
    FLAG("benchmark_max_repetitions", "<num_repetitions>", "100", max_repetitions, bm_parse_count,
         "a 32-bit integer", "a non-negative number",
         "Most repetitions when an accuracy is asked for."),
    FLAG("benchmark_max_time", "<seconds>", "0", max_time, bm_parse_seconds, "a double",
         "a number of seconds",
         "Start no further repetition of a case after so many seconds; 0 sets no limit."),
    FLAG("benchmark_percentiles", "<percent>,...", "", percentiles, bm_parse_percentiles,
         "a comma-separated list of percentages", "percentages from 0 to 100",
         "Time every call and report these percentiles, least and greatest as counters."),
    FLAG("benchmark_dump_samples", "<filename>", "", dump_samples, bm_parse_string, NULL, NULL,
         "Time every call and write all times to this file as CSV."),
    FLAG("benchmark_cpu_affinity", "<cpu>,<cpu>-<cpu>,...", "", cpu_affinity, bm_parse_cpus,
         "a list of CPU numbers like 0,2-3", "a list of rising CPU numbers below 65536",
         "Bind the threads of a case to these CPUs in turn."),
    FLAG("benchmark_cooldown", "<seconds>", "0", cooldown, bm_parse_seconds, "a double",
         "a number of seconds", "Rest between cases."),
    FLAG("benchmark_cache_mode", "{hot|cold}", "hot", cache_mode, bm_parse_cache_mode,
         "one of hot, cold", NULL, "Under cold, empty the caches before every call, untimed."),
    FLAG("benchmark_short_names", "{auto|true|false}", "auto", short_names, bm_parse_color,
         "one of auto, true, false", NULL,
         "Print what all names have in common once; auto means on terminals."),
    FLAG("benchmark_baseline", "<filename>", "", baseline, bm_parse_string, NULL, NULL,
         "JSON of an earlier run to compare with; adds baseline_ratio and its interval to rows."),
    FLAG("benchmark_baseline_fail_threshold", "<fraction>", "", baseline_fail_threshold,
         bm_parse_threshold, "a double", "a fraction, not negative",
         "Exit with 1 when a case is surely slower than the baseline by more than this."),
    SWITCH("benchmark_worker", worker,
           "Serve requests on stdin, a line each: list, prepare, calibrate, run, drop, quit."),
    FLAG("benchmark_perf_counters", "<counter>,...", "", perf_counters, bm_parse_string, NULL,
         NULL, "Hardware events to count beside the times, where the program can."),
    FLAG("v", "<verbosity>", "0", verbosity, bm_parse_int, "a 32-bit integer", NULL,
         "How much the runner tells on stderr about its doings; 2 shows the iteration search."),
};
/* clang-format on */
enum { FLAG_COUNT = sizeof(flags) / sizeof(*flags) };

const struct benchmark_flag *benchmark_flag_at(size_t index)
{
    return index < FLAG_COUNT ? &flags[index].shown : NULL;
}

static size_t find(const char *name, size_t length)
{
    for (size_t i = 0; i < FLAG_COUNT; i++)
        if (strlen(flags[i].shown.name) == length && !memcmp(flags[i].shown.name, name, length))
            return i;
    return FLAG_COUNT;
}

static size_t find_argument(const char *argument)
{
    if (strncmp(argument, "--", 2) != 0)
        return FLAG_COUNT;
    return find(argument + 2, strcspn(argument + 2, "="));
}

const struct benchmark_flag *benchmark_find_flag(const char *argument)
{
    return benchmark_flag_at(find_argument(argument));
}

static int take(struct settings *settings, size_t index, const char *value)
{
    const struct flag *const flag = &flags[index];
    const int rc = flag->parse(value, (char *)settings + flag->offset);
    return rc ? rc : bm_parse_string(value, &settings->text[index]);
}

/* Says what was expected of a flag ("--benchmark_x") or of a variable. */
static void complain(const struct flag *flag, const char *source, const char *value, int rc,
                     FILE *err)
{
    const bool variable = *source != '-';
    const char *const kind = variable ? "Environment variable" : "The value of flag";
    if (rc == -ENOMEM)
        fprintf(err, "%s: out of memory.\n", source);
    else if (rc == -EEXIST)
        fprintf(err, "%s %s is expected to contain unique keys, but \"%s\" repeats one.\n", kind,
                source, value);
    else if (flag->parse == bm_parse_min_time)
        fprintf(err,
                "Malformed seconds value passed to %s%s: `%s` (expected seconds like 0.5s or "
                "iterations like 100x)\n",
                variable ? "environment variable " : "", source, value);
    else
        fprintf(err, "%s %s is expected to be %s, but actually has value \"%s\"%s.\n", kind, source,
                rc == -EDOM ? flag->domain : flag->expected, value,
                rc == -ERANGE ? ", which overflows" : "");
}

int bm_settings_init(struct settings *settings)
{
    *settings = (struct settings){.text = calloc(FLAG_COUNT, sizeof(char *))};
    int rc = settings->text ? 0 : -ENOMEM;
    for (size_t i = 0; !rc && i < FLAG_COUNT; i++)
        rc = take(settings, i, flags[i].shown.preset);
    return rc;
}

void bm_settings_free(struct settings *settings)
{
    for (size_t i = 0; settings->text && i < FLAG_COUNT; i++)
        free(settings->text[i]);
    free(settings->text);
    free(settings->filter);
    free(settings->out);
    free(settings->percentiles.items);
    free(settings->dump_samples);
    free(settings->cpu_affinity.items);
    free(settings->baseline);
    free(settings->perf_counters);
    bm_key_values_free(&settings->context);
    *settings = (struct settings){0};
}

int bm_settings_from_environment(struct settings *settings, FILE *err)
{
    int malformed = 0;
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        /* "v" would read V, which make V=1 exports to everything it starts. */
        const char *const name = flags[i].shown.name;
        char variable[64];
        snprintf(variable, sizeof(variable), "%s%s", strcmp(name, "v") ? "" : "benchmark_", name);
        for (char *c = variable; *c; c++)
            *c = (char)toupper((unsigned char)*c);
        const char *const value = getenv(variable);
        const int rc = value ? take(settings, i, value) : 0;
        if (!rc)
            continue;
        complain(&flags[i], variable, value, rc, err);
        malformed++;
    }
    return malformed;
}

int bm_settings_from_arguments(struct settings *settings, int *argc, char **argv, bool *help,
                               FILE *err)
{
    int kept = *argc > 0, malformed = 0;
    *help = false;
    for (int a = 1; a < *argc; a++) {
        const char *const equals = strchr(argv[a], '=');
        if (strcmp(argv[a], "--help") == 0 || strncmp(argv[a], "--help=", 7) == 0) {
            *help = true;
            continue;
        }
        const size_t index = find_argument(argv[a]);
        if (index == FLAG_COUNT || (!equals && !flags[index].shown.is_bool)) {
            argv[kept++] = argv[a];
            continue;
        }
        const char *const value = equals ? equals + 1 : "true";
        const int rc = take(settings, index, value);
        if (!rc)
            continue;
        char source[64];
        snprintf(source, sizeof(source), "--%s", flags[index].shown.name);
        complain(&flags[index], source, value, rc, err);
        malformed++;
        argv[kept++] = argv[a];
    }
    if (kept < *argc)
        argv[kept] = NULL;
    *argc = kept;
    return malformed;
}

void benchmark_print_usage(FILE *stream, const char *program)
{
    const int indent = (int)strlen(program) + 1;
    for (size_t i = 0; i < FLAG_COUNT; i++)
        fprintf(stream, "%s%*s[--%s=%s]\n", i ? "" : program, i ? indent : 1, "",
                flags[i].shown.name, flags[i].shown.values);
}

const char *bm_settings_text(const struct settings *settings, const char *name)
{
    const size_t index = find(name, strlen(name));
    return index < FLAG_COUNT ? settings->text[index] : NULL;
}
