/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of the index of a sharded checkpoint: the input is its JSON. What the reader takes
 * names nothing but files beside the index, each once, loses no tensor of the text, knows shards
 * that hold too little from those that are whole, and survives being written and read again. Fed by
 * test_fuzz_replay.c in every test run, and by libFuzzer where the compiler has it.
 */
#include "tests/fuzz_replay.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/checkpoint/index.h"

static void require(bool promise, const char *what)
{
    if (promise)
        return;
    fprintf(stderr, "broken promise: %s\n", what);
    abort();
}

static void check_sentence(const struct ana_fault *fault)
{
    require(strncmp(fault->text, "index", 5) == 0, "a sentence names the index");
    for (const char *c = fault->text; *c; c++)
        require((unsigned char)*c >= ' ' && *c != 0x7f, "a sentence of one line, of characters");
}

/* Strings of a JSON text, which has quotes around them and backslashes in them alone. */
static size_t strings_in(const char *text, size_t length)
{
    size_t quotes = 0;
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\\')
            i++;
        else
            quotes += text[i] == '"';
    return quotes / 2;
}

static void check_files(const struct ana_index *index)
{
    require(index->file_count > 0, "an index names a file");
    for (size_t i = 0; i < index->file_count; i++) {
        const char *const file = index->files[i];
        require(*file && *file != '.' && !strchr(file, '/'), "a file lies beside the index");
        require(strlen(file) < 256, "a file has a name that can be one");
        require(i == 0 || strcmp(index->files[i - 1], file) < 0, "files ascend, each once");
    }
}

/* Shards as the index wants them, and with a tensor too few; returns the tensors of this one. */
static size_t check_shard(const struct ana_index *index, size_t i, const json_t *map)
{
    struct ana_tensor *const tensors = calloc(json_object_size(map), sizeof(*tensors));
    struct ana_header header = {.tensors = tensors};
    struct ana_fault fault = {0};
    const char *name;
    json_t *file;
    require(tensors, "memory for a small index");
    json_object_foreach((json_t *)map, name, file)
    {
        if (strcmp(json_string_value(file), index->files[i]) == 0)
            tensors[header.count++].name = name;
    }
    require(header.count > 0, "a file holds a tensor");
    require(ana_index_check(index, i, &header, &fault) == 0, "a shard that is whole");
    const size_t count = header.count--;
    require(ana_index_check(index, i, &header, &fault) < 0, "a shard without its last tensor");
    check_sentence(&fault);
    free(tensors);
    return count;
}

static void check_again(const struct ana_index *index)
{
    struct ana_index again;
    struct ana_fault fault = {0};
    char *const text = ana_index_text(index, (uint64_t)1 << 40);
    require(text, "an index can be written");
    require(strstr(text, "\"total_size\": 1099511627776"), "it has the size it was given");
    require(ana_index_parse("index", text, strlen(text), &again, &fault) == 0, "and read again");
    require(again.file_count == index->file_count, "with as many files");
    for (size_t i = 0; i < again.file_count; i++)
        require(strcmp(again.files[i], index->files[i]) == 0, "with the same files");
    ana_index_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ana_index index;
    struct ana_fault fault = {0};
    if (ana_index_parse("index", (const char *)data, size, &index, &fault)) {
        check_sentence(&fault);
        return 0;
    }
    char *const kept = json_dumps(index.root, JSON_COMPACT);
    const json_t *const map = json_object_get(index.root, "weight_map");
    size_t tensors = 0;
    require(kept && strings_in(kept, strlen(kept)) == strings_in((const char *)data, size),
            "nothing stands there twice");
    free(kept);
    check_files(&index);
    for (size_t i = 0; i < index.file_count; i++)
        tensors += check_shard(&index, i, map);
    require(tensors == json_object_size(map), "each tensor lies in one file");
    check_again(&index);
    ana_index_free(&index);
    return 0;
}
