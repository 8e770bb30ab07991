/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The length in front of the JSON is the file's own word, so the caller checks it against the size
 * of the file before it makes room; what is left to check here are names, shapes and offsets.
 */
#include "analysis/checkpoint/header.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/arena.h"

static const struct {
    const char *name;
    uint32_t bits;
} dtypes[] = {
    {"F64", 64},        {"F32", 32},        {"F16", 16},    {"BF16", 16},   {"F8_E4M3", 8},
    {"F8_E5M2", 8},     {"F8_E8M0", 8},     {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"F4", 4},
    {"I64", 64},        {"I32", 32},        {"I16", 16},    {"I8", 8},      {"U64", 64},
    {"U32", 32},        {"U16", 16},        {"U8", 8},      {"BOOL", 8},    {"C64", 64},
    {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
};

static uint32_t bits_of(const char *dtype)
{
    for (size_t i = 0; dtype && i < sizeof(dtypes) / sizeof(dtypes[0]); i++)
        if (strcmp(dtypes[i].name, dtype) == 0)
            return dtypes[i].bits;
    return 0;
}

/* A whole number from 0; jansson has refused what does not fit 63 bits. */
static bool read_size(const json_t *value, uint64_t *size)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *size = (uint64_t)json_integer_value(value);
    return true;
}

static int read_shape(struct ana_tensor *tensor, const json_t *shape, struct ana_fault *fault)
{
    const size_t rank = json_array_size(shape);
    if (!json_is_array(shape) || rank > ANA_TENSOR_RANK)
        return ana_fault(fault, -EBADMSG, "the shape of %.80s is no list of at most %d sizes",
                         tensor->name, ANA_TENSOR_RANK);
    tensor->rank = (uint32_t)rank;
    tensor->elements = 1;
    for (size_t i = 0; i < rank; i++)
        if (!read_size(json_array_get(shape, i), &tensor->shape[i]) ||
            __builtin_mul_overflow(tensor->elements, tensor->shape[i], &tensor->elements))
            return ana_fault(fault, -EBADMSG, "the shape of %.80s is no size a tensor can have",
                             tensor->name);
    return 0;
}

static int read_tensor(struct ana_header *header, struct ana_tensor *tensor, const char *name,
                       const json_t *entry, uint64_t data, struct ana_fault *fault)
{
    const char *const dtype = json_string_value(json_object_get(entry, "dtype"));
    const json_t *const offsets = json_object_get(entry, "data_offsets");
    uint64_t bits;
    tensor->name = ana_arena_copy(header->arena, name);
    if (!tensor->name)
        return ana_fault(fault, -ENOMEM, "not enough memory");
    tensor->bits = bits_of(dtype);
    if (!tensor->bits)
        return ana_fault(fault, -EBADMSG, "%.80s has the dtype %.20s, which is none of safetensors",
                         name, dtype ? dtype : "(none)");
    tensor->dtype = ana_arena_intern(header->arena, dtype);
    if (!tensor->dtype)
        return ana_fault(fault, -ENOMEM, "not enough memory");
    const int status = read_shape(tensor, json_object_get(entry, "shape"), fault);
    if (status)
        return status;
    if (json_array_size(offsets) != 2 || !read_size(json_array_get(offsets, 0), &tensor->begin) ||
        !read_size(json_array_get(offsets, 1), &tensor->end) || tensor->end < tensor->begin)
        return ana_fault(fault, -EBADMSG, "the data_offsets of %.80s are no begin and end", name);
    if (tensor->end > data)
        return ana_fault(fault, -EBADMSG,
                         "%.80s ends at byte %llu of the data, and the file has %llu", name,
                         (unsigned long long)tensor->end, (unsigned long long)data);
    if (__builtin_mul_overflow(tensor->elements, tensor->bits, &bits) || bits % 8 ||
        bits / 8 != tensor->end - tensor->begin)
        return ana_fault(fault, -EBADMSG,
                         "%.80s is %llu bytes long, which is not what its shape and %s make", name,
                         (unsigned long long)(tensor->end - tensor->begin), tensor->dtype);
    return 0;
}

