/* SPDX-License-Identifier: Apache-2.0 */
/* Forms, and configs as parts of a name. */
#include "kernels/layer/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct layer_form layer_forms[LAYER_FORMS] = {
    [LAYER_LLAMA] = {"llama", "RMSNorm, rotary positions, SwiGLU", LAYER_NORM_RMS, LAYER_ACT_SWIGLU,
                     .rope = true, .eps = 1e-5f, .theta = 500000, .local_theta = 500000},
    [LAYER_QWEN2] = {"qwen2", "as llama, with biases on Q, K and V", LAYER_NORM_RMS,
                     LAYER_ACT_SWIGLU, .rope = true, .qkv_bias = true, .eps = 1e-6f, .theta = 1e6f,
                     .local_theta = 1e6f},
    [LAYER_GPT2] = {"gpt2", "LayerNorm, learned positions, GELU, biases", LAYER_NORM_MEAN,
                    LAYER_ACT_GELU_TANH, .learned = true, .qkv_bias = true, .bias = true,
                    .eps = 1e-5f},
    [LAYER_GEMMA] = {"gemma", "RMSNorm(1 + w), rotary positions, GEGLU", LAYER_NORM_RMS_PLUS,
                     LAYER_ACT_GEGLU, .rope = true, .eps = 1e-6f, .theta = 10000,
                     .local_theta = 10000},
    [LAYER_GEMMA2] = {"gemma2", "as gemma, norms behind attention and FFN too", LAYER_NORM_RMS_PLUS,
                      LAYER_ACT_GEGLU, .rope = true, .post_norm = true, .eps = 1e-6f,
                      .theta = 10000, .local_theta = 10000},
    [LAYER_GEMMA3] = {"gemma3", "as gemma2, q and k normed, two rotary bases", LAYER_NORM_RMS_PLUS,
                      LAYER_ACT_GEGLU, .rope = true, .post_norm = true, .qk_norm = true,
                      .eps = 1e-6f, .theta = 1e6f, .local_theta = 10000},
    [LAYER_FALCON] = {"falcon", "LayerNorm, attention and FFN side by side, GELU", LAYER_NORM_MEAN,
                      LAYER_ACT_GELU, .rope = true, .parallel = true, .eps = 1e-5f, .theta = 10000,
                      .local_theta = 10000},
    [LAYER_T5] = {"t5", "RMSNorm, cross-attention, GEGLU", LAYER_NORM_RMS, LAYER_ACT_GEGLU,
                  .cross = true, .eps = 1e-6f},
};

const char *const layer_projection_names[LAYER_PROJECTIONS] = {"auto", "gemv", "gemm"};

struct layer_config layer_config_default(enum attn_phase phase)
{
    struct layer_config c = {
        .form = LAYER_LLAMA, .weights = ATTN_BF16, .width = 4096, .ffn = 14336};
    if (phase == ATTN_MODEL || phase == ATTN_GENERATE) {
        c.layers = 32;
        c.layers_run = 32;
        c.vocab = 128256;
    }
    return c;
}

enum field_kind { COUNT, FORM, TYPE, PROJECTION, MIX, HASH };

/* In name order. `model`: of the phases model and generate only. */
static const struct field {
    const char *key;
    enum field_kind kind;
    size_t offset;
    bool model;
} fields[] = {
    {"form", FORM, 0, false},
    {"weights", TYPE, 0, false},
    {"width", COUNT, offsetof(struct layer_config, width), false},
    {"ffn", COUNT, offsetof(struct layer_config, ffn), false},
    {"cross", COUNT, offsetof(struct layer_config, cross), false},
    {"projection", PROJECTION, 0, false},
    {"layers", COUNT, offsetof(struct layer_config, layers), true},
    {"layers_run", COUNT, offsetof(struct layer_config, layers_run), true},
    {"vocab", COUNT, offsetof(struct layer_config, vocab), true},
    {"mix", MIX, 0, true},
    {"prompt", COUNT, offsetof(struct layer_config, prompt), true},
    {"trace", HASH, offsetof(struct layer_config, trace), true},
};

