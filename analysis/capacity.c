/* SPDX-License-Identifier: Apache-2.0 */
/* See capacity.h. Searches are binary: bytes grow with context and with batch. */
#include "analysis/capacity.h"

#include <stdio.h>

static uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t row_bytes(enum attn_type type, uint32_t dim)
{
    const struct attn_type_info *const info = &attn_types[type];
    return attn_row_bytes(info, dim) + attn_row_scale_bytes(info, dim);
}

/* KV heads of a layer that one rank holds. */
static uint64_t heads_of(const struct ana_layers *kind, const struct ana_cache *cache)
{
    const uint64_t ranks = cache->shard == ANA_SHARD_HEADS ? cache->ranks : 1;
    return (kind->kv_heads + ranks - 1) / ranks;
}

uint64_t ana_token_bytes(const struct ana_layers *kind, const struct ana_cache *cache)
{
    const uint64_t v = kind->v_in_k ? 0 : row_bytes(cache->v_type, kind->dim_v);
    return heads_of(kind, cache) * (row_bytes(cache->k_type, kind->dim) + v) +
           row_bytes(cache->k_type, kind->shared);
}

/* Scales that all tokens of a sequence share, in one layer. */
static uint64_t shared_bytes(const struct ana_layers *kind, const struct ana_cache *cache)
{
    return heads_of(kind, cache) * attn_head_scale_bytes(&attn_types[cache->k_type], kind->dim);
}

uint64_t ana_kept_tokens(const struct ana_layers *kind, const struct ana_cache *cache,
                         uint64_t context)
{
    const uint32_t reach = kind->window ? kind->window : kind->chunk;
    uint64_t tokens = reach && !cache->whole && context > reach ? reach : context;
    if (cache->page && tokens % cache->page)
        tokens = plus(tokens, cache->page - tokens % cache->page);
    return tokens;
}

uint64_t ana_sequence_bytes(const struct ana_model *model, const struct ana_cache *cache,
                            uint64_t context)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < model->kind_count; i++) {
        const struct ana_layers *const kind = &model->kinds[i];
        const uint64_t layer =
            times(ana_token_bytes(kind, cache), ana_kept_tokens(kind, cache, context));
        sum = plus(sum, times(kind->layers, plus(layer, shared_bytes(kind, cache))));
    }
    return sum;
}

/* What a second sequence need not keep because the first has it. */
static uint64_t prefix_bytes(const struct ana_model *model, const struct ana_cache *cache,
                             uint64_t context)
{
    uint64_t tokens = cache->prefix < context ? cache->prefix : context, sum = 0;
    tokens -= cache->page ? tokens % cache->page : 0;
    for (size_t i = 0; i < model->kind_count; i++) {
        const struct ana_layers *const kind = &model->kinds[i];
        if (!kind->window && !kind->chunk)
            sum = plus(sum, times(kind->layers, times(ana_token_bytes(kind, cache), tokens)));
    }
    return sum;
}

uint64_t ana_batch_bytes(const struct ana_model *model, const struct ana_cache *cache,
                         uint64_t context, uint64_t batch)
{
    if (cache->shard == ANA_SHARD_BATCH)
        batch = batch / cache->ranks + (batch % cache->ranks != 0);
    const uint64_t all = times(batch, ana_sequence_bytes(model, cache, context));
    if (!cache->prefix || batch < 2 || all == UINT64_MAX)
        return all;
    return all - (batch - 1) * prefix_bytes(model, cache, context);
}

/* The largest x <= UINT32_MAX for which bytes(x) stay within memory. */
static uint64_t largest(const struct ana_model *model, const struct ana_cache *cache,
                        uint64_t memory, uint64_t fixed, bool search_context)
{
    uint64_t low = 0, high = UINT32_MAX;
    while (low < high) {
        const uint64_t middle = low + (high - low + 1) / 2;
        const uint64_t bytes = search_context ? ana_batch_bytes(model, cache, middle, fixed)
                                              : ana_batch_bytes(model, cache, fixed, middle);
        if (bytes <= memory)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

uint64_t ana_longest_context(const struct ana_model *model, const struct ana_cache *cache,
                             uint64_t memory, uint64_t batch)
{
    return largest(model, cache, memory, batch, true);
}

uint64_t ana_largest_batch(const struct ana_model *model, const struct ana_cache *cache,
                           uint64_t memory, uint64_t context)
{
    return largest(model, cache, memory, context, false);
}

void ana_model_share(struct ana_model *model, uint32_t factor)
{
    for (size_t i = 0; factor > 1 && i < model->kind_count; i++) {
        const uint32_t kept = (model->kinds[i].layers + factor - 1) / factor;
        model->reuse_layers += model->kinds[i].layers - kept;
        model->kinds[i].layers = kept;
    }
}

void ana_model_tie(struct ana_model *model, uint32_t latent, uint32_t rope)
{
    struct ana_layers *const kind = &model->kinds[0];
    model->latent = kind->dim = kind->dim_v = latent;
    model->rope = kind->shared = rope;
    kind->v_in_k = true;
}

struct ana_model ana_model_uniform(uint32_t layers, uint32_t heads, uint32_t kv_heads, uint32_t dim)
{
    struct ana_model model = {
        .layers = layers,
        .heads = heads,
        .kinds =
            {{.layers = layers, .heads = heads, .kv_heads = kv_heads, .dim = dim, .dim_v = dim}},
        .kind_count = 1,
    };
    snprintf(model.name, sizeof(model.name), "custom");
    snprintf(model.source, sizeof(model.source), "command line");
    return model;
}