static int by_offset(const void *a, const void *b)
{
    const struct ana_tensor *const x = a, *const y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Every byte of the data belongs to exactly one tensor. */
static int check_cover(const struct ana_header *header, uint64_t data, struct ana_fault *fault)
{
    uint64_t at = 0;
    for (size_t i = 0; i < header->count; i++) {
        const struct ana_tensor *const tensor = &header->tensors[i];
        if (tensor->begin < at)
            return ana_fault(fault, -EBADMSG, "%.80s and %.80s overlap", tensor[-1].name,
                             tensor->name);
        if (tensor->begin > at)
            return ana_fault(fault, -EBADMSG, "%llu bytes before %.80s belong to no tensor",
                             (unsigned long long)(tensor->begin - at), tensor->name);
        at = tensor->end;
    }
    if (at != data)
        return ana_fault(fault, -EBADMSG, "%llu bytes at the end belong to no tensor",
                         (unsigned long long)(data - at));
    return 0;
}

/* A map from text to text, says the format, and readers of others refuse whatever else it is. */
static int read_metadata(struct ana_header *header, json_t *entry, struct ana_fault *fault)
{
    const char *key;
    json_t *value;
    if (!json_is_object(entry))
        return ana_fault(fault, -EBADMSG, "__metadata__ is no JSON object");
    json_object_foreach(entry, key, value)
    {
        if (!json_is_string(value))
            return ana_fault(fault, -EBADMSG, "%.80s of __metadata__ is no text", key);
    }
    header->metadata = json_incref(entry);
    return 0;
}

static int read_all(struct ana_header *header, json_t *root, uint64_t data, struct ana_fault *fault)
{
    const char *name;
    json_t *entry;
    json_object_foreach(root, name, entry)
    {
        const bool metadata = strcmp(name, "__metadata__") == 0;
        const int status = metadata ? read_metadata(header, entry, fault)
                                    : read_tensor(header, &header->tensors[header->count], name,
                                                  entry, data, fault);
        if (status)
            return status;
        header->count += !metadata;
    }
    qsort(header->tensors, header->count, sizeof(*header->tensors), by_offset);
    return check_cover(header, data, fault);
}

int ana_header_parse(const char *text, size_t length, uint64_t data, struct ana_header *header,
                     struct ana_fault *fault)
{
    json_error_t error;
    *header = (struct ana_header){.arena = ana_arena_new()};
    json_t *const root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    int status = 0;
    if (!root)
        status = ana_fault(fault, -EBADMSG, "the header is no JSON: %s", error.text);
    else if (!json_is_object(root))
        status = ana_fault(fault, -EBADMSG, "the header is no JSON object");
    if (!status) {
        header->tensors = calloc(json_object_size(root) + 1, sizeof(*header->tensors));
        status = header->arena && header->tensors ? read_all(header, root, data, fault)
                                                  : ana_fault(fault, -ENOMEM, "not enough memory");
    }
    json_decref(root);
    if (status)
        ana_header_free(header);
    return status;
}

void ana_header_free(struct ana_header *header)
{
    json_decref(header->metadata);
    free(header->tensors);
    if (header->arena)
        ana_arena_free(header->arena);
    *header = (struct ana_header){0};
}

void ana_header_pack(struct ana_header *header)
{
    uint64_t at = 0;
    for (size_t i = 0; i < header->count; i++) {
        struct ana_tensor *const tensor = &header->tensors[i];
        tensor->elements = 1;
        for (uint32_t d = 0; d < tensor->rank; d++)
            tensor->elements *= tensor->shape[d];
        tensor->begin = at;
        tensor->end = at += tensor->elements * tensor->bits / 8;
    }
}

static json_t *make_entry(const struct ana_tensor *tensor)
{
    json_t *const shape = json_array();
    for (uint32_t d = 0; d < tensor->rank; d++)
        json_array_append_new(shape, json_integer((json_int_t)tensor->shape[d]));
    return json_pack("{s:s, s:o, s:[I,I]}", "dtype", tensor->dtype, "shape", shape, "data_offsets",
                     (json_int_t)tensor->begin, (json_int_t)tensor->end);
}

char *ana_header_text(const struct ana_header *header, size_t *length)
{
    json_t *const root = json_object();
    int failed = header->metadata ? json_object_set(root, "__metadata__", header->metadata) : 0;
    for (size_t i = 0; !failed && i < header->count; i++)
        failed =
            json_object_set_new(root, header->tensors[i].name, make_entry(&header->tensors[i]));
    const size_t json = failed ? 0 : json_dumpb(root, NULL, 0, JSON_COMPACT);
    const size_t padded = (json + 7) / 8 * 8;
    char *const text = json ? malloc(8 + padded) : NULL;
    if (text) {
        for (int i = 0; i < 8; i++)
            text[i] = (char)((uint64_t)padded >> 8 * i & 0xff);
        json_dumpb(root, text + 8, json, JSON_COMPACT);
        memset(text + 8 + json, ' ', padded - json);
        *length = 8 + padded;
    }
    json_decref(root);
    return text;
}
