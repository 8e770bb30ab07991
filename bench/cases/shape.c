/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Axis values -> problem. A model gives heads, kv_heads, dim and what else its attention has;
 * keys that were given beside it win, and the label then says that the shape is no longer the
 * model's own.
 */
#include "bench/cases/shape.h"

#include "bench/cases/layer_shape.h"
#include "bench/cases/model.h"
#include "kernels/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sets one key of the problem from a value that the option table has already passed. */
static int set(struct attn_problem *p, const char *key, const char *value, struct attn_message *why)
{
    char part[128];
    const int n = snprintf(part, sizeof(part), "%s:%s", key, value);
    if ((size_t)n < sizeof(part) && attn_problem_set(p, part, (size_t)n) == 1)
        return 0;
    return attn_refuse(why, -EINVAL, "%s: \"%s\" is not a value of it", key, value);
}

/* Keys that go into the problem as they stand, in an order in which each has what it needs. */
static const struct {
    enum attn_option_id id;
    const char *key;
    bool model; /* the model's unless given */
} plain[] = {
    {ATTN_OPT_KV_TYPE, "kv", false},      {ATTN_OPT_BATCH, "batch", false},
    {ATTN_OPT_HEADS, "heads", true},      {ATTN_OPT_DIM, "dim", true},
    {ATTN_OPT_CONTEXT, "context", false}, {ATTN_OPT_LAYOUT, "layout", false},
    {ATTN_OPT_WINDOW, "window", true},    {ATTN_OPT_CHUNK, "chunk", true},
    {ATTN_OPT_MASK, "mask", false},       {ATTN_OPT_RAGGED, "ragged", false},
    {ATTN_OPT_SOFTCAP, "softcap", true},  {ATTN_OPT_HEAD_MAP, "head_map", false},
    {ATTN_OPT_PREFIX, "prefix", false},
};

static bool is_on(const char *text)
{
    return strcmp(text, "on") == 0;
}

/* A value that two keys may give: the key of its own, else what is there already. */
static int set_types(struct attn_problem *p, const struct attn_values *values)
{
    const char *const k = values->text[ATTN_OPT_K_TYPE], *const v = values->text[ATTN_OPT_V_TYPE];
    if (k && attn_type_parse(k, strlen(k), &p->k_type))
        return -EINVAL;
    return v ? attn_type_parse(v, strlen(v), &p->v_type) : 0;
}

static int set_query(struct attn_problem *p, const struct attn_values *values,
                     struct attn_message *why)
{
    const char *const q = values->text[ATTN_OPT_Q_LEN];
    const bool prompt = p->phase == ATTN_PREFILL && !values->given[ATTN_OPT_Q_LEN];
    if (prompt || strcmp(q, "context") == 0) {
        p->q_len = p->context;
        return 0;
    }
    return set(p, "q_len", q, why);
}

static void set_run(struct attn_name *name, const struct attn_values *values)
{
    const char *const splits = values->text[ATTN_OPT_SPLITS];
    const char *const pages = values->text[ATTN_OPT_PAGES];
    const char *const prefetch = values->text[ATTN_OPT_PREFETCH];
    name->splits = strcmp(splits, "auto") ? (uint32_t)strtoul(splits, NULL, 10) : 0;
    if (strcmp(values->text[ATTN_OPT_TILE], "auto"))
        name->tile = (uint32_t)strtoul(values->text[ATTN_OPT_TILE], NULL, 10);
    if (strcmp(prefetch, "auto"))
        name->prefetch =
            strcmp(prefetch, "none") ? (int32_t)strtol(prefetch, NULL, 10) : ATTN_PREFETCH_NONE;
    name->threads = (uint32_t)strtoul(values->text[ATTN_OPT_THREADS], NULL, 10);
    name->scatter = strcmp(values->text[ATTN_OPT_PLACEMENT], "scatter") == 0;
    name->hot = strcmp(values->text[ATTN_OPT_CACHE], "hot") == 0;
    if (strcmp(pages, attn_options[ATTN_OPT_PAGES].value) != 0)
        snprintf(name->pages, sizeof(name->pages), "%s", pages);
}

/* Which of the model's own values the user has replaced, as text for the label. */
static void label_changes(const struct attn_values *values, char *label, size_t size)
{
    static const enum attn_option_id own[] = {ATTN_OPT_HEADS,  ATTN_OPT_KV_HEADS, ATTN_OPT_DIM,
                                              ATTN_OPT_WINDOW, ATTN_OPT_REL_BIAS, ATTN_OPT_SOFTCAP,
                                              ATTN_OPT_FORM,   ATTN_OPT_WIDTH,    ATTN_OPT_FFN,
                                              ATTN_OPT_CROSS,  ATTN_OPT_LAYERS,   ATTN_OPT_VOCAB,
                                              ATTN_OPT_MIX};
    bool first = true;
    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
        if (!values->given[own[i]])
            continue;
        const size_t n = strlen(label);
        snprintf(label + n, size - n, "%s%s %s", first ? " with " : " and ",
                 attn_options[own[i]].name, values->text[own[i]]);
        first = false;
    }
}

int attn_shape(const struct attn_values *values, struct attn_name *name, char *label, size_t size,
               struct attn_message *why)
{
    const char *const model = values->text[ATTN_OPT_MODEL];
    const char *const phase = values->text[ATTN_OPT_PHASE];
    const char *const scale = values->text[ATTN_OPT_SCALE];
    const char *const kv_heads = values->text[ATTN_OPT_KV_HEADS];
    *name = (struct attn_name){.problem = attn_problem_default()};
    struct attn_problem *const p = &name->problem;
    int error = attn_phase_parse(phase, strlen(phase), &p->phase);
    char own[96] = "";
    *label = '\0';
    if (model) {
        error = attn_model_shape(model, p, label, size, why);
        if (error)
            return error;
        snprintf(own, sizeof(own), "%s", label);
        label_changes(values, label, size);
    }
    for (size_t i = 0; !error && i < sizeof(plain) / sizeof(*plain); i++)
        if (!(model && plain[i].model) || values->given[plain[i].id])
            error = set(p, plain[i].key, values->text[plain[i].id], why);
    if (!error && (!model || values->given[ATTN_OPT_KV_HEADS])) {
        if (strcmp(kv_heads, "heads") == 0)
            p->kv_heads = p->heads;
        else
            error = set(p, "kv_heads", kv_heads, why);
    }
    if (!error)
        error = set_types(p, values);
    if (!error)
        error = set_query(p, values, why);
    if (!error && strcmp(scale, "auto"))
        error = set(p, "scale", scale, why);
    if (error)
        return error;
    if (!model || values->given[ATTN_OPT_SINKS])
        p->sinks = is_on(values->text[ATTN_OPT_SINKS]);
    if (!model || values->given[ATTN_OPT_ALIBI])
        p->alibi = is_on(values->text[ATTN_OPT_ALIBI]);
    if (!model || values->given[ATTN_OPT_REL_BIAS])
        p->rel_bias = is_on(values->text[ATTN_OPT_REL_BIAS]);
    if (!model || values->given[ATTN_OPT_V_IN_K])
        p->v_is_k_prefix = is_on(values->text[ATTN_OPT_V_IN_K]);
    set_run(name, values);
    if (attn_phase_has_layers(p->phase))
        error = attn_layer_shape(values, own, name, why);
    if (error)
        return error;
    const char *const wrong = attn_name_invalid(name, why->text, sizeof(why->text));
    return wrong ? -EDOM : 0;
}
