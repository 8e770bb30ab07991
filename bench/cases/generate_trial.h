/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A case of the phase generate. One call is one whole run: sequences arrive, their prompts go
 * through the model in chunks, then every step decodes one token of each sequence that is there,
 * until the last one has left. What a token's user waits for is measured around whole steps, so
 * page allocation, joining and leaving are in it.
 */
#ifndef ATTN_GENERATE_TRIAL_H
#define ATTN_GENERATE_TRIAL_H

#include "bench/cases/generate_cache.h"
#include "bench/cases/generate_trace.h"
#include "bench/cases/layer_trial.h"

enum { GENERATE_CACHES = 8 };

struct generate_sequence {
    uint32_t prompt, left, length; /* tokens; left: still to be generated */
    uint32_t token;                /* the newest */
};

/*
 * One decode step, prompts that came before it included: who was there already waits for them, but
 * `joined` sequences have seen their own prompt as such and wait for the decoding only.
 */
struct generate_step {
    uint64_t ns, prefill_ns;
    uint32_t joined;
    uint64_t kv_bytes, reserved_bytes; /* of all layers, when the step had ended */
    uint32_t sequences, longest;
};

struct generate {
    struct engine *e;
    const struct attn_trace *trace; /* or NULL: name.problem.batch equal requests at once */
    struct attn_trace own;
    uint64_t seed;
    struct generate_cache cache[GENERATE_CACHES]; /* by length of a page */
    size_t caches;
    uint32_t *cache_of; /* [layers] */
    struct generate_sequence *sequence;
    uint32_t n, capacity;
    struct generate_step *step; /* of the last run */
    size_t steps, room;
    uint32_t checksum; /* of all tokens of the last run */
    uint64_t tokens, inside_ns, all_ns, prefill_ns;
};

/* 0, or -errno with a sentence. The engine is open already. */
int generate_open(struct generate *g, struct engine *e, uint64_t seed, struct attn_message *why);
void generate_close(struct generate *g);

/*
 * A whole run, or of at most `steps` decode steps with prompts cut to `prompt` tokens (0: no
 * bound), which leaves its sequences where they are. 0 or -ENOMEM.
 */
int generate_run(struct generate *g, size_t steps, uint32_t prompt);

struct attn_generate_trial {
    struct attn_layer_trial layer;
    struct generate generate;
};

/* As those of layer_trial.h. `log` is where every step of the last run is written, or NULL. */
int attn_generate_open(struct attn_generate_trial *t, struct attn_host *host, struct team *team,
                       struct attn_message *why);
void attn_generate_run(struct attn_generate_trial *t, struct benchmark_state *state);
int attn_generate_finish(struct attn_generate_trial *t, struct benchmark_state *state,
                         uint64_t seed, const char *log, struct attn_message *why);
void attn_generate_close(struct attn_generate_trial *t);

#endif
