/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint as it lies on disk: one safetensors file, or several with an index that says which
 * tensor stands in which. Headers are held, data is read where it is asked for.
 */
#ifndef ANA_CHECKPOINT_STORE_H
#define ANA_CHECKPOINT_STORE_H

#include <stdbool.h>

#include "analysis/checkpoint/header.h"

struct ana_shard {
    const char *name; /* within the folder */
    const char *path;
    int fd;
    uint64_t data; /* where the first tensor's bytes begin */
    struct ana_header header;
};

struct ana_store {
    const char *folder;
    const char *index; /* file name within the folder, or NULL: one file and no index */
    struct ana_shard *shards;
    size_t count;
    struct ana_arena *arena;
};

/* A tensor and the file it stands in; tensor is NULL where there is none. */
struct ana_place {
    const struct ana_shard *shard;
    const struct ana_tensor *tensor;
};

/*
 * `path` is a .safetensors file, an index (.json), or a folder with model.safetensors or
 * model.safetensors.index.json. 0 (ana_store_close() it) or -errno and a sentence: what the file
 * system says, -EBADMSG for a header that cannot be, -ENOENT for a shard that is missing.
 */
int ana_store_open(const char *path, struct ana_store *store, struct ana_fault *fault);
void ana_store_close(struct ana_store *store);

struct ana_place ana_store_find(const struct ana_store *store, const char *name);

/* Is it of a type that ana_place_read() widens: F32, F16, BF16? */
bool ana_tensor_is_real(const struct ana_tensor *tensor);

/* Elements first..first + count as f32. 0 or -errno and a sentence. */
int ana_place_read(const struct ana_place *place, uint64_t first, size_t count, float *values,
                   struct ana_fault *fault);

/* count values to the tensor's own type, rounded to nearest even, and back. */
void ana_tensor_narrow(const struct ana_tensor *tensor, const float *values, size_t count,
                       void *bytes);
void ana_tensor_widen(const struct ana_tensor *tensor, const void *bytes, size_t count,
                      float *values);

#endif
