/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine as cases share it: one topology, one team per placement and number of
 * threads, created when first asked for and kept, and one pool of cache data per page policy.
 * Whatever is shared here is only read by the cases, so interleaved cases do not get into each
 * other's way.
 */
#ifndef ATTN_HOST_H
#define ATTN_HOST_H

#include "bench/cases/message.h"
#include "bench/machine/pool.h"
#include "bench/machine/team.h"
#include "bench/machine/topology.h"
#include "kernels/name.h"

struct attn_host {
    struct machine_topology topology;
    uint32_t *order[MACHINE_PLACEMENTS]; /* PUs as ranks take them */
    uint64_t seed;
    struct team *team[MACHINE_PLACEMENTS][ATTN_RANKS_MAX + 1]; /* by number of ranks */
    bool warned[MACHINE_PLACEMENTS][ATTN_RANKS_MAX + 1]; /* attn_host_team_warning() was asked */
    struct pool pool[ARENA_PAGES];
};

int attn_host_open(struct attn_host *host, uint64_t seed, struct attn_message *why);
void attn_host_close(struct attn_host *host);

/* 0 or -errno with a sentence. */
int attn_host_team(struct attn_host *host, enum machine_placement placement, uint32_t ranks,
                   struct team **team, struct attn_message *why);

/* What is to be said about a team, once: the first caller gets the sentence, later ones "". */
const char *attn_host_team_warning(struct attn_host *host, enum machine_placement placement,
                                   uint32_t ranks, char *buf, size_t size);

/* The pool behind a page policy by name; "" is the default. It is filled by `team`. */
struct pool *attn_host_pool(struct attn_host *host, const char *pages, struct team *team);

/* Bytes of the last-level caches that so many ranks use; 0 if not known. */
uint64_t attn_host_llc(const struct attn_host *host, enum machine_placement placement,
                       uint32_t ranks);

static inline enum machine_placement attn_placement(const struct attn_name *name)
{
    return name->scatter ? MACHINE_SCATTER : MACHINE_COMPACT;
}

#endif
