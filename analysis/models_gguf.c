/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A GGUF header as a model. Only the key-value part is read, never a tensor. Every length in the
 * file is held against the bytes that are left before it is believed, so a hostile header costs
 * at most one walk over the file.
 *
 * Walked twice: the architecture's name is the prefix of every key that matters, and nothing says
 * it comes first.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/models.h"
#include "analysis/tame.h"

enum gguf_type { GGUF_F32 = 6, GGUF_BOOL = 7, GGUF_STRING = 8, GGUF_ARRAY = 9, GGUF_F64 = 12 };
enum { GGUF_TYPES = 13, WIDTH_MAX = 1 << 16 };

/* Bytes of one value; 0 for strings and arrays. */
static const unsigned type_bytes[GGUF_TYPES] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

enum field {
    BLOCK_COUNT,
    EMBEDDING_LENGTH,
    CONTEXT_LENGTH,
    HEAD_COUNT,
    HEAD_COUNT_KV,
    KEY_LENGTH,
    VALUE_LENGTH,
    KEY_LENGTH_MLA,
    KEY_LENGTH_SWA,
    VALUE_LENGTH_SWA,
    KV_LORA_RANK,
    ROPE_DIMENSION,
    SLIDING_WINDOW,
    SLIDING_PATTERN,
    SHARED_KV_LAYERS,
    CHUNK_SIZE,
    ALIBI_BIAS,
    RELATIVE_BUCKETS,
    SOFTCAP,
    FIELDS
};

static const char *const field_keys[FIELDS] = {
    [BLOCK_COUNT] = "block_count",
    [EMBEDDING_LENGTH] = "embedding_length",
    [CONTEXT_LENGTH] = "context_length",
    [HEAD_COUNT] = "attention.head_count",
    [HEAD_COUNT_KV] = "attention.head_count_kv",
    [KEY_LENGTH] = "attention.key_length",
    [VALUE_LENGTH] = "attention.value_length",
    [KEY_LENGTH_MLA] = "attention.key_length_mla",
    [KEY_LENGTH_SWA] = "attention.key_length_swa",
    [VALUE_LENGTH_SWA] = "attention.value_length_swa",
    [KV_LORA_RANK] = "attention.kv_lora_rank",
    [ROPE_DIMENSION] = "rope.dimension_count",
    [SLIDING_WINDOW] = "attention.sliding_window",
    [SLIDING_PATTERN] = "attention.sliding_window_pattern",
    [SHARED_KV_LAYERS] = "attention.shared_kv_layers",
    [CHUNK_SIZE] = "attention.chunk_size",
    [ALIBI_BIAS] = "attention.max_alibi_bias",
    [RELATIVE_BUCKETS] = "attention.relative_buckets_count",
    [SOFTCAP] = "attn_logit_softcapping",
};

/* Every n-th layer is full where the file does not say so itself. */
static const struct {
    const char *architecture;
    uint32_t every;
} patterns[] = {{"gemma2", 2}, {"gpt-oss", 2}, {"cohere2", 4}, {"gemma3n", 5}, {"gemma3", 6}};

/* A number, or one a layer. */
struct value {
    double number;
    uint32_t count; /* entries of the list; 0: a single number or absent */
    uint32_t list[ANA_LAYERS_MAX];
};

struct gguf {
    FILE *in;
    const char *path;
    uint64_t left; /* bytes of the file not yet read */
    char architecture[64], name[96];
    struct value *values; /* [FIELDS] */
    char *message;
    size_t size;
};

__attribute__((format(printf, 3, 4))) static int fail(const struct gguf *g, int status,
                                                      const char *format, ...)
{
    char what[256];
    va_list list;
    va_start(list, format);
    vsnprintf(what, sizeof(what), format, list);
    va_end(list);
    ana_tame(what); /* keys and what a parser quotes are the file's */
    snprintf(g->message, g->size, "%s: %s", g->path, what);
    return status;
}

