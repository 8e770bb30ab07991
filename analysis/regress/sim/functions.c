/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function's block begins with fn=; its own costs are lines that begin with a position, and a
 * line of costs behind calls= is what the called function took, which has a block of its own.
 */
#include "analysis/regress/sim/functions.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct reg_function *find_or_add(struct reg_functions *functions, const char *name)
{
    for (size_t i = 0; i < functions->count; i++)
        if (strcmp(functions->list[i].name, name) == 0)
            return &functions->list[i];
    struct reg_function *const grown =
        realloc(functions->list, (functions->count + 1) * sizeof(*functions->list));
    if (!grown)
        return NULL;
    functions->list = grown;
    grown[functions->count] = (struct reg_function){.name = strdup(name)};
    return grown[functions->count].name ? &grown[functions->count++] : NULL;
}

/* Which of the costs are instructions; -1 if none is. */
static int instructions_among(const char *events)
{
    for (int i = 0; *events; i++) {
        events += strspn(events, " ");
        const size_t length = strcspn(events, " ");
        if (length == 2 && strncmp(events, "Ir", 2) == 0)
            return i;
        events += length;
    }
    return -1;
}

static int add_cost(struct reg_function *function, const char *line, int column)
{
    char *end;
    strtoull(line, &end, 10); /* the position */
    for (int i = 0;; i++) {
        const char *const text = end;
        const uint64_t cost = strtoull(text, &end, 10);
        if (end == text)
            return 0; /* zeros at the end are left out */
        if (i == column)
            return __builtin_add_overflow(function->instructions, cost, &function->instructions)
                       ? -EBADMSG
                       : 0;
    }
}

static int read_file(FILE *in, struct reg_functions *functions)
{
    struct reg_function *current = NULL;
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    int column = -1, status = 0;
    bool called = false;
    while (!status && (length = getline(&line, &room, in)) > 0) {
        line[length - (line[length - 1] == '\n')] = '\0';
        if (strncmp(line, "events:", 7) == 0) {
            column = instructions_among(line + 7);
        } else if (strncmp(line, "fn=", 3) == 0) {
            current = find_or_add(functions, line + 3);
            status = current ? 0 : -ENOMEM;
        } else if (strncmp(line, "calls=", 6) == 0) {
            called = true;
        } else if (isdigit((unsigned char)line[0]) || line[0] == '+' || line[0] == '*') {
            if (!called && current && column >= 0)
                status = add_cost(current, line, column);
            called = false;
        }
    }
    free(line);
    return status;
}

/* Does its head name the case? Leaves the file at its beginning. */
static bool is_of(FILE *in, const char *name)
{
    static const char trigger[] = "desc: Trigger: Client Request: ";
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    for (int i = 0; !found && i < 40 && getline(&line, &room, in) > 0; i++) {
        line[strcspn(line, "\n")] = '\0';
        found = strncmp(line, trigger, sizeof(trigger) - 1) == 0 &&
                strcmp(line + sizeof(trigger) - 1, name) == 0;
    }
    free(line);
    rewind(in);
    return found;
}

int reg_functions_read(const char *folder, const char *name, struct reg_functions *functions)
{
    DIR *const dir = opendir(folder);
    int status = -ENOENT;
    *functions = (struct reg_functions){0};
    for (const struct dirent *entry; dir && status == -ENOENT && (entry = readdir(dir));) {
        char path[1024];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        FILE *const in = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
        if (in && is_of(in, name))
            status = read_file(in, functions);
        if (in)
            fclose(in);
    }
    if (dir)
        closedir(dir);
    if (status)
        reg_functions_free(functions);
    return status;
}

void reg_functions_free(struct reg_functions *functions)
{
    for (size_t i = 0; i < functions->count; i++)
        free(functions->list[i].name);
    free(functions->list);
    *functions = (struct reg_functions){0};
}

static uint64_t cost_in(const struct reg_functions *functions, const char *name)
{
    for (size_t i = 0; i < functions->count; i++)
        if (strcmp(functions->list[i].name, name) == 0)
            return functions->list[i].instructions;
    return 0;
}

struct difference {
    const char *name;
    double base, head;
};

static int by_size(const void *a, const void *b)
{
    const struct difference *const x = a, *const y = b;
    const double dx = fabs(x->head - x->base), dy = fabs(y->head - y->base);
    return dx < dy ? 1 : dx > dy ? -1 : strcmp(x->name, y->name);
}

static void put(const struct difference *d, const char *between, char *text, size_t size)
{
    static const char *const prefixes[] = {"", " k", " M", " G"};
    const size_t used = strlen(text);
    double change = d->head - d->base;
    int prefix = 0;
    for (; fabs(change) >= 10000 && prefix < 3; prefix++)
        change /= 1000;
    if (d->base > 0)
        snprintf(text + used, size - used, "%s%.80s %+.4g%s (%+.1f%%)", between, d->name, change,
                 prefixes[prefix], 100 * (d->head / d->base - 1));
    else
        snprintf(text + used, size - used, "%s%.80s %+.4g%s (new)", between, d->name, change,
                 prefixes[prefix]);
}

void reg_functions_difference(const struct reg_functions *base, const struct reg_functions *head,
                              size_t most, char *text, size_t size)
{
    struct difference *const all = calloc(base->count + head->count + 1, sizeof(*all));
    size_t n = 0;
    *text = '\0';
    for (size_t i = 0; all && i < base->count; i++)
        all[n++] = (struct difference){base->list[i].name, (double)base->list[i].instructions,
                                       (double)cost_in(head, base->list[i].name)};
    for (size_t i = 0; all && i < head->count; i++)
        if (!cost_in(base, head->list[i].name))
            all[n++] =
                (struct difference){head->list[i].name, 0, (double)head->list[i].instructions};
    if (n)
        qsort(all, n, sizeof(*all), by_size);
    for (size_t i = 0; i < n && i < most && fabs(all[i].head - all[i].base) > 0; i++)
        put(&all[i], i ? ", " : "", text, size);
    free(all);
}
