/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fewer KV heads out of many, as GQA (Ainslie et al. 2023, arXiv 2305.13245, section 2.1 and
 * figure 4) makes them: the heads of a group are averaged; or its first is kept; or the group
 * begins from scratch. Query heads h / (H/G) read group h: groups are neighbouring heads.
 */
#ifndef ANA_CHECKPOINT_POOL_H
#define ANA_CHECKPOINT_POOL_H

#include "analysis/checkpoint/layers.h"

enum ana_method { ANA_MEAN, ANA_FIRST, ANA_RANDOM, ANA_METHODS };

extern const char *const ana_method_names[ANA_METHODS];

struct ana_pool {
    const struct ana_projection *from;
    enum ana_method method;
    uint32_t share; /* heads of the checkpoint to a group */
    uint32_t width; /* outputs of a head */
    uint64_t seed;
    double deviation; /* of what is drawn: the weights' own root mean square */
    float *head;      /* work: one head */
    double *sum;
};

/* 0 (ana_pool_close() it) or -errno and a sentence. heads is a multiple of groups. */
int ana_pool_open(const struct ana_projection *from, uint32_t heads, uint32_t groups,
                  enum ana_method method, uint64_t seed, struct ana_pool *pool,
                  struct ana_fault *fault);
void ana_pool_close(struct ana_pool *pool);

/* The weights of a group, [width][in], and its biases, [width]; each rounded to the type of the
 * checkpoint. 0 or -errno and a sentence. */
int ana_pool_weights(const struct ana_pool *pool, uint32_t group, float *values,
                     struct ana_fault *fault);
int ana_pool_biases(const struct ana_pool *pool, uint32_t group, float *values,
                    struct ana_fault *fault);

#endif
