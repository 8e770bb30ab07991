/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One arena of random values per content (an element type, or the scales beside one), out of which
 * every case carves its copies of K and V. Cold rows walk several times the last-level cache, which
 * is a gigabyte on a server; filling that again for each of hundreds of cases would take longer
 * than measuring them. Random values are as good as any other's K and V, so it is filled once and
 * only looked at in different ways.
 *
 * Placement. Each copy starts on a page and takes an odd number of pages, so copies spread over
 * all sets of any cache whose set count is a power of two. Planes within a copy start at a page
 * plus a skew: without it K and V of a power-of-two context would fall on the same cache sets at
 * the same token, and a kernel that reads both would fight itself. The skew is the same for every
 * case and every copy, so it is nobody's advantage.
 *
 * Where a page has room for many times the context (paged65536 with 64 tokens), copies take turns
 * at it: each sees other tokens of the same pages. Copies follow what a call reads, so without this
 * memory would have to hold hundreds of pages that nobody looks at but in their first tokens.
 *
 * The content is read-only by agreement: whoever writes (a KV append) has an arena of its own. Who
 * calls code that knows of no agreement seals the pool before, and restores it if the seal is
 * broken afterwards.
 */
#ifndef MACHINE_POOL_H
#define MACHINE_POOL_H

#include "bench/machine/arena.h"
#include "bench/machine/fill.h"
#include "kernels/kv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool {
    struct team *team; /* fills and touches */
    enum arena_pages pages;
    uint64_t seed;
    struct arena arena[FILL_CONTENTS];
    /* Where in the arenas the last cold call ended. The next case goes on from here: what follows
     * has been out of the caches longest, the beginning may be what the last case just read. */
    size_t cursor;
};

/* Nothing is allocated yet. The team outlives the pool. */
void pool_init(struct pool *pool, struct team *team, enum arena_pages pages, uint64_t seed);
void pool_free(struct pool *pool);

enum pool_plane { POOL_K, POOL_V, POOL_K_SCALE, POOL_V_SCALE, POOL_PLANES };

/* Where the planes of each copy lie in the arenas of their types. */
struct pool_layout {
    struct {
        int content;
        size_t bytes;  /* 0: absent */
        size_t offset; /* in copy 0 */
        size_t stride; /* from copy to copy */
    } plane[POOL_PLANES];
    uint64_t copies;
    uint64_t together; /* copies that share the memory of one, each with tokens of its own */
    uint32_t tokens;   /* from one of them to the next */
    size_t need[FILL_CONTENTS]; /* bytes of each arena */
    struct attn_kv view;        /* as attn_kv_shape() gave it */
};

/* 0, or -EOVERFLOW if the copies do not fit the address space. `shape` is of the problem `p`. */
int pool_layout(struct pool_layout *layout, const struct attn_problem *p,
                const struct attn_kv_shape *shape, uint64_t copies);

/* Bytes that pool_prepare() would still allocate: what a memory check has to find free. */
uint64_t pool_missing(const struct pool *pool, const struct pool_layout *layout);

/*
 * Makes the arenas large enough and fills what is new. They may move: views of earlier layouts
 * are taken again. 0 or -ENOMEM.
 */
int pool_prepare(struct pool *pool, const struct pool_layout *layout);

/* Of every byte that is there: any one that changes, breaks it. Bytes that are added do not. */
struct pool_seal {
    size_t bytes[FILL_CONTENTS];
    uint64_t digest;
};
struct pool_seal pool_seal(const struct pool *pool);
bool pool_sealed(const struct pool *pool, const struct pool_seal *seal);

/* Fills all that is there once more, where it is: views of it stay good. */
void pool_restore(struct pool *pool);

/* What the kernel gave for all arenas together. 0 or -errno. */
int pool_state(const struct pool *pool, struct arena_state *state);

/* Cache `copy` of a prepared layout; a table is left as attn_kv_shape() gave it. */
struct attn_kv pool_view(const struct pool *pool, const struct pool_layout *layout, uint64_t copy);

/* Where in K's arena the memory of a copy ends, and the first copy that lies behind such a place.
 */
size_t pool_end(const struct pool_layout *layout, uint64_t copy);
uint64_t pool_behind(const struct pool_layout *layout, size_t end);

/*
 * What a row of K or V in a view of the pool was before it was narrowed: the seed knows the value
 * behind every element, `scales` (as attn_kv_rows() gives them) by what it was multiplied.
 */
void pool_original(const struct pool *pool, enum attn_type type, const void *row,
                   const void *scales, uint32_t dim, double *values);

#endif
