/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rung: a batch whose sequences begin alike (a system prompt, drafts of one answer) reads what they
 * share once. `split` does both parts: all queries of the batch against the prefix as if they were
 * those of one sequence, so that its pages pass by once for all of their heads, and each sequence
 * against what it has for itself. What comes out of both is weighed by its share of the sum of
 * exponentials, which the log-sum-exp of each part tells (FlashInfer's cascade does the same,
 * arXiv 2501.01005, section 3.1.2).
 *
 * The two parts stand in one phase: no rank waits between them.
 */
#include <math.h>
#include <string.h>

#include "kernels/ladder/tmpl.h"

extern const struct attn_kernel ATTN_SPLIT_SYMBOL;

/* The problems of both parts and what is called for them. */
struct parts {
    struct attn_problem prefix, own;
    struct attn_args for_prefix, for_own;
};

static struct attn_problem prefix_problem(const struct attn_problem *p)
{
    struct attn_problem q = *p;
    q.batch = 1;
    q.q_len = p->batch * p->q_len;
    q.context = p->prefix;
    q.mask = ATTN_FULL;
    q.prefix = q.ragged = 0;
    q.sinks = false;
    return q;
}

static struct attn_problem own_problem(const struct attn_problem *p)
{
    struct attn_problem q = *p;
    q.context -= p->prefix;
    q.prefix = 0;
    q.sinks = false;
    return q;
}

static size_t align(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static size_t query_rows(const struct attn_problem *p)
{
    return (size_t)p->batch * p->q_len * p->heads;
}

static size_t lengths_bytes(const struct attn_problem *p)
{
    return align((1 + (size_t)p->batch) * sizeof(uint32_t));
}

static size_t scratch_bytes(const struct attn_problem *p, uint32_t splits, int ranks)
{
    const struct attn_problem prefix = prefix_problem(p), own = own_problem(p);
    return align(ATTN_SPLIT_SYMBOL.scratch_bytes(&prefix, splits, ranks)) +
           align(ATTN_SPLIT_SYMBOL.scratch_bytes(&own, splits, ranks)) +
           align(query_rows(p) * p->dim_v * sizeof(float)) +
           2 * align(query_rows(p) * sizeof(float)) + (size_t)ranks * lengths_bytes(p);
}

/* Every rank writes lengths of its own, so that none waits for another's. */
static void parts_at(const struct attn_args *args, int rank, int ranks, struct parts *parts)
{
    const struct attn_problem *const p = args->problem;
    char *at = args->scratch;
    *parts = (struct parts){.prefix = prefix_problem(p), .own = own_problem(p)};
    struct attn_args *const prefix = &parts->for_prefix, *const own = &parts->for_own;
    *prefix = *own = *args;
    prefix->problem = &parts->prefix;
    own->problem = &parts->own;
    prefix->sinks = own->sinks = NULL;
    prefix->tree = NULL;
    prefix->scratch = at;
    at += align(ATTN_SPLIT_SYMBOL.scratch_bytes(&parts->prefix, args->splits, ranks));
    own->scratch = at;
    at += align(ATTN_SPLIT_SYMBOL.scratch_bytes(&parts->own, args->splits, ranks));
    prefix->out = (float *)(void *)at;
    at += align(query_rows(p) * p->dim_v * sizeof(float));
    prefix->lse = (float *)(void *)at;
    at += align(query_rows(p) * sizeof(float));
    own->lse = (float *)(void *)at;
    at += align(query_rows(p) * sizeof(float));
    uint32_t *const lengths = (uint32_t *)(void *)(at + (size_t)rank * lengths_bytes(p));
    lengths[0] = p->prefix;
    for (uint32_t b = 0; b < p->batch; b++)
        lengths[1 + b] = args->lengths[b] - p->prefix;
    prefix->lengths = lengths;
    own->lengths = lengths + 1;
    own->kv.table += p->prefix / p->page;
}

static void attend(const struct attn_args *args, int rank, int ranks)
{
    struct parts parts;
    parts_at(args, rank, ranks, &parts);
    ATTN_SPLIT_SYMBOL.phase[0](&parts.for_prefix, rank, ranks);
    ATTN_SPLIT_SYMBOL.phase[0](&parts.for_own, rank, ranks);
}

static void merge(const struct attn_args *args, int rank, int ranks)
{
    struct parts parts;
    parts_at(args, rank, ranks, &parts);
    ATTN_SPLIT_SYMBOL.phase[1](&parts.for_prefix, rank, ranks);
    ATTN_SPLIT_SYMBOL.phase[1](&parts.for_own, rank, ranks);
}

/* Rows of the output, shared out among ranks. */
static void join(const struct attn_args *args, int rank, int ranks)
{
    const struct attn_problem *const p = args->problem;
    const size_t rows = query_rows(p);
    struct parts parts;
    parts_at(args, rank, ranks, &parts);
    const size_t end = rows * ((size_t)rank + 1) / (size_t)ranks;
    for (size_t r = rows * (size_t)rank / (size_t)ranks; r < end; r++) {
        const float a = parts.for_prefix.lse[r], b = parts.for_own.lse[r];
        const float sink = args->sinks ? args->sinks[r % p->heads] : -INFINITY;
        const float most = fmaxf(fmaxf(a, b), sink);
        const float shared = expf(a - most), own = expf(b - most);
        const float sum = shared + own + expf(sink - most);
        const float *const from = parts.for_prefix.out + r * p->dim_v;
        float *const to = args->out + r * p->dim_v;
        for (uint32_t d = 0; d < p->dim_v; d++)
            to[d] = (from[d] * shared + to[d] * own) / sum;
        if (args->lse)
            args->lse[r] = most + logf(sum);
    }
}

static const char *supports(const struct attn_problem *p)
{
    if (!p->prefix)
        return "the sequences share no prefix";
    if (p->alibi || p->rel_bias)
        return "a bias by distance does not go with a prefix taken for itself";
    return NULL;
}

ATTN_DEFINE_KERNEL = {
    ATTN_KERNEL_IDENTITY,
    .summary = "SIMD decode of a batch that shares a prefix, which is read once",
    .kind = ATTN_RUNG,
    .k_types = ATTN_TYPES_K,
    .v_types = ATTN_TYPES_V,
    .layouts = 1u << ATTN_PAGED,
    .phases = 1u << ATTN_DECODE,
    .supports = supports,
    .splits_most = ATTN_SPLITS_ANY,
    .scratch_bytes = scratch_bytes,
    .phase = {attend, merge, join},
    .phase_name = {"attend", "merge", "join"},
};
