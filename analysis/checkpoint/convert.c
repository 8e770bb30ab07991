/* SPDX-License-Identifier: Apache-2.0 */
/* See convert.h. */
#include "analysis/checkpoint/convert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/checkpoint/index.h"

enum { COPY_BYTES = 1 << 20 };

struct work {
    const struct ana_conversion *c;
    FILE *out;
    const char *target;
    uint64_t done, total;
    char buffer[COPY_BYTES];
};

int ana_convert_check(const struct ana_conversion *conversion, struct ana_fault *fault)
{
    int changed = 0;
    for (size_t i = 0; i < conversion->found->count; i++) {
        const struct ana_attention *const layer = &conversion->found->layers[i];
        if (layer->kv_heads % conversion->kv_heads)
            return ana_fault(fault, -EINVAL,
                             "--kv_heads=%u must divide the %u KV heads of layer %u",
                             conversion->kv_heads, layer->kv_heads, layer->layer);
        changed += layer->kv_heads != conversion->kv_heads;
    }
    return changed ? changed
                   : ana_fault(fault, -EINVAL, "the checkpoint has %u KV heads already",
                               conversion->kv_heads);
}

static int go_on(struct work *w, uint64_t bytes, struct ana_fault *fault)
{
    w->done += bytes;
    if (w->c->stop && *w->c->stop)
        return ana_fault(fault, -EINTR, "interrupted; nothing was written");
    if (w->c->progress)
        w->c->progress(w->done, w->total);
    return 0;
}

static int put(struct work *w, const void *bytes, size_t length, struct ana_fault *fault)
{
    if (fwrite(bytes, 1, length, w->out) == length)
        return 0;
    return ana_fault(fault, -errno, "cannot write %.400s: %s", w->target, strerror(errno));
}

