/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers are written with no more digits than it takes to read them back as they were. */
#include "analysis/checkpoint/card.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/config_keys.h"
#include "analysis/models.h"

static const char *const nested_keys[] = {"text_config", "llm_config", "language_config"};
static const char *const head_keys[] = {"num_attention_heads", "n_head", "n_heads", "num_heads"};
static const char *const kv_keys[] = {"num_key_value_heads", "n_head_kv", "num_kv_heads",
                                      "n_kv_heads"};
static const char list_key[] = "num_key_value_heads_per_layer";
enum { NESTED = 3, HEAD_KEYS = 4, KV_KEYS = 4 };

void ana_card_default(struct ana_card *card)
{
    *card = (struct ana_card){.theta = 10000, .rotary_part = 1, .norm_eps = 1e-6};
}

static json_t *load(const char *path, struct ana_fault *fault)
{
    json_error_t error;
    if (ana_fault_unless_file(path, fault))
        return NULL;
    errno = 0;
    json_t *const root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        ana_fault(fault, -EBADMSG, "%.300s: line %d: %.200s", path, error.line, error.text);
    return root;
}

/* The object that describes the language model: the card itself, or a part of it. */
static json_t *language_part(json_t *root)
{
    for (int i = 0; i < NESTED; i++) {
        json_t *const part = json_object_get(root, nested_keys[i]);
        if (json_is_object(part))
            return part;
    }
    return root;
}

static void read_number(const json_t *object, const char *key, double *value)
{
    const double number = json_number_value(json_object_get(object, key));
    if (number > 0 && number < 1e12)
        *value = number;
}

int ana_card_read(const char *path, struct ana_card *card, struct ana_fault *fault)
{
    struct ana_model model;
    ana_card_default(card);
    int status = ana_fault_unless_file(path, fault);
    if (!status)
        status = ana_model_read_config(path, &model, fault->text, sizeof(fault->text));
    if (status)
        return status;
    if (model.latent)
        return ana_fault(fault, -ENOTSUP,
                         "%.400s: a latent cache (MLA) has no KV heads that could be pooled", path);
    json_t *const root = load(path, fault);
    if (!root)
        return -EBADMSG;
    const json_t *const part = language_part(root);
    const char *const type = json_string_value(json_object_get(part, "model_type"));
    card->heads = model.heads;
    for (size_t i = 0; i < model.kind_count; i++) /* kinds of different width: by the shapes */
        card->dim = i == 0 || card->dim == model.kinds[i].dim ? model.kinds[i].dim : 0;
    card->scale_dim = (double)model.scale_dim;
    card->softcap = (double)model.softcap;
    card->unit_norm = type && strncmp(type, "gemma", 5) == 0;
    read_number(part, "rope_theta", &card->theta);
    read_number(json_object_get(part, "rope_parameters"), "rope_theta", &card->theta);
    read_number(part, "partial_rotary_factor", &card->rotary_part);
    read_number(part, "rms_norm_eps", &card->norm_eps);
    json_decref(root);
    return 0;
}

static int set_heads(json_t *part, uint32_t kv_heads)
{
    json_t *const list = json_object_get(part, list_key);
    int failed = 0;
    bool found = false;
    for (size_t i = 0; i < json_array_size(list); i++)
        failed |= json_array_set_new(list, i, json_integer(kv_heads));
    for (int i = 0; i < KV_KEYS; i++)
        if (json_is_integer(json_object_get(part, kv_keys[i]))) {
            failed |= json_object_set_new(part, kv_keys[i], json_integer(kv_heads));
            found = true;
        }
    if (!found)
        failed |= json_object_set_new(part, kv_keys[0], json_integer(kv_heads));
    return failed;
}

static char *shortest_text(const json_t *root)
{
    for (size_t digits = 8; digits <= 17; digits++) {
        char *const text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(digits));
        json_t *const again = text ? json_loads(text, 0, NULL) : NULL;
        const bool same = json_equal(root, again);
        json_decref(again);
        if (!text || same)
            return text;
        free(text);
    }
    return json_dumps(root, JSON_INDENT(2));
}

char *ana_card_text(const char *path, uint32_t kv_heads, struct ana_fault *fault)
{
    json_t *const root = load(path, fault);
    if (!root)
        return NULL;
    json_t *part = language_part(root);
    bool named = false;
    for (int i = 0; i < HEAD_KEYS; i++)
        named |= json_object_get(part, head_keys[i]) != NULL;
    if (!named)
        part = root;
    char *const text = set_heads(part, kv_heads) ? NULL : shortest_text(root);
    if (!text)
        ana_fault(fault, -ENOMEM, "not enough memory for %.300s", path);
    json_decref(root);
    return text;
}
