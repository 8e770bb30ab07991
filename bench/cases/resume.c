/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows are recognised by the reader of result files, but carried over as text: a number that is
 * parsed and printed again is a number that can change. The reader says on which line a row
 * begins, and from there its braces are counted.
 */
#include "bench/cases/resume.h"

#include "analysis/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What must be equal for rows to stand in one file. */
static const char *const same[] = {"attnbench_schema", "git_commit", "seed",
                                   "env.cpu_model",    "sim.tool",   "sim.cache"};

static int check_context(const struct ana_result *old, const struct machine_context *here,
                         struct attn_message *why)
{
    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
        const char *const then = ana_result_context(old, same[i]);
        const char *const now = context_get(here, same[i]);
        if (i == 0 && !then)
            return attn_refuse(why, -EINVAL, "%s was not written by attn-bench", old->path);
        if (strcmp(then ? then : "unknown", now ? now : "unknown"))
            return attn_refuse(why, -EINVAL, "%s cannot be resumed: its %s is %s, here it is %s",
                               old->path, same[i], then ? then : "unknown", now ? now : "unknown");
    }
    return 0;
}

/* The object that begins on a line (1-based), or NULL. *end is set behind it. */
static const char *object_at(const char *text, uint32_t line, const char **end)
{
    for (; line > 1 && text; line--) {
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    const char *const start = text ? strchr(text, '{') : NULL;
    bool quoted = false;
    int depth = 0;
    for (const char *c = start; c && *c; c++) {
        if (quoted && *c == '\\' && c[1])
            c++;
        else if (*c == '"')
            quoted = !quoted;
        else if (!quoted && *c == '{')
            depth++;
        else if (!quoted && *c == '}' && --depth == 0) {
            *end = c + 1;
            return start;
        }
    }
    return NULL;
}

static char *read_text(const char *path)
{
    FILE *const file = fopen(path, "re");
    char *text = NULL;
    size_t size = 0;
    if (!file)
        return NULL;
    if (getdelim(&text, &size, '\0', file) < 0) {
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

static bool is_finished(const struct ana_result *old, const char *name, int repetitions)
{
    int done = 0;
    for (size_t i = 0; i < old->row_count; i++) {
        const struct ana_row *const row = &old->rows[i];
        if (strcmp(row->run_name, name))
            continue;
        if (row->error || row->skipped || !(row->aggregate || row->real_time > 0))
            return false;
        done += !row->aggregate;
    }
    return done >= repetitions;
}

static int carry(const struct ana_result *old, const char *text, const char *name,
                 struct benchmark_runner *runner)
{
    for (size_t i = 0; i < old->row_count; i++) {
        const char *end;
        if (strcmp(old->rows[i].run_name, name))
            continue;
        const char *const start = object_at(text, old->rows[i].line, &end);
        char *const object = start ? strndup(start, (size_t)(end - start)) : NULL;
        const int error = object ? benchmark_add_finished_row(runner, object) : -EINVAL;
        free(object);
        if (error)
            return error;
    }
    return 0;
}

int attn_resume(const char *path, const struct machine_context *here, int repetitions,
                const struct attn_cases *cases, struct benchmark_runner *runner, bool *finished,
                struct attn_message *why)
{
    struct ana_result *old;
    int error = ana_result_read(path, &old, why->text, sizeof(why->text));
    if (error)
        return error;
    char *const text = read_text(path);
    error = text ? check_context(old, here, why)
                 : attn_refuse(why, -EIO, "cannot read %s: %s", path, strerror(errno));
    /* Rows go over as they stand, and what we write is strict JSON. */
    if (!error && old->missing_numbers)
        error = attn_refuse(why, -EINVAL,
                            "%s cannot be resumed: it holds NaN or Infinity, which attn-bench "
                            "never writes",
                            path);
    size_t carried = 0;
    for (size_t i = 0; !error && i < cases->n; i++) {
        finished[i] = is_finished(old, cases->item[i].text, repetitions);
        carried += finished[i];
        if (finished[i] && carry(old, text, cases->item[i].text, runner))
            error = attn_refuse(why, -EINVAL, "cannot take the rows of %s over from %s",
                                cases->item[i].text, path);
    }
    if (!error)
        benchmark_warn(runner, "%zu of %zu cases were finished in %s and are taken over", carried,
                       cases->n, path);
    free(text);
    ana_result_free(old);
    return error;
}
