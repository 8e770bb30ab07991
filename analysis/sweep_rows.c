/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets by sorting: the name of a case with the axes blanked that a law accounts for is the key of
 * its set, so an axis that is added to names tomorrow is held apart already.
 */
#include "analysis/sweep_rows.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A case on its way into a set. */
struct entry {
    const struct ana_case *of;
    char *shape; /* its name without kernel and what that was asked: equal ones compete */
    char *key;   /* of its set */
};

static char *key_of(const struct ana_case *c, bool whole, bool kernel)
{
    char text[ATTN_NAME_MAX + 24];
    struct attn_name name = *c->row->attn;
    struct attn_problem *const p = &name.problem;
    if (!kernel) {
        snprintf(name.kernel, sizeof(name.kernel), "any");
        name.splits = name.tile = 0;
        name.prefetch = 0;
    }
    if (!whole) {
        const struct attn_problem plain = attn_problem_default();
        name.hot = false;
        p->batch = p->heads = p->kv_heads = 1;
        p->dim = p->dim_v = plain.dim;
        p->context = plain.context;
        p->q_len = p->mask == ATTN_TREE ? p->q_len : 1;
        p->window = p->layout == ATTN_RING ? p->window : 0;
        p->chunk = p->ragged = 0;
        p->scale = 0;
    }
    const int at = snprintf(text, sizeof(text), "%zu ", c->file);
    attn_name_format(&name, text + at, sizeof(text) - (size_t)at);
    return strdup(text);
}

static int by_shape(const void *a, const void *b)
{
    const struct entry *const x = a, *const y = b;
    const int order = strcmp(x->shape, y->shape);
    return order ? order : (x->of->real_ns > y->of->real_ns) - (x->of->real_ns < y->of->real_ns);
}

static int by_key(const void *a, const void *b)
{
    const struct entry *const x = a, *const y = b;
    const int order = strcmp(x->key, y->key);
    return order ? order : (x->of > y->of) - (x->of < y->of);
}

static int by_size(const void *a, const void *b)
{
    const struct ana_set *const x = a, *const y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->cases[0] > y->cases[0]) - (x->cases[0] < y->cases[0]);
}

static bool takes_part(const struct ana_case *c, const struct ana_texts *filters,
                       const char *kernel)
{
    if (!c->row->attn || c->error || !(c->real_ns > 0) || !isfinite(c->real_ns))
        return false;
    const char *const name = c->row->attn->kernel;
    if (strcmp(name, "ref") == 0 || strncmp(name, "ref.", 4) == 0 || strncmp(name, "ceil_", 5) == 0)
        return false;
    return (!kernel || fnmatch(kernel, name, 0) == 0) &&
           (!filters || ana_filter_passes(filters, c->row));
}

enum ana_level ana_level_of(const struct ana_result *result, double bytes, uint32_t threads)
{
    char key[48];
    double size[ANA_MEMORY] = {0};
    for (size_t i = 0; i < 16; i++) {
        const char *part[4];
        static const char *const names[] = {"type", "level", "size", "num_sharing"};
        for (size_t k = 0; k < 4; k++) {
            snprintf(key, sizeof(key), "caches.%zu.%s", i, names[k]);
            part[k] = ana_result_context(result, key);
        }
        const int level = part[1] ? atoi(part[1]) : 0;
        if (level < 1 || level > ANA_MEMORY || !part[2] ||
            (part[0] && strcmp(part[0], "Instruction") == 0))
            continue;
        const double sharing = part[3] ? fmax(atof(part[3]), 1) : 1;
        size[level - 1] = atof(part[2]) * ceil(fmax(threads, 1) / sharing);
    }
    for (size_t level = 0; level < ANA_MEMORY; level++)
        if (bytes <= size[level])
            return (enum ana_level)level;
    return ANA_MEMORY;
}

