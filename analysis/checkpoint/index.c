/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File names in an index are taken as names and never as paths: an index from somewhere must not
 * decide which files of this machine are read, or where a converted one is written.
 */
#include "analysis/checkpoint/index.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_file_name(const char *name)
{
    return name && *name && *name != '.' && !strchr(name, '/') && strlen(name) < 256;
}

static int list_files(struct ana_index *index, const json_t *map, struct ana_fault *fault)
{
    const char *name;
    json_t *file;
    size_t count = 0;
    index->files = calloc(json_object_size(map) + 1, sizeof(*index->files));
    if (!index->files)
        return ana_fault(fault, -ENOMEM, "not enough memory");
    json_object_foreach((json_t *)map, name, file)
    {
        const char *const text = json_string_value(file);
        if (!is_file_name(text))
            return ana_fault(fault, -EBADMSG,
                             "%.300s: the file of %.80s must be a plain file name, not %.100s",
                             index->path, name, text ? text : "another type");
        index->files[count++] = text;
    }
    qsort(index->files, count, sizeof(*index->files), by_name);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(index->files[i], index->files[index->file_count - 1]) != 0)
            index->files[index->file_count++] = index->files[i];
    return 0;
}

/* Takes `root` over; it is NULL if the text is no JSON, as `error` says. */
static int take(const char *path, json_t *root, const json_error_t *error, struct ana_index *index,
                struct ana_fault *fault)
{
    int status;
    *index = (struct ana_index){.path = path, .root = root};
    const json_t *const map = json_object_get(root, "weight_map");
    if (!root)
        status = ana_fault(fault, -EBADMSG, "%.300s: line %d: not JSON: %.200s", path, error->line,
                           error->text);
    else if (!json_object_size(map))
        status = ana_fault(fault, -EBADMSG,
                           "%.400s: no index of a checkpoint: it has no weight_map", path);
    else
        status = list_files(index, map, fault);
    if (status)
        ana_index_free(index);
    return status;
}

int ana_index_parse(const char *path, const char *text, size_t length, struct ana_index *index,
                    struct ana_fault *fault)
{
    json_error_t error;
    json_t *const root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    return take(path, root, &error, index, fault);
}

int ana_index_read(const char *path, struct ana_index *index, struct ana_fault *fault)
{
    json_error_t error;
    *index = (struct ana_index){0};
    if (ana_fault_unless_file(path, fault))
        return -EINVAL;
    errno = 0;
    json_t *const root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!root && json_error_code(&error) == json_error_cannot_open_file)
        return ana_fault(fault, errno ? -errno : -EIO, "%.400s: %s", path, strerror(errno));
    return take(path, root, &error, index, fault);
}

void ana_index_free(struct ana_index *index)
{
    free(index->files);
    json_decref(index->root);
    *index = (struct ana_index){0};
}

static size_t expected(const json_t *map, const char *file)
{
    const char *name;
    json_t *value;
    size_t count = 0;
    json_object_foreach((json_t *)map, name, value) count +=
        strcmp(json_string_value(value), file) == 0;
    return count;
}

/* The first tensor of the index that the shard should hold and does not. */
static const char *missing_in(const json_t *map, const char *file, const struct ana_header *header)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)map, name, value)
    {
        bool there = strcmp(json_string_value(value), file) != 0;
        for (size_t i = 0; !there && i < header->count; i++)
            there = strcmp(header->tensors[i].name, name) == 0;
        if (!there)
            return name;
    }
    return "";
}

int ana_index_check(const struct ana_index *index, size_t i, const struct ana_header *header,
                    struct ana_fault *fault)
{
    const json_t *const map = json_object_get(index->root, "weight_map");
    const char *const file = index->files[i];
    for (size_t t = 0; t < header->count; t++) {
        const char *const name = header->tensors[t].name;
        const char *const where = json_string_value(json_object_get(map, name));
        if (!where || strcmp(where, file) != 0)
            return ana_fault(fault, -EBADMSG,
                             "%.300s: %.80s stands in %.80s, and not where it says", index->path,
                             name, file);
    }
    if (header->count != expected(map, file))
        return ana_fault(fault, -EBADMSG, "%.300s: %.80s should stand in %.80s, and does not",
                         index->path, missing_in(map, file, header), file);
    return 0;
}

char *ana_index_text(const struct ana_index *index, uint64_t total_bytes)
{
    json_t *metadata = json_object_get(index->root, "metadata");
    if (!json_is_object(metadata)) {
        metadata = json_object();
        if (json_object_set_new(index->root, "metadata", metadata))
            return NULL;
    }
    if (json_object_set_new(metadata, "total_size", json_integer((json_int_t)total_bytes)))
        return NULL;
    return json_dumps(index->root, JSON_INDENT(2));
}
