/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caches of sequences that come, grow and go, as page tables: pure bookkeeping, no bytes. A
 * contiguous cache is one page a sequence as long as the longest may get; a ring is one page that
 * stands at every place of the table; a paged cache takes pages from a free list as tokens come.
 * Sequences are rows 0 .. n-1 of the tables, because that is how a kernel sees a batch: when one
 * leaves, the last row takes its place.
 */
#ifndef ATTN_GENERATE_CACHE_H
#define ATTN_GENERATE_CACHE_H

#include "kernels/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct generate_cache {
    uint32_t capacity; /* sequences */
    uint32_t page;     /* tokens */
    uint32_t row;      /* pages a sequence may have */
    bool whole;        /* one page a sequence: contiguous or a ring */
    uint32_t *table;   /* [capacity][row] */
    uint32_t *pages;   /* [capacity]: pages of each row */
    uint32_t *free;    /* stack of free pages */
    uint32_t free_n, free_all;
    uint32_t n; /* rows */
};

/*
 * `page`: tokens a page; `tokens`: the longest sequence; whole: every place of a row is the same
 * page. Free pages are handed out in an order shuffled by the seed. 0 or -ENOMEM.
 */
int generate_cache_open(struct generate_cache *c, uint32_t capacity, uint32_t tokens, uint32_t page,
                        bool whole, uint64_t seed);
void generate_cache_close(struct generate_cache *c);

/* Forgets all sequences; the order of the free pages is that of the beginning. */
void generate_cache_reset(struct generate_cache *c, uint64_t seed);

/* Adds an empty sequence as the last row. There must be room. */
void generate_cache_join(struct generate_cache *c);

/* Makes room for a sequence of `length` tokens. */
void generate_cache_grow(struct generate_cache *c, uint32_t row, uint32_t length);

/* Gives back what a row has; the last row takes its place. */
void generate_cache_leave(struct generate_cache *c, uint32_t row);

/* Tokens that pages in use could hold. */
uint64_t generate_cache_reserved(const struct generate_cache *c);

#endif
