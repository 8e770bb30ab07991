/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slip of the fingers away from --suite=mine.sweep stands --benchmark_out=mine.sweep. Files are
 * compared by identity and not by name, so that links and other spellings count too.
 */
#include "bench/cases/overwrite.h"

#include "bench/cases/list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const outputs[] = {"benchmark_out", "benchmark_dump_samples"};

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

static int check(const char *output, const char *path, const char *input, const char *what,
                 struct attn_message *why)
{
    if (!*path || !same_file(path, input))
        return 0;
    return attn_refuse(why, -EINVAL, "--%s=%s would overwrite the %s; give another file", output,
                       path, what);
}

/* A model is a name, a file, or a folder with a config.json. */
static int check_models(const char *output, const char *path, const struct attn_settings *settings,
                        struct attn_message *why)
{
    struct attn_list models;
    int error = attn_option_values(settings, ATTN_OPT_MODEL, &models, why);
    for (size_t i = 0; !error && i < models.n; i++) {
        char inside[4096];
        error = check(output, path, models.item[i], "description of the model", why);
        if (!error && snprintf(inside, sizeof(inside), "%s/config.json", models.item[i]) <
                          (int)sizeof(inside))
            error = check(output, path, inside, "description of the model", why);
    }
    attn_list_free(&models);
    return error;
}

int attn_overwrite_check(const struct benchmark_runner *runner, const char *suite,
                         const struct attn_sweep *sweep, struct attn_message *why)
{
    const char *path[2];
    int error = 0;
    for (size_t i = 0; !error && i < 2; i++) {
        path[i] = benchmark_flag_value(runner, outputs[i]);
        if (suite)
            error = check(outputs[i], path[i], suite, "suite", why);
        for (size_t b = 0; !error && b < sweep->n; b++)
            error = check_models(outputs[i], path[i], &sweep->block[b].settings, why);
    }
    if (!error && *path[0] && (strcmp(path[0], path[1]) == 0 || same_file(path[0], path[1])))
        error = attn_refuse(why, -EINVAL, "--%s and --%s are one file, %s; give two", outputs[0],
                            outputs[1], path[0]);
    return error;
}
