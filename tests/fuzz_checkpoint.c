/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: the input is the JSON of a safetensors header, its first byte how much data stands
 * behind it. What the reader takes must hold what header.h promises, and must survive being
 * written and read again. test_checkpoint_fuzz.c feeds it in every test run; where the compiler
 * has libFuzzer, fuzz_checkpoint is the same target searching for itself.
 */
#include "tests/fuzz_checkpoint.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/checkpoint/header.h"
#include "analysis/checkpoint/naming.h"

static void require(int promise, const char *what)
{
    if (promise)
        return;
    fprintf(stderr, "broken promise: %s\n", what);
    abort();
}

static void check_cover(const struct ana_header *header, uint64_t data)
{
    uint64_t at = 0;
    for (size_t i = 0; i < header->count; i++) {
        const struct ana_tensor *const tensor = &header->tensors[i];
        struct ana_role role;
        require(tensor->begin == at && tensor->end >= at, "tensors follow each other");
        require(tensor->elements * tensor->bits == 8 * (tensor->end - at), "size as shaped");
        for (size_t j = 0; j < i; j++)
            require(strcmp(header->tensors[j].name, tensor->name) != 0, "names are unique");
        ana_role_of(tensor->name, &role);
        at = tensor->end;
    }
    require(at == data, "all data belongs to a tensor");
}

static void check_metadata(json_t *metadata)
{
    const char *key;
    json_t *value;
    require(!metadata || json_is_object(metadata), "metadata is a map");
    json_object_foreach(metadata, key, value) require(json_is_string(value), "of text");
}

static void check_again(struct ana_header *header, uint64_t data)
{
    struct ana_header again;
    struct ana_fault fault = {0};
    size_t length = 0;
    ana_header_pack(header);
    char *const text = ana_header_text(header, &length);
    if (!text)
        return;
    require(length % 8 == 0, "the data is aligned");
    if (ana_header_parse(text + 8, length - 8, data, &again, &fault)) {
        fprintf(stderr, "%s\n", fault.text);
        require(0, "what was written can be read");
    }
    require(again.count == header->count, "nothing is lost");
    check_cover(&again, data);
    ana_header_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ana_header header;
    struct ana_fault fault = {0};
    if (!size)
        return 0;
    if (ana_header_parse((const char *)data + 1, size - 1, data[0], &header, &fault)) {
        require(*fault.text && !memchr(fault.text, '\n', strlen(fault.text)), "one sentence");
        return 0;
    }
    check_cover(&header, data[0]);
    check_metadata(header.metadata);
    check_again(&header, data[0]);
    ana_header_free(&header);
    return 0;
}
