/* SPDX-License-Identifier: Apache-2.0 */
/* What a run says of its counters: keys of the context, and one sentence about what is missing. */
#include "bench/cases/count.h"

#include <stdio.h>
#include <string.h>

static bool same_trouble(const struct counter_sum *a, const struct counter_sum *b)
{
    return !a->n && !b->n && a->trouble.state == b->trouble.state &&
           strcmp(a->trouble.reason, b->trouble.reason) == 0;
}

/* "cycles: ok, PAPI_TOT_CYC"; roles without an event that have one reason are told together. */
static void describe_role(const struct attn_counting *c, int role, FILE *out)
{
    const struct counter_sum *const sum = &c->role[role], *const end = c->role + COUNTER_ROLES;
    const char *between = ftell(out) > 0 ? "; " : "";
    for (const struct counter_sum *before = c->role; !sum->n && before < sum; before++)
        if (same_trouble(before, sum))
            return;
    for (const struct counter_sum *other = sum; other < end; other++) {
        if (other != sum && (sum->n || !same_trouble(other, sum)))
            continue;
        fprintf(out, "%s%s", between, ana_columns[attn_role_column[other - c->role].id].name);
        between = ", ";
    }
    if (!sum->n)
        fprintf(out, ": %s, %s", counter_state_name[sum->trouble.state], sum->trouble.reason);
    for (int i = 0; i < sum->n; i++)
        fprintf(out, "%s%s", i ? " + " : ": ok, ",
                counters_event(c->counters, sum->index[i])->name);
}

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
        describe_role(c, role, out);
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
    if (!c->role[ROLE_INSTRUCTIONS].n) {
        context_warn(context, "no hardware counters, bytes are modelled (~): %s",
                     c->role[ROLE_INSTRUCTIONS].trouble.reason);
        return;
    }
    const enum byte_source_id id = bytes_most_telling(&c->bytes);
    const struct counter_trouble *const trouble = &c->bytes.verdict[id].trouble;
    context_warn(context, "bytes are modelled (~), nobody can be believed about them: %s is %s: %s",
                 byte_sources[id].id, counter_state_name[trouble->state], trouble->reason);
}

void attn_counting_end(const struct attn_counting *c, struct benchmark_runner *runner)
{
    char text[COUNTER_REASON + 64];
    if (!c->counters)
        return;
    if (c->rejected) {
        snprintf(text, sizeof(text), "%u of %u readings, the last: %s", c->rejected, c->taken,
                 c->last);
        benchmark_add_context(runner, "counters_rejected", text);
    }
    if (*c->bytes.lost)
        benchmark_add_context(runner, "byte_source_lost", c->bytes.lost);
}
