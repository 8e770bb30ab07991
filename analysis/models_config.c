/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Hugging Face config.json as a model. What makes this more than a table of keys: Falcon says
 * 71 KV heads and means one; Qwen2 names a window and switches it off; a latent cache (MLA) is
 * described by ranks while num_key_value_heads says something else; Nemotron gives the group size
 * and not the KV heads; hybrids list their layers one by one, in one of half a dozen ways.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/config_keys.h"
#include "analysis/config_layers.h"
#include "analysis/models.h"
#include "analysis/record_scan.h"
#include "analysis/tame.h"

enum { HEADS_MAX = 1 << 16, DIM_MAX = 1 << 16, TOKENS_MAX = 1 << 30 };

/* What layers may differ in. */
struct shape {
    uint32_t heads, kv_heads, dim, dim_v;
    bool v_in_k;
};

struct plan {
    struct shape full, sliding;
    struct ana_layer_rules rules;
};

static const char *const layer_keys = "num_decoder_layers num_hidden_layers n_layer num_layers "
                                      "n_layers";
static const char *const head_keys = "num_attention_heads n_head n_heads num_heads";
static const char *const kv_keys = "n_head_kv num_kv_heads num_key_value_heads "
                                   "multi_query_group_num n_kv_heads kv_n_heads";
static const char *const hidden_keys = "hidden_size n_embd n_embed d_model dim";

/*
 * Some cards leave out what equals the default of their class. Only head counts are filled in:
 * the rest is always written.
 */
static const struct {
    const char *type;
    uint32_t heads, kv_heads, dim;
} defaults[] = {
    {"gemma3_text", 8, 4, 256},
    {"gemma3", 8, 4, 256},
};

/* Their decoders see keys by a learned bias; t5gemma's, for one, does not. */
static const char *const t5_types[] = {"t5", "mt5", "umt5"};

static bool is_type(const struct plan *plan, const char *prefix)
{
    return strncmp(plan->rules.type, prefix, strlen(prefix)) == 0;
}

static uint32_t read_kv_heads(struct ana_config *config, const struct plan *plan, uint32_t heads)
{
    struct ana_config attention = ana_config_inside(config, "attn_config");
    const bool falcon = is_type(plan, "falcon") || is_type(plan, "RefinedWeb");
    if (falcon && !ana_config_flag(config, "new_decoder_architecture", false))
        return ana_config_flag(config, "multi_query", true) ? 1 : heads;
    if (ana_config_flag(config, "multi_query", false) && !falcon)
        return 1;
    if (!ana_config_flag(config, "multi_query_attention", true))
        return heads;
    uint32_t kv_heads = ana_config_count(&attention, "kv_n_heads", HEADS_MAX);
    if (!config->status)
        config->status = attention.status;
    if (!kv_heads)
        kv_heads = ana_config_count(config, kv_keys, HEADS_MAX);
    return kv_heads ? kv_heads : heads;
}

/* Heads and widths of ordinary layers, or every missing quantity in one sentence. */
static int read_shape(struct ana_config *config, struct ana_model *model, struct plan *plan)
{
    struct shape *const s = &plan->full;
    char missing[256] = "";
    model->layers = ana_config_count(config, layer_keys, ANA_LAYERS_MAX);
    const size_t listed = json_array_size(ana_config_get(config, ana_layer_lists, NULL));
    if (!model->layers && listed <= ANA_LAYERS_MAX)
        model->layers = (uint32_t)listed;
    s->heads = ana_config_count(config, head_keys, HEADS_MAX);
    s->dim = ana_config_count(config, "head_dim kv_channels d_kv", DIM_MAX);
    const uint32_t hidden = ana_config_count(config, hidden_keys, UINT32_MAX);
    uint32_t default_kv = 0;
    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (strcmp(defaults[i].type, plan->rules.type) == 0 && !s->heads) {
            s->heads = defaults[i].heads;
            s->dim = s->dim ? s->dim : defaults[i].dim;
            default_kv = defaults[i].kv_heads;
        }
    model->latent = ana_config_count(config, "kv_lora_rank", DIM_MAX);
    if (config->status)
        return config->status;
    if (!model->layers)
        strcat(missing, "the number of layers (num_hidden_layers, n_layer, num_layers)");
    if (!s->heads)
        sprintf(missing + strlen(missing), "%sthe number of heads (num_attention_heads, n_head)",
                *missing ? " and " : "");
    if (!s->dim && !hidden && !model->latent)
        sprintf(missing + strlen(missing), "%sthe head dim (head_dim, or hidden_size)",
                *missing ? " and " : "");
    if (*missing)
        return ana_config_fail(config, -EINVAL, "lacks %s", missing);
    if (!s->dim && !model->latent && hidden % s->heads)
        return ana_config_fail(config, -EINVAL,
                               "has no head_dim, and hidden_size %u is no multiple of %u heads",
                               hidden, s->heads);
    s->dim = s->dim ? s->dim : hidden / s->heads;
    s->dim_v = s->dim;
    s->kv_heads = read_kv_heads(config, plan, s->heads);
    if (default_kv && s->kv_heads == s->heads)
        s->kv_heads = default_kv;
    return config->status;
}

