/* SPDX-License-Identifier: Apache-2.0 */
/* See layers.h. */
#include "analysis/checkpoint/layers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_DIM_MAX = 1 << 16 };

static struct ana_attention *find_or_add(struct ana_attentions *found, const struct ana_role *role)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->layers[i].layer == role->layer && found->layers[i].cross == role->cross)
            return &found->layers[i];
    struct ana_attention *const grown =
        realloc(found->layers, (found->count + 1) * sizeof(*found->layers));
    if (!grown)
        return NULL;
    found->layers = grown;
    struct ana_attention *const layer = &grown[found->count++];
    *layer =
        (struct ana_attention){.layer = role->layer, .cross = role->cross, .family = role->family};
    return layer;
}

static int collect(const struct ana_store *store, struct ana_attentions *found,
                   struct ana_fault *fault)
{
    for (size_t s = 0; s < store->count; s++) {
        const struct ana_header *const header = &store->shards[s].header;
        for (size_t i = 0; i < header->count; i++) {
            const struct ana_tensor *const tensor = &header->tensors[i];
            struct ana_role role;
            if (!ana_role_of(tensor->name, &role))
                continue;
            struct ana_attention *const layer = find_or_add(found, &role);
            if (!layer)
                return ana_fault(fault, -ENOMEM, "not enough memory");
            struct ana_place *const place = &layer->parts[role.part][role.bias];
            if (place->tensor || layer->family != role.family)
                return ana_fault(fault, -EINVAL,
                                 "%.80s and %.80s are one part of one layer under two names",
                                 place->tensor ? place->tensor->name : "another tensor",
                                 tensor->name);
            if (!ana_tensor_is_real(tensor))
                return ana_fault(fault, -ENOTSUP,
                                 "%.80s is of type %s; F32, F16 and BF16 can be converted",
                                 tensor->name, tensor->dtype);
            *place = (struct ana_place){&store->shards[s], tensor};
        }
    }
    return 0;
}

/* A layer with K and no V is what a single shard of many looks like. */
static int check_complete(const struct ana_attention *layer, struct ana_fault *fault)
{
    static const char *const names[] = {"Q", "K", "V"};
    if (layer->parts[ANA_PART_QKV][0].tensor)
        return 0;
    for (int p = ANA_PART_Q; p <= ANA_PART_V; p++)
        if (!layer->parts[p][0].tensor)
            return ana_fault(fault, -EINVAL,
                             "layer %u has no %s projection; if this is one file of several, give "
                             "their index or folder",
                             layer->layer, names[p]);
    return 0;
}

static int check_bias(const struct ana_projection *p, struct ana_fault *fault)
{
    const struct ana_tensor *const bias = p->bias.tensor;
    if (bias && (bias->rank != 1 || bias->shape[0] != p->fused))
        return ana_fault(fault, -EINVAL, "%.80s does not have the %llu values its weight asks for",
                         bias->name, (unsigned long long)p->fused);
    return 0;
}

static int set_projection(struct ana_projection *p, const struct ana_attention *layer,
                          enum ana_part part, struct ana_fault *fault)
{
    const struct ana_tensor *const weight = layer->parts[part][0].tensor;
    const bool transposed = layer->family->transposed;
    if (weight->rank != 2 || !weight->elements)
        return ana_fault(fault, -EINVAL, "%.80s is no matrix", weight->name);
    *p = (struct ana_projection){
        .weight = layer->parts[part][0],
        .bias = layer->parts[part][1],
        .in = weight->shape[transposed ? 0 : 1],
        .out = weight->shape[transposed ? 1 : 0],
        .fused = weight->shape[transposed ? 1 : 0],
        .transposed = transposed,
    };
    return check_bias(p, fault);
}

/* Cuts a fused tensor into Q, K and V; how many KV heads it has follows from its width. */
static int cut_fused(struct ana_attention *layer, uint32_t dim, struct ana_fault *fault)
{
    struct ana_projection all;
    const int status = set_projection(&all, layer, ANA_PART_QKV, fault);
    if (status)
        return status;
    const uint64_t width = dim ? dim : all.in / layer->heads;
    const uint64_t queries = width * layer->heads;
    if (!width || width > HEAD_DIM_MAX || (!dim && all.in % layer->heads) || all.out <= queries ||
        (all.out - queries) % (2 * width))
        return ana_fault(fault, -EINVAL,
                         "%.80s has %llu outputs, which are no Q, K and V of %u query heads",
                         all.weight.tensor->name, (unsigned long long)all.out, layer->heads);
    const uint64_t kv = (all.out - queries) / 2;
    layer->q = layer->k = layer->v = all;
    layer->q.out = queries;
    layer->k.out = layer->v.out = kv;
    layer->k.first = queries;
    layer->v.first = queries + kv;
    layer->dim = (uint32_t)width;
    return 0;
}

