/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a KV cache takes and what fits. All figures are bytes of one rank of a tensor-parallel
 * group and count every layer of the model.
 *
 * A layer keeps for each token  kv_heads * (Dk*ek + Dv*ev)  bytes and the scales of quantised
 * types (V is not counted where it lies in K). Windowed layers keep their window, paged caches
 * whole pages. With more ranks than KV heads every rank still keeps one, which is why small G
 * saves nothing across ranks unless sequences are dealt out instead of heads (Pope et al. 2022,
 * arXiv 2211.05102, section 3.3).
 *
 * Sequences that begin alike keep whole pages of that beginning once, in layers that see all of it:
 * batch * bytes(context) - (batch - 1) * bytes(prefix).
 *
 * Sums saturate at UINT64_MAX.
 */
#ifndef ANA_CAPACITY_H
#define ANA_CAPACITY_H

#include "analysis/models.h"
#include "kernels/dtype.h"

enum ana_shard { ANA_SHARD_HEADS, ANA_SHARD_BATCH };

struct ana_cache {
    enum attn_type k_type, v_type;
    uint32_t page;  /* tokens a page; 0: contiguous, nothing wasted */
    bool whole;     /* windowed layers keep every token instead of a ring */
    uint32_t ranks; /* at least 1 */
    enum ana_shard shard;
    uint64_t prefix; /* tokens that all sequences begin with and full layers keep once */
};

/* Bytes of one token in one layer of this kind. */
uint64_t ana_token_bytes(const struct ana_layers *kind, const struct ana_cache *cache);

/* Tokens one layer of this kind holds of a sequence of `context` tokens, page filling included. */
uint64_t ana_kept_tokens(const struct ana_layers *kind, const struct ana_cache *cache,
                         uint64_t context);

uint64_t ana_sequence_bytes(const struct ana_model *model, const struct ana_cache *cache,
                            uint64_t context);

uint64_t ana_batch_bytes(const struct ana_model *model, const struct ana_cache *cache,
                         uint64_t context, uint64_t batch);

/* Longest context of `batch` sequences in `memory` bytes a rank; UINT32_MAX: no bound in sight. */
uint64_t ana_longest_context(const struct ana_model *model, const struct ana_cache *cache,
                             uint64_t memory, uint64_t batch);

/* Most sequences of `context` tokens; UINT32_MAX as above. */
uint64_t ana_largest_batch(const struct ana_model *model, const struct ana_cache *cache,
                           uint64_t memory, uint64_t context);

/* Lets `factor` neighbouring layers share one cache: ceil(layers / factor) caches remain. */
void ana_model_share(struct ana_model *model, uint32_t factor);

/* A uniform model that no table knows. */
struct ana_model ana_model_uniform(uint32_t layers, uint32_t heads, uint32_t kv_heads,
                                   uint32_t dim);

/* Makes K and V of a uniform model one state of `latent` elements a KV head, with `rope` beside
 * them that all heads share. */
void ana_model_tie(struct ana_model *model, uint32_t latent, uint32_t rope);

#endif