/* The latent cache: one shared row of latent and rotary part, V is the latent. */
static void read_latent(struct ana_config *config, struct ana_model *model, struct plan *plan)
{
    model->rope = ana_config_count(config, "qk_rope_head_dim", DIM_MAX);
    const uint32_t nope = ana_config_count(config, "qk_nope_head_dim", DIM_MAX);
    model->scale_dim = (float)(nope ? nope + model->rope : 0);
    plan->full.kv_heads = 1;
    plan->full.dim = model->latent + model->rope;
    plan->full.dim_v = model->latent;
    plan->full.v_in_k = true;
}

static void read_variants(struct ana_config *config, struct ana_model *model, struct plan *plan)
{
    const struct ana_config attention = ana_config_inside(config, "attn_config");
    plan->sliding = plan->full;
    if (model->latent)
        return;
    const uint32_t dim_v = ana_config_count(config, "v_head_dim", DIM_MAX);
    const uint32_t sliding_heads = ana_config_count(config, "swa_num_attention_heads", HEADS_MAX);
    const uint32_t sliding_kv = ana_config_count(config, "swa_num_key_value_heads", HEADS_MAX);
    const uint32_t sliding_dim = ana_config_count(config, "swa_head_dim", DIM_MAX);
    const uint32_t sliding_dim_v = ana_config_count(config, "swa_v_head_dim", DIM_MAX);
    const uint32_t global_kv = ana_config_count(config, "num_global_key_value_heads", HEADS_MAX);
    const uint32_t global_dim = ana_config_count(config, "global_head_dim", DIM_MAX);
    plan->full.dim_v = plan->sliding.dim_v = dim_v ? dim_v : plan->full.dim;
    if (sliding_heads)
        plan->sliding.heads = sliding_heads;
    if (sliding_kv)
        plan->sliding.kv_heads = sliding_kv;
    if (sliding_dim)
        plan->sliding.dim = plan->sliding.dim_v = sliding_dim;
    if (sliding_dim_v || dim_v)
        plan->sliding.dim_v = sliding_dim_v ? sliding_dim_v : dim_v;
    if (global_kv)
        plan->full.kv_heads = global_kv;
    if (global_dim)
        plan->full.dim = plan->full.dim_v = global_dim;
    plan->full.v_in_k = ana_config_flag(config, "attention_k_eq_v", false);
    const double softcap = ana_config_real(config, "attn_logit_softcapping");
    const double scalar = ana_config_real(config, "query_pre_attn_scalar");
    model->softcap = softcap > 0 && softcap < 1e6 ? (float)softcap : 0;
    model->scale_dim = scalar > 0 && scalar < 1e6 ? (float)scalar : 0;
    model->alibi = is_type(plan, "bloom") || ana_config_flag(config, "alibi", false) ||
                   ana_config_flag(&attention, "alibi", false);
    model->sinks = is_type(plan, "gpt_oss");
    for (size_t i = 0; i < sizeof(t5_types) / sizeof(t5_types[0]); i++)
        model->rel_bias |= strcmp(plan->rules.type, t5_types[i]) == 0;
    if (model->rel_bias)
        model->scale_dim = 1; /* logits are q.k as it is */
}

/* KV heads of one layer where the card lists them; *none if the layer has no cache. */
static uint32_t listed_kv_heads(struct ana_config *config, uint32_t layer, uint32_t heads,
                                bool *none)
{
    const json_t *const kv = ana_layer_entry(config, "num_key_value_heads_per_layer", layer);
    if (kv)
        return ana_config_count_of(config, kv, "an entry of the list of KV heads", HEADS_MAX);
    const json_t *const block = ana_layer_entry(config, "block_configs", layer);
    if (!block)
        return 0;
    const json_t *const group =
        json_object_get(json_object_get(block, "attention"), "n_heads_in_group");
    *none = !group || json_is_null(group);
    if (*none)
        return 0;
    const uint32_t size =
        ana_config_count_of(config, group, "block_configs[].attention.n_heads_in_group", heads);
    return size ? heads / size : 0;
}

