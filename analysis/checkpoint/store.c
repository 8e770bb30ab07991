/* SPDX-License-Identifier: Apache-2.0 */
/* See store.h. */
#include "analysis/checkpoint/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/arena.h"
#include "analysis/checkpoint/index.h"
#include "kernels/dtype.h"

static int read_fully(int fd, void *bytes, size_t length, uint64_t at)
{
    char *to = bytes;
    while (length) {
        const ssize_t got = pread(fd, to, length, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got ? -errno : -EBADMSG;
        to += got;
        at += (uint64_t)got;
        length -= (size_t)got;
    }
    return 0;
}

static int read_header(struct ana_shard *shard, uint64_t size, struct ana_fault *fault)
{
    unsigned char bytes[8];
    uint64_t length = 0;
    if (size < 8 + 2)
        return ana_fault(fault, -EBADMSG, "%llu bytes are no safetensors file",
                         (unsigned long long)size);
    int status = read_fully(shard->fd, bytes, sizeof(bytes), 0);
    if (status)
        return ana_fault(fault, status, "%s", strerror(-status));
    for (int i = 7; i >= 0; i--)
        length = length << 8 | bytes[i];
    if (length > size - 8)
        return ana_fault(fault, -EBADMSG,
                         "no safetensors file, or cut off: its header would be %llu bytes long, "
                         "and the file has %llu",
                         (unsigned long long)length, (unsigned long long)size);
    if (length > ANA_HEADER_MAX)
        return ana_fault(fault, -EBADMSG, "a header of %llu bytes; at most %d are read",
                         (unsigned long long)length, ANA_HEADER_MAX);
    char *const text = malloc((size_t)length + 1);
    if (!text)
        return ana_fault(fault, -ENOMEM, "not enough memory");
    status = read_fully(shard->fd, text, (size_t)length, 8);
    if (status)
        ana_fault(fault, status, "%s", strerror(-status));
    else
        status = ana_header_parse(text, (size_t)length, size - 8 - length, &shard->header, fault);
    free(text);
    shard->data = 8 + length;
    return status;
}

static int open_shard(struct ana_shard *shard, struct ana_fault *fault)
{
    struct ana_fault why = {0};
    struct stat st;
    int status = 0;
    shard->fd = open(shard->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (shard->fd < 0 || fstat(shard->fd, &st)) {
        status = -errno;
        ana_fault(&why, status, "%s", strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        status = ana_fault(&why, -EINVAL, "not a regular file");
    } else {
        status = read_header(shard, (uint64_t)st.st_size, &why);
    }
    return status ? ana_fault(fault, status, "%.400s: %.230s", shard->path, why.text) : 0;
}

static bool holds_shards(const char *folder)
{
    DIR *const files = opendir(folder);
    bool found = false;
    for (const struct dirent *one; files && !found && (one = readdir(files));) {
        const char *const dot = strrchr(one->d_name, '.');
        found = dot && *one->d_name != '.' && strcmp(dot, ".safetensors") == 0;
    }
    if (files)
        closedir(files);
    return found;
}

/* Folder and name of the file that `path` means. */
static int locate(struct ana_store *store, const char *path, const char **file,
                  struct ana_fault *fault)
{
    static const char *const usual[] = {"model.safetensors.index.json", "model.safetensors"};
    struct stat st;
    char full[4096];
    if (stat(path, &st))
        return ana_fault(fault, -errno, "%.400s: %s", path, strerror(errno));
    const char *const slash = strrchr(path, '/');
    if (!S_ISDIR(st.st_mode)) {
        snprintf(full, sizeof(full), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
        store->folder = ana_arena_copy(store->arena, slash == path ? "/" : full);
        *file = ana_arena_copy(store->arena, slash ? slash + 1 : path);
        return store->folder && *file ? 0 : ana_fault(fault, -ENOMEM, "not enough memory");
    }
    store->folder = ana_arena_copy(store->arena, path);
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        snprintf(full, sizeof(full), "%s/%s", path, usual[i]);
        *file = usual[i];
        if (store->folder && stat(full, &st) == 0)
            return 0;
    }
    if (holds_shards(path))
        return ana_fault(fault, -ENOENT,
                         "%.400s: holds shards and no %s: copied in part, or a conversion was "
                         "interrupted",
                         path, usual[0]);
    return ana_fault(fault, -ENOENT, "%.400s: holds neither %s nor %s", path, usual[1], usual[0]);
}

static int add_shard(struct ana_store *store, const char *name, struct ana_fault *fault)
{
    char path[4096];
    struct ana_shard *const shard = &store->shards[store->count];
    snprintf(path, sizeof(path), "%s/%s", store->folder, name);
    *shard = (struct ana_shard){.name = ana_arena_copy(store->arena, name), .fd = -1};
    shard->path = ana_arena_copy(store->arena, path);
    if (!shard->name || !shard->path)
        return ana_fault(fault, -ENOMEM, "not enough memory");
    store->count++;
    return open_shard(shard, fault);
}

static int open_indexed(struct ana_store *store, struct ana_fault *fault)
{
    struct ana_index index;
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", store->folder, store->index);
    int status = ana_index_read(path, &index, fault);
    if (status)
        return status;
    store->shards = calloc(index.file_count + 1, sizeof(*store->shards));
    if (!store->shards)
        status = ana_fault(fault, -ENOMEM, "not enough memory");
    for (size_t i = 0; !status && i < index.file_count; i++) {
        status = add_shard(store, index.files[i], fault);
        if (!status)
            status = ana_index_check(&index, i, &store->shards[i].header, fault);
    }
    ana_index_free(&index);
    return status;
}

int ana_store_open(const char *path, struct ana_store *store, struct ana_fault *fault)
{
    const char *file = NULL;
    *store = (struct ana_store){.arena = ana_arena_new()};
    int status = store->arena ? locate(store, path, &file, fault)
                              : ana_fault(fault, -ENOMEM, "not enough memory");
    const size_t length = status ? 0 : strlen(file);
    if (!status && length > 5 && strcmp(file + length - 5, ".json") == 0) {
        store->index = file;
        status = open_indexed(store, fault);
    } else if (!status) {
        store->shards = calloc(1, sizeof(*store->shards));
        status = store->shards ? add_shard(store, file, fault)
                               : ana_fault(fault, -ENOMEM, "not enough memory");
    }
    if (status)
        ana_store_close(store);
    return status;
}

void ana_store_close(struct ana_store *store)
{
    for (size_t i = 0; i < store->count; i++) {
        ana_header_free(&store->shards[i].header);
        if (store->shards[i].fd >= 0)
            close(store->shards[i].fd);
    }
    free(store->shards);
    if (store->arena)
        ana_arena_free(store->arena);
    *store = (struct ana_store){0};
}

struct ana_place ana_store_find(const struct ana_store *store, const char *name)
{
    for (size_t s = 0; s < store->count; s++) {
        const struct ana_header *const header = &store->shards[s].header;
        for (size_t i = 0; i < header->count; i++)
            if (strcmp(header->tensors[i].name, name) == 0)
                return (struct ana_place){&store->shards[s], &header->tensors[i]};
    }
    return (struct ana_place){0};
}

bool ana_tensor_is_real(const struct ana_tensor *tensor)
{
    return strcmp(tensor->dtype, "F32") == 0 || strcmp(tensor->dtype, "F16") == 0 ||
           strcmp(tensor->dtype, "BF16") == 0;
}

int ana_place_read(const struct ana_place *place, uint64_t first, size_t count, float *values,
                   struct ana_fault *fault)
{
    const uint32_t width = place->tensor->bits / 8;
    /* A narrow tensor is read into the far half of the values and widened towards the near one. */
    char *const bytes = (char *)values + count * (sizeof(float) - width);
    const int status =
        read_fully(place->shard->fd, bytes, count * width,
                   place->shard->data + place->tensor->begin + first * (uint64_t)width);
    if (status)
        return ana_fault(fault, status, "%.400s: %s", place->shard->path,
                         status == -EBADMSG ? "the file became shorter" : strerror(-status));
    ana_tensor_widen(place->tensor, bytes, count, values);
    return 0;
}

void ana_tensor_widen(const struct ana_tensor *tensor, const void *bytes, size_t count,
                      float *values)
{
    const char *from = bytes;
    if (tensor->bits == 32) {
        memmove(values, bytes, count * sizeof(*values));
        return;
    }
    const bool half = tensor->dtype[0] == 'F';
    for (size_t i = 0; i < count; i++, from += 2) {
        uint16_t h;
        memcpy(&h, from, sizeof(h));
        const float value = half ? attn_f16_to_f32(h) : attn_bf16_to_f32(h);
        memcpy(&values[i], &value, sizeof(value));
    }
}

void ana_tensor_narrow(const struct ana_tensor *tensor, const float *values, size_t count,
                       void *bytes)
{
    char *to = bytes;
    if (tensor->bits == 32) {
        memcpy(bytes, values, count * sizeof(*values));
        return;
    }
    const bool half = tensor->dtype[0] == 'F';
    for (size_t i = 0; i < count; i++, to += 2) {
        const uint16_t h = half ? attn_f32_to_f16(values[i]) : attn_f32_to_bf16(values[i]);
        memcpy(to, &h, sizeof(h));
    }
}
