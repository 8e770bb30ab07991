/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/cases/generate_trial.h"

#include "analysis/column.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Enough for a prompt of more than one chunk and for pages and rings to wrap. */
enum { CHECK_PROMPT = ENGINE_CHUNK + 40, CHECK_STEPS = 3 };

/* A short run, and every stage of what comes after it against the reference. */
static int check(struct attn_generate_trial *t, uint64_t seed, struct attn_message *why)
{
    struct generate *const g = &t->generate;
    struct layer_check found;
    if (generate_run(g, CHECK_STEPS, CHECK_PROMPT))
        return attn_refuse(why, -ENOMEM, "out of memory");
    const int error = engine_check(&t->layer.engine, seed, &found, why);
    attn_layer_note_check(&t->layer, &found);
    return error;
}

int attn_generate_open(struct attn_generate_trial *t, struct attn_host *host, struct team *team,
                       struct attn_message *why)
{
    int error = attn_layer_open_unchecked(&t->layer, host, team, why);
    if (error)
        return error;
    error = generate_open(&t->generate, &t->layer.engine, host->seed, why);
    if (!error)
        error = check(t, host->seed, why);
    if (error)
        attn_generate_close(t);
    return error;
}

void attn_generate_run(struct attn_generate_trial *t, struct benchmark_state *state)
{
    struct generate *const g = &t->generate;
    uint64_t tokens = 0;
    while (benchmark_keep_running(state)) {
        if (generate_run(g, 0, 0)) {
            benchmark_skip_with_error(state, "out of memory for the steps of a run");
            return;
        }
        tokens += g->tokens;
    }
    benchmark_set_items_processed(state, (int64_t)tokens);
}

/* What some tokens of a step took. */
struct wait {
    uint64_t ns;
    uint32_t tokens;
};

static int compare(const void *a, const void *b)
{
    const struct wait *const x = a, *const y = b;
    return (x->ns > y->ns) - (x->ns < y->ns);
}

/* The time that at least this share of the tokens did not exceed; waits in order of time. */
static double percentile(const struct wait *sorted, size_t n, uint64_t tokens, double share)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        seen += sorted[i].tokens;
        if ((double)seen >= share * (double)tokens)
            return (double)sorted[i].ns;
    }
    return 0;
}

static int write_log(const struct attn_generate_trial *t, const char *path,
                     struct attn_message *why)
{
    const struct generate *const g = &t->generate;
    /* One file for all cases of a run; the first begins it. */
    static bool begun;
    FILE *const out = fopen(path, begun ? "ae" : "we");
    if (!out)
        return attn_refuse(why, -errno, "cannot write the steps to %s: %s", path, strerror(errno));
    if (!begun)
        fputs("name,step,sequences,joined,longest,step_ns,prefill_ns,kv_bytes,kv_reserved_bytes\n",
              out);
    begun = true;
    for (size_t i = 0; i < g->steps; i++) {
        const struct generate_step *const s = &g->step[i];
        fprintf(out, "%s,%zu,%u,%u,%u,%llu,%llu,%llu,%llu\n", t->layer.c->text, i, s->sequences,
                s->joined, s->longest, (unsigned long long)s->ns, (unsigned long long)s->prefill_ns,
                (unsigned long long)s->kv_bytes, (unsigned long long)s->reserved_bytes);
    }
    const bool failed = fflush(out) || ferror(out);
    const int number = errno;
    if (fclose(out) || failed)
        return attn_refuse(why, -EIO, "cannot write the steps to %s: %s", path, strerror(number));
    return 0;
}

static void set(struct benchmark_state *state, enum ana_column_id id, double value)
{
    benchmark_set_counter(state, ana_columns[id].name, value, 0);
}

static int columns(struct attn_generate_trial *t, struct benchmark_state *state,
                   struct attn_message *why)
{
    const struct generate *const g = &t->generate;
    const size_t n = g->steps;
    struct wait *const waits = malloc((2 * n + 1) * sizeof(*waits));
    uint64_t live = 0, reserved = 0;
    uint32_t longest = 0;
    if (!waits)
        return attn_refuse(why, -ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const struct generate_step *const s = &g->step[i];
        waits[2 * i] = (struct wait){s->ns, s->sequences - s->joined};
        waits[2 * i + 1] = (struct wait){s->ns - s->prefill_ns, s->joined};
        live = s->kv_bytes > live ? s->kv_bytes : live;
        reserved = s->reserved_bytes > reserved ? s->reserved_bytes : reserved;
        longest = s->longest > longest ? s->longest : longest;
    }
    qsort(waits, 2 * n, sizeof(*waits), compare);
    set(state, ANA_TPOT_P50_NS, percentile(waits, 2 * n, g->tokens, 0.50));
    set(state, ANA_TPOT_P99_NS, percentile(waits, 2 * n, g->tokens, 0.99));
    set(state, ANA_PREFILL_NS, (double)g->prefill_ns / (double)g->trace->n);
    set(state, ANA_STEPS, (double)n);
    set(state, ANA_KV_BYTES, (double)live);
    set(state, ANA_KV_RESERVED_BYTES, (double)reserved);
    set(state, ANA_TOKEN_CHECKSUM, (double)g->checksum);
    set(state, ANA_LONGEST, (double)longest);
    if (g->all_ns > g->inside_ns)
        set(state, ANA_OVERHEAD_FRACTION, (double)(g->all_ns - g->inside_ns) / (double)g->all_ns);
    set(state, ANA_WEIGHT_BYTES, (double)engine_cost(&t->layer.c->name).projection_bytes);
    set(state, ANA_LAYERS_RUN, (double)t->layer.c->name.layer.layers_run);
    free(waits);
    return 0;
}

int attn_generate_finish(struct attn_generate_trial *t, struct benchmark_state *state,
                         uint64_t seed, const char *log, struct attn_message *why)
{
    int error = columns(t, state, why);
    if (!error && log)
        error = write_log(t, log, why);
    return error ? error : check(t, seed + 1, why);
}

void attn_generate_close(struct attn_generate_trial *t)
{
    generate_close(&t->generate);
    attn_layer_close(&t->layer);
}