static struct ana_sample sample_of(const struct ana_summary *summary, const struct ana_case *c)
{
    const struct attn_name *const name = c->row->attn;
    const double bytes = ana_case_figure(summary, c, "bytes");
    const double flops = ana_case_figure(summary, c, "flops");
    struct ana_sample s = {
        .bytes = bytes > 0 ? bytes : (double)attn_bytes(&name->problem),
        .flops = flops > 0 ? flops : (double)attn_flops(&name->problem),
        .ns = c->real_ns,
        .level = ANA_MEMORY,
    };
    if (c->high_ns > c->low_ns)
        s.spread = (c->high_ns - c->low_ns) / 2 / c->real_ns;
    if (name->hot)
        s.level = ana_level_of(c->result, s.bytes, name->threads);
    return s;
}

static void describe(struct ana_set *set, bool best)
{
    const struct attn_name *const n = set->like;
    const char *const kernel = best ? "fastest kernel" : n->kernel;
    char kv[ANA_AXIS_MAX], layout[ANA_AXIS_MAX];
    ana_axis_text(set->cases[0]->row, "kv", kv);
    ana_axis_text(set->cases[0]->row, "layout", layout);
    snprintf(set->name, sizeof(set->name), "%s, %.16s %.24s, %u thread%s, %.63s",
             attn_phase_name(n->problem.phase), kv, layout, n->threads, n->threads == 1 ? "" : "s",
             kernel);
}

static int fill(const struct ana_summary *summary, const struct entry *entries, size_t n, bool best,
                struct ana_set *set)
{
    set->samples = calloc(n, sizeof(*set->samples));
    set->cases = calloc(n, sizeof(const struct ana_case *));
    if (!set->samples || !set->cases)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        set->cases[i] = entries[i].of;
        set->samples[i] = sample_of(summary, entries[i].of);
    }
    set->count = n;
    set->like = entries[0].of->row->attn;
    set->file = entries[0].of->file;
    describe(set, best);
    return 0;
}

int ana_sets_make(const struct ana_summary *summary, const struct ana_texts *filters,
                  const char *kernel, struct ana_sets *sets)
{
    struct entry *const entries = calloc(summary->case_count + 1, sizeof(*entries));
    size_t n = 0, all = 0;
    int status = -ENOMEM;
    *sets = (struct ana_sets){.sets = calloc(summary->case_count + 1, sizeof(*sets->sets))};
    if (!entries || !sets->sets)
        goto out;
    for (size_t i = 0; i < summary->case_count; i++) {
        const struct ana_case *const c = &summary->cases[i];
        if (!takes_part(c, filters, kernel))
            continue;
        struct entry *const now = &entries[all++];
        *now = (struct entry){c, key_of(c, true, kernel), key_of(c, false, kernel)};
        if (!now->shape || !now->key)
            goto out;
    }
    n = all;
    qsort(entries, all, sizeof(*entries), by_shape);
    for (size_t i = 1, kept = 1; i < all; i++) { /* the first of each shape is its fastest */
        const struct entry now = entries[i];
        if (strcmp(now.shape, entries[kept - 1].shape) != 0) {
            entries[i] = entries[kept];
            entries[kept++] = now;
        }
        n = kept;
    }
    qsort(entries, n, sizeof(*entries), by_key);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && strcmp(entries[end].key, entries[i].key) == 0; end++)
            ;
        status = fill(summary, entries + i, end - i, !kernel, &sets->sets[sets->count++]);
        if (status)
            goto out;
    }
    qsort(sets->sets, sets->count, sizeof(*sets->sets), by_size);
    status = 0;
out:
    for (size_t i = 0; entries && i < all; i++) {
        free(entries[i].shape);
        free(entries[i].key);
    }
    free(entries);
    if (status)
        ana_sets_free(sets);
    return status;
}

void ana_sets_free(struct ana_sets *sets)
{
    for (size_t i = 0; sets->sets && i < sets->count; i++) {
        free(sets->sets[i].samples);
        free(sets->sets[i].cases);
    }
    free(sets->sets);
    *sets = (struct ana_sets){0};
}
