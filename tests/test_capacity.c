/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What caches take, against figures that were published: the table of the cross-layer-attention
 * paper, the six longest contexts of Pope et al., and sums that can be done by hand.
 */
#include "tests/test.h"

#include <math.h>

#include "analysis/capacity.h"

static const struct ana_cache f16 = {.k_type = ATTN_F16, .v_type = ATTN_F16, .ranks = 1};

static struct ana_model load(const char *name)
{
    struct ana_model model;
    char message[256];
    const int status = ana_model_load(name, &model, message, sizeof(message));
    CHECK(status == 0, "%s", message);
    return model;
}

/* arXiv 2405.12981, table 1: 20 layers; bytes a token at 16 bits. */
static void check_cross_layer(void)
{
    static const struct {
        uint32_t dim, heads, kv_heads, factor, caches;
        uint64_t bytes;
    } rows[] = {
        {128, 16, 16, 1, 20, 163840}, {128, 16, 4, 1, 20, 40960}, {128, 16, 2, 1, 20, 20480},
        {128, 16, 1, 1, 20, 10240},   {64, 32, 1, 1, 20, 5120},   {46, 45, 1, 1, 20, 3680},
        {32, 64, 1, 1, 20, 2560},     {512, 4, 1, 2, 10, 20480},  {256, 8, 1, 2, 10, 10240},
        {128, 16, 1, 2, 10, 5120},    {90, 22, 1, 2, 10, 3600},   {64, 32, 1, 2, 10, 2560},
        {256, 8, 4, 2, 10, 40960},    {128, 16, 4, 2, 10, 20480}, {128, 16, 2, 2, 10, 10240},
        {128, 16, 1, 3, 7, 3584},     {128, 16, 1, 4, 5, 2560},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ana_model model =
            ana_model_uniform(20, rows[i].heads, rows[i].kv_heads, rows[i].dim);
        ana_model_share(&model, rows[i].factor);
        const uint64_t bytes = ana_sequence_bytes(&model, &f16, 1);
        CHECK(bytes == rows[i].bytes && model.kinds[0].layers == rows[i].caches,
              "row %zu: %llu bytes, %u caches", i, (unsigned long long)bytes,
              model.kinds[0].layers);
        CHECK(model.reuse_layers == 20 - rows[i].caches, "row %zu: reuse", i);
    }
    /* KeepEnds, DenseFront and DenseBack: eleven of the layers own a cache, wherever they lie. */
    struct ana_model uneven = ana_model_uniform(20, 16, 1, 128);
    uneven.kinds[0].layers = 11;
    uneven.reuse_layers = 9;
    CHECK(ana_sequence_bytes(&uneven, &f16, 1) == 5632, "eleven caches");
}

/* arXiv 2211.05102, table 1: 64 chips of 32 GiB, three tenths for the cache. */
static void check_pope(void)
{
    static const struct {
        uint32_t kv_heads, dim;
        enum ana_shard shard;
        uint64_t batch, context;
    } rows[] = {
        {64, 128, ANA_SHARD_HEADS, 128, 1320}, {64, 128, ANA_SHARD_HEADS, 512, 330},
        {1, 256, ANA_SHARD_HEADS, 128, 660},   {1, 256, ANA_SHARD_HEADS, 512, 165},
        {1, 256, ANA_SHARD_BATCH, 128, 43000}, {1, 256, ANA_SHARD_BATCH, 512, 10700},
    };
    const uint64_t memory = (uint64_t)(32 * 0x1p30 * 0.3);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct ana_model model = ana_model_uniform(118, 64, rows[i].kv_heads, rows[i].dim);
        struct ana_cache cache = f16;
        cache.ranks = 64;
        cache.shard = rows[i].shard;
        const uint64_t context = ana_longest_context(&model, &cache, memory, rows[i].batch);
        const double off = fabs((double)context / (double)rows[i].context - 1);
        CHECK(off <= 0.015, "row %zu: %llu, printed %llu", i, (unsigned long long)context,
              (unsigned long long)rows[i].context);
    }
}