static int take(struct gguf *g, void *data, uint64_t bytes)
{
    if (bytes > g->left || (data && fread(data, 1, bytes, g->in) != bytes) ||
        (!data && fseeko(g->in, (off_t)bytes, SEEK_CUR)))
        return fail(g, -EBADMSG, "the GGUF header is cut off");
    g->left -= bytes;
    return 0;
}

/* A string cut to `size`, or skipped if buf is NULL. */
static int take_string(struct gguf *g, char *buf, size_t size)
{
    uint64_t length;
    int status = take(g, &length, sizeof(length));
    if (status)
        return status;
    const uint64_t kept = !buf ? 0 : length < size ? length : size - 1;
    if (length > g->left)
        return fail(g, -EBADMSG, "a text of the GGUF header is longer than the file");
    status = take(g, buf, kept);
    if (buf)
        buf[status ? 0 : kept] = '\0';
    return status ? status : take(g, NULL, length - kept);
}

/* A value that is no string and no array. */
static int take_number(struct gguf *g, uint32_t type, double *number)
{
    union {
        uint8_t u8;
        int8_t i8;
        uint16_t u16;
        int16_t i16;
        uint32_t u32;
        int32_t i32;
        float f32;
        uint64_t u64;
        int64_t i64;
        double f64;
    } raw = {0};
    const int status = take(g, &raw, type_bytes[type]);
    const double numbers[GGUF_TYPES] = {raw.u8,  raw.i8,  raw.u16,         raw.i16,
                                        raw.u32, raw.i32, (double)raw.f32, !!raw.u8,
                                        0,       0,       (double)raw.u64, (double)raw.i64,
                                        raw.f64};
    *number = numbers[type];
    return status;
}

static int take_array(struct gguf *g, struct value *value)
{
    uint32_t type;
    uint64_t count;
    int status = take(g, &type, sizeof(type));
    if (!status)
        status = take(g, &count, sizeof(count));
    if (status)
        return status;
    if (type >= GGUF_TYPES || type == GGUF_ARRAY)
        return fail(g, -EBADMSG, "the GGUF header has an array of type %u", type);
    const uint64_t least = type == GGUF_STRING ? sizeof(uint64_t) : type_bytes[type];
    if (count > g->left / least)
        return fail(g, -EBADMSG, "an array of the GGUF header is longer than the file");
    if (type != GGUF_STRING && (!value || count > ANA_LAYERS_MAX))
        return take(g, NULL, count * least);
    for (uint64_t i = 0; !status && i < count; i++) {
        double number = 0;
        status = type == GGUF_STRING ? take_string(g, NULL, 0) : take_number(g, type, &number);
        if (status || !value || type == GGUF_STRING)
            continue;
        if (!(number >= 0 && number <= WIDTH_MAX))
            return fail(g, -EINVAL, "a list of the GGUF header holds %g", number);
        value->list[i] = (uint32_t)number;
        value->count = (uint32_t)i + 1;
    }
    return status;
}

static struct value *value_for(const struct gguf *g, const char *key)
{
    const size_t length = strlen(g->architecture);
    if (length == 0 || strncmp(key, g->architecture, length) != 0 || key[length] != '.')
        return NULL;
    for (size_t i = 0; i < FIELDS; i++)
        if (strcmp(field_keys[i], key + length + 1) == 0)
            return &g->values[i];
    return NULL;
}

static int take_pair(struct gguf *g)
{
    char key[128];
    uint32_t type;
    double number;
    int status = take_string(g, key, sizeof(key));
    if (!status)
        status = take(g, &type, sizeof(type));
    if (status)
        return status;
    if (type >= GGUF_TYPES)
        return fail(g, -EBADMSG, "key %.60s of the GGUF header has the unknown type %u", key, type);
    struct value *const value = value_for(g, key);
    if (type == GGUF_ARRAY)
        return take_array(g, value);
    if (type == GGUF_STRING && strcmp(key, "general.architecture") == 0)
        return take_string(g, g->architecture, sizeof(g->architecture));
    if (type == GGUF_STRING && strcmp(key, "general.name") == 0)
        return take_string(g, g->name, sizeof(g->name));
    if (type == GGUF_STRING)
        return take_string(g, NULL, 0);
    status = take_number(g, type, &number);
    if (!status && value)
        value->number = number;
    return status;
}

