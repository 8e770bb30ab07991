/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Half of a share, because a cache that is filled to the brim is one that misses: pages are not
 * laid out for it, and what else runs needs lines too. Memory is read over four times the last
 * caches, so that what is left in them from the last pass is little.
 */
#include "bench/machine/levels.h"

#include "bench/machine/rotation.h"

#include <inttypes.h>
#include <stdio.h>

enum { STEP = 4096, OVER_LAST = 4 };

/* Beyond this a size is not a cache's but a mistake of whoever describes the machine. */
static const uint64_t largest_cache = UINT64_C(16) << 30;

static uint64_t whole_steps(uint64_t bytes)
{
    return bytes / STEP * STEP;
}

/* Of `before`, the level above it, a thread holds so much. */
static void cache_level(const struct machine_cache *c, int number, uint32_t ranks, uint64_t before,
                        struct machine_level *level)
{
    const uint32_t sharers = c->pus && c->pus < ranks ? c->pus : ranks;
    const uint64_t share = c->size / (c->pus ? sharers : 1);
    *level = (struct machine_level){.bytes = whole_steps(share / 2)};
    snprintf(level->name, sizeof(level->name), "L%d", number);
    if (level->bytes < 2 * before)
        level->bytes = whole_steps(share / 4 * 3);
    if (c->size > largest_cache)
        snprintf(level->why_not, sizeof(level->why_not), "%" PRIu64 " bytes is no size of a cache",
                 c->size);
    else if (!level->bytes)
        snprintf(level->why_not, sizeof(level->why_not), "a thread's share of it is too small");
    else if (level->bytes < before / 2 * 3)
        snprintf(level->why_not, sizeof(level->why_not),
                 "a thread's share of it is too small to be told from the cache before");
    if (*level->why_not)
        level->bytes = 0;
}

static void memory_level(const struct machine_topology *t, uint32_t ranks, uint64_t available,
                         struct machine_level *level)
{
    const uint64_t known = t->llc_bytes && t->llc_bytes <= 64 * largest_cache ? t->llc_bytes : 0;
    const uint64_t last = known ? known : rotation_unknown_llc;
    const uint64_t least = (uint64_t)64 << 20;
    uint64_t total = last * OVER_LAST < least ? least : last * OVER_LAST;
    if (total > available / 2)
        total = available / 2;
    *level = (struct machine_level){.name = "memory", .bytes = whole_steps(total / ranks)};
    if (total >= 2 * last && level->bytes)
        return;
    snprintf(level->why_not, sizeof(level->why_not),
             "twice the last caches are %" PRIu64 " MiB, half of what is free is %" PRIu64 " MiB",
             2 * last >> 20, available / 2 >> 20);
    level->bytes = 0;
}

int machine_levels(const struct machine_topology *t, uint32_t ranks, uint64_t available,
                   struct machine_level level[MACHINE_LEVELS])
{
    uint64_t before = 0;
    int n = 0;
    for (int i = 0; i < MACHINE_CACHE_LEVELS; i++) {
        const struct machine_cache *const c = &t->cache[i];
        if (!c->size)
            continue;
        cache_level(c, i + 1, ranks, before, &level[n++]);
        before = c->size <= largest_cache ? c->size : before;
    }
    memory_level(t, ranks, available, &level[n++]);
    return n;
}
