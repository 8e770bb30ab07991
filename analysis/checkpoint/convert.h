/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint with fewer KV heads out of one with more. Tensors are written in the order they
 * stand in, one at a time; all but K and V keep their bytes.
 */
#ifndef ANA_CHECKPOINT_CONVERT_H
#define ANA_CHECKPOINT_CONVERT_H

#include <signal.h>

#include "analysis/checkpoint/layers.h"
#include "analysis/checkpoint/output.h"
#include "analysis/checkpoint/pool.h"

struct ana_conversion {
    const struct ana_store *store;
    const struct ana_attentions *found;
    uint32_t kv_heads;
    enum ana_method method;
    uint64_t seed;
    const volatile sig_atomic_t *stop; /* ends the work with -EINTR once it is not 0 */
    void (*progress)(uint64_t done, uint64_t total); /* bytes; or NULL */
};

/* How many layers the conversion changes, or -EINVAL and a sentence if kv_heads divides the heads
 * of one of them not at all. */
int ana_convert_check(const struct ana_conversion *conversion, struct ana_fault *fault);

/*
 * Adds the converted file of each shard to `outputs`: `target` for a single one, else a file of
 * the shard's name in the folder `target`, and an index. 0 or -errno and a sentence.
 */
int ana_convert(const struct ana_conversion *conversion, const char *target,
                struct ana_outputs *outputs, struct ana_fault *fault);

#endif
