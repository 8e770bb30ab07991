/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of a real model's attention, as far as one row (one layer) can stand for the model. */
#ifndef ATTN_MODEL_H
#define ATTN_MODEL_H

#include <stddef.h>

#include "bench/cases/message.h"
#include "kernels/problem.h"

/*
 * Sets what the model determines (heads, kv_heads, dims, window, softcap ...) and writes its name.
 * 0, or -EINVAL with a sentence: no such model, a file that cannot be read, or a model whose
 * layers differ too much for one of them to stand for it. In the phases of whole layers the kind
 * that sees most stands for those that a mix does not change.
 */
int attn_model_shape(const char *name_or_file, struct attn_problem *p, char *name, size_t size,
                     struct attn_message *why);

/* Is `item` such a model? As the checks of words.h. */
int attn_check_model(const char *item, struct attn_message *why);

#endif
