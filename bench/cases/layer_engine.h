/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers in memory and the loop that sends tokens through them. One job of the team is one step:
 * every rank walks the same list of stages, a barrier after each, and rank 0 reads the clock at
 * every boundary; nothing else happens between two stages.
 *
 * Matrices are views into the host's pool, which nobody writes; vectors and caches are the engine's
 * own. Cold rows rotate `copies` of all layers, so that what a step reads is out of the caches by
 * the time the step after it comes. A model of L layers with n distinct ones (layers_run) has n
 * slots in memory and layer l lives in slot l mod n, so a step does the work of L layers either
 * way.
 */
#ifndef ATTN_LAYER_ENGINE_H
#define ATTN_LAYER_ENGINE_H

#include "bench/cases/host.h"
#include "bench/machine/barrier.h"
#include "kernels/kernel.h"
#include "kernels/layer/reference.h"
#include "kernels/name.h"

/* A slot's caches: K, V and their scales, of its own and of the encoder. */
enum {
    ENGINE_K,
    ENGINE_V,
    ENGINE_K_SCALE,
    ENGINE_V_SCALE,
    ENGINE_CROSS, /* the same four again */
    ENGINE_PLANES = 2 * ENGINE_CROSS
};

/* Tokens of a prompt that go through the layers at a time. */
enum { ENGINE_CHUNK = 128 };

/* Bytes of a case, before anything is allocated. */
struct engine_size {
    uint32_t layers, slots, copies;
    uint32_t tokens; /* of a step, at most: a generating model takes prompts in chunks */
    uint64_t slot_weights, slot_vectors; /* of one slot, rounded up to pages */
    uint64_t plane[ENGINE_PLANES];       /* of a slot's caches */
    uint64_t head;                       /* the output matrix, of a model */
    uint64_t pool;                       /* weights of all copies */
    uint64_t vectors;                    /* of all copies, and the head's */
    uint64_t cache;                      /* caches of all copies */
    uint64_t work;                       /* buffers of a step, scratch of the kernels */
    uint64_t total;
};

/* What one step costs; a layer's figures summed over all layers, and the head of a model. */
struct engine_cost {
    uint64_t bytes, projection_bytes, flops, kv_bytes, attention_bytes;
    uint32_t attentions; /* of all layers, to an encoder included */
};

/* 0, or -EOVERFLOW. `kernel` may be NULL. */
int engine_size(struct engine_size *size, const struct attn_name *name,
                const struct attn_kernel *kernel, uint64_t llc_bytes);
struct engine_cost engine_cost(const struct attn_name *name);

/* Bytes of each of the pool's arenas that such an engine looks at. */
void engine_pool_need(const struct engine_size *size, const struct attn_name *name,
                      size_t need[FILL_CONTENTS]);

/* Where the time of the steps went, in ns of rank 0: its own share of each part, and its waits. */
struct engine_times {
    uint64_t part[LAYER_PARTS], wait[LAYER_PARTS];
};

struct engine {
    struct attn_name name;
    struct engine_size size;
    const struct attn_kernel *kernel;
    const struct layer_ops *ops;
    struct team *team;
    const struct machine_clock *clock;
    struct barrier barrier;
    struct pool *pool;        /* weights */
    const char *weights_base; /* where the pool lay when they were looked up */
    struct arena cache, work, vectors;
    float *buffers;
    void *scratch;
    /* By layer; steps and weights by copy, then layer. */
    struct layer_shape *shape;
    struct attn_problem *cross;
    struct layer_program *program;
    struct layer_weights *weights;
    struct layer_step *step;
    uint32_t *table, *lengths, *cross_lengths;
    uint64_t *tree;
    float *sinks, *alibi, *bias, *turns[2], *x[2], *tile, *logits;
    float *all_turns[2];      /* [context][dim], of a generating model; else NULL */
    struct layer_matrix head; /* of a model; the embedding too */
    const float *head_norm, *head_norm_bias;
    const float *positions; /* [context][width], learned; or NULL */
    uint32_t *token;        /* [tokens] in: what is embedded; out: what was chosen */
    float *best;            /* [ranks][tokens]: best logit a rank has seen ... */
    uint32_t *best_token;   /* ... and which word it was */
    uint32_t tokens;        /* of a step */
    uint64_t turn;          /* steps so far */
    /* Of the job that runs. */
    uint64_t copy;
    uint32_t only; /* one layer, or all if it is the number of layers */
    bool no_head;  /* no logits: tokens of a prompt that has not ended */
    struct engine_times *times;
};

/*
 * 0, -ENOMEM with a sentence when it does not fit into what is free, or another -errno with a
 * sentence. `team`, pool and kernel outlive the engine. Values depend on the seed alone.
 */
int engine_open(struct engine *e, const struct attn_name *name, const struct attn_kernel *kernel,
                struct attn_host *host, struct team *team, struct attn_message *why);
void engine_close(struct engine *e);

/* One step of all layers on the copy whose turn it is; times may be NULL. */
void engine_step(struct engine *e, struct engine_times *times);

/*
 * Runs layers one by one with poisoned buffers and holds every stage against the reference: all
 * layers where they are few, else the first, the last and some in between by the seed; of a model
 * the logits too. 0, or -EDOM with a sentence that says which element of what is wrong.
 */
int engine_check(struct engine *e, uint64_t seed, struct layer_check *check,
                 struct attn_message *why);

/* Position of every token of the step and so its rotary angles, from e->lengths. */
void engine_place(struct engine *e);

/*
 * A generating model sees every cache as pages, whatever its layout: a contiguous one is a page a
 * sequence, a ring a page that stands at every place of the table. What a page is then, in tokens,
 * and whether a sequence has but one.
 */
uint32_t engine_page(const struct attn_problem *p, bool *whole);

/* The shape of the step to come: sequences, and tokens of each. */
void engine_shape(struct engine *e, uint32_t batch, uint32_t q_len);

#endif
