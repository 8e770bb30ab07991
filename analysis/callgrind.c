/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `totals:` and not `summary:` is read: the summary stands in the head of a part and counts a few
 * instructions of the request for the dump as well. Zeros at the end of a list of costs are left
 * out by whoever writes it, so a short list is no fault; a list that is too long is.
 */
#include "analysis/callgrind.h"

#include "analysis/tame.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = 64 };

/* Which sum an event goes to, and with which name callgrind calls it. */
enum sum { INSTRUCTIONS, READ, WRITTEN, SUMS, OTHER = SUMS };

static const struct {
    const char *event;
    enum sum sum;
} events[] = {
    {"Ir", INSTRUCTIONS}, {"ILmr", READ},     {"DLmr", READ},     {"DLmw", READ},
    {"ILdmr", WRITTEN},   {"DLdmr", WRITTEN}, {"DLdmw", WRITTEN},
};

struct part {
    bool wanted;
    int events;
    enum sum sum[EVENTS_MAX];
};

static const char *after(const char *line, const char *key)
{
    const size_t n = strlen(key);
    return strncmp(line, key, n) == 0 ? line + n : NULL;
}

static enum sum sum_of(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
        if (strlen(events[i].event) == length && strncmp(word, events[i].event, length) == 0)
            return events[i].sum;
    return OTHER;
}

static int read_events(struct part *part, const char *text)
{
    for (part->events = 0;; part->events++) {
        text += strspn(text, " ");
        const size_t length = strcspn(text, " ");
        if (!length)
            return part->events ? 0 : -EBADMSG;
        if (part->events == EVENTS_MAX)
            return -EBADMSG;
        part->sum[part->events] = sum_of(text, length);
        text += length;
    }
}

static int read_totals(const struct part *part, const char *text, uint64_t sum[SUMS + 1])
{
    memset(sum, 0, (SUMS + 1) * sizeof(*sum));
    for (int i = 0;; i++) {
        char *end;
        text += strspn(text, " ");
        if (!*text)
            return i ? 0 : -EBADMSG;
        errno = 0;
        const uint64_t value = strtoull(text, &end, 10);
        if (i == part->events || !isdigit((unsigned char)*text) || errno)
            return -EBADMSG;
        if (__builtin_add_overflow(sum[part->sum[i]], value, &sum[part->sum[i]]) &&
            part->sum[i] != OTHER)
            return -EBADMSG;
        text = end;
    }
}

/* One line of the file. 1 when the wanted totals have been read, 0 to go on, -EBADMSG. */
static int read_line(struct part *part, const char *line, const char *name, uint64_t *sum)
{
    const char *rest;
    if (after(line, "part:")) {
        *part = (struct part){0};
    } else if ((rest = after(line, "desc: Trigger:"))) {
        rest = after(rest, " Client Request: ");
        part->wanted = rest && (!name || strcmp(rest, name) == 0);
    } else if ((rest = after(line, "events:"))) {
        return read_events(part, rest);
    } else if (part->wanted && (rest = after(line, "totals:"))) {
        const int error = read_totals(part, rest, sum);
        return error ? error : 1;
    }
    return 0;
}

int ana_callgrind_read(const char *path, const char *name, struct ana_callgrind *counts, char *why,
                       size_t size)
{
    FILE *const in = fopen(path, "re");
    uint64_t sum[SUMS + 1], number = 0;
    struct part part = {0};
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    int found = 0;
    *counts = (struct ana_callgrind){0};
    if (!in) {
        const int error = errno;
        snprintf(why, size, "%s: %s", path, strerror(error));
        ana_tame(why);
        return -error;
    }
    while (!found && (length = getline(&line, &capacity, in)) > 0) {
        number++;
        line[length - (line[length - 1] == '\n')] = '\0';
        found = read_line(&part, line, name, sum);
    }
    if (found < 0) {
        snprintf(why, size, "%s:%" PRIu64 ": not a line of callgrind", path, number);
    } else if (!found) {
        found = ferror(in) ? -EIO : -ENOENT;
        snprintf(why, size, "%s holds no counts%s%s", path, name ? " of " : "", name ? name : "");
    } else {
        found = 0;
        *counts = (struct ana_callgrind){
            .instructions = sum[INSTRUCTIONS],
            .lines_read = sum[READ],
            .lines_written = sum[WRITTEN],
        };
    }
    ana_tame(why);
    free(line);
    fclose(in);
    return found;
}
