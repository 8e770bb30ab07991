/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running state of an online softmax (Milakov & Gimelshein 2018, arXiv 1805.02867) over the
 * rows of a piece: maximum m, sum l of exp(logit - m), and the weighted values. Two states of the
 * same rows over different positions absorb into one, which is what split-KV rests on; the same
 * step keeps long contexts accurate, because a run of at most ATTN_RUN positions is summed up on
 * its own before it joins the rest.
 */
#ifndef ATTN_STATE_H
#define ATTN_STATE_H

#include "kernels/cut.h"

enum { ATTN_RUN = 4096 };

struct attn_state {
    float *m, *l; /* [rows] */
    float *acc;   /* [rows][stride], dim_v used */
    size_t stride;
};

/* Floats one state takes, and the state living in such memory (64-byte aligned rows). */
size_t attn_state_floats(uint32_t rows, uint32_t dim_v);
struct attn_state attn_state_at(float *memory, uint32_t rows, uint32_t dim_v);

void attn_state_clear(const struct attn_state *s, uint32_t rows, uint32_t dim_v);
void attn_state_absorb(const struct attn_state *into, const struct attn_state *from, uint32_t rows,
                       uint32_t dim_v);

/* Rows [first, end) of a finished state to args->out and args->lse; the sink joins here. */
void attn_state_finish(const struct attn_args *args, const struct attn_piece *piece,
                       const struct attn_state *s, uint32_t first, uint32_t end);

/*
 * Scratch of a kernel that works by pieces: the partial slots first, then `workspace` floats a
 * rank of which the first attn_state_floats() are the state of whole pieces.
 */
size_t attn_pieces_scratch(const struct attn_problem *p, uint32_t rows_max, uint32_t splits,
                           int ranks, size_t workspace);
float *attn_pieces_workspace(const struct attn_args *args, uint32_t rows_max, size_t workspace,
                             int rank, int ranks);
struct attn_state attn_pieces_state(const struct attn_args *args, const struct attn_piece *piece,
                                    uint32_t rows_max, float *workspace);

/* The second phase: partials of every cut segment are absorbed and finished, rows shared out. */
void attn_pieces_merge(const struct attn_args *args, uint32_t rows_max, int rank, int ranks);

#endif
