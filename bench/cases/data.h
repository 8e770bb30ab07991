/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one case reads and writes. K and V are views into the host's pool, as many copies as keep
 * every call cold; everything else is one block of the case's own. What it all takes is known
 * before anything is allocated, so a case that does not fit is skipped and not killed.
 */
#ifndef ATTN_DATA_H
#define ATTN_DATA_H

#include "bench/cases/host.h"
#include "bench/machine/rotation.h"
#include "kernels/kernel.h"
#include "kernels/name.h"

/* Bytes a case takes, the copies of its cache counted. */
struct attn_size {
    struct attn_kv_shape shape;
    struct pool_layout layout;
    struct rotation rotation;
    uint64_t pool_bytes;     /* of all copies */
    uint64_t block_bytes;    /* queries, outputs, tables, scratch */
    uint64_t scratch_bytes;  /* as the kernel said when it was asked, once */
    uint64_t prepared_bytes; /* of one copy, rounded up */
    uint64_t total_bytes;
};

/* `kernel` may be NULL here and below: no scratch, nothing prepared. 0, or -EOVERFLOW when it is
 * more than there are addresses. */
int attn_size(struct attn_size *size, const struct attn_name *name,
              const struct attn_kernel *kernel, uint64_t llc_bytes);

enum { ATTN_GAPS = 3 };

struct attn_data {
    struct attn_problem problem;
    struct attn_size size;
    struct pool *pool;
    struct attn_args args; /* kv and prepared are those of the copy last taken */
    uint64_t turns;        /* the copy to take next, before it is wrapped round */
    char *block, *prepared;
    struct {
        char *begin, *end;
    } gap[ATTN_GAPS]; /* before the output, between it and the scratch memory, behind that */
    bool sealed;      /* the kernel is one from outside */
    struct pool_seal seal;
};

/*
 * Fills what is new in the pool and everything of the case's own, from the seed. 0, -ENOMEM with
 * a sentence when it does not fit into what is free (decided before allocating), or another
 * -errno with a sentence.
 */
int attn_data_open(struct attn_data *data, const struct attn_name *name,
                   const struct attn_kernel *kernel, const struct attn_size *size,
                   struct pool *pool, uint64_t seed, struct attn_message *why);
void attn_data_close(struct attn_data *data);

/* args.bias: a learned table has no formula, so [ATTN_BIAS_BUCKETS][heads] values are drawn from
 * the seed as sinks are, each for all distances of its bucket. */
void attn_fill_bias(uint32_t heads, uint64_t seed, float *bias);

/* Points args at one copy of the cache. Cheap enough for the timed loop. */
void attn_data_take(struct attn_data *data, uint64_t copy);

/* The copy whose turn it is. Ceilings, kernel and the cases after them share the turn through the
 * pool's cursor: who began again at the first copy would find some of it in the cache. */
void attn_data_turn(struct attn_data *data);

/*
 * What the kernel should have left alone: the gaps around what it may write and, if it is from
 * outside, the pool, which is filled anew if it was written to. 0 or -EFAULT with a sentence; then
 * the data can only be closed.
 */
int attn_data_check(const struct attn_data *data, struct attn_message *why);

/* "1.5 GiB", for sentences. */
const char *attn_bytes_text(uint64_t bytes, char *buf, size_t size);

#endif
