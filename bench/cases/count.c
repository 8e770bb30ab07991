/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is counted and what becomes of it. A run without a hardware counter is as good as one with
 * them, so everything that is missing is a state with a reason; only who asked for an event that no
 * machine has, or demanded counters, is refused.
 */
#include "bench/cases/count.h"

#include "analysis/column.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const enum ana_column_id role_column[COUNTER_ROLES] = {
    [ROLE_INSTRUCTIONS] = ANA_INSTRUCTIONS,
    [ROLE_CYCLES] = ANA_CYCLES,
    [ROLE_PAGE_WALKS] = ANA_PAGE_WALKS,
    [ROLE_STALL_CYCLES] = ANA_STALL_CYCLES,
};

/* ---- what is asked for */

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

static void add_roles(struct attn_counting *c)
{
    for (int role = 0; role < COUNTER_ROLES; role++) {
        struct counter_trouble ignored;
        c->role[role] = counters_add_role(c->counters, (enum counter_role)role,
                                          role == ROLE_INSTRUCTIONS ? &c->role_trouble : &ignored);
    }
}

/* Proving may have found out more than opening. */
static void settle_roles(struct attn_counting *c)
{
    for (int role = 0; role < COUNTER_ROLES; role++) {
        if (c->role[role] < 0)
            continue;
        const struct counter_event *const e = counters_event(c->counters, c->role[role]);
        if (e->trouble.state == COUNTER_OK)
            continue;
        if (role == ROLE_INSTRUCTIONS)
            c->role_trouble = e->trouble;
        c->role[role] = -1;
    }
}

static int prepare_traffic(void *user, struct byte_work *work)
{
    struct attn_counting *const c = user;
    const int error = traffic_open(&c->traffic, c->team, c->llc_bytes);
    if (!error)
        *work = c->traffic.work;
    return error;
}

/* The best source that failed for another reason than that there is none; else the first. */
static const struct byte_verdict *telling(const struct bytes *b, int *id)
{
    for (*id = BYTES_MC_CAS; *id < BYTES_MODELLED; (*id)++)
        if (b->verdict[*id].trouble.state > COUNTER_ABSENT)
            return &b->verdict[*id];
    *id = BYTES_MC_CAS;
    return &b->verdict[*id];
}

