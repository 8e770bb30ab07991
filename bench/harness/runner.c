/* SPDX-License-Identifier: Apache-2.0 */
/* The runner object: made, told, asked, freed. What it does when run is in run.c. */
#include "bench/harness/runner.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int bm_strings_add(struct strings *list, const char *text, size_t length)
{
    char **const items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (!items)
        return -ENOMEM;
    list->items = items;
    items[list->count] = strndup(text, length);
    if (!items[list->count])
        return -ENOMEM;
    list->count++;
    return 0;
}

void bm_strings_free(struct strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct strings){0};
}

struct benchmark_runner *benchmark_runner_new(const struct benchmark_hooks *hooks)
{
    struct benchmark_runner *const runner = calloc(1, sizeof(*runner));
    if (!runner)
        return NULL;
    if (hooks)
        memcpy(&runner->hooks, hooks,
               hooks->struct_size < sizeof(*hooks) ? hooks->struct_size : sizeof(*hooks));
    bm_hooks_complete(&runner->hooks);
    pthread_mutex_init(&runner->lock, NULL);
    runner->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!runner->c_locale || bm_settings_init(&runner->settings)) {
        benchmark_runner_free(runner);
        return NULL;
    }
    return runner;
}

void benchmark_runner_free(struct benchmark_runner *runner)
{
    if (!runner)
        return;
    bm_settings_free(&runner->settings);
    bm_families_free(&runner->families);
    bm_key_values_free(&runner->context);
    bm_strings_free(&runner->warnings);
    bm_strings_free(&runner->finished_rows);
    if (runner->c_locale)
        freelocale(runner->c_locale);
    pthread_mutex_destroy(&runner->lock);
    free(runner->listeners);
    free(runner->program);
    free(runner);
}

static int take_context(struct benchmark_runner *runner)
{
    const struct key_values *const given = &runner->settings.context;
    for (size_t i = 0; i < given->count; i++) {
        const int rc = benchmark_add_context(runner, given->items[i].key, given->items[i].value);
        if (rc && rc != -EEXIST)
            return rc;
    }
    return runner->settings.dry_run ? benchmark_add_context(runner, "dry_run", "true") : 0;
}

int benchmark_initialize(struct benchmark_runner *runner, int *argc, char **argv)
{
    FILE *const err = runner->hooks.err;
    bool help;

    free(runner->program);
    runner->program = *argc > 0 ? strdup(argv[0]) : NULL;
    if (*argc > 0 && !runner->program)
        return -ENOMEM;
    const locale_t before = uselocale(runner->c_locale);
    if (bm_settings_from_environment(&runner->settings, err))
        runner->status = 1;
    const bool malformed = bm_settings_from_arguments(&runner->settings, argc, argv, &help, err);
    uselocale(before);
    if (help) {
        benchmark_print_usage(runner->hooks.out, "benchmark");
        runner->status = 0;
        return 1;
    }
    if (malformed)
        runner->status = 1;
    return runner->status ? 1 : take_context(runner);
}

bool benchmark_report_unrecognized(struct benchmark_runner *runner, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        fprintf(runner->hooks.err, "%s: error: unrecognized command-line flag: %s\n", argv[0],
                argv[i]);
    if (argc > 1)
        runner->status = 1;
    return argc > 1;
}

const char *benchmark_flag_value(const struct benchmark_runner *runner, const char *name)
{
    return bm_settings_text(&runner->settings, name);
}

bool benchmark_is_worker(const struct benchmark_runner *runner)
{
    return runner->settings.worker;
}

int benchmark_register(struct benchmark_runner *runner, const struct benchmark_family *family)
{
    return bm_families_add(&runner->families, family, runner->hooks.err);
}

int benchmark_add_context(struct benchmark_runner *runner, const char *key, const char *value)
{
    static const char *const own[] = {
        "date",        "host_name",           "executable",         "num_cpus",
        "mhz_per_cpu", "cpu_scaling_enabled", "aslr_enabled",       "caches",
        "load_avg",    "library_version",     "library_build_type", "json_schema_version",
        "warnings",
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
        if (strcmp(key, own[i]) == 0)
            rc = -EEXIST;
    if (strncmp(key, "warning_", 8) == 0)
        rc = -EEXIST;
    if (!rc)
        rc = bm_key_values_set(&runner->context, key, value, false);
    if (rc == -EEXIST)
        fprintf(runner->hooks.err,
                "Failed to add custom context \"%s\" as it already exists; value \"%s\" is lost\n",
                key, value);
    return rc;
}

void benchmark_at_end(struct benchmark_runner *runner, void (*function)(void *user), void *user)
{
    runner->at_end = function;
    runner->at_end_user = user;
}

void benchmark_warn(struct benchmark_runner *runner, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    if (!text)
        return;
    pthread_mutex_lock(&runner->lock);
    const bool silent = runner->settings.format == FORMAT_JSON && !runner->context_displayed;
    (void)bm_strings_add(&runner->warnings, text, strlen(text));
    pthread_mutex_unlock(&runner->lock);
    if (!silent)
        fprintf(runner->hooks.err, "***WARNING*** %s\n", text);
    free(text);
}

int benchmark_add_finished_row(struct benchmark_runner *runner, const char *json_object)
{
    const char *const space = " \t\r\n";
    const char *const begin = json_object + strspn(json_object, space);
    size_t length = strlen(begin);
    while (length && strchr(space, begin[length - 1]))
        length--;
    if (length < 2 || *begin != '{' || begin[length - 1] != '}')
        return -EINVAL;
    return bm_strings_add(&runner->finished_rows, begin, length);
}

void benchmark_on_row(struct benchmark_runner *runner,
                      void (*function)(void *user, const struct benchmark_row *row), void *user)
{
    struct listener *const grown =
        realloc(runner->listeners, (runner->listener_count + 1) * sizeof(*grown));
    if (!grown) {
        benchmark_warn(runner, "out of memory for a listener");
        return;
    }
    runner->listeners = grown;
    grown[runner->listener_count++] = (struct listener){.function = function, .user = user};
}

int benchmark_exit_status(const struct benchmark_runner *runner)
{
    return runner->status;
}

size_t benchmark_matched(const struct benchmark_runner *runner)
{
    return runner->matched;
}
