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
    host->order = calloc(host->topology.pus, sizeof(*host->order));
    if (!host->order) {
        attn_host_close(host);
        return attn_refuse(why, -ENOMEM, "out of memory");
    }
    machine_topology_order(&host->topology, MACHINE_COMPACT, host->order);
    for (int pages = 0; pages < ARENA_PAGES; pages++)
        pool_init(&host->pool[pages], NULL, (enum arena_pages)pages, seed);
    return 0;
}

void attn_host_close(struct attn_host *host)
{
    for (int pages = 0; pages < ARENA_PAGES; pages++)
        pool_free(&host->pool[pages]);
    for (int ranks = 0; ranks <= ATTN_RANKS_MAX; ranks++)
        team_destroy(host->team[ranks]);
    free(host->order);
    machine_topology_free(&host->topology);
    *host = (struct attn_host){0};
}

int attn_host_team(struct attn_host *host, uint32_t ranks, struct team **team,
                   struct attn_message *why)
{
    if (ranks < 1 || ranks > ATTN_RANKS_MAX)
        return attn_refuse(why, -EINVAL, "%u threads; a team has 1 to %d", ranks, ATTN_RANKS_MAX);
    *team = host->team[ranks];
    if (*team)
        return 0;
    const struct team_options options = {
        .ranks = (int)ranks,
        .topology = &host->topology,
        .placement = MACHINE_COMPACT,
    };
    const int error = team_create(&host->team[ranks], &options);
    if (error)
        return attn_refuse(why, error, "cannot start %u threads: %s", ranks, strerror(-error));
    *team = host->team[ranks];
    return 0;
}

const char *attn_host_team_warning(struct attn_host *host, uint32_t ranks, char *buf, size_t size)
{
    const bool first = !host->warned[ranks];
    host->warned[ranks] = true;
    buf[0] = '\0';
    if (first && ranks > host->topology.pus)
        snprintf(buf, size, "%u threads take turns on %u hardware threads", ranks,
                 host->topology.pus);
    else if (first)
        snprintf(buf, size, "%s", team_warning(host->team[ranks]));
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

uint64_t attn_host_llc(const struct attn_host *host, uint32_t ranks)
{
    const uint32_t pus = host->topology.pus;
    return machine_topology_llc_of(&host->topology, host->order, ranks < pus ? ranks : pus);
}
