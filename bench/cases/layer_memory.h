/* SPDX-License-Identifier: Apache-2.0 */
/* Where everything of an engine lies. Private to the engine. */
#ifndef ATTN_LAYER_MEMORY_H
#define ATTN_LAYER_MEMORY_H

#include "bench/cases/layer_engine.h"

/* Finds memory for all of e->size, fills it, and connects shapes, weights, steps and programs.
 * What has been got by then is engine_close()'s to free. */
int engine_memory_open(struct engine *e, struct attn_host *host, struct attn_message *why);

/* Points everything at its memory again; the pool moves when a later case makes it grow. */
void engine_memory_connect(struct engine *e);
bool engine_memory_moved(const struct engine *e);

#endif
