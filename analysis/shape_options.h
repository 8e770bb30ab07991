/* SPDX-License-Identifier: Apache-2.0 */
/* The options by which `kv` and `capacity` are told a model and how its cache is kept. */
#ifndef ANA_SHAPE_OPTIONS_H
#define ANA_SHAPE_OPTIONS_H

#include "analysis/capacity.h"
#include "analysis/option.h"
#include "analysis/table.h"

struct ana_shape_options {
    const char *model, *kv_type, *k_type, *v_type, *shard, *format;
    uint64_t layers, heads, kv_heads, dim, latent, rope, window, share, page, ranks;
    bool whole;
};

/* To be put into the option table of the command. */
#define ANA_SHAPE_OPTIONS(o)                                                                    \
    {"model", ANA_TEXT, &(o).model, "a model's name, a config.json or a GGUF file"},            \
        {"layers", ANA_ABOVE, &(o).layers, "layers, without --model"},                          \
        {"heads", ANA_ABOVE, &(o).heads, "query heads, without --model"},                       \
        {"kv_heads", ANA_ABOVE, &(o).kv_heads, "KV heads; with --model, instead of its own"},   \
        {"dim", ANA_ABOVE, &(o).dim, "head dim, without --model"},                              \
        {"latent", ANA_ABOVE, &(o).latent,                                                      \
         "instead: numbers that serve as K and V (MLA, GLA, GTA)"},                             \
        {"rope", ANA_COUNT, &(o).rope, "with --latent: rotary numbers all KV heads share (0)"}, \
        {"window", ANA_COUNT, &(o).window, "sliding window of all layers, without --model"},    \
        {"kv_type", ANA_TEXT, &(o).kv_type, "element type, or K+V: f16, i8, f16+i8 (f16)"},     \
        {"k_type", ANA_TEXT, &(o).k_type, "element type of K alone"},                           \
        {"v_type", ANA_TEXT, &(o).v_type, "element type of V alone"},                           \
        {"share", ANA_COUNT, &(o).share, "neighbouring layers that share one cache (1)"},       \
        {"page", ANA_COUNT, &(o).page, "tokens a page of a paged cache (0: contiguous)"},       \
        {"whole", ANA_FLAG, &(o).whole, "windowed layers keep every token, not a ring"},        \
        {"ranks", ANA_COUNT, &(o).ranks, "tensor-parallel ranks (1)"},                          \
        {"shard", ANA_TEXT, &(o).shard, "what ranks divide: heads or batch (heads)"},           \
    {                                                                                           \
        "format", ANA_TEXT, &(o).format, "text, md, csv or json (text)"                         \
    }

/* 0, or ANA_EXIT_USAGE after complaining. */
int ana_shape_resolve(const struct ana_command *self, const struct ana_shape_options *options,
                      struct ana_model *model, struct ana_cache *cache, enum ana_format *format);

/* A number for messages and tables: the value, or "unbounded" for UINT32_MAX. */
void ana_table_bound(struct ana_table *table, uint64_t value);

#endif
