/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model gives form, widths, vocabulary, layers and mix; what was given beside it wins. How many
 * distinct layers there are is part of the name, so it must not depend on what happens to be free
 * at the moment: it follows from the memory of the machine.
 */
#include "bench/cases/layer_shape.h"

#include "analysis/nearest.h"
#include "bench/cases/generate_trace.h"
#include "bench/machine/memory.h"
#include "kernels/layer/shape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int attn_check_form(const char *item, struct attn_message *why)
{
    char all[160] = "";
    struct ana_nearest near = {.word = item};
    for (int i = 0; i < LAYER_FORMS; i++) {
        const size_t n = strlen(all);
        if (strcmp(layer_forms[i].name, item) == 0)
            return 0;
        snprintf(all + n, sizeof(all) - n, "%s%s", n ? ", " : "", layer_forms[i].name);
        ana_nearest_offer(&near, layer_forms[i].name);
    }
    const char *const best = ana_nearest_best(&near);
    return attn_refuse(why, -EINVAL, "\"%s\" is none of %s%s%s%s", item, all,
                       best ? "; did you mean " : "", best ? best : "", best ? "?" : "");
}

/* What a mix says depends on the problem; whether it is one does not. */
int attn_check_mix(const char *item, struct attn_message *why)
{
    struct layer_config c = layer_config_default(ATTN_MODEL);
    const struct attn_problem p = attn_problem_default();
    struct layer_kind kind;
    if (strlen(item) >= sizeof(c.mix))
        return attn_refuse(why, -EINVAL, "\"%s\" is longer than %d characters", item,
                           LAYER_MIX_MAX - 1);
    strcpy(c.mix, item);
    if (*item && layer_config_kind(&c, &p, 0, &kind) == 0)
        return 0;
    return attn_refuse(why, -EINVAL,
                       "\"%s\" is not runs such as 5w512+1; a run is a count of layers and of k "
                       "(KV heads), w (window), c (chunk), s (shares) what differs",
                       item);
}

int attn_check_trace(const char *item, struct attn_message *why)
{
    const struct attn_trace *trace;
    return attn_trace_load(item, &trace, why) ? -EINVAL : 0;
}

static uint32_t number(const struct attn_values *values, enum attn_option_id id, uint32_t otherwise)
{
    return values->text[id] ? (uint32_t)strtoul(values->text[id], NULL, 10) : otherwise;
}

/* Bytes of the distinct things a layer keeps: weights and cache, the largest of the mix. */
static uint64_t layer_memory(const struct attn_name *name)
{
    struct layer_shape shape = {.config = name->layer};
    uint64_t most = 0;
    for (uint32_t i = 0; i < name->layer.layers; i++) {
        if (layer_config_kind(&name->layer, &name->problem, i, &shape.kind))
            return 0;
        const uint64_t bytes = layer_weight_bytes(&shape) + layer_kv_bytes(&shape);
        most = bytes > most ? bytes : most;
    }
    return most;
}

/* As many as fit into three quarters of the machine beside the embedding. */
static uint32_t layers_that_fit(const struct attn_name *name)
{
    struct machine_memory m;
    machine_memory_read("", &m);
    const uint64_t total = m.limit < m.total || !m.total ? m.limit : m.total;
    const uint64_t layer = layer_memory(name);
    const uint64_t head =
        attn_row_bytes(&attn_types[name->layer.weights], name->layer.width) * name->layer.vocab;
    if (total == UINT64_MAX || !layer)
        return name->layer.layers;
    const uint64_t room = total / 4 * 3;
    const uint64_t fit = room > head ? (room - head) / layer : 0;
    return fit < 1 ? 1 : fit < name->layer.layers ? (uint32_t)fit : name->layer.layers;
}

/* What the model's own layers are, or what the user has to say of them. */
static int from_model(const struct attn_values *values, const char *model, struct attn_name *name,
                      struct attn_message *why)
{
    const struct attn_model_layers *const m = attn_model_layers_find(model);
    struct layer_config *const c = &name->layer;
    if (m) {
        c->form = m->form;
        c->width = m->width;
        c->ffn = m->ffn;
        c->cross = m->cross;
        if (name->problem.phase != ATTN_LAYER) {
            c->vocab = m->vocab;
            c->layers = m->layers;
            strcpy(c->mix, m->mix);
        }
    } else if (!values->text[ATTN_OPT_WIDTH] || !values->text[ATTN_OPT_FFN]) {
        return attn_refuse(why, -EINVAL,
                           "of %s only the attention is known here; say what its layers are with "
                           "--width, --ffn and --form",
                           model);
    }
    return 0;
}

/* Where sequences begin and how far they grow. */
static int set_requests(const struct attn_values *values, struct attn_name *name,
                        struct attn_message *why)
{
    const char *const file = values->text[ATTN_OPT_TRACE];
    const uint32_t context = name->problem.context;
    const struct attn_trace *trace;
    if (!file) {
        name->layer.prompt = number(values, ATTN_OPT_PROMPT, context > 1 ? context / 2 : 1);
        return 0;
    }
    if (values->text[ATTN_OPT_PROMPT])
        return attn_refuse(why, -EINVAL, "give prompt or trace; a trace says its own prompts");
    if (attn_trace_load(file, &trace, why))
        return -EINVAL;
    for (size_t i = 0; i < trace->n; i++)
        if (trace->request[i].prompt + trace->request[i].output > context)
            return attn_refuse(why, -EINVAL,
                               "%s:%u: %u tokens of prompt and %u of output are more than the "
                               "context of %u",
                               file, trace->request[i].line, trace->request[i].prompt,
                               trace->request[i].output, context);
    name->layer.trace = trace->id;
    return 0;
}

int attn_layer_shape(const struct attn_values *values, const char *model, struct attn_name *name,
                     struct attn_message *why)
{
    const char *const form = values->text[ATTN_OPT_FORM], *const mix = values->text[ATTN_OPT_MIX];
    const char *const weights = values->text[ATTN_OPT_WEIGHTS];
    const char *const projection = values->text[ATTN_OPT_PROJECTION];
    struct layer_config *const c = &name->layer;
    *c = layer_config_default(name->problem.phase);
    const int error = *model ? from_model(values, model, name, why) : 0;
    if (error)
        return error;
    for (int i = 0; form && i < LAYER_FORMS; i++)
        if (strcmp(layer_forms[i].name, form) == 0)
            c->form = (enum layer_form_id)i;
    for (int i = 0; i < LAYER_PROJECTIONS; i++)
        if (strcmp(layer_projection_names[i], projection) == 0)
            c->projection = (enum layer_projection)i;
    if (weights)
        attn_type_parse(weights, strlen(weights), &c->weights);
    c->width = number(values, ATTN_OPT_WIDTH, c->width);
    c->ffn = number(values, ATTN_OPT_FFN, c->ffn);
    c->cross = number(values, ATTN_OPT_CROSS, c->cross);
    if (name->problem.phase == ATTN_LAYER)
        return 0;
    c->vocab = number(values, ATTN_OPT_VOCAB, c->vocab);
    c->layers = number(values, ATTN_OPT_LAYERS, c->layers);
    if (mix)
        strcpy(c->mix, mix);
    if (name->problem.phase == ATTN_GENERATE && set_requests(values, name, why))
        return -EINVAL;
    c->layers_run = number(values, ATTN_OPT_LAYERS_RUN, layers_that_fit(name));
    return 0;
}