static int cut_apart(struct ana_attention *layer, uint32_t dim, struct ana_fault *fault)
{
    int status = set_projection(&layer->q, layer, ANA_PART_Q, fault);
    if (!status)
        status = set_projection(&layer->k, layer, ANA_PART_K, fault);
    if (!status)
        status = set_projection(&layer->v, layer, ANA_PART_V, fault);
    if (status)
        return status;
    const uint64_t width = dim ? dim : layer->q.out / layer->heads;
    if (!width || width > HEAD_DIM_MAX || layer->q.out != width * layer->heads)
        return ana_fault(fault, -EINVAL,
                         "%.80s has %llu outputs, which are not %u heads of head dim %llu",
                         layer->q.weight.tensor->name, (unsigned long long)layer->q.out,
                         layer->heads, (unsigned long long)width);
    if (layer->k.in != layer->v.in || (!layer->cross && layer->k.in != layer->q.in))
        return ana_fault(fault, -EINVAL, "layer %u: its projections differ in their inputs",
                         layer->layer);
    layer->dim = (uint32_t)width;
    return 0;
}

/* Norms over single heads stay as they are; one over all heads at once has no pooled equal. */
static int check_norms(struct ana_attention *layer, struct ana_fault *fault)
{
    layer->q_norm = layer->parts[ANA_PART_Q_NORM][0];
    layer->k_norm = layer->parts[ANA_PART_K_NORM][0];
    const struct ana_tensor *const norms[] = {layer->q_norm.tensor, layer->k_norm.tensor};
    for (int i = 0; i < 2; i++)
        if (norms[i] && norms[i]->elements != layer->dim)
            return ana_fault(fault, -ENOTSUP,
                             "%.80s is a norm over more than a head, which fewer heads would "
                             "change; such a layer cannot be converted",
                             norms[i]->name);
    return 0;
}

static int measure(struct ana_attention *layer, uint32_t heads, uint32_t dim,
                   struct ana_fault *fault)
{
    layer->heads = heads;
    int status = check_complete(layer, fault);
    if (!status)
        status = layer->parts[ANA_PART_QKV][0].tensor ? cut_fused(layer, dim, fault)
                                                      : cut_apart(layer, dim, fault);
    if (status)
        return status;
    const uint64_t kv_heads = layer->k.out / layer->dim;
    if (!kv_heads || kv_heads * layer->dim != layer->k.out || heads % kv_heads ||
        layer->v.out % kv_heads || layer->v.out / kv_heads > HEAD_DIM_MAX)
        return ana_fault(fault, -EINVAL,
                         "%.80s has %llu outputs, which with the V beside it are no KV heads of %u "
                         "query heads with head dim %u",
                         layer->k.weight.tensor->name, (unsigned long long)layer->k.out, heads,
                         layer->dim);
    layer->kv_heads = (uint32_t)kv_heads;
    layer->dim_v = (uint32_t)(layer->v.out / kv_heads);
    layer->position = layer->parts[ANA_PART_POSITION][0];
    if (layer->parts[ANA_PART_O][0].tensor) {
        status = set_projection(&layer->o, layer, ANA_PART_O, fault);
        if (!status && layer->o.in != (uint64_t)heads * layer->dim_v)
            status = ana_fault(fault, -EINVAL, "%.80s does not take what %u heads give",
                               layer->o.weight.tensor->name, heads);
    }
    return status ? status : check_norms(layer, fault);
}

static int by_number(const void *a, const void *b)
{
    const struct ana_attention *const x = a, *const y = b;
    if (x->cross != y->cross)
        return x->cross ? 1 : -1;
    return (x->layer > y->layer) - (x->layer < y->layer);
}

int ana_attentions_find(const struct ana_store *store, uint32_t heads, uint32_t dim,
                        struct ana_attentions *found, struct ana_fault *fault)
{
    *found = (struct ana_attentions){0};
    int status = collect(store, found, fault);
    if (!status && !found->count)
        status =
            ana_fault(fault, -ENOENT, "%.400s: no attention under the names of Llama, GPT-2 or T5",
                      store->shards[0].path);
    for (size_t i = 0; !status && i < found->count; i++)
        status = measure(&found->layers[i], heads, dim, fault);
    if (status) {
        ana_attentions_free(found);
        return status;
    }
    qsort(found->layers, found->count, sizeof(*found->layers), by_number);
    return 0;
}

void ana_attentions_free(struct ana_attentions *found)
{
    free(found->layers);
    *found = (struct ana_attentions){0};
}

int ana_projection_read(const struct ana_projection *projection, uint64_t first, uint64_t rows,
                        float *values, struct ana_fault *fault)
{
    const uint64_t in = projection->in;
    first += projection->first;
    if (!projection->transposed)
        return ana_place_read(&projection->weight, first * in, rows * in, values, fault);
    float *const column = malloc(rows * sizeof(*column));
    int status = column ? 0 : ana_fault(fault, -ENOMEM, "not enough memory");
    for (uint64_t i = 0; !status && i < in; i++) {
        status =
            ana_place_read(&projection->weight, i * projection->fused + first, rows, column, fault);
        for (uint64_t r = 0; !status && r < rows; r++)
            values[r * in + i] = column[r];
    }
    free(column);
    return status;
}

int ana_projection_bias(const struct ana_projection *projection, uint64_t first, uint64_t rows,
                        float *values, struct ana_fault *fault)
{
    if (projection->bias.tensor)
        return ana_place_read(&projection->bias, projection->first + first, rows, values, fault);
    memset(values, 0, rows * sizeof(*values));
    return 0;
}
