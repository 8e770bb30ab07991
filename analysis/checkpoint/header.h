/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of a safetensors file: 8 bytes with the length of a JSON object, the object (a name
 * to dtype, shape and data_offsets), then the tensors' bytes without holes.
 * Format: https://github.com/huggingface/safetensors, README, "Format".
 *
 * Nothing of it is believed: the tensors that are handed out are named once, lie within the file,
 * do not overlap, and are as long as dtype and shape say.
 */
#ifndef ANA_CHECKPOINT_HEADER_H
#define ANA_CHECKPOINT_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/checkpoint/fault.h"

struct ana_arena;
struct json_t;

enum {
    ANA_TENSOR_RANK = 8,
    ANA_HEADER_MAX = 32 << 20, /* bytes of JSON: a hundred times what the largest models have */
};

struct ana_tensor {
    const char *name, *dtype;
    uint32_t bits; /* of an element */
    uint32_t rank;
    uint64_t shape[ANA_TENSOR_RANK];
    uint64_t elements;
    uint64_t begin, end; /* bytes, from the first behind the header */
};

struct ana_header {
    struct ana_tensor *tensors; /* in the order of their bytes */
    size_t count;
    struct json_t *metadata; /* "__metadata__", text to text, or NULL */
    struct ana_arena *arena;
};

/*
 * Reads the JSON of a file with `data` bytes behind it. 0 (ana_header_free() it), or -EBADMSG,
 * -ENOMEM and a sentence in `fault`.
 */
int ana_header_parse(const char *text, size_t length, uint64_t data, struct ana_header *header,
                     struct ana_fault *fault);
void ana_header_free(struct ana_header *header);

/* Counts elements and bytes anew from the shapes and packs the tensors in their order. */
void ana_header_pack(struct ana_header *header);

/* The 8 bytes and the JSON, padded so that the data begins at a multiple of 8. NULL without
 * memory; to be freed. */
char *ana_header_text(const struct ana_header *header, size_t *length);

#endif
