/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A case of the phases layer and model, as run.h lets a case live: opened and checked, measured a
 * call at a time, checked again, and its columns. One call is one step of all layers.
 */
#ifndef ATTN_LAYER_TRIAL_H
#define ATTN_LAYER_TRIAL_H

#include "bench/cases/case.h"
#include "bench/cases/columns.h"
#include "bench/cases/layer_engine.h"
#include "bench/harness/benchmark.h"

struct attn_layer_trial {
    const struct attn_case *c;
    struct engine engine;
    struct attn_outcome *outcome;
    bool ceilings; /* are they to be read? */
};

/* Everything before the first timed call, for which c, outcome and ceilings are set; the sentence
 * is the row's on error: -ENOMEM and -ENOTSUP skip it. */
int attn_layer_open(struct attn_layer_trial *t, struct attn_host *host, struct team *team,
                    struct attn_message *why);

/* The same without check and ceilings, and the check's result to be noted. */
int attn_layer_open_unchecked(struct attn_layer_trial *t, struct attn_host *host, struct team *team,
                              struct attn_message *why);
void attn_layer_note_check(struct attn_layer_trial *t, const struct layer_check *check);

/* The timed loop of one pass, and the columns that belong to it. */
void attn_layer_run(struct attn_layer_trial *t, struct benchmark_state *state);

/* The check after timing; then the columns of layers that hold for all rows. */
int attn_layer_finish(struct attn_layer_trial *t, struct benchmark_state *state, uint64_t seed,
                      struct attn_message *why);

void attn_layer_close(struct attn_layer_trial *t);

#endif
