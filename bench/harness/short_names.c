/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Common parts. In the middle of names only key:value parts are left out: there "8" may be two
 * different arguments of two names, while "heads:8" says what it is wherever it stands.
 */
#include "bench/harness/short_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A part of a name: not terminated. */
struct part {
    const char *text;
    size_t length;
};

static size_t count_parts(const char *name)
{
    size_t count = 1;
    for (; *name; name++)
        count += *name == '/';
    return count;
}

static struct part part_at(const char *name, size_t index)
{
    for (; index; index--)
        name = strchr(name, '/') + 1;
    return (struct part){name, strcspn(name, "/")};
}

static bool equal(struct part a, struct part b)
{
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

static bool contains(const char *name, struct part part)
{
    const size_t count = count_parts(name);
    for (size_t i = 0; i < count; i++)
        if (equal(part_at(name, i), part))
            return true;
    return false;
}

/* Equal parts at the beginning, or the end, of both names, at most limit. */
static size_t matching(const char *a, const char *b, bool from_end, size_t limit)
{
    const size_t in_a = count_parts(a), in_b = count_parts(b);
    size_t n = 0;
    while (n < limit && n < in_a && n < in_b &&
           equal(part_at(a, from_end ? in_a - 1 - n : n), part_at(b, from_end ? in_b - 1 - n : n)))
        n++;
    return n;
}

static bool in_all(const struct instances *instances, struct part part)
{
    for (size_t i = 0; i < instances->count; i++)
        if (!contains(instances->items[i].name, part))
            return false;
    return true;
}

int bm_short_names_init(struct short_names *names, const struct instances *instances)
{
    *names = (struct short_names){0};
    if (instances->count < 2)
        return 0;
    const char *const first = instances->items[0].name;
    size_t fewest = count_parts(first);
    names->prefix = fewest;
    for (size_t i = 1; i < instances->count; i++) {
        const char *const name = instances->items[i].name;
        const size_t count = count_parts(name);
        fewest = count < fewest ? count : fewest;
        names->prefix = matching(first, name, false, names->prefix);
    }
    names->suffix = fewest - names->prefix;
    for (size_t i = 1; i < instances->count; i++)
        names->suffix = matching(first, instances->items[i].name, true, names->suffix);

    const size_t count = count_parts(first);
    names->middle = calloc(count, sizeof(*names->middle));
    if (!names->middle)
        return -ENOMEM;
    for (size_t i = names->prefix; i + names->suffix < count; i++) {
        const struct part part = part_at(first, i);
        if (!memchr(part.text, ':', part.length) || !in_all(instances, part))
            continue;
        names->middle[names->middle_count] = strndup(part.text, part.length);
        if (!names->middle[names->middle_count++])
            return -ENOMEM;
    }
    return 0;
}

void bm_short_names_free(struct short_names *names)
{
    for (size_t i = 0; i < names->middle_count; i++)
        free(names->middle[i]);
    free(names->middle);
    *names = (struct short_names){0};
}

bool bm_short_names_any(const struct short_names *names)
{
    return names->prefix || names->suffix || names->middle_count;
}

static bool is_common(const struct short_names *names, struct part part, size_t index, size_t count)
{
    if (index < names->prefix || index + names->suffix >= count)
        return true;
    for (size_t i = 0; i < names->middle_count; i++)
        if (equal(part, (struct part){names->middle[i], strlen(names->middle[i])}))
            return true;
    return false;
}

char *bm_short_name(const struct short_names *names, const char *name, bool common)
{
    const size_t count = count_parts(name);
    char *const text = malloc(strlen(name) + 2);
    size_t length = 0;
    if (!text)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const struct part part = part_at(name, i);
        if (is_common(names, part, i, count) != common)
            continue;
        if (length)
            text[length++] = '/';
        memcpy(text + length, part.text, part.length);
        length += part.length;
    }
    text[length] = '\0';
    if (!length)
        strcpy(text, name);
    return text;
}