/* The value of a field, or false where it is not said. */
static bool field_text(const struct layer_config *c, const struct field *f, char *buf, size_t size)
{
    uint32_t value = 0;
    switch (f->kind) {
    case FORM:
        snprintf(buf, size, "%s", layer_forms[c->form].name);
        return true;
    case TYPE:
        snprintf(buf, size, "%s", attn_types[c->weights].name);
        return true;
    case PROJECTION:
        snprintf(buf, size, "%s", layer_projection_names[c->projection]);
        return c->projection != LAYER_AUTO;
    case MIX:
        snprintf(buf, size, "%s", c->mix);
        return *c->mix;
    case COUNT:
    case HASH:
        memcpy(&value, (const char *)c + f->offset, sizeof(value));
        snprintf(buf, size, f->kind == HASH ? "%08x" : "%u", value);
        return value != 0;
    }
    return false;
}

int layer_config_name(const struct layer_config *c, enum attn_phase phase, char *buf, size_t size)
{
    const bool model = phase == ATTN_MODEL || phase == ATTN_GENERATE;
    char value[LAYER_MIX_MAX];
    int n = 0;
    if (size)
        *buf = '\0';
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        if ((fields[i].model && !model) || !field_text(c, &fields[i], value, sizeof(value)))
            continue;
        const size_t used = (size_t)n < size ? (size_t)n : size;
        n += snprintf(buf + used, size - used, "%s%s:%s", n ? "/" : "", fields[i].key, value);
    }
    return n;
}

/* Digits without a leading zero, up to 2^26; advances *text. */
static int read_count(const char **text, uint32_t *value)
{
    uint64_t v = 0;
    const char *s = *text;
    for (; *s >= '0' && *s <= '9' && v <= 1u << 26; s++)
        v = v * 10 + (uint64_t)(*s - '0');
    if (s == *text || v > 1u << 26 || (**text == '0' && s != *text + 1))
        return -EINVAL;
    *text = s;
    *value = (uint32_t)v;
    return 0;
}

static int read_word(const char *text, const char *word, uint32_t index, uint32_t *value)
{
    if (strcmp(text, word))
        return -EINVAL;
    *value = index;
    return 0;
}

static int read_hash(const char *text, uint32_t *value)
{
    if (strlen(text) != 8 || strspn(text, "0123456789abcdef") != 8)
        return -EINVAL;
    *value = 0;
    for (; *text; text++)
        *value = *value << 4 | (uint32_t)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
    return 0;
}

static int field_read(struct layer_config *c, const struct field *f, const char *text)
{
    uint32_t value = UINT32_MAX;
    switch (f->kind) {
    case FORM:
        for (uint32_t i = 0; i < LAYER_FORMS; i++)
            if (!read_word(text, layer_forms[i].name, i, &value))
                c->form = (enum layer_form_id)i;
        return value == UINT32_MAX ? -EINVAL : 0;
    case TYPE:
        return attn_type_parse(text, strlen(text), &c->weights);
    case PROJECTION:
        for (uint32_t i = 0; i < LAYER_PROJECTIONS; i++)
            if (!read_word(text, layer_projection_names[i], i, &value))
                c->projection = (enum layer_projection)i;
        return value == UINT32_MAX ? -EINVAL : 0;
    case MIX:
        if (strlen(text) >= sizeof(c->mix))
            return -EINVAL;
        strcpy(c->mix, text);
        return 0;
    case COUNT:
    case HASH:
        if (f->kind == HASH ? read_hash(text, &value) : read_count(&text, &value) || *text)
            return -EINVAL;
        memcpy((char *)c + f->offset, &value, sizeof(value));
        return 0;
    }
    return -EINVAL;
}

int layer_config_set(struct layer_config *c, const char *part, size_t len)
{
    char text[LAYER_MIX_MAX];
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        const size_t key = strlen(fields[i].key);
        if (len <= key || part[key] != ':' || strncmp(part, fields[i].key, key))
            continue;
        if (len - key - 1 >= sizeof(text))
            return -EINVAL;
        memcpy(text, part + key + 1, len - key - 1);
        text[len - key - 1] = '\0';
        return field_read(c, &fields[i], text) ? -EINVAL : 1;
    }
    return 0;
}

/* One run of a mix: advances *text past it and a '+'. */
static int read_run(const char **text, uint32_t *count, struct layer_kind *kind)
{
    if (read_count(text, count) || *count == 0)
        return -EINVAL;
    while (**text && **text != '+') {
        uint32_t *to = NULL;
        switch (*(*text)++) {
        case 's':
            kind->shares = true;
            continue;
        case 'k':
            to = &kind->problem.kv_heads;
            break;
        case 'w':
            to = &kind->problem.window;
            break;
        case 'c':
            to = &kind->problem.chunk;
            break;
        default:
            return -EINVAL;
        }
        if (read_count(text, to))
            return -EINVAL;
    }
    if (**text == '+' && !*++*text)
        return -EINVAL;
    return 0;
}

