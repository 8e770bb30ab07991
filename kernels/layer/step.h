/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decode step of one layer as a list of stages. A stage is a pure function called by every
 * rank; between two stages there is a barrier, so what one writes the next may read:
 *
 *     for each stage f of the program in order:
 *         every rank r of n calls f(step, r, n)
 *         barrier
 *
 * Attention is the kernel's own phases through the contract of kernel.h. No buffer is written
 * twice within a step, so after it every stage can be checked against what it read.
 */
#ifndef ATTN_LAYER_STEP_H
#define ATTN_LAYER_STEP_H

#include "kernels/kernel.h"
#include "kernels/layer/shape.h"

/* What the time of a step is sorted by. A residual is added by the product or norm behind it, in
 * the loop that writes the output, and belongs to that one's part. */
enum layer_part {
    LAYER_PART_NORM,
    LAYER_PART_QKV,
    LAYER_PART_ROPE,
    LAYER_PART_APPEND,
    LAYER_PART_ATTENTION,
    LAYER_PART_CROSS,
    LAYER_PART_OUT,
    LAYER_PART_FFN,
    LAYER_PART_HEAD, /* of a whole model: embedding, last norm, logits */
    LAYER_PARTS
};
extern const char *const layer_part_names[LAYER_PARTS];

/* Floats, one row a token; which of them a form uses follows from its program. */
struct layer_buffers {
    float *normed, *fused, *q, *k, *attended, *projected, *mid;
    float *cross_normed, *cross_q, *cross_attended, *crossed;
    float *ffn_normed, *up, *hidden, *ffn_out;
};

struct layer_step {
    const struct layer_shape *shape;
    const struct layer_weights *weights;
    const struct layer_ops *ops;
    const struct attn_kernel *kernel, *cross_kernel;
    /* problem, kv, lengths, scratch ... are the caller's; q and out are set by layer_step_set(). */
    struct attn_args attention, cross;
    const float *turns; /* [tokens][dim], see layer_turns(); NULL without rotary positions */
    const float *in;    /* [tokens][width] */
    float *out;         /* [tokens][width], not `in` */
    struct layer_buffers buffer;
    layer_blas_fn *blas; /* NULL: every product by gemv */
    float *tile;         /* [ranks][LAYER_BLAS_FLOATS] with blas */
};

/* Floats of all buffers, and their places in such memory; sets q and out of both attentions. */
size_t layer_step_floats(const struct layer_shape *shape);
void layer_step_set(struct layer_step *step, float *memory);

/* From how many tokens on products go through BLAS when the config leaves the choice open. */
enum { LAYER_GEMM_TOKENS = 12 };
bool layer_uses_gemm(const struct layer_config *config, uint32_t tokens);

typedef void layer_stage_fn(const struct layer_step *step, int rank, int ranks);

struct layer_stage {
    enum layer_part part;
    layer_stage_fn *run;
    attn_phase_fn *phase; /* of a kernel, with run NULL: called with the args of the attention */
    bool cross;           /* which of the two */
};

enum { LAYER_STAGES_MAX = 32 };

struct layer_program {
    struct layer_stage stage[LAYER_STAGES_MAX];
    int n;
};

/* Depends on the form and on the kernels only. */
struct layer_program layer_program(const struct layer_step *step);

static inline void layer_stage_run(const struct layer_stage *stage, const struct layer_step *step,
                                   int rank, int ranks)
{
    if (stage->run)
        stage->run(step, rank, ranks);
    else
        stage->phase(stage->cross ? &step->cross : &step->attention, rank, ranks);
}

/* Stages whose outputs are checked by check.h; the functions behind programs. */
layer_stage_fn layer_stage_norm, layer_stage_qkv, layer_stage_rope, layer_stage_append,
    layer_stage_out, layer_stage_behind, layer_stage_cross_norm, layer_stage_cross_q,
    layer_stage_cross_out, layer_stage_ffn_norm, layer_stage_up, layer_stage_act, layer_stage_down,
    layer_stage_ffn_behind;

/* Any product, cut by rows among ranks, by whichever way the step has. */
void layer_multiply(const struct layer_step *step, const struct layer_product *product, int rank,
                    int ranks);

#endif