/* Bytes begin..end of the tensor as they are. */
static int copy(struct work *w, const struct ana_place *place, uint64_t begin, uint64_t end,
                struct ana_fault *fault)
{
    int status = 0;
    uint64_t at = place->shard->data + place->tensor->begin + begin;
    for (uint64_t left = end - begin; !status && left;) {
        const size_t want = left < COPY_BYTES ? (size_t)left : COPY_BYTES;
        const ssize_t got = pread(place->shard->fd, w->buffer, want, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return ana_fault(fault, got ? -errno : -EBADMSG, "%.400s: %s", place->shard->path,
                             got ? strerror(errno) : "the file became shorter");
        status = put(w, w->buffer, (size_t)got, fault);
        if (!status)
            status = go_on(w, (uint64_t)got, fault);
        at += (uint64_t)got;
        left -= (uint64_t)got;
    }
    return status;
}

static int put_values(struct work *w, const struct ana_tensor *tensor, float *values,
                      uint64_t count, struct ana_fault *fault)
{
    ana_tensor_narrow(tensor, values, count, values);
    return put(w, values, count * (tensor->bits / 8), fault);
}

/* Group after group: weights of [out, in], and all biases. */
static int put_pooled(struct work *w, const struct ana_projection *from,
                      const struct ana_tensor *tensor, uint32_t heads, struct ana_fault *fault)
{
    const bool bias = tensor == from->bias.tensor;
    struct ana_pool pool;
    int status = ana_pool_open(from, heads, w->c->kv_heads, w->c->method, w->c->seed, &pool, fault);
    if (status)
        return status;
    const uint64_t count = pool.width * (bias ? 1 : from->in);
    float *const values = malloc(count * sizeof(*values));
    if (!values)
        status = ana_fault(fault, -ENOMEM, "not enough memory for a head of %.80s", tensor->name);
    for (uint32_t g = 0; !status && g < w->c->kv_heads; g++) {
        status = (bias ? ana_pool_biases : ana_pool_weights)(&pool, g, values, fault);
        if (!status)
            status = put_values(w, tensor, values, count, fault);
        if (!status)
            status = go_on(w, pool.share * count * (tensor->bits / 8), fault);
    }
    free(values);
    ana_pool_close(&pool);
    return status;
}

/* All groups of a projection as values[group][width][in]. */
static float *pool_all(struct work *w, const struct ana_projection *from, uint32_t heads,
                       struct ana_fault *fault)
{
    struct ana_pool pool;
    if (ana_pool_open(from, heads, w->c->kv_heads, w->c->method, w->c->seed, &pool, fault))
        return NULL;
    const uint64_t count = pool.width * from->in;
    float *values = calloc(w->c->kv_heads, count * sizeof(*values));
    int status = values ? 0
                        : ana_fault(fault, -ENOMEM, "not enough memory for %.80s",
                                    from->weight.tensor->name);
    for (uint32_t g = 0; !status && g < w->c->kv_heads; g++)
        status = ana_pool_weights(&pool, g, values + g * count, fault);
    if (status) {
        free(values);
        values = NULL;
    }
    ana_pool_close(&pool);
    return values;
}

/* [in, Q then K then V]: each row holds a piece of every head, so the pooled ones are held. */
static int put_transposed(struct work *w, const struct ana_attention *layer,
                          struct ana_fault *fault)
{
    const struct ana_projection *const parts[] = {&layer->k, &layer->v};
    const struct ana_tensor *const tensor = layer->k.weight.tensor;
    const uint64_t in = layer->k.in, element = tensor->bits / 8;
    const uint64_t rows = in * element;
    float *pooled[2] = {0}, *const row = malloc(layer->k.fused * sizeof(*row));
    int status = row ? 0 : ana_fault(fault, -ENOMEM, "not enough memory");
    for (int p = 0; !status && p < 2; p++)
        if (!(pooled[p] = pool_all(w, parts[p], layer->kv_heads, fault)))
            status = -ENOMEM;
    for (uint64_t i = 0; !status && i < in; i++) {
        const uint64_t at = i * layer->k.fused * element;
        status = copy(w, &layer->k.weight, at, at + layer->q.out * element, fault);
        uint64_t n = 0;
        for (int p = 0; p < 2; p++)
            for (uint64_t o = 0; o < parts[p]->out / layer->kv_heads * w->c->kv_heads; o++)
                row[n++] = pooled[p][o * in + i];
        if (!status)
            status = put_values(w, tensor, row, n, fault);
    }
    free(row);
    free(pooled[0]);
    free(pooled[1]);
    return status ? status : go_on(w, rows * (layer->k.out + layer->v.out), fault);
}

/* Does the tensor change? Then its layer. */
static const struct ana_attention *changing(const struct ana_conversion *c, const char *name,
                                            struct ana_role *role)
{
    if (!ana_role_of(name, role) ||
        (role->part != ANA_PART_K && role->part != ANA_PART_V && role->part != ANA_PART_QKV))
        return NULL;
    for (size_t i = 0; i < c->found->count; i++) {
        const struct ana_attention *const layer = &c->found->layers[i];
        if (layer->layer == role->layer && layer->cross == role->cross)
            return layer->kv_heads != c->kv_heads ? layer : NULL;
    }
    return NULL;
}

static int put_tensor(struct work *w, const struct ana_place *place, struct ana_fault *fault)
{
    const struct ana_tensor *const tensor = place->tensor;
    struct ana_role role;
    const struct ana_attention *const layer = changing(w->c, tensor->name, &role);
    if (!layer)
        return copy(w, place, 0, tensor->end - tensor->begin, fault);
    if (role.part == ANA_PART_K)
        return put_pooled(w, &layer->k, tensor, layer->kv_heads, fault);
    if (role.part == ANA_PART_V)
        return put_pooled(w, &layer->v, tensor, layer->kv_heads, fault);
    if (layer->k.transposed && !role.bias)
        return put_transposed(w, layer, fault);
    const uint64_t inner = role.bias ? 1 : layer->k.in;
    int status = copy(w, place, 0, layer->q.out * inner * (tensor->bits / 8), fault);
    if (!status)
        status = put_pooled(w, &layer->k, tensor, layer->kv_heads, fault);
    return status ? status : put_pooled(w, &layer->v, tensor, layer->kv_heads, fault);
}

/* The header with the shapes that K and V will have. */
static struct ana_tensor *reshape(const struct ana_conversion *c, const struct ana_header *from,
                                  struct ana_header *to)
{
    *to = *from;
    to->tensors = malloc((from->count + 1) * sizeof(*to->tensors));
    if (!to->tensors)
        return NULL;
    for (size_t i = 0; i < from->count; i++) {
        struct ana_tensor *const tensor = &to->tensors[i];
        struct ana_role role;
        *tensor = from->tensors[i];
        const struct ana_attention *const layer = changing(c, tensor->name, &role);
        if (!layer)
            continue;
        const uint64_t k = layer->k.out / layer->kv_heads * c->kv_heads;
        const uint64_t v = layer->v.out / layer->kv_heads * c->kv_heads;
        tensor->shape[!role.bias && layer->k.transposed] = role.part == ANA_PART_K ? k
                                                           : role.part == ANA_PART_V
                                                               ? v
                                                               : layer->q.out + k + v;
    }
    ana_header_pack(to);
    return to->tensors;
}

static int put_shard(struct work *w, const struct ana_shard *shard, struct ana_outputs *outputs,
                     uint64_t *bytes, struct ana_fault *fault)
{
    struct ana_header header;
    size_t length = 0;
    if (!reshape(w->c, &shard->header, &header))
        return ana_fault(fault, -ENOMEM, "not enough memory");
    char *const text = ana_header_text(&header, &length);
    const uint64_t size = header.count ? header.tensors[header.count - 1].end : 0;
    free(header.tensors);
    if (!text)
        return ana_fault(fault, -ENOMEM, "not enough memory for a header");
    *bytes += size;
    w->out = ana_outputs_add(outputs, w->target, length + size, fault);
    int status = w->out ? put(w, text, length, fault) : -EIO;
    free(text);
    for (size_t i = 0; !status && i < shard->header.count; i++)
        status = put_tensor(w, &(struct ana_place){shard, &shard->header.tensors[i]}, fault);
    if (!status && fflush(w->out))
        status = ana_fault(fault, -errno, "cannot write %.400s: %s", w->target, strerror(errno));
    return status;
}

static int put_index(struct work *w, const char *folder, uint64_t bytes,
                     struct ana_outputs *outputs, struct ana_fault *fault)
{
    struct ana_index index;
    char from[4096], to[4096];
    snprintf(from, sizeof(from), "%s/%s", w->c->store->folder, w->c->store->index);
    snprintf(to, sizeof(to), "%s/%s", folder, w->c->store->index);
    int status = ana_index_read(from, &index, fault);
    if (status)
        return status;
    char *const text = ana_index_text(&index, bytes);
    w->target = to;
    w->out = text ? ana_outputs_add(outputs, to, 0, fault) : NULL;
    if (!text)
        status = ana_fault(fault, -ENOMEM, "not enough memory for an index");
    else if (!w->out)
        status = -EIO;
    else
        status = put(w, text, strlen(text), fault);
    if (!status)
        ana_outputs_seal(outputs);
    free(text);
    ana_index_free(&index);
    return status;
}

int ana_convert(const struct ana_conversion *conversion, const char *target,
                struct ana_outputs *outputs, struct ana_fault *fault)
{
    const struct ana_store *const store = conversion->store;
    struct work *const w = malloc(sizeof(*w));
    char path[4096];
    uint64_t bytes = 0;
    int status = 0;
    if (!w)
        return ana_fault(fault, -ENOMEM, "not enough memory");
    *w = (struct work){.c = conversion, .target = target};
    for (size_t i = 0; i < store->count; i++) {
        const struct ana_header *const header = &store->shards[i].header;
        w->total += header->count ? header->tensors[header->count - 1].end : 0;
    }
    for (size_t i = 0; !status && i < store->count; i++) {
        if (store->index) {
            snprintf(path, sizeof(path), "%s/%s", target, store->shards[i].name);
            w->target = path;
        }
        status = put_shard(w, &store->shards[i], outputs, &bytes, fault);
    }
    if (!status && store->index)
        status = put_index(w, target, bytes, outputs, fault);
    free(w);
    return status;
}