int layer_config_kind(const struct layer_config *c, const struct attn_problem *p, uint32_t index,
                      struct layer_kind *kind)
{
    uint32_t count, total = 0, at = 0;
    const char *text = c->mix;
    struct layer_kind own = {.problem = *p};
    own.problem.phase = p->q_len > 1 && p->q_len == p->context ? ATTN_PREFILL : ATTN_DECODE;
    *kind = own;
    if (!*c->mix)
        return 0;
    while (*text) {
        struct layer_kind unused = {0};
        if (read_run(&text, &count, &unused) || (total += count) > LAYER_LAYERS_MAX)
            return -EINVAL;
    }
    text = c->mix;
    do {
        *kind = own;
        read_run(&text, &count, kind);
        at += count;
    } while (at <= index % total);
    /* A model that keeps rings keeps them where there is a window. */
    if (kind->problem.layout == ATTN_RING && !kind->problem.window)
        kind->problem.layout = ATTN_CONTIGUOUS;
    return 0;
}

#define INVALID(...) (snprintf(buf, size, __VA_ARGS__), buf)

/* The layers of a mix, each of which has to be a problem of its own. */
static const char *mix_invalid(const struct layer_config *c, const struct attn_problem *p,
                               char *buf, size_t size)
{
    struct layer_kind kind;
    char why[160];
    for (uint32_t i = 0; i < c->layers; i++) {
        if (layer_config_kind(c, p, i, &kind))
            return INVALID("mix \"%s\" is not runs such as 5w512+1; a run is a count of layers "
                           "and of k (KV heads), w (window), c (chunk), s (shares) what differs",
                           c->mix);
        if (i == 0 && kind.shares)
            return INVALID("mix \"%s\": the first layer has no layer before it to share with",
                           c->mix);
        if (attn_problem_invalid(&kind.problem, why, sizeof(why)))
            return INVALID("mix \"%s\", layer %u: %s", c->mix, i, why);
    }
    return NULL;
}

const char *layer_config_invalid(const struct layer_config *c, const struct attn_problem *p,
                                 char *buf, size_t size)
{
    const bool model = p->phase == ATTN_MODEL || p->phase == ATTN_GENERATE;
    const struct {
        const char *what;
        uint32_t value, low, high;
    } ranges[] = {
        {"width", c->width, 1, 1u << 16},
        {"ffn", c->ffn, 1, 1u << 18},
        {"cross", c->cross, 0, 1u << 26},
        {"layers", c->layers, model, model ? LAYER_LAYERS_MAX : 0},
        {"layers_run", c->layers_run, model, c->layers},
        {"vocab", c->vocab, model, model ? 1u << 20 : 0},
        {"prompt", c->prompt, 0, p->phase == ATTN_GENERATE ? p->context - 1 : 0},
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
        if (ranges[i].value < ranges[i].low || ranges[i].value > ranges[i].high)
            return INVALID("%s is %u; it must lie between %u and %u", ranges[i].what,
                           ranges[i].value, ranges[i].low, ranges[i].high);
    if (!(LAYER_WEIGHT_TYPES >> c->weights & 1))
        return INVALID("weights cannot be %s; there are f32, f16, bf16 and i8",
                       attn_types[c->weights].name);
    if (layer_forms[c->form].cross != (c->cross > 0))
        return INVALID(c->cross ? "a layer of the form %s has no cross-attention; leave cross out"
                                : "a layer of the form %s attends to an encoder; give cross, the "
                                  "tokens of its output",
                       layer_forms[c->form].name);
    if (layer_forms[c->form].rope && p->dim % 2)
        return INVALID("dim %u is odd; rotary positions turn pairs", p->dim);
    if (p->v_is_k_prefix)
        return INVALID("a layer whose V lies in K has no projections here; run its attention with "
                       "phase decode");
    if (p->phase == ATTN_GENERATE && !c->prompt == !c->trace)
        return INVALID("generating begins either with a prompt or with a trace");
    if (p->phase == ATTN_GENERATE && (p->q_len != 1 || p->mask != ATTN_CAUSAL))
        return INVALID(
            "generating takes one token after the other: q_len is 1 and the mask causal");
    return model ? mix_invalid(c, p, buf, size) : NULL;
}
