/* SPDX-License-Identifier: Apache-2.0 */
/* See shape_options.h. */
#include "analysis/shape_options.h"

#include <stdio.h>
#include <string.h>

#include "analysis/nearest.h"

enum { WIDTH_MAX = 1 << 16, TOKENS_MAX = 1 << 30 };

static int bad_type(const struct ana_command *self, const char *option, const char *text)
{
    struct ana_nearest near = {.word = text};
    char all[128] = "";
    for (size_t i = 0; i < ATTN_TYPES; i++) {
        ana_nearest_offer(&near, attn_types[i].name);
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? ", " : "",
                 attn_types[i].name);
    }
    const char *const best = ana_nearest_best(&near);
    if (best)
        return ana_complain(self, "--%s=%s: no such type; did you mean %s?", option, text, best);
    return ana_complain(self, "--%s=%s: no such type; there are %s", option, text, all);
}

static int resolve_types(const struct ana_command *self, const struct ana_shape_options *o,
                         struct ana_cache *cache)
{
    const char *const both = o->kv_type ? o->kv_type : "f16";
    const char *const plus = strchr(both, '+');
    const size_t first = plus ? (size_t)(plus - both) : strlen(both);
    const char *const second = plus ? plus + 1 : both;
    if (attn_type_parse(both, first, &cache->k_type) ||
        attn_type_parse(second, strlen(second), &cache->v_type))
        return bad_type(self, "kv_type", both);
    if (o->k_type && attn_type_parse(o->k_type, strlen(o->k_type), &cache->k_type))
        return bad_type(self, "k_type", o->k_type);
    if (o->v_type && attn_type_parse(o->v_type, strlen(o->v_type), &cache->v_type))
        return bad_type(self, "v_type", o->v_type);
    return 0;
}

static int check_range(const struct ana_command *self, const char *name, uint64_t value,
                       uint64_t low, uint64_t high)
{
    if (value >= low && value <= high)
        return 0;
    return ana_complain(self, "--%s=%llu: it must lie between %llu and %llu", name,
                        (unsigned long long)value, (unsigned long long)low,
                        (unsigned long long)high);
}

static int check_ranges(const struct ana_command *self, const struct ana_shape_options *o)
{
    int status = check_range(self, "ranks", o->ranks, 1, WIDTH_MAX);
    if (!status)
        status = check_range(self, "share", o->share, 1, ANA_LAYERS_MAX);
    if (!status)
        status = check_range(self, "page", o->page, 0, TOKENS_MAX);
    if (!status && (!o->model || o->kv_heads))
        status = check_range(self, "kv_heads", o->kv_heads ? o->kv_heads : o->heads, 1, WIDTH_MAX);
    if (status || o->model)
        return status;
    const uint64_t dim = o->latent ? o->latent : o->dim;
    status = check_range(self, "layers", o->layers, 1, ANA_LAYERS_MAX);
    if (!status)
        status = check_range(self, "heads", o->heads, 1, WIDTH_MAX);
    if (!status)
        status = check_range(self, o->latent ? "latent" : "dim", dim, 1, WIDTH_MAX);
    if (!status)
        status = check_range(self, "rope", o->rope, 0, WIDTH_MAX);
    if (!status)
        status = check_range(self, "window", o->window, 0, TOKENS_MAX);
    return status;
}

int ana_shape_resolve(const struct ana_command *self, const struct ana_shape_options *o,
                      struct ana_model *model, struct ana_cache *cache, enum ana_format *format)
{
    char message[512];
    *cache = (struct ana_cache){.page = (uint32_t)o->page, .whole = o->whole};
    if (o->format && ana_format_parse(o->format, format))
        return ana_complain(self, "--format=%s: it is text, md, csv or json", o->format);
    if (o->shard && strcmp(o->shard, "heads") != 0 && strcmp(o->shard, "batch") != 0)
        return ana_complain(self, "--shard=%s: it is heads or batch", o->shard);
    if (!o->model && !(o->layers && o->heads && (o->dim || o->latent)))
        return ana_complain(self, "needs --model=NAME, or --layers, --heads and --dim or --latent");
    if (o->model && (o->layers || o->heads || o->dim || o->latent || o->window))
        return ana_complain(self, "--model brings --layers, --heads, --dim, --latent and --window "
                                  "with it; only --kv_heads may be changed");
    if (o->dim && o->latent)
        return ana_complain(self, "--dim and --latent: a cache keeps K and V, or a latent");
    if (o->rope && !o->latent)
        return ana_complain(self, "--rope: only a latent has a rotary part beside it");
    int status = check_ranges(self, o);
    if (!status)
        status = resolve_types(self, o, cache);
    if (status)
        return status;
    cache->ranks = (uint32_t)o->ranks;
    cache->shard = o->shard && *o->shard == 'b' ? ANA_SHARD_BATCH : ANA_SHARD_HEADS;
    const uint32_t kv_heads = (uint32_t)o->kv_heads;
    if (!o->model) {
        const uint32_t heads = kv_heads ? kv_heads : o->latent ? 1 : (uint32_t)o->heads;
        *model =
            ana_model_uniform((uint32_t)o->layers, (uint32_t)o->heads, heads, (uint32_t)o->dim);
        model->kinds[0].window = (uint32_t)o->window;
        if (o->latent)
            ana_model_tie(model, (uint32_t)o->latent, (uint32_t)o->rope);
    } else if (ana_model_load(o->model, model, message, sizeof(message))) {
        return ana_complain(self, "%s", message);
    }
    for (size_t i = 0; i < model->kind_count; i++) {
        struct ana_layers *const kind = &model->kinds[i];
        if (kv_heads && o->model && model->latent)
            return ana_complain(self, "--kv_heads: %s caches a latent, not KV heads", model->name);
        if (kv_heads)
            kind->kv_heads = kv_heads;
        if (kind->heads % kind->kv_heads)
            return ana_complain(self, "--kv_heads=%u: it must divide the %u heads", kind->kv_heads,
                                kind->heads);
    }
    ana_model_share(model, (uint32_t)o->share);
    return 0;
}

void ana_table_bound(struct ana_table *table, uint64_t value)
{
    if (value == UINT32_MAX)
        ana_table_text(table, "unbounded");
    else
        ana_table_number(table, (double)value);
}
