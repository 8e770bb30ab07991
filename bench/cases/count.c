/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is counted. A run without a hardware counter is as good as one with
 * them, so everything that is missing is a state with a reason; only who asked for an event that no
 * machine has, or demanded counters, is refused.
 */
#include "bench/cases/count.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The next name of a list; commas between slashes belong to it ("cpu/event=1,umask=2/"). */
static const char *next_name(const char **at, char *name, size_t size)
{
    const char *const start = *at;
    bool slashed = false;
    if (!start)
        return NULL;
    const char *end = start;
    for (; *end && (*end != ',' || slashed); end++)
        slashed = slashed != (*end == '/');
    snprintf(name, size, "%.*s", (int)(end - start), start);
    *at = *end ? end + 1 : NULL;
    return name;
}

static int add_asked(struct attn_counting *c, const char *list, struct attn_message *why)
{
    const char *at = *list ? list : NULL;
    char name[1024], reason[COUNTER_REASON];
    while (next_name(&at, name, sizeof(name))) {
        if (!*name)
            return attn_refuse(why, -EINVAL,
                               "--benchmark_perf_counters: \"%s\" lacks a name beside a comma",
                               list);
        const int index = counters_add(c->counters, name, reason);
        if (index < 0)
            return attn_refuse(why, -EINVAL, "--benchmark_perf_counters: %s", reason);
        bool known = false;
        for (int i = 0; i < c->asks; i++)
            known = known || c->asked[i] == index;
        if (!known)
            c->asked[c->asks++] = index;
    }
    return 0;
}

/* Proving may find out more than opening. */
static void add_roles(struct attn_counting *c)
{
    for (int role = 0; role < COUNTER_ROLES; role++)
        counters_add_role(c->counters, (enum counter_role)role, &c->role[role]);
    counters_prove(c->counters);
    for (int role = 0; role < COUNTER_ROLES; role++)
        counters_settle_role(c->counters, &c->role[role]);
}

static int prepare_traffic(void *user, struct byte_work *work)
{
    struct attn_counting *const c = user;
    const int error = traffic_open(&c->traffic, c->team, c->llc_bytes);
    if (!error)
        *work = c->traffic.work;
    return error;
}

/* Demanded counters that are missing, as an error. */
static int demand(const struct attn_counting *c, struct attn_message *why)
{
    for (int i = 0; i < c->asks; i++) {
        const struct counter_event *const e = counters_event(c->counters, c->asked[i]);
        if (e->trouble.state)
            return attn_refuse(why, -ENOTSUP, "--counters=require: %s is %s: %s", e->name,
                               counter_state_name[e->trouble.state], e->trouble.reason);
    }
    if (c->asks)
        return 0;
    const struct counter_sum *const instructions = &c->role[ROLE_INSTRUCTIONS];
    if (!instructions->n)
        return attn_refuse(why, -ENOTSUP, "--counters=require: instructions are %s: %s",
                           counter_state_name[instructions->trouble.state],
                           instructions->trouble.reason);
    if (c->bytes.id != BYTES_MODELLED)
        return 0;
    const enum byte_source_id id = bytes_most_telling(&c->bytes);
    const struct counter_trouble *const trouble = &c->bytes.verdict[id].trouble;
    return attn_refuse(why, -ENOTSUP,
                       "--counters=require: nobody can be believed about bytes; %s is %s: %s",
                       byte_sources[id].id, counter_state_name[trouble->state], trouble->reason);
}

static bool is(const struct attn_settings *settings, const char *mode)
{
    const char *const text = settings->text[ATTN_OPT_COUNTERS];
    return text && strcmp(text, mode) == 0;
}

int attn_counting_open(struct attn_counting *c, const struct attn_settings *settings,
                       const struct benchmark_runner *runner, struct attn_host *host,
                       uint32_t threads, struct attn_message *why)
{
    const char *const list = benchmark_flag_value(runner, "benchmark_perf_counters");
    const struct counters_options options = {.root = ""};
    byte_open_fn *const *const sources = c->sources;
    *c = (struct attn_counting){.sources = sources, .bytes = {.id = BYTES_MODELLED}};
    if (is(settings, "off") && *list)
        return attn_refuse(why, -EINVAL,
                           "--counters=off and --benchmark_perf_counters contradict each other; "
                           "give one of them");
    if (is(settings, "off"))
        return 0;
    /* Too many threads are the affair of the cases that want them. */
    int error = attn_host_team(host, MACHINE_COMPACT, threads, &c->team, why);
    if (error)
        error = attn_host_team(host, MACHINE_COMPACT, 1, &c->team, why);
    if (error)
        return error;
    if (counters_open(&c->counters, &options))
        return attn_refuse(why, -ENOMEM, "out of memory");
    error = add_asked(c, list, why);
    if (error)
        return error;
    add_roles(c);
    c->llc_bytes = attn_host_llc(host, MACHINE_COMPACT, threads);
    const struct bytes_options bytes = {
        .root = "",
        .counters = c->counters,
        .team = c->team,
        .prepare = prepare_traffic,
        .user = c,
        .open = c->sources,
    };
    bytes_open(&c->bytes, &bytes);
    counters_prove(c->counters); /* without the events of sources that were refused */
    return is(settings, "require") ? demand(c, why) : 0;
}

void attn_counting_close(struct attn_counting *c)
{
    if (c->counters)
        bytes_close(&c->bytes);
    traffic_close(&c->traffic);
    counters_close(c->counters);
    c->counters = NULL;
}
