/* SPDX-License-Identifier: Apache-2.0 */
/* A thin layer over the analysis room's models: it adds what to do about those a row cannot be. */
#include "bench/cases/model.h"

#include "analysis/models.h"
#include "kernels/name.h"

#include <errno.h>
#include <stdio.h>

/* Of layers that differ, the kind that sees most: no window, no chunk, most KV heads. */
static const struct ana_layers *widest_kind(const struct ana_model *model)
{
    const struct ana_layers *best = &model->kinds[0];
    for (size_t i = 1; i < model->kind_count; i++) {
        const struct ana_layers *const k = &model->kinds[i];
        const bool reaches = !k->window && !k->chunk, reached = !best->window && !best->chunk;
        if (reaches > reached || (reaches == reached && k->kv_heads > best->kv_heads))
            best = k;
    }
    return best;
}

int attn_model_shape(const char *name_or_file, struct attn_problem *p, char *name, size_t size,
                     struct attn_message *why)
{
    struct ana_model model;
    if (ana_model_load(name_or_file, &model, why->text, sizeof(why->text)))
        return -EINVAL;
    if (attn_phase_has_layers(p->phase) && model.kind_count)
        ana_model_problem_of(&model, widest_kind(&model), p);
    else if (ana_model_problem(&model, p, why->text, sizeof(why->text)))
        return attn_refuse_at(why, -EINVAL, "--model");
    snprintf(name, size, "%s", model.name);
    return 0;
}

int attn_check_model(const char *item, struct attn_message *why)
{
    struct ana_model model;
    return ana_model_load(item, &model, why->text, sizeof(why->text)) ? -EINVAL : 0;
}
