/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Teams and pools live as long as the program. Idle teams sleep, so having several costs memory
 * for stacks and nothing else; making one anew for each case would cost page faults in the middle
 * of a sweep.
 */
#include "bench/cases/host.h"

#include "bench/cases/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int attn_host_open(struct attn_host *host, uint64_t seed, struct attn_message *why)
{
    *host = (struct attn_host){.seed = seed};
    const int error = machine_topology_load(&host->topology, NULL);
    if (error)
        return attn_refuse(why, error, "cannot find out what this machine is made of: %s",
                           strerror(-error));
    for (int at = 0; at < MACHINE_PLACEMENTS; at++) {
        host->order[at] = calloc(host->topology.pus, sizeof(*host->order[at]));
        if (!host->order[at]) {
            attn_host_close(host);
            return attn_refuse(why, -ENOMEM, "out of memory");
        }
        machine_topology_order(&host->topology, (enum machine_placement)at, host->order[at]);
    }
    for (int pages = 0; pages < ARENA_PAGES; pages++)
        pool_init(&host->pool[pages], NULL, (enum arena_pages)pages, seed);
    return 0;
}

void attn_host_close(struct attn_host *host)
{
    for (int pages = 0; pages < ARENA_PAGES; pages++)
        pool_free(&host->pool[pages]);
    for (int at = 0; at < MACHINE_PLACEMENTS; at++) {
        for (int ranks = 0; ranks <= ATTN_RANKS_MAX; ranks++)
            team_destroy(host->team[at][ranks]);
        free(host->order[at]);
    }
    machine_topology_free(&host->topology);
    *host = (struct attn_host){0};
}

int attn_host_team(struct attn_host *host, enum machine_placement placement, uint32_t ranks,
                   struct team **team, struct attn_message *why)
{
    if (ranks < 1 || ranks > ATTN_RANKS_MAX)
        return attn_refuse(why, -EINVAL, "%u threads; a team has 1 to %d", ranks, ATTN_RANKS_MAX);
    struct team **const kept = &host->team[placement][ranks];
    *team = *kept;
    if (*team)
        return 0;
    const struct team_options options = {
        .ranks = (int)ranks,
        .topology = &host->topology,
        .placement = placement,
    };
    const int error = team_create(kept, &options);
    if (error)
        return attn_refuse(why, error, "cannot start %u threads: %s", ranks, strerror(-error));
    *team = *kept;
    return 0;
}

const char *attn_host_team_warning(struct attn_host *host, enum machine_placement placement,
                                   uint32_t ranks, char *buf, size_t size)
{
    const bool first = !host->warned[placement][ranks];
    host->warned[placement][ranks] = true;
    buf[0] = '\0';
    if (first && ranks > host->topology.pus)
        snprintf(buf, size, "%u threads take turns on %u hardware threads", ranks,
                 host->topology.pus);
    else if (first)
        snprintf(buf, size, "%s", team_warning(host->team[placement][ranks]));
    return buf;
}

struct pool *attn_host_pool(struct attn_host *host, const char *pages, struct team *team)
{
    enum arena_pages kind;
    const char *const name = *pages ? pages : attn_options[ATTN_OPT_PAGES].value;
    if (arena_pages_parse(name, &kind))
        return NULL;
    host->pool[kind].team = team;
    return &host->pool[kind];
}

uint64_t attn_host_llc(const struct attn_host *host, enum machine_placement placement,
                       uint32_t ranks)
{
    const uint32_t pus = host->topology.pus;
    return machine_topology_llc_of(&host->topology, host->order[placement],
                                   ranks < pus ? ranks : pus);
}
