/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table, a line an axis. The writers of text live here and not in kernels/ because they are
 * words for tables ("GQA-8") and not parts of names.
 */
#include "analysis/axis.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(char *buf, const char *text)
{
    snprintf(buf, ANA_AXIS_MAX, "%s", text);
}

static void put_phase(const struct attn_name *name, char *buf)
{
    put(buf, attn_phase_name(name->problem.phase));
}

static void put_kernel(const struct attn_name *name, char *buf)
{
    put(buf, name->kernel);
}

static void put_attention(const struct attn_name *name, char *buf)
{
    const struct attn_problem *const p = &name->problem;
    /* One cached state serves as K and V: a latent of all heads (MLA), of some (GLA), or the tied
     * state of a group beside half a head of rotary positions (GTA). */
    if (p->v_is_k_prefix && p->kv_heads == 1)
        put(buf, "MLA");
    else if (p->v_is_k_prefix)
        snprintf(buf, ANA_AXIS_MAX, "%s-%u", 2 * p->dim == 3 * p->dim_v ? "GTA" : "GLA",
                 p->kv_heads);
    else if (p->kv_heads == p->heads)
        put(buf, "MHA");
    else if (p->kv_heads == 1)
        put(buf, "MQA");
    else
        snprintf(buf, ANA_AXIS_MAX, "GQA-%u", p->kv_heads);
}

static void put_kv(const struct attn_name *name, char *buf)
{
    const char *const k = attn_types[name->problem.k_type].name;
    const char *const v = attn_types[name->problem.v_type].name;
    snprintf(buf, ANA_AXIS_MAX, "%s%s%s", k, k == v ? "" : "+", k == v ? "" : v);
}

static void put_group(const struct attn_name *name, char *buf)
{
    snprintf(buf, ANA_AXIS_MAX, "%u", attn_group(&name->problem));
}

static void put_layout(const struct attn_name *name, char *buf)
{
    static const char *const names[ATTN_LAYOUTS] = {
        [ATTN_CONTIGUOUS] = "contiguous", [ATTN_TOKEN_MAJOR] = "token-major",
        [ATTN_PAGED] = "paged",           [ATTN_RING] = "ring",
        [ATTN_TRANSPOSED] = "transposed",
    };
    const struct attn_problem *const p = &name->problem;
    if (p->layout == ATTN_PAGED)
        snprintf(buf, ANA_AXIS_MAX, "paged%u", p->page);
    else
        put(buf, names[p->layout]);
}

static void put_mask(const struct attn_name *name, char *buf)
{
    static const char *const names[ATTN_MASKS] = {
        [ATTN_CAUSAL] = "causal", [ATTN_FULL] = "full", [ATTN_TREE] = "tree"};
    put(buf, names[name->problem.mask]);
}

static void put_head_map(const struct attn_name *name, char *buf)
{
    put(buf, name->problem.head_map == ATTN_MAP_CYCLIC ? "cyclic" : "block");
}

static void put_sinks(const struct attn_name *name, char *buf)
{
    put(buf, name->problem.sinks ? "1" : "0");
}

static void put_alibi(const struct attn_name *name, char *buf)
{
    put(buf, name->problem.alibi ? "1" : "0");
}

static void put_rel_bias(const struct attn_name *name, char *buf)
{
    put(buf, name->problem.rel_bias ? "1" : "0");
}

static void put_softcap(const struct attn_name *name, char *buf)
{
    snprintf(buf, ANA_AXIS_MAX, "%g", (double)name->problem.softcap);
}

static void put_scale(const struct attn_name *name, char *buf)
{
    snprintf(buf, ANA_AXIS_MAX, "%g", (double)name->problem.scale);
}

static bool has_layers(const struct attn_name *name)
{
    return attn_phase_has_layers(name->problem.phase);
}

static void put_form(const struct attn_name *name, char *buf)
{
    put(buf, has_layers(name) ? layer_forms[name->layer.form].name : "");
}

