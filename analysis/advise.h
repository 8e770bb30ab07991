/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Designs of attention for a task: how many KV heads, how wide, of which type, which layers see
 * only a window, how many layers share a cache; what each takes and how fast it would be on the
 * machine a file was measured on. Types that were not measured are not guessed at.
 *
 * Designs are ranked by speed. Since every saving is also a gain in speed, the fastest is always
 * the poorest; so a design is marked as beaten when another is at least as rich in each part and no
 * slower, and what is left is what there is to choose from.
 */
#ifndef ANA_ADVISE_H
#define ANA_ADVISE_H

#include "analysis/evidence.h"
#include "analysis/predict.h"

/* `local` of each local + global layers see a window. */
struct ana_mix {
    const char *name;
    uint32_t local, global, window;
};

extern const struct ana_mix ana_mixes[]; /* [0]: as the model has it */
extern const size_t ana_mix_count;

struct ana_design {
    uint32_t heads, kv_heads, dim, share;
    enum attn_type k_type, v_type;
    const struct ana_mix *mix;
    struct ana_model model; /* that results */
    struct ana_forecast forecast;
    double p99_ns; /* of a step in which every layer is as slow as its slowest in a hundred; NAN
                      without percentiles */
    bool feasible;
    char why_not[160]; /* "" if feasible */
    bool beaten;       /* by one as rich in every part and no slower */
    bool own;          /* the model as it is */
    unsigned parts;    /* enum ana_part, for the evidence */
};

struct ana_task {
    const struct ana_summary *summary; /* of one file */
    const struct ana_model *model;
    struct ana_cache cache; /* pages and rings; its types are the model's own */
    uint64_t memory;        /* bytes for the cache */
    uint64_t context, batch;
    double p99_ns;    /* 0: no bound */
    uint32_t threads; /* 0: those measured most */
};

struct ana_advice {
    struct ana_design *designs; /* feasible ones first, fastest first */
    size_t count, feasible;
    char unmeasured[128]; /* types that would have been tried: "i8, i4" */
    size_t cases;         /* behind the predictions */
    double median_error, high_error;
};

/*
 * 0, or -errno and a sentence: -ENODATA without cases to predict from, or without percentiles when
 * they are asked for; -ENOTSUP if the model's attention makes no case.
 */
int ana_advise(const struct ana_task *task, struct ana_advice *advice, char *message, size_t size);
void ana_advice_free(struct ana_advice *advice);

/* "GQA-4 of 32 x 128, i8, 5 of 6 layers see 1024 tokens, 2 layers share a cache". */
void ana_design_say(const struct ana_design *design, char *buf, size_t size);

#endif