static void check_sums(void)
{
    struct ana_cache cache = f16;
    struct ana_model model = load("llama-3.1-8b");
    CHECK(ana_batch_bytes(&model, &cache, 8192, 1) == 1073741824, "llama-3.1-8b");
    CHECK(ana_batch_bytes(&model, &cache, 8192, 8) == 8589934592, "batch");
    cache.prefix = 8000;
    cache.page = 16;
    CHECK(ana_batch_bytes(&model, &cache, 8192, 1) == 1073741824, "a prefix of one's own");
    CHECK(ana_batch_bytes(&model, &cache, 8192, 8) == UINT64_C(131072) * (8000 + 8 * 192),
          "shared");
    cache = f16;

    /* Pages: 16 tokens each, so 8193 tokens keep 8208. */
    cache.page = 16;
    CHECK(ana_kept_tokens(&model.kinds[0], &cache, 8193) == 8208, "pages");
    CHECK(ana_kept_tokens(&model.kinds[0], &cache, 8192) == 8192, "whole pages");

    /* Quantised: 128 elements of 8 bits and four scales of 2 bytes, K; f16 V. */
    cache = (struct ana_cache){.k_type = ATTN_I8, .v_type = ATTN_F16, .ranks = 1};
    CHECK(ana_token_bytes(&model.kinds[0], &cache) == 8 * (128 + 8 + 256), "i8 + f16");
    cache.k_type = cache.v_type = ATTN_I4;
    CHECK(ana_token_bytes(&model.kinds[0], &cache) == 8 * 2 * (64 + 8), "i4");
    const uint64_t i4 = ana_sequence_bytes(&model, &cache, 100);
    cache.k_type = ATTN_I4C;
    CHECK(ana_token_bytes(&model.kinds[0], &cache) == 8 * (64 + 64 + 8), "i4c");
    CHECK(i4 - ana_sequence_bytes(&model, &cache, 100) ==
              (uint64_t)model.kinds[0].layers * 8 * (100 * 8 - 128 * 2),
          "a scale a channel and layer, whatever the number of tokens");

    /* Ranks: heads are dealt out until one is left, then copied. */
    cache = f16;
    static const uint32_t ranks[] = {1, 2, 3, 8, 64};
    static const uint64_t heads[] = {8, 4, 3, 1, 1};
    for (size_t i = 0; i < 5; i++) {
        cache.ranks = ranks[i];
        CHECK(ana_token_bytes(&model.kinds[0], &cache) == heads[i] * 512, "%u ranks", ranks[i]);
    }

    /* Windows: bounded layers stop growing; --whole keeps them. */
    model = load("gemma-3-1b");
    cache = f16;
    CHECK(ana_sequence_bytes(&model, &cache, 32768) == 32768ull * 4096 + 11534336, "windows");
    CHECK(ana_sequence_bytes(&model, &cache, 100) == 100 * 26 * 1024, "before the window fills");
    cache.whole = true;
    CHECK(ana_sequence_bytes(&model, &cache, 32768) == 32768ull * 26 * 1024, "whole");

    /* The latent does not shrink with ranks, and V costs nothing. */
    model = load("deepseek-v3");
    cache = f16;
    cache.ranks = 8;
    CHECK(ana_sequence_bytes(&model, &cache, 1) == 70272, "latent");
    model = load("decilm-7b");
    CHECK(ana_sequence_bytes(&model, &f16, 1) == 34304, "per-layer KV heads");
}

static void check_searches(void)
{
    const struct ana_model model = load("llama-3.1-8b");
    const uint64_t gib = UINT64_C(1) << 30;
    CHECK(ana_longest_context(&model, &f16, gib, 1) == 8192, "context");
    CHECK(ana_longest_context(&model, &f16, gib - 1, 1) == 8191, "one byte short");
    CHECK(ana_longest_context(&model, &f16, 0, 1) == 0, "no memory");
    CHECK(ana_largest_batch(&model, &f16, gib * 3, 8192) == 3, "batch");
    struct ana_cache paged = f16;
    paged.page = 1000;
    CHECK(ana_longest_context(&model, &paged, gib, 1) == 8000, "whole pages only");
    const struct ana_model bounded = load("mistral-7b-v0.1");
    CHECK(ana_longest_context(&bounded, &f16, gib, 1) == UINT32_MAX, "unbounded");
    const struct ana_model huge = ana_model_uniform(4096, 65536, 65536, 65536);
    CHECK(ana_batch_bytes(&huge, &f16, UINT32_MAX, UINT32_MAX) == UINT64_MAX, "saturates");
    CHECK(ana_longest_context(&huge, &f16, gib, UINT32_MAX) == 0, "nothing fits");
}

int main(void)
{
    check_cross_layer();
    check_pope();
    check_sums();
    check_searches();
    return test_exit();
}