static int add_layer(struct ana_config *config, struct ana_model *model, const struct plan *plan,
                     uint32_t layer)
{
    const char letter = ana_layer_letter(config, &plan->rules, layer);
    struct shape s = letter == 'S' ? plan->sliding : plan->full;
    bool none = letter == '-';
    const uint32_t listed =
        none || model->latent ? 0 : listed_kv_heads(config, layer, s.heads, &none);
    if (letter == '?')
        return ana_config_fail(config, -ENOTSUP,
                               "layer %u is of the kind \"%.60s\", of which nothing is known here",
                               layer,
                               json_string_value(ana_layer_entry(config, ana_layer_lists, layer)));
    if (config->status)
        return config->status;
    if (none) {
        model->plain_layers++;
        return 0;
    }
    s.kv_heads = listed ? listed : s.kv_heads;
    if (s.heads % s.kv_heads)
        return ana_config_fail(config, -EINVAL, "%u heads cannot share %u KV heads evenly", s.heads,
                               s.kv_heads);
    const struct ana_layers kind = {
        .layers = 1,
        .heads = s.heads,
        .kv_heads = s.kv_heads,
        .dim = s.dim,
        .dim_v = s.dim_v,
        .window = letter == 'S' ? plan->rules.window : 0,
        .chunk = letter == 'C' ? plan->rules.chunk : 0,
        .v_in_k = s.v_in_k,
    };
    if (ana_model_add(model, &kind))
        return ana_config_fail(config, -EINVAL, "has more than %d kinds of layers", ANA_KINDS_MAX);
    return 0;
}

static int read_model(struct ana_config *config, struct ana_model *model)
{
    struct plan plan = {.rules.type = ana_config_text(config, "model_type")};
    if (ana_config_get(config, "compress_ratios", NULL))
        return ana_config_fail(config, -ENOTSUP,
                               "its layers compress what they cache (compress_ratios), and what "
                               "that comes to is not known here");
    int status = read_shape(config, model, &plan);
    if (status)
        return status;
    if (model->latent)
        read_latent(config, model, &plan);
    read_variants(config, model, &plan);
    if (ana_config_flag(config, "use_sliding_window", true))
        plan.rules.window =
            ana_config_count(config, "sliding_window sliding_window_size", TOKENS_MAX);
    plan.rules.chunk = ana_config_count(config, "attention_chunk_size", TOKENS_MAX);
    model->max_context =
        ana_config_count(config, "max_position_embeddings n_positions seq_length", TOKENS_MAX);
    model->heads = plan.full.heads;
    const double shared = ana_config_real(config, "num_kv_shared_layers");
    if (shared < 0 || shared >= model->layers)
        ana_config_fail(config, -EINVAL, "num_kv_shared_layers is %g of %u layers", shared,
                        model->layers);
    if (config->status)
        return config->status;
    model->reuse_layers = (uint32_t)shared;
    for (uint32_t i = 0; !status && i < model->layers - model->reuse_layers; i++)
        status = add_layer(config, model, &plan, i);
    return status;
}

/* The file as one tree; the scanner bounds its size and depth. */
static json_t *load(struct ana_config *config)
{
    struct ana_scan scan = {.in = fopen(config->path, "r"), .line = 1, .column = 1};
    json_t *root = NULL;
    json_error_t error;
    if (!scan.in) {
        ana_config_fail(config, -errno, "%s", strerror(errno));
        return NULL;
    }
    errno = 0;
    const bool empty = ana_scan_peek(&scan) == EOF;
    const int status = empty ? -ENODATA : ana_scan_value(&scan);
    if (ferror(scan.in))
        ana_config_fail(config, errno ? -errno : -EIO, "%s", strerror(errno ? errno : EIO));
    else if (empty)
        ana_config_fail(config, -EBADMSG, "the file is empty");
    else if (status == -ENODATA)
        ana_config_fail(config, -EBADMSG, "line %u: the file is cut off here", scan.line);
    else if (status)
        ana_config_fail(config, status == -ENOMEM ? status : -EBADMSG,
                        "too large or too deeply nested for a config.json");
    else if (!(root = json_loadb(scan.text, scan.length, JSON_DECODE_ANY, &error)))
        ana_config_fail(config, -EBADMSG, "line %d column %d: not JSON: %s", error.line,
                        error.column, error.text);
    else if (ana_scan_peek(&scan) != EOF)
        ana_config_fail(config, -EBADMSG, "line %u: more text after the end of the JSON",
                        scan.line);
    else if (!json_is_object(root))
        ana_config_fail(config, -EBADMSG, "not a config.json: not an object");
    fclose(scan.in);
    free(scan.text);
    free(scan.buffer);
    return root;
}

int ana_model_read_config(const char *path, struct ana_model *model, char *message, size_t size)
{
    static const char nested_keys[] = "text_config llm_config language_config";
    struct ana_config config = {.path = path, .message = message, .size = size};
    *model = (struct ana_model){.note = ""};
    json_t *const root = load(&config);
    if (!config.status) {
        config.levels[0] = root;
        const json_t *const nested = ana_config_get(&config, nested_keys, NULL);
        if (json_is_object(nested)) {
            config.levels[1] = root;
            config.levels[0] = nested;
        }
        const char *const given = ana_config_text(&config, "_name_or_path");
        const char *const type = ana_config_text(&config, "model_type");
        snprintf(model->name, sizeof(model->name), "%s", *given ? given : *type ? type : "model");
        ana_tame(model->name);
        snprintf(model->source, sizeof(model->source), "%s", path);
        read_model(&config, model);
    }
    json_decref(root);
    return config.status;
}
