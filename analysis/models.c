/* SPDX-License-Identifier: Apache-2.0 */
/* What is common to the sources of models: kinds, the problem of a layer, and which source. */
#include "analysis/models.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool same_kind(const struct ana_layers *a, const struct ana_layers *b)
{
    return a->heads == b->heads && a->kv_heads == b->kv_heads && a->dim == b->dim &&
           a->dim_v == b->dim_v && a->window == b->window && a->chunk == b->chunk &&
           a->v_in_k == b->v_in_k && a->shared == b->shared;
}

int ana_model_add(struct ana_model *model, const struct ana_layers *kind)
{
    for (size_t i = 0; i < model->kind_count; i++)
        if (same_kind(&model->kinds[i], kind)) {
            model->kinds[i].layers += kind->layers;
            return 0;
        }
    if (model->kind_count == ANA_KINDS_MAX)
        return -E2BIG;
    model->kinds[model->kind_count++] = *kind;
    return 0;
}

int ana_model_attention(const struct ana_model *model, char *buf, size_t size)
{
    const struct ana_layers *const kind = &model->kinds[0];
    for (size_t i = 1; i < model->kind_count; i++)
        if (model->kinds[i].kv_heads != kind->kv_heads)
            return snprintf(buf, size, "mixed");
    if (model->kind_count == 0)
        return snprintf(buf, size, "none");
    if (model->latent && kind->kv_heads == 1)
        return snprintf(buf, size, "MLA");
    if (model->latent)
        return snprintf(buf, size, "%s-%u", 2 * model->rope == model->latent ? "GTA" : "GLA",
                        kind->kv_heads);
    if (kind->kv_heads == kind->heads)
        return snprintf(buf, size, "MHA");
    if (kind->kv_heads == 1)
        return snprintf(buf, size, "MQA");
    return snprintf(buf, size, "GQA-%u", kind->kv_heads);
}

void ana_model_problem_of(const struct ana_model *model, const struct ana_layers *kind,
                          struct attn_problem *p)
{
    p->heads = kind->heads;
    p->kv_heads = kind->kv_heads;
    p->dim = kind->dim;
    p->dim_v = kind->dim_v;
    p->window = kind->window;
    p->chunk = kind->chunk;
    p->v_is_k_prefix = kind->v_in_k;
    p->sinks = model->sinks;
    p->alibi = model->alibi;
    p->rel_bias = model->rel_bias;
    p->softcap = model->softcap;
    p->scale = model->scale_dim > 0 ? 1 / sqrtf(model->scale_dim) : 0;
}

static int describe_kind(const struct ana_layers *kind, char *buf, size_t size)
{
    char reach[48] = "";
    if (kind->window)
        snprintf(reach, sizeof(reach), " window:%u", kind->window);
    if (kind->chunk)
        snprintf(reach, sizeof(reach), " chunk:%u", kind->chunk);
    return snprintf(buf, size, "%u with kv_heads:%u dim:%u%s", kind->layers, kind->kv_heads,
                    kind->dim, reach);
}

int ana_model_problem(const struct ana_model *model, struct attn_problem *p, char *message,
                      size_t size)
{
    if (model->kind_count == 1) {
        ana_model_problem_of(model, &model->kinds[0], p);
        return 0;
    }
    if (model->kind_count == 0) {
        snprintf(message, size, "%s has no layer with a KV cache", model->name);
        return -ENOTSUP;
    }
    char first[96], second[96];
    describe_kind(&model->kinds[0], first, sizeof(first));
    describe_kind(&model->kinds[1], second, sizeof(second));
    snprintf(message, size,
             "the layers of %s differ (%s, %s%s) and a case is one layer; name the layer's shape "
             "with --heads, --kv_heads, --dim and --window instead",
             model->name, first, second, model->kind_count > 2 ? " ..." : "");
    return -ENOTSUP;
}

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool starts_as_gguf(const char *path)
{
    char magic[4] = "";
    FILE *const in = fopen(path, "rb");
    const bool gguf =
        in && fread(magic, 1, sizeof(magic), in) == sizeof(magic) && memcmp(magic, "GGUF", 4) == 0;
    if (in)
        fclose(in);
    return gguf;
}

int ana_model_load(const char *spec, struct ana_model *model, char *message, size_t size)
{
    struct stat info;
    const bool exists = stat(spec, &info) == 0;
    if (!exists && !strchr(spec, '/') && !ends_in(spec, ".json") && !ends_in(spec, ".gguf"))
        return ana_preset_find(spec, model, message, size);
    if (exists && !strchr(spec, '/') && ana_preset_find(spec, model, message, size) == 0)
        return 0; /* a directory that happens to be called like a model */
    if (exists && S_ISDIR(info.st_mode)) {
        char path[4096];
        if (snprintf(path, sizeof(path), "%s/config.json", spec) >= (int)sizeof(path)) {
            snprintf(message, size, "%.60s...: the path is too long", spec);
            return -ENAMETOOLONG;
        }
        return ana_model_read_config(path, model, message, size);
    }
    if (ends_in(spec, ".gguf") || starts_as_gguf(spec))
        return ana_model_read_gguf(spec, model, message, size);
    return ana_model_read_config(spec, model, message, size);
}