/* Demanded counters that are missing, as an error. */
static int demand(const struct attn_counting *c, struct attn_message *why)
{
    int id;
    for (int i = 0; i < c->asks; i++) {
        const struct counter_event *const e = counters_event(c->counters, c->asked[i]);
        if (e->trouble.state)
            return attn_refuse(why, -ENOTSUP, "--counters=require: %s is %s: %s", e->name,
                               counter_state_name[e->trouble.state], e->trouble.reason);
    }
    if (c->asks)
        return 0;
    if (c->role[ROLE_INSTRUCTIONS] < 0)
        return attn_refuse(why, -ENOTSUP, "--counters=require: instructions are %s: %s",
                           counter_state_name[c->role_trouble.state], c->role_trouble.reason);
    if (c->bytes.id != BYTES_MODELLED)
        return 0;
    const struct byte_verdict *const v = telling(&c->bytes, &id);
    return attn_refuse(why, -ENOTSUP,
                       "--counters=require: nobody can be believed about bytes; %s is %s: %s",
                       byte_sources[id].id, counter_state_name[v->trouble.state],
                       v->trouble.reason);
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
    for (int role = 0; role < COUNTER_ROLES; role++)
        c->role[role] = -1;
    if (is(settings, "off") && *list)
        return attn_refuse(why, -EINVAL,
                           "--counters=off and --benchmark_perf_counters contradict each other; "
                           "give one of them");
    if (is(settings, "off"))
        return 0;
    /* Too many threads are the affair of the cases that want them. */
    int error = attn_host_team(host, threads, &c->team, why);
    if (error)
        error = attn_host_team(host, 1, &c->team, why);
    if (error)
        return error;
    if (counters_open(&c->counters, &options))
        return attn_refuse(why, -ENOMEM, "out of memory");
    error = add_asked(c, list, why);
    if (error)
        return error;
    add_roles(c);
    counters_prove(c->counters);
    settle_roles(c);
    c->llc_bytes = attn_host_llc(host, threads);
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

/* ---- what is said of it */

static void describe_events(const struct attn_counting *c, struct machine_context *context)
{
    char text[8192] = "";
    double overhead = 0;
    FILE *const out = fmemopen(text, sizeof(text), "w");
    for (int i = 0; out && i < c->asks; i++) {
        const struct counter_event *const e = counters_event(c->counters, c->asked[i]);
        fprintf(out, "%s%s: %s%s%s", i ? "; " : "", e->name, counter_state_name[e->trouble.state],
                e->trouble.state ? ", " : "", e->trouble.state ? e->trouble.reason : "");
        if (e->trouble.state)
            context_warn(context, "%s is not counted: %s", e->name, e->trouble.reason);
    }
    for (int role = 0; out && role < COUNTER_ROLES; role++)
        if (c->role[role] >= 0)
            fprintf(out, "%s%s: ok", ftell(out) > 0 ? "; " : "",
                    counters_event(c->counters, c->role[role])->name);
    if (out && c->role[ROLE_INSTRUCTIONS] < 0)
        fprintf(out, "%sinstructions: %s, %s", ftell(out) > 0 ? "; " : "",
                counter_state_name[c->role_trouble.state], c->role_trouble.reason);
    if (out)
        fclose(out);
    context_set(context, "counters", "%s", text);
    for (int set = 0; set < counters_sets(c->counters); set++)
        if (counters_overhead_ns(c->counters, set) > overhead)
            overhead = counters_overhead_ns(c->counters, set);
    if (overhead > 0)
        context_set(context, "counters_overhead_ns", "%.0f", overhead);
}

void attn_counting_describe(const struct attn_counting *c, struct machine_context *context)
{
    char sources[4096];
    int id;
    if (!c->counters) {
        context_set(context, "counters", "off");
        context_set(context, "byte_sources", "%d %s: used, counters are off", BYTES_MODELLED,
                    byte_sources[BYTES_MODELLED].id);
        return;
    }
    describe_events(c, context);
    bytes_describe(&c->bytes, sources, sizeof(sources));
    context_set(context, "byte_sources", "%s", sources);
    if (c->bytes.id != BYTES_MODELLED)
        return;
    if (c->role[ROLE_INSTRUCTIONS] < 0) {
        context_warn(context, "no hardware counters, bytes are modelled (~): %s",
                     c->role_trouble.reason);
        return;
    }
    const struct byte_verdict *const v = telling(&c->bytes, &id);
    context_warn(context, "bytes are modelled (~), nobody can be believed about them: %s is %s: %s",
                 byte_sources[id].id, counter_state_name[v->trouble.state], v->trouble.reason);
}

void attn_counting_end(const struct attn_counting *c, struct benchmark_runner *runner)
{
    char text[COUNTER_REASON + 64];
    unsigned taken = 0, rejected = 0;
    if (!c->counters)
        return;
    counters_tally(c->counters, &taken, &rejected);
    if (rejected || *c->rejected) {
        snprintf(text, sizeof(text), "%u of %u readings, the last: %s", rejected, taken,
                 c->rejected);
        benchmark_add_context(runner, "counters_rejected", text);
    }
    if (*c->bytes.lost)
        benchmark_add_context(runner, "byte_source_lost", c->bytes.lost);
}

/* ---- counting */

/* Sets of the counters but the one a source of bytes is made of. */
static int source_set(const struct attn_counting *c)
{
    return c->bytes.id != BYTES_MODELLED && c->bytes.meter.event >= 0
               ? counters_set_of(c->counters, c->bytes.meter.event)
               : -1;
}

static int plain_sets(const struct attn_counting *c)
{
    return counters_sets(c->counters) - (source_set(c) >= 0);
}

static int set_of_pass(const struct attn_counting *c, int pass)
{
    const int source = source_set(c);
    return source >= 0 && pass >= source ? pass + 1 : pass;
}

int attn_counting_passes(const struct attn_counting *c)
{
    return c->counters ? plain_sets(c) + c->bytes.meter.passes : 0;
}

static void reject(struct attn_counting *c, const char *why)
{
    snprintf(c->rejected, sizeof(c->rejected), "%s", why);
}

void attn_counting_start(struct attn_counting *c, int pass, struct team *team)
{
    struct counter_trouble trouble;
    const int plain = plain_sets(c);
    c->running = !(pass < plain ? counters_start(c->counters, set_of_pass(c, pass), team, &trouble)
                                : bytes_start(&c->bytes, pass - plain, team, &trouble));
    if (!c->running)
        reject(c, trouble.reason);
}

static void set_events(const struct attn_counting *c, int64_t iterations, struct benchmark_row *row)
{
    const struct counter_reading *const r = &c->reading;
    for (int i = 0; i < c->asks; i++)
        if (r->known[c->asked[i]])
            benchmark_row_set_counter(row, counters_event(c->counters, c->asked[i])->name,
                                      r->value[c->asked[i]] / (double)iterations, 0);
    for (int role = 0; role < COUNTER_ROLES; role++)
        if (c->role[role] >= 0 && r->known[c->role[role]])
            benchmark_row_set_counter(row, ana_columns[role_column[role]].name,
                                      r->value[c->role[role]] / (double)iterations, 0);
}

/* Room for a repetition; NULL when there is no memory for it. */
static struct attn_counted_bytes *repetition(struct attn_counted *counted, int64_t index)
{
    if ((size_t)index >= counted->n) {
        const size_t n = (size_t)index + 8;
        struct attn_counted_bytes *const more =
            realloc(counted->repetition, n * sizeof(*counted->repetition));
        if (!more)
            return NULL;
        memset(more + counted->n, 0, (n - counted->n) * sizeof(*more));
        counted->repetition = more;
        counted->n = n;
    }
    return &counted->repetition[index];
}

static void stop_bytes(struct attn_counting *c, int pass, int64_t iterations, int64_t index,
                       struct attn_counted *counted)
{
    struct counter_trouble trouble;
    struct byte_count ignored = {.both = 0};
    struct attn_counted_bytes *const r = repetition(counted, index);
    const enum counter_state state = bytes_stop(&c->bytes, pass, r ? &r->sum : &ignored, &trouble);
    if (state)
        reject(c, trouble.reason);
    if (!r || state || !iterations)
        return;
    r->iterations = iterations;
    r->passes++;
}

void attn_counting_stop(struct attn_counting *c, int pass, int64_t iterations,
                        struct benchmark_row *row, struct attn_counted *counted)
{
    const int plain = plain_sets(c);
    if (!c->running)
        return;
    c->running = false;
    if (pass >= plain) {
        stop_bytes(c, pass - plain, iterations, row->repetition_index, counted);
        return;
    }
    counters_stop(c->counters, &c->reading);
    if (*c->reading.why)
        reject(c, c->reading.why);
    else if (iterations)
        set_events(c, iterations, row);
}

bool attn_counting_check(struct attn_counting *c, const struct attn_counted *counted,
                         struct benchmark_runner *runner)
{
    if (!c->counters)
        return false;
    if (c->bytes.id != BYTES_MODELLED && !bytes_recheck(&c->bytes))
        benchmark_warn(runner, "bytes are modelled (~) from here on, their source is lost: %s",
                       c->bytes.lost);
    return c->bytes.id == BYTES_MODELLED && counted->n > 0;
}

/* ---- rows */

enum figure { TOTAL, READ };

static double bytes_of(const struct attn_counted_bytes *r, enum figure figure)
{
    const double all = byte_count_total(&r->sum);
    const double wanted = figure == READ && r->sum.read > 0 ? r->sum.read : all;
    return wanted / (double)r->iterations;
}

static bool complete(const struct attn_counting *c, const struct attn_counted_bytes *r)
{
    return r->iterations && r->passes == c->bytes.meter.passes;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Over the repetitions whose reading was good; false when there is none. */
static bool summary(const struct attn_counting *c, const struct attn_counted *counted, bool median,
                    enum figure figure, double *value)
{
    double *const values = calloc(counted->n + 1, sizeof(*values)), sum = 0;
    size_t n = 0;
    for (size_t i = 0; values && i < counted->n; i++) {
        if (!complete(c, &counted->repetition[i]))
            continue;
        values[n] = bytes_of(&counted->repetition[i], figure);
        sum += values[n++];
    }
    if (n) {
        qsort(values, n, sizeof(*values), compare);
        *value = median ? (values[(n - 1) / 2] + values[n / 2]) / 2 : sum / (double)n;
    }
    free(values);
    return n > 0;
}

static bool figure_of_row(const struct attn_counting *c, const struct attn_counted *counted,
                          const struct benchmark_row *row, enum figure figure, double *value)
{
    if (row->kind == BENCHMARK_ROW_AGGREGATE) {
        const bool median = strcmp(row->aggregate_name, "median") == 0;
        return (median || strcmp(row->aggregate_name, "mean") == 0) &&
               summary(c, counted, median, figure, value);
    }
    const size_t index = (size_t)row->repetition_index;
    if (index >= counted->n || !complete(c, &counted->repetition[index]))
        return false;
    *value = bytes_of(&counted->repetition[index], figure);
    return true;
}

static void put(struct benchmark_row *row, enum ana_column_id id, double value)
{
    benchmark_row_set_counter(row, ana_columns[id].name, value, 0);
}

void attn_counting_row(const struct attn_counting *c, const struct attn_counted *counted,
                       double compulsory_bytes, struct benchmark_row *row)
{
    double value;
    const bool measured = c->counters && c->bytes.id != BYTES_MODELLED;
    const bool central = row->kind != BENCHMARK_ROW_AGGREGATE ||
                         strcmp(row->aggregate_name, "mean") == 0 ||
                         strcmp(row->aggregate_name, "median") == 0;
    if (!central)
        return;
    if (!measured || !figure_of_row(c, counted, row, TOTAL, &value)) {
        put(row, ANA_BYTE_SOURCE_ID, BYTES_MODELLED);
        return;
    }
    put(row, ANA_BYTE_SOURCE_ID, c->bytes.id);
    put(row, ANA_DRAM_BYTES, value);
    if (compulsory_bytes > 0 && figure_of_row(c, counted, row, READ, &value))
        put(row, ANA_READ_AMPLIFICATION, value / compulsory_bytes);
}

void attn_counted_free(struct attn_counted *counted)
{
    free(counted->repetition);
    *counted = (struct attn_counted){.n = 0};
}
