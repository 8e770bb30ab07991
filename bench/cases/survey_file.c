/* SPDX-License-Identifier: Apache-2.0 */
/* See survey_file.h. It is read by the reader of result files, which bears any text. */
#include "bench/cases/survey_file.h"

#include "analysis/number.h"
#include "analysis/record.h"
#include "bench/machine/process.h"
#include "kernels/cpu.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Grows when keys change their meaning; a file of another version is no survey of ours. */
static const char version[] = "1";
static const char prefix[] = "ceiling.";
enum { FILE_MAX = 1 << 20 };

static void describe(const struct machine_topology *t, char *buf, size_t size)
{
    char host[64] = "", features[160];
    int n;
    gethostname(host, sizeof(host) - 1);
    attn_cpu_describe(attn_cpu_features(), features, sizeof(features));
    n = snprintf(buf, size, "%s, %s, %u cores, %u threads", *host ? host : "nameless",
                 *t->model ? t->model : "unknown CPU", t->cores, t->pus);
    for (int i = 0; i < MACHINE_CACHE_LEVELS; i++)
        if (t->cache[i].size && n >= 0 && (size_t)n < size)
            n += snprintf(buf + n, size - (size_t)n, ", L%d %" PRIu64, i + 1, t->cache[i].size);
    if (n >= 0 && (size_t)n < size)
        snprintf(buf + n, size - (size_t)n, ", %s", *features ? features : "portable");
}

/* $XDG_CACHE_HOME counts only if it is absolute. False if there is neither that nor a home. */
static bool cache_folder(char *buf, size_t size)
{
    const char *const cache = getenv("XDG_CACHE_HOME"), *const home = getenv("HOME");
    int n = -1;
    if (cache && *cache == '/')
        n = snprintf(buf, size, "%s", cache);
    else if (home && *home == '/')
        n = snprintf(buf, size, "%s/.cache", home);
    return n > 0 && (size_t)n < size;
}

void attn_survey_file_find(struct attn_survey_file *file, const struct machine_topology *t)
{
    char folder[800], identity[sizeof(file->identity)];
    struct machine_context clean = {0};
    *file = (struct attn_survey_file){.path = ""};
    describe(t, identity, sizeof(identity));
    /* By way of a context, which makes texts of firmware fit for a file. */
    if (context_set(&clean, "identity", "%s", identity) == 0)
        snprintf(file->identity, sizeof(file->identity), "%s", context_get(&clean, "identity"));
    context_free(&clean);
    if (cache_folder(folder, sizeof(folder)))
        snprintf(file->path, sizeof(file->path), "%s/attnbench/machine-%016" PRIx64 ".json", folder,
                 process_text_hash(file->identity, strlen(file->identity)));
}

/* Every figure of a survey is a positive number of a size that a machine can have. */
static bool plausible(const char *key, const char *value)
{
    double number;
    if (!strstr(key, "_per_second") && !strstr(key, "_ns"))
        return true;
    return ana_parse_real(value, strlen(value), &number) == 0 && number >= 0 && number < 1e18;
}

static int check(const struct attn_survey_file *file, const struct ana_result *result,
                 uint64_t *age_seconds, struct attn_message *why)
{
    const char *const identity = ana_result_context(result, "ceiling.machine");
    const char *const schema = ana_result_context(result, "ceiling.version");
    const char *const taken = ana_result_context(result, "ceiling.taken_at_seconds");
    const uint64_t now = (uint64_t)time(NULL);
    uint64_t at;
    if (!identity || !schema || strcmp(schema, version) != 0)
        return attn_refuse(why, -EINVAL, "%s is no survey of a machine; it is not used",
                           file->path);
    if (strcmp(identity, file->identity) != 0)
        return attn_refuse(why, -EINVAL, "%s is of another machine (%.200s); it is not used",
                           file->path, identity);
    for (size_t i = 0; i < result->context_count; i++)
        if (!plausible(result->context[i].key, result->context[i].value))
            return attn_refuse(why, -EINVAL,
                               "%s says %.80s = %.80s, which cannot be; it is not used", file->path,
                               result->context[i].key, result->context[i].value);
    if (!taken || ana_parse_count(taken, strlen(taken), now, &at))
        return attn_refuse(why, -EINVAL, "%s is from no known time; it is not used", file->path);
    *age_seconds = now - at;
    return 0;
}

