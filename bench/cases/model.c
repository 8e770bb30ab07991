/* SPDX-License-Identifier: Apache-2.0 */
/* A thin layer over the analysis room's models: it adds what to do about those a row cannot be. */
#include "bench/cases/model.h"

#include "analysis/models.h"

#include <errno.h>
#include <stdio.h>

int attn_model_shape(const char *name_or_file, struct attn_problem *p, char *name, size_t size,
                     struct attn_message *why)
{
    struct ana_model model;
    if (ana_model_load(name_or_file, &model, why->text, sizeof(why->text)) ||
        ana_model_problem(&model, p, why->text, sizeof(why->text)))
        return -EINVAL;
    snprintf(name, size, "%s", model.name);
    return 0;
}

int attn_check_model(const char *item, struct attn_message *why)
{
    struct attn_problem p = attn_problem_default();
    char name[sizeof(((struct ana_model *)NULL)->name)];
    return attn_model_shape(item, &p, name, sizeof(name), why);
}