static void put_weights(const struct attn_name *name, char *buf)
{
    put(buf, has_layers(name) ? attn_types[name->layer.weights].name : "");
}

static void put_projection(const struct attn_name *name, char *buf)
{
    put(buf, has_layers(name) ? layer_projection_names[name->layer.projection] : "");
}

static void put_mix(const struct attn_name *name, char *buf)
{
    put(buf, name->layer.mix);
}

static void put_prefetch(const struct attn_name *name, char *buf)
{
    if (name->prefetch > 0)
        snprintf(buf, ANA_AXIS_MAX, "%d", name->prefetch);
    else
        put(buf, name->prefetch ? "none" : "auto");
}

static void put_placement(const struct attn_name *name, char *buf)
{
    put(buf, name->scatter ? "scatter" : "compact");
}

static void put_cache(const struct attn_name *name, char *buf)
{
    put(buf, name->hot ? "hot" : "cold");
}

static void put_pages(const struct attn_name *name, char *buf)
{
    put(buf, *name->pages ? name->pages : "default");
}

#define FIELD(member) NULL, offsetof(struct attn_name, member)

const struct ana_axis ana_axes[] = {
    {"phase", "decode, prefill ...", false, put_phase},
    {"kernel", "rung and instruction set", false, put_kernel},
    {"attention", "MHA, GQA-G, MQA, MLA, GLA-G or GTA-G", false, put_attention},
    {"kv", "element type of the cache, K+V when they differ", false, put_kv},
    {"batch", "sequences", true, FIELD(problem.batch)},
    {"heads", "query heads", true, FIELD(problem.heads)},
    {"kv_heads", "KV heads", true, FIELD(problem.kv_heads)},
    {"group", "query heads a KV head serves", true, put_group},
    {"dim", "head dim of K", true, FIELD(problem.dim)},
    {"dim_v", "head dim of V", true, FIELD(problem.dim_v)},
    {"context", "tokens in the cache", true, FIELD(problem.context)},
    {"q_len", "query tokens a sequence", true, FIELD(problem.q_len)},
    {"layout", "how the cache lies in memory", false, put_layout},
    {"window", "sliding window in tokens, 0 is all", true, FIELD(problem.window)},
    {"chunk", "attention chunk in tokens, 0 is off", true, FIELD(problem.chunk)},
    {"mask", "causal, full or tree", false, put_mask},
    {"head_map", "block or cyclic", false, put_head_map},
    {"ragged", "percent by which the shortest sequence is shorter", true, FIELD(problem.ragged)},
    {"sinks", "1 with attention sinks", true, put_sinks},
    {"alibi", "1 with a linear bias a head", true, put_alibi},
    {"rel_bias", "1 with a learned bias a head by distance", true, put_rel_bias},
    {"softcap", "cap of the logits, 0 is off", true, put_softcap},
    {"scale", "factor of the logits, 0 is 1/sqrt(dim)", true, put_scale},
    {"prefix", "tokens that all sequences share", true, FIELD(problem.prefix)},
    {"form", "what stands around a layer's attention", false, put_form},
    {"weights", "element type of a layer's weights", false, put_weights},
    {"width", "of the residual stream, 0 for attention alone", true, FIELD(layer.width)},
    {"ffn", "inner width of the feed-forward part", true, FIELD(layer.ffn)},
    {"cross", "tokens of the encoder", true, FIELD(layer.cross)},
    {"projection", "how products are computed", false, put_projection},
    {"layers", "layers of the model", true, FIELD(layer.layers)},
    {"vocab", "words of the model", true, FIELD(layer.vocab)},
    {"mix", "runs of layers that differ", false, put_mix},
    {"splits", "chunks asked for, 0 is the kernel's policy", true, FIELD(splits)},
    {"tile", "tokens a tile, 0 is the kernel's own", true, FIELD(tile)},
    {"prefetch", "tiles ahead that memory is asked for", false, put_prefetch},
    {"pages", "page size of memory", false, put_pages},
    {"placement", "of threads, compact or scatter", false, put_placement},
    {"cache", "cold or hot", false, put_cache},
    {"threads", "threads working on one call", true, FIELD(threads)},
    {"label", "models with this shape", false},
};
const size_t ana_axis_count = sizeof(ana_axes) / sizeof(ana_axes[0]);

