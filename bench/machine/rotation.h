/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many copies of a case's cache take turns. In a decoder the cache of one layer is read once
 * a token and meanwhile all other layers pass through the CPU's caches, so a call that finds its
 * K and V in the cache from the call before measures something no user gets. Cold rows therefore
 * walk a set of copies at least ROTATION_FACTOR times the last-level caches; a single copy of that
 * size evicts itself. The factor is generous because replacement is not true LRU and the caches
 * above may hold lines the last one does not.
 */
#ifndef MACHINE_ROTATION_H
#define MACHINE_ROTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROTATION_FACTOR = 8 };

/* Stands in for a last-level cache of unknown size: larger than most, so that cold stays cold. */
static const uint64_t rotation_unknown_llc = (uint64_t)128 << 20;

struct rotation {
    uint64_t copies;  /* at least 1 */
    uint64_t bytes;   /* of all copies together; UINT64_MAX if it does not fit 64 bits */
    bool guessed_llc; /* the size of the last-level cache was not known */
};

/* copy_bytes: K, V and scales of one copy; llc_bytes: 0 if not known; hot: one copy, always. */
static inline struct rotation rotation_plan(uint64_t copy_bytes, uint64_t llc_bytes, bool hot)
{
    const uint64_t llc = llc_bytes ? llc_bytes : rotation_unknown_llc;
    const uint64_t set = llc > UINT64_MAX / ROTATION_FACTOR ? UINT64_MAX : llc * ROTATION_FACTOR;
    const uint64_t copy = copy_bytes ? copy_bytes : 1;
    struct rotation r = {.copies = 1, .guessed_llc = !hot && llc_bytes == 0};
    if (!hot)
        r.copies = set / copy + (set % copy != 0);
    r.bytes = r.copies > UINT64_MAX / copy ? UINT64_MAX : r.copies * copy;
    return r;
}

/* The copy that call number `call` reads. */
static inline uint64_t rotation_index(const struct rotation *r, uint64_t call)
{
    return call % r->copies;
}

#endif