/* From the first byte over all pairs. */
static int walk(struct gguf *g)
{
    char magic[4];
    uint32_t version;
    uint64_t tensors, pairs;
    struct stat info;
    if (fstat(fileno(g->in), &info) || !S_ISREG(info.st_mode))
        return fail(g, -EINVAL, "not a regular file");
    rewind(g->in);
    g->left = (uint64_t)info.st_size;
    if (g->left < sizeof(magic) || take(g, magic, sizeof(magic)) || memcmp(magic, "GGUF", 4) != 0)
        return fail(g, -EBADMSG, "not a GGUF file");
    int status = take(g, &version, sizeof(version));
    if (status)
        return status;
    if (version < 2 || version > 3)
        return fail(g, -EBADMSG, "GGUF version %u; versions 2 and 3 in little-endian are read",
                    version);
    status = take(g, &tensors, sizeof(tensors));
    if (!status)
        status = take(g, &pairs, sizeof(pairs));
    for (uint64_t i = 0; !status && i < pairs; i++)
        status = take_pair(g);
    return status;
}

static uint32_t whole(const struct gguf *g, enum field field, uint32_t max)
{
    const double number = g->values[field].number;
    return number >= 1 && number <= max ? (uint32_t)number : 0;
}

/* Of a field that is one number or one a layer. */
static uint32_t of_layer(const struct gguf *g, enum field field, uint32_t layer, uint32_t otherwise)
{
    const struct value *const value = &g->values[field];
    if (value->count)
        return layer < value->count ? value->list[layer] : 0;
    return value->number > 0 ? whole(g, field, WIDTH_MAX) : otherwise;
}

static bool is_sliding(const struct gguf *g, uint32_t layer)
{
    uint32_t every = whole(g, SLIDING_PATTERN, ANA_LAYERS_MAX);
    if (!whole(g, SLIDING_WINDOW, INT32_MAX))
        return false;
    if (g->values[SLIDING_PATTERN].count)
        return of_layer(g, SLIDING_PATTERN, layer, 0) != 0;
    for (size_t i = 0; !every && i < sizeof(patterns) / sizeof(patterns[0]); i++)
        if (strcmp(patterns[i].architecture, g->architecture) == 0)
            every = patterns[i].every;
    return !every || (layer + 1) % every != 0;
}

static int add_layer(const struct gguf *g, struct ana_model *model, uint32_t layer)
{
    const bool sliding = is_sliding(g, layer);
    const uint32_t chunk = whole(g, CHUNK_SIZE, INT32_MAX);
    const uint32_t heads = of_layer(g, HEAD_COUNT, layer, 0);
    const uint32_t kv_heads = of_layer(g, HEAD_COUNT_KV, layer, heads);
    if (!heads || !kv_heads) {
        model->plain_layers++;
        return 0;
    }
    uint32_t dim = whole(g, KEY_LENGTH, WIDTH_MAX);
    if (sliding && whole(g, KEY_LENGTH_SWA, WIDTH_MAX))
        dim = whole(g, KEY_LENGTH_SWA, WIDTH_MAX);
    if (!dim)
        dim = whole(g, EMBEDDING_LENGTH, INT32_MAX) / heads;
    uint32_t dim_v = whole(g, VALUE_LENGTH, WIDTH_MAX);
    if (sliding && whole(g, VALUE_LENGTH_SWA, WIDTH_MAX))
        dim_v = whole(g, VALUE_LENGTH_SWA, WIDTH_MAX);
    struct ana_layers kind = {
        .layers = 1,
        .heads = heads,
        .kv_heads = kv_heads,
        .dim = dim,
        .dim_v = dim_v ? dim_v : dim,
        .window = sliding ? whole(g, SLIDING_WINDOW, INT32_MAX) : 0,
        .chunk = chunk && (layer + 1) % 4 ? chunk : 0,
    };
    if (model->latent) {
        kind.kv_heads = 1;
        kind.dim = model->latent + model->rope;
        kind.dim_v = model->latent;
        kind.v_in_k = true;
    }
    if (!kind.dim || kind.dim > WIDTH_MAX || kind.heads % kind.kv_heads)
        return fail(g, -EINVAL, "layer %u has %u heads, %u KV heads and head dim %u", layer,
                    kind.heads, kind.kv_heads, kind.dim);
    if (ana_model_add(model, &kind))
        return fail(g, -EINVAL, "has more than %d kinds of layers", ANA_KINDS_MAX);
    return 0;
}