int attn_survey_file_read(const struct attn_survey_file *file, struct machine_context *context,
                          uint64_t *age_seconds, struct attn_message *why)
{
    struct ana_result *result;
    struct stat state;
    char message[400];
    if (!*file->path || (stat(file->path, &state) && errno == ENOENT))
        return -ENOENT;
    if (!stat(file->path, &state) && (!S_ISREG(state.st_mode) || state.st_size > FILE_MAX))
        return attn_refuse(why, -EINVAL, "%s is no survey of a machine; it is not used",
                           file->path);
    if (ana_result_read(file->path, &result, message, sizeof(message)))
        return attn_refuse(why, -EINVAL, "%.300s; it is not used", message);
    const int error = check(file, result, age_seconds, why);
    for (size_t i = 0; !error && i < result->context_count; i++)
        if (strncmp(result->context[i].key, prefix, strlen(prefix)) == 0)
            context_set(context, result->context[i].key, "%s", result->context[i].value);
    ana_result_free(result);
    return error;
}

static void put_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++)
        fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    fputc('"', out);
}

static void put_document(FILE *out, const struct attn_survey_file *file,
                         const struct machine_context *context)
{
    fprintf(out, "{\n  \"context\": {\n    \"ceiling.version\": \"%s\",\n    \"ceiling.machine\": ",
            version);
    put_string(out, file->identity);
    fprintf(out, ",\n    \"ceiling.taken_at_seconds\": \"%" PRIu64 "\"", (uint64_t)time(NULL));
    for (size_t i = 0; i < context->items; i++) {
        if (strncmp(context->item[i].key, prefix, strlen(prefix)) != 0)
            continue;
        fputs(",\n    ", out);
        put_string(out, context->item[i].key);
        fputs(": ", out);
        put_string(out, context->item[i].value);
    }
    fputs("\n  },\n  \"benchmarks\": []\n}\n", out);
}

static int make_folders(const char *path)
{
    char folder[sizeof(((struct attn_survey_file *)0)->path)];
    snprintf(folder, sizeof(folder), "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0777) && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return 0;
}

int attn_survey_file_write(const struct attn_survey_file *file,
                           const struct machine_context *context, struct attn_message *why)
{
    char beside[sizeof(file->path) + 32];
    if (!*file->path)
        return attn_refuse(why, -ENOENT,
                           "the readings are not kept: neither XDG_CACHE_HOME nor HOME says where");
    int error = make_folders(file->path);
    snprintf(beside, sizeof(beside), "%s.%ld", file->path, (long)getpid());
    FILE *const out = error ? NULL : fopen(beside, "we");
    if (!error && !out)
        error = -errno;
    if (out) {
        put_document(out, file, context);
        error = fflush(out) ? -errno : 0;
        if (fclose(out) && !error)
            error = -errno;
        if (!error && rename(beside, file->path))
            error = -errno;
        if (error)
            unlink(beside);
    }
    if (error)
        return attn_refuse(why, error, "the readings are not kept: %s: %s", file->path,
                           strerror(-error));
    return 0;
}

const char *attn_age_text(uint64_t seconds, char *buf, size_t size)
{
    static const struct {
        uint64_t seconds;
        const char *name;
    } units[] = {{2 * 86400, "days"}, {7200, "h"}, {120, "min"}, {0, "s"}};
    static const uint64_t of[] = {86400, 3600, 60, 1};
    size_t i = 0;
    while (seconds < units[i].seconds)
        i++;
    snprintf(buf, size, "%" PRIu64 " %s", seconds / of[i], units[i].name);
    return buf;
}

void attn_survey_recall(const struct machine_topology *t, struct machine_context *context)
{
    struct attn_survey_file file;
    struct attn_message why;
    uint64_t age = 0;
    attn_survey_file_find(&file, t);
    const int error = attn_survey_file_read(&file, context, &age, &why);
    if (!error)
        context_set(context, "ceiling.age_seconds", "%" PRIu64, age);
    else if (error == -ENOENT)
        context_set(context, "ceiling.machine", "not surveyed; attn-bench --machine does it");
    else
        context_warn(context, "%s; attn-bench --machine writes it anew", why.text);
}
