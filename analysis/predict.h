/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a model's attention would take on the machine a file was measured on: the law of the right
 * set of cases, asked for each kind of layer and summed. One step gives each sequence of the batch
 * one token; projections, feed-forward and sampling are not in it. Layers that read another
 * layer's cache save memory and no time: they read as much.
 */
#ifndef ANA_PREDICT_H
#define ANA_PREDICT_H

#include "analysis/capacity.h"
#include "analysis/law.h"

/* A figure of a layer that no measured case reached. */
struct ana_outside {
    const char *what;   /* "context", "bytes a call" ... */
    double value, edge; /* asked, and the nearest measured */
};

enum { ANA_OUTSIDE_MAX = 6 };

struct ana_forecast {
    struct ana_guess step; /* ns, all layers */
    double layer_calls;    /* layers that attend */
    double kv_bytes;       /* of the whole model's cache */
    struct ana_outside outside[ANA_OUTSIDE_MAX];
    size_t outside_count;
    double outside_factor; /* the largest of value / edge or edge / value; 1 inside */
};

/* The largest set of decode cases of these types whose threads are as asked (0: any); NULL with a
 * sentence that says what there is. */
const struct ana_set *ana_predict_set(const struct ana_sets *sets, enum attn_type k_type,
                                      enum attn_type v_type, bool v_in_k, uint32_t threads,
                                      char *message, size_t size);

/*
 * 0, or -ENOTSUP with a sentence: shapes that make no problem, or data that would lie where
 * nothing was measured. `result` is the file of the set. `kind` may choose one kind of layers, or
 * be NULL for all.
 */
int ana_predict(const struct ana_result *result, const struct ana_set *set,
                const struct ana_tried *tried, const struct ana_model *model,
                const struct ana_layers *kind, const struct ana_cache *cache, uint64_t context,
                uint64_t batch, struct ana_forecast *forecast, char *message, size_t size);

/* "batch 8 is 4 times the largest measured (2)" for each; "" if all was inside. */
void ana_outside_say(const struct ana_forecast *forecast, char *buf, size_t size);

#endif