static int make_model(const struct gguf *g, struct ana_model *model)
{
    if (!*g->architecture)
        return fail(g, -EINVAL, "the GGUF header lacks general.architecture");
    model->layers = whole(g, BLOCK_COUNT, ANA_LAYERS_MAX);
    const bool heads = g->values[HEAD_COUNT].count || whole(g, HEAD_COUNT, WIDTH_MAX);
    const bool widths = whole(g, KEY_LENGTH, WIDTH_MAX) || whole(g, EMBEDDING_LENGTH, INT32_MAX);
    if (g->values[HEAD_COUNT_KV].number > WIDTH_MAX)
        return fail(g, -EINVAL, "the GGUF header says %g KV heads",
                    g->values[HEAD_COUNT_KV].number);
    const char *const lacks = !model->layers ? field_keys[BLOCK_COUNT]
                              : !heads       ? field_keys[HEAD_COUNT]
                              : !widths      ? field_keys[EMBEDDING_LENGTH]
                                             : NULL;
    if (lacks)
        return fail(g, -EINVAL, "the GGUF header lacks a usable %s.%s", g->architecture, lacks);
    const double softcap = g->values[SOFTCAP].number;
    model->latent = whole(g, KV_LORA_RANK, WIDTH_MAX);
    if (model->latent) {
        const uint32_t key = whole(g, KEY_LENGTH, WIDTH_MAX);
        const uint32_t key_mla = whole(g, KEY_LENGTH_MLA, WIDTH_MAX);
        model->rope = whole(g, ROPE_DIMENSION, WIDTH_MAX);
        if (key_mla && key > model->latent)
            model->rope = key - model->latent;
        model->scale_dim = (float)(key_mla ? key_mla : key);
    }
    model->heads = of_layer(g, HEAD_COUNT, 0, 0);
    model->max_context = whole(g, CONTEXT_LENGTH, INT32_MAX);
    model->alibi = g->values[ALIBI_BIAS].number > 0;
    model->rel_bias = g->values[RELATIVE_BUCKETS].number > 0;
    if (model->rel_bias)
        model->scale_dim = 1; /* T5's logits are q.k as it is */
    model->sinks = strcmp(g->architecture, "gpt-oss") == 0;
    model->softcap = softcap > 0 && softcap < 1e6 ? (float)softcap : 0;
    model->reuse_layers = whole(g, SHARED_KV_LAYERS, model->layers - 1);
    int status = 0;
    for (uint32_t i = 0; !status && i < model->layers - model->reuse_layers; i++)
        status = add_layer(g, model, i);
    return status;
}

int ana_model_read_gguf(const char *path, struct ana_model *model, char *message, size_t size)
{
    struct gguf g = {.path = path, .message = message, .size = size};
    int status;
    *model = (struct ana_model){.note = ""};
    g.in = fopen(path, "rb");
    if (!g.in)
        return fail(&g, -errno, "%s", strerror(errno));
    g.values = calloc(FIELDS, sizeof(*g.values));
    status = g.values ? walk(&g) : fail(&g, -ENOMEM, "not enough memory");
    if (!status) {
        memset(g.values, 0, FIELDS * sizeof(*g.values));
        status = walk(&g);
    }
    if (!status)
        status = make_model(&g, model);
    snprintf(model->name, sizeof(model->name), "%s", *g.name ? g.name : g.architecture);
    ana_tame(model->name);
    snprintf(model->source, sizeof(model->source), "%s", path);
    free(g.values);
    fclose(g.in);
    return status;
}
