/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading suites. Lines are cut in place out of one copy of the text, and every value is checked
 * where it stands, so that a message carries file and line, and nothing is run out of a suite
 * whose last line is wrong.
 */
#include "bench/cases/sweep.h"

#include "analysis/nearest.h"
#include "bench/harness/benchmark.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUITE_BYTES_MAX = 1 << 20 };

static char *trim(char *s)
{
    s += strspn(s, " \t\r");
    size_t n = strlen(s);
    while (n && strchr(" \t\r", s[n - 1]))
        n--;
    s[n] = '\0';
    return s;
}

/* A # opens a comment at the beginning of a line and after a blank. */
static void cut_comment(char *line)
{
    for (char *c = strchr(line, '#'); c; c = strchr(c + 1, '#')) {
        if (c != line && c[-1] != ' ' && c[-1] != '\t')
            continue;
        *c = '\0';
        return;
    }
}

static int add_block(struct attn_sweep *sweep, const char *name, const struct attn_settings *first,
                     struct attn_message *why)
{
    struct attn_block *const grown = realloc(sweep->block, (sweep->n + 1) * sizeof(*sweep->block));
    if (!grown)
        return attn_refuse(why, -ENOMEM, "out of memory");
    sweep->block = grown;
    sweep->block[sweep->n++] = (struct attn_block){.name = name, .settings = *first};
    return 0;
}

static int add_flag(struct attn_sweep *sweep, const char *key, const char *value,
                    struct attn_message *why)
{
    char flag[256];
    snprintf(flag, sizeof(flag), "--%s=%s", key, value);
    if (!benchmark_find_flag(flag)) {
        struct ana_nearest near = {.word = key};
        const struct benchmark_flag *one;
        for (size_t i = 0; (one = benchmark_flag_at(i)); i++)
            ana_nearest_offer(&near, one->name);
        const char *const best = ana_nearest_best(&near);
        return attn_refuse(why, -EINVAL, "unknown key %s%s%s%s", key, best ? "; did you mean " : "",
                           best ? best : "", best ? "?" : "");
    }
    if (sweep->flags == ATTN_SWEEP_FLAGS)
        return attn_refuse(why, -EINVAL, "more than %d benchmark_ keys", ATTN_SWEEP_FLAGS);
    sweep->flag[sweep->flags] = strdup(flag);
    if (!sweep->flag[sweep->flags])
        return attn_refuse(why, -ENOMEM, "out of memory");
    sweep->flags++;
    return 0;
}

static int unknown_key(const char *key, struct attn_message *why)
{
    struct ana_nearest near = {.word = key};
    for (int i = 0; i < ATTN_AXES; i++)
        ana_nearest_offer(&near, attn_options[i].name);
    const char *const best = ana_nearest_best(&near);
    return attn_refuse(why, -EINVAL, "unknown key %s%s%s%s", key, best ? "; did you mean " : "",
                       best ? best : "", best ? "?" : "; --help lists them");
}

static int read_key(struct attn_sweep *sweep, struct attn_settings *shared, const char *key,
                    const char *value, struct attn_message *why)
{
    if (!sweep->n && strcmp(key, "about") == 0) {
        sweep->about = value;
        return 0;
    }
    if (strncmp(key, "benchmark_", 10) == 0 || strncmp(key, "benchmark-", 10) == 0) {
        if (sweep->n)
            return attn_refuse(why, -EINVAL,
                               "%s holds for the whole suite; put it before the first [block]",
                               key);
        return add_flag(sweep, key, value, why);
    }
    const int id = attn_option_find(key, strlen(key));
    if (id < 0)
        return unknown_key(key, why);
    if (id >= ATTN_AXES)
        return attn_refuse(why, -EINVAL, "%s belongs on the command line, not in a suite", key);
    const int error = attn_option_check((enum attn_option_id)id, value, why);
    if (error)
        return attn_refuse_at(why, error, "%s", attn_options[id].name);
    struct attn_settings *const s = sweep->n ? &sweep->block[sweep->n - 1].settings : shared;
    if (s->text[id] && !(sweep->n && s->text[id] == shared->text[id]))
        return attn_refuse(why, -EINVAL, "%s is set twice", attn_options[id].name);
    s->text[id] = value;
    return 0;
}

static int read_line(struct attn_sweep *sweep, struct attn_settings *shared, char *line,
                     struct attn_message *why)
{
    cut_comment(line);
    line = trim(line);
    const size_t len = strlen(line);
    if (!len)
        return 0;
    if (*line == '[') {
        if (line[len - 1] != ']')
            return attn_refuse(why, -EINVAL, "\"%s\" lacks its closing ]", line);
        line[len - 1] = '\0';
        const char *const name = trim(line + 1);
        if (!*name)
            return attn_refuse(why, -EINVAL, "a block needs a name: [name]");
        return add_block(sweep, name, shared, why);
    }
    char *const equals = strchr(line, '=');
    if (!equals)
        return attn_refuse(why, -EINVAL, "\"%s\" is neither [block] nor key = value", line);
    if (equals == line)
        return attn_refuse(why, -EINVAL, "\"%s\" lacks its key", line);
    *equals = '\0';
    return read_key(sweep, shared, trim(line), trim(equals + 1), why);
}

