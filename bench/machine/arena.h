/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large zeroed memory with a page policy, a guard region on both sides and a way to prove which
 * pages the kernel gave: an accepted madvise() is a wish, the state is read back.
 *
 * Nothing here asks whether the memory exists: see memory.h, before reserving.
 */
#ifndef MACHINE_ARENA_H
#define MACHINE_ARENA_H

#include "bench/machine/team.h"

#include <stddef.h>
#include <stdint.h>

enum arena_pages {
    ARENA_4K,      /* base pages, even where the system would give huge ones by itself */
    ARENA_THP,     /* transparent huge pages, by madvise */
    ARENA_HUGETLB, /* from the pool the administrator reserved */
    ARENA_PAGES
};

/* Indexed by enum arena_pages: as in names and options. */
extern const char *const arena_pages_name[ARENA_PAGES];

/* 0 and *pages, or -EINVAL. */
int arena_pages_parse(const char *text, enum arena_pages *pages);

struct arena {
    char *base;   /* aligned to 2 MiB; NULL: empty */
    size_t bytes; /* usable; what was asked for, rounded up to pages */
    enum arena_pages pages;
    void *reserved; /* the address range that holds base and its guards */
    size_t reserved_bytes;
};

/* 0 or -errno; -ENOMEM also when the huge page pool is too small. *a is empty on error. */
int arena_reserve(struct arena *a, size_t bytes, enum arena_pages pages);

/* Enlarges to `bytes`, keeping the content; base may move. 0 or -errno, then *a is unchanged. */
int arena_grow(struct arena *a, size_t bytes);

void arena_free(struct arena *a); /* an empty one is allowed */

enum arena_owner {
    ARENA_BY_SLICE,   /* rank r touches the r-th part: for data cut by rank */
    ARENA_INTERLEAVE, /* huge page i is touched by rank i mod ranks: for data cut differently by
                         every case, so that each NUMA node holds an equal share of each */
};

/* First touch of every page by the ranks of the team; the content stays. */
void arena_touch(const struct arena *a, struct team *team, enum arena_owner owner);

struct arena_state {
    uint64_t resident_bytes;
    uint64_t huge_bytes; /* of them on huge pages of either sort */
};

/* What the kernel says it gave. 0 or -errno. */
int arena_state(const struct arena *a, struct arena_state *state);

#endif