const struct ana_axis *ana_axis_find(const char *name)
{
    for (size_t i = 0; i < ana_axis_count; i++)
        if (strcmp(ana_axes[i].name, name) == 0)
            return &ana_axes[i];
    return NULL;
}

/* Part `index` of a name separated by '/'; false past the last. */
static bool name_part(const char *text, size_t index, const char **part, size_t *len)
{
    for (; index > 0; index--) {
        text = strchr(text, '/');
        if (!text)
            return false;
        text++;
    }
    *part = text;
    *len = strcspn(text, "/");
    return true;
}

/* Key and value of a part after the family: "n:8" is n = 8, "8" at place 2 is arg2 = 8. */
static void split_part(const char *part, size_t len, size_t index, char *key, char *value)
{
    const char *const colon = memchr(part, ':', len);
    if (colon)
        snprintf(key, ANA_AXIS_MAX, "%.*s", (int)(colon - part), part);
    else
        snprintf(key, ANA_AXIS_MAX, "arg%zu", index);
    const char *const from = colon ? colon + 1 : part;
    snprintf(value, ANA_AXIS_MAX, "%.*s", (int)(part + len - from), from);
}

const char *ana_axis_foreign(const struct ana_row *row, size_t i, char buf[ANA_AXIS_MAX])
{
    const char *part;
    size_t len;
    char value[ANA_AXIS_MAX];
    if (row->attn || !name_part(row->run_name, i, &part, &len))
        return NULL;
    if (i == 0)
        put(buf, "family");
    else
        split_part(part, len, i, buf, value);
    return buf;
}

static void foreign_text(const struct ana_row *row, const char *axis, char *buf)
{
    const char *part;
    size_t len;
    char key[ANA_AXIS_MAX];
    if (strcmp(axis, "threads") == 0)
        snprintf(buf, ANA_AXIS_MAX, "%lld", (long long)row->threads);
    if (strcmp(axis, "family") == 0)
        snprintf(buf, ANA_AXIS_MAX, "%.*s", (int)strcspn(row->run_name, "/"), row->run_name);
    for (size_t i = 1; !*buf && name_part(row->run_name, i, &part, &len); i++) {
        split_part(part, len, i, key, buf);
        if (strcmp(key, axis) != 0)
            *buf = '\0';
    }
}

static void put_field(const struct attn_name *name, size_t offset, char *buf)
{
    uint32_t value;
    memcpy(&value, (const char *)name + offset, sizeof(value));
    snprintf(buf, ANA_AXIS_MAX, "%u", value);
}

const char *ana_axis_of(const struct ana_axis *axis, const struct attn_name *name,
                        char buf[ANA_AXIS_MAX])
{
    *buf = '\0';
    if (axis->text)
        axis->text(name, buf);
    else if (strcmp(axis->name, "label") != 0)
        put_field(name, axis->offset, buf);
    return buf;
}

const char *ana_axis_text(const struct ana_row *row, const char *axis, char buf[ANA_AXIS_MAX])
{
    *buf = '\0';
    if (strcmp(axis, "label") == 0) {
        put(buf, row->label);
    } else if (strcmp(axis, "name") == 0) {
        put(buf, row->run_name);
    } else if (!row->attn) {
        foreign_text(row, axis, buf);
    } else {
        const struct ana_axis *const source = ana_axis_find(axis);
        if (source)
            ana_axis_of(source, row->attn, buf);
    }
    return buf;
}

double ana_axis_number(const struct ana_row *row, const char *axis)
{
    char buf[ANA_AXIS_MAX], *end;
    ana_axis_text(row, axis, buf);
    const double value = strtod(buf, &end);
    return *buf && !*end ? value : NAN;
}
