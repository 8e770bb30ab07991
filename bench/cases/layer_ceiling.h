/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ceilings of whole layers: the time the machine takes to read as many bytes as a step reads,
 * out of the memory where its weights lie, and to issue as many multiply-adds. The kernels are the
 * ladder's own ceilings of the instruction set that computes the products, asked with a problem of
 * that many bytes; a step of many gigabytes is measured on a part of it.
 */
#ifndef ATTN_LAYER_CEILING_H
#define ATTN_LAYER_CEILING_H

#include "bench/cases/ceiling.h"
#include "bench/cases/layer_engine.h"

/* Takes readings; *best keeps the best of all that were taken into it (all zero: none yet). The
 * times are those of engine_cost()'s bytes and flops. */
void engine_ceilings_read(struct engine *e, struct attn_ceiling *best);

#endif