int attn_sweep_parse(const char *where, const char *text, struct attn_sweep *sweep,
                     struct attn_message *why)
{
    struct attn_settings shared = {0};
    *sweep = (struct attn_sweep){.name = where, .about = ""};
    sweep->text = strdup(text);
    int error = sweep->text ? 0 : attn_refuse(why, -ENOMEM, "out of memory");
    char *next = sweep->text;
    if (next && strncmp(next, "\xef\xbb\xbf", 3) == 0) /* as editors of Windows begin a file */
        next += 3;
    for (int line = 1; !error && next; line++) {
        char *const at = strsep(&next, "\n");
        error = read_line(sweep, &shared, at, why);
        if (error)
            attn_refuse_at(why, error, "%s:%d", where, line);
    }
    if (!error && !sweep->n)
        error = attn_refuse(why, -EINVAL, "%s: the suite has no [block]", where);
    if (error)
        attn_sweep_free(sweep);
    return error;
}

static int read_file(const char *path, char **text, struct attn_message *why)
{
    FILE *const file = fopen(path, "re");
    if (!file)
        return attn_refuse(why, -errno, "cannot read the suite %s: %s", path, strerror(errno));
    int error = 0;
    char *const buf = malloc(SUITE_BYTES_MAX + 1);
    const size_t n = buf ? fread(buf, 1, SUITE_BYTES_MAX + 1, file) : 0;
    if (!buf)
        error = attn_refuse(why, -ENOMEM, "out of memory");
    else if (ferror(file))
        error = attn_refuse(why, -EIO, "cannot read the suite %s: %s", path, strerror(errno));
    else if (n > SUITE_BYTES_MAX || memchr(buf, '\0', n))
        error = attn_refuse(why, -EINVAL, "%s is not a suite: it is %s", path,
                            n > SUITE_BYTES_MAX ? "larger than 1 MiB" : "not a text file");
    fclose(file);
    if (error) {
        free(buf);
        return error;
    }
    buf[n] = '\0';
    *text = buf;
    return 0;
}

int attn_sweep_open(const char *name_or_file, struct attn_sweep *sweep, struct attn_message *why)
{
    char all[512] = "";
    struct ana_nearest near = {.word = name_or_file};
    for (size_t i = 0; i < attn_suite_count; i++) {
        if (ana_word_equal(attn_suites[i].name, name_or_file))
            return attn_sweep_parse(attn_suites[i].name, attn_suites[i].text, sweep, why);
        const size_t n = strlen(all);
        snprintf(all + n, sizeof(all) - n, "%s%s", n ? ", " : "", attn_suites[i].name);
        ana_nearest_offer(&near, attn_suites[i].name);
    }
    const size_t len = strlen(name_or_file);
    const bool path =
        strchr(name_or_file, '/') || (len > 6 && strcmp(name_or_file + len - 6, ".sweep") == 0);
    if (!path) {
        const char *const best = ana_nearest_best(&near);
        return attn_refuse(why, -EINVAL,
                           "no suite is called \"%s\"%s%s%s There are %s, and files (a path or "
                           "*.sweep)",
                           name_or_file, best ? "; did you mean " : ".", best ? best : "",
                           best ? "?" : "", all);
    }
    char *text = NULL;
    int error = read_file(name_or_file, &text, why);
    if (error)
        return error;
    error = attn_sweep_parse(name_or_file, text, sweep, why);
    free(text);
    return error;
}

int attn_sweep_from_settings(const struct attn_settings *settings, struct attn_sweep *sweep,
                             struct attn_message *why)
{
    *sweep = (struct attn_sweep){.name = "command line", .about = ""};
    return add_block(sweep, "", settings, why);
}

void attn_sweep_override(struct attn_sweep *sweep, const struct attn_settings *settings)
{
    static const struct {
        enum attn_option_id given, hidden;
    } hides[] = {
        {ATTN_OPT_MODEL, ATTN_OPT_HEADS},    {ATTN_OPT_MODEL, ATTN_OPT_KV_HEADS},
        {ATTN_OPT_MODEL, ATTN_OPT_DIM},      {ATTN_OPT_KV_TYPE, ATTN_OPT_K_TYPE},
        {ATTN_OPT_KV_TYPE, ATTN_OPT_V_TYPE},
    };
    for (size_t b = 0; b < sweep->n; b++) {
        const char **const text = sweep->block[b].settings.text;
        for (size_t i = 0; i < sizeof(hides) / sizeof(*hides); i++)
            if (settings->text[hides[i].given])
                text[hides[i].hidden] = NULL;
        for (int i = 0; i < ATTN_AXES; i++)
            if (settings->text[i])
                text[i] = settings->text[i];
    }
}

void attn_sweep_free(struct attn_sweep *sweep)
{
    for (size_t i = 0; i < sweep->flags; i++)
        free(sweep->flag[i]);
    free(sweep->block);
    free(sweep->text);
    *sweep = (struct attn_sweep){0};
}
