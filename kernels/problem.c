/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Problems: limits, names, and the three counts every figure rests on (KV bytes, compulsory bytes,
 * flops). One table says which keys exist, where they live and when they are printed, so that
 * writing and reading a name cannot drift apart.
 */
#include "kernels/problem.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const phase_names[ATTN_PHASES] = {"decode", "prefill", "generate", "layer",
                                                     "model"};
static const char *const layout_names[ATTN_LAYOUTS] = {"contiguous", "token_major", "paged", "ring",
                                                       "transposed"};
static const char *const mask_names[ATTN_MASKS] = {"causal", "full", "tree"};
static const char *const head_map_names[] = {"block", "cyclic"};

enum field_kind {
    FIELD_COUNT,
    FIELD_FLAG,
    FIELD_REAL,
    FIELD_TYPES,
    FIELD_DIMS,
    FIELD_LAYOUT,
    FIELD_MASK,
    FIELD_MAP
};

/* In name order. `always`: printed even at its default. */
static const struct field {
    const char *key;
    enum field_kind kind;
    size_t offset;
    bool always;
} fields[] = {
    {"kv", FIELD_TYPES, 0, true},
    {"batch", FIELD_COUNT, offsetof(struct attn_problem, batch), true},
    {"heads", FIELD_COUNT, offsetof(struct attn_problem, heads), true},
    {"kv_heads", FIELD_COUNT, offsetof(struct attn_problem, kv_heads), true},
    {"dim", FIELD_DIMS, 0, true},
    {"context", FIELD_COUNT, offsetof(struct attn_problem, context), true},
    {"q_len", FIELD_COUNT, offsetof(struct attn_problem, q_len), false},
    {"layout", FIELD_LAYOUT, 0, false},
    {"window", FIELD_COUNT, offsetof(struct attn_problem, window), false},
    {"chunk", FIELD_COUNT, offsetof(struct attn_problem, chunk), false},
    {"mask", FIELD_MASK, offsetof(struct attn_problem, mask), false},
    {"head_map", FIELD_MAP, offsetof(struct attn_problem, head_map), false},
    {"ragged", FIELD_COUNT, offsetof(struct attn_problem, ragged), false},
    {"sinks", FIELD_FLAG, offsetof(struct attn_problem, sinks), false},
    {"alibi", FIELD_FLAG, offsetof(struct attn_problem, alibi), false},
    {"rel_bias", FIELD_FLAG, offsetof(struct attn_problem, rel_bias), false},
    {"v_is_k_prefix", FIELD_FLAG, offsetof(struct attn_problem, v_is_k_prefix), false},
    {"softcap", FIELD_REAL, offsetof(struct attn_problem, softcap), false},
    {"scale", FIELD_REAL, offsetof(struct attn_problem, scale), false},
    {"prefix", FIELD_COUNT, offsetof(struct attn_problem, prefix), false},
};

struct attn_problem attn_problem_default(void)
{
    return (struct attn_problem){
        .struct_size = sizeof(struct attn_problem),
        .phase = ATTN_DECODE,
        .k_type = ATTN_F16,
        .v_type = ATTN_F16,
        .batch = 1,
        .heads = 32,
        .kv_heads = 8,
        .dim = 128,
        .dim_v = 128,
        .context = 4096,
        .q_len = 1,
    };
}

#define INVALID(...) (snprintf(buf, size, __VA_ARGS__), buf)

static const char *prefix_invalid(const struct attn_problem *p, char *buf, size_t size)
{
    const uint32_t shortest = attn_problem_length(p, p->batch - 1);
    if (!p->prefix)
        return NULL;
    if (p->phase != ATTN_DECODE || p->layout != ATTN_PAGED)
        return INVALID("sequences share a prefix of %u tokens by its pages: it needs the phase "
                       "decode and the paged layout",
                       p->prefix);
    if (p->prefix % p->page)
        return INVALID("a shared prefix of %u tokens is not whole pages of %u", p->prefix, p->page);
    if (p->window || p->chunk || attn_types[p->k_type].channel)
        return INVALID("a shared prefix goes with neither window nor chunk nor scales a channel");
    if (p->prefix >= shortest || shortest - p->prefix < p->q_len)
        return INVALID(
            "a shared prefix of %u tokens leaves no room for %u of its own in a sequence "
            "of %u",
            p->prefix, p->q_len, shortest);
    return NULL;
}

const char *attn_problem_invalid(const struct attn_problem *p, char *buf, size_t size)
{
    const struct {
        const char *what;
        uint32_t value, low, high;
    } ranges[] = {
        {"batch", p->batch, 1, 1u << 16},   {"heads", p->heads, 1, 4096},
        {"kv_heads", p->kv_heads, 1, 4096}, {"dim", p->dim, 1, 1024},
        {"dim of V", p->dim_v, 1, 1024},    {"context", p->context, 1, 1u << 26},
        {"q_len", p->q_len, 1, 1u << 20},   {"window", p->window, 0, 1u << 26},
        {"chunk", p->chunk, 0, 1u << 26},   {"ragged", p->ragged, 0, 99},
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
        if (ranges[i].value < ranges[i].low || ranges[i].value > ranges[i].high)
            return INVALID("%s is %u; it must lie between %u and %u", ranges[i].what,
                           ranges[i].value, ranges[i].low, ranges[i].high);
    if (p->heads % p->kv_heads)
        return INVALID("kv_heads %u does not divide heads %u", p->kv_heads, p->heads);
    if (p->mask != ATTN_FULL && p->q_len > p->context)
        return INVALID("q_len %u is more than the context of %u tokens, which includes it",
                       p->q_len, p->context);
    if (p->mask == ATTN_TREE && p->q_len > 64)
        return INVALID("q_len %u is more than the 64 tokens a tree mask can hold", p->q_len);
    if (p->layout == ATTN_PAGED && (p->page < 1 || p->page > 1u << 16))
        return INVALID("a page of %u tokens; it must hold between 1 and 65536", p->page);
    if (p->layout != ATTN_PAGED && p->page)
        return INVALID("a page of %u tokens needs the paged layout", p->page);
    if (p->layout == ATTN_RING && !p->window)
        return INVALID("the ring layout keeps one window of tokens: give a window");
    if (p->layout == ATTN_TRANSPOSED && attn_types[p->k_type].bits < 16)
        return INVALID("a transposed K is f32, f16 or bf16, not %s", attn_types[p->k_type].name);
    if (p->layout == ATTN_TRANSPOSED && p->v_is_k_prefix)
        return INVALID("V is no part of a transposed K");
    if (p->layout == ATTN_TRANSPOSED && p->phase != ATTN_DECODE && p->phase != ATTN_PREFILL)
        return INVALID("whole layers append rows: their K is not transposed");
    if (p->v_is_k_prefix && (p->dim_v > p->dim || p->v_type != p->k_type))
        return INVALID("V as a prefix of K needs dim of V <= dim and the type of K");
    if (attn_types[p->v_type].channel)
        return INVALID("V is %s; scales a channel are for K alone: kv_type %s+%s",
                       attn_types[p->v_type].name, attn_types[p->k_type].name,
                       p->v_type == ATTN_I8C ? "i8" : "i4");
    if (p->v_is_k_prefix && attn_types[p->k_type].bits < 8 && p->dim_v != p->dim &&
        p->dim_v % ATTN_QUANT_BLOCK)
        return INVALID("V as a prefix of an %s K needs a dim of V of whole blocks of %d, not %u",
                       attn_types[p->k_type].name, ATTN_QUANT_BLOCK, p->dim_v);
    if (!(p->softcap >= 0 && p->softcap <= 1e6f))
        return INVALID("softcap is %g; it must lie between 0 (off) and 1e6", (double)p->softcap);
    if (!(p->scale >= 0 && p->scale <= 1e6f))
        return INVALID("scale is %g; it must lie between 0 (1/sqrt(dim)) and 1e6",
                       (double)p->scale);
    if (p->rel_bias && p->alibi)
        return INVALID("alibi and rel_bias are both a bias by distance; give one of them");
    if (p->rel_bias && p->mask == ATTN_FULL)
        return INVALID("rel_bias goes by the distance to keys before a query, and cross attention "
                       "(mask full) has none; leave it off");
    const double cache =
        (double)p->batch * p->context * p->kv_heads * 4 * ((double)p->dim + p->dim_v);
    if (cache > 0x1p50)
        return INVALID("a cache of %.3g bytes is beyond what addresses can reach", cache);
    return prefix_invalid(p, buf, size);
}

bool attn_problem_equal(const struct attn_problem *a, const struct attn_problem *b)
{
    char one[512], two[512];
    attn_problem_name(a, one, sizeof(one));
    attn_problem_name(b, two, sizeof(two));
    return a->phase == b->phase && strcmp(one, two) == 0;
}

/* The value of one field as text; false when it is at its default and need not be said. */
static bool field_text(const struct attn_problem *p, const struct field *f, char *buf, size_t size)
{
    const struct attn_problem def = attn_problem_default();
    const void *const at = (const char *)p + f->offset;
    const void *const at_default = (const char *)&def + f->offset;
    uint32_t count, count_default;
    float real;

    switch (f->kind) {
    case FIELD_COUNT:
        memcpy(&count, at, sizeof(count));
        memcpy(&count_default, at_default, sizeof(count));
        snprintf(buf, size, "%u", count);
        return f->always || count != count_default;
    case FIELD_FLAG:
        snprintf(buf, size, "1");
        return *(const bool *)at;
    case FIELD_REAL:
        memcpy(&real, at, sizeof(real));
        snprintf(buf, size, "%.9g", (double)real);
        return real != 0;
    case FIELD_TYPES:
        snprintf(buf, size, p->k_type == p->v_type ? "%s" : "%s+%s", attn_types[p->k_type].name,
                 attn_types[p->v_type].name);
        return true;
    case FIELD_DIMS:
        snprintf(buf, size, p->dim == p->dim_v ? "%u" : "%u+%u", p->dim, p->dim_v);
        return true;
    case FIELD_LAYOUT:
        if (p->layout == ATTN_PAGED)
            snprintf(buf, size, "paged%u", p->page);
        else
            snprintf(buf, size, "%s", layout_names[p->layout]);
        return p->layout != def.layout;
    case FIELD_MASK:
        snprintf(buf, size, "%s", mask_names[p->mask]);
        return p->mask != def.mask;
    case FIELD_MAP:
        snprintf(buf, size, "%s", head_map_names[p->head_map]);
        return p->head_map != def.head_map;
    }
    return false;
}

int attn_problem_name(const struct attn_problem *p, char *buf, size_t size)
{
    char value[64];
    int n = 0;
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        if (!field_text(p, &fields[i], value, sizeof(value)))
            continue;
        n += snprintf(buf + ((size_t)n < size ? (size_t)n : size),
                      (size_t)n < size ? size - (size_t)n : 0, "%s%s:%s", n ? "/" : "",
                      fields[i].key, value);
    }
    return n;
}

/* Digits only, no sign, no blank: a name has one spelling. */
static int parse_count(const char *text, const char **end, uint32_t *value)
{
    uint64_t v = 0;
    const char *s = text;
    for (; *s >= '0' && *s <= '9'; s++) {
        v = v * 10 + (uint64_t)(*s - '0');
        if (v > UINT32_MAX)
            return -EINVAL;
    }
    if (s == text || (*text == '0' && s != text + 1))
        return -EINVAL;
    *end = s;
    *value = (uint32_t)v;
    return 0;
}

static int parse_word(const char *text, const char *const *words, size_t n, uint32_t *value)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(text, words[i]))
            continue;
        *value = (uint32_t)i;
        return 0;
    }
    return -EINVAL;
}

/* "a" or "a+b", each read by a parser of its own kind. */
static int parse_types(const char *text, struct attn_problem *p)
{
    const char *const plus = strchr(text, '+');
    const size_t len = plus ? (size_t)(plus - text) : strlen(text);
    if (attn_type_parse(text, len, &p->k_type))
        return -EINVAL;
    p->v_type = p->k_type;
    return plus ? attn_type_parse(plus + 1, strlen(plus + 1), &p->v_type) : 0;
}

static int parse_dims(const char *text, struct attn_problem *p)
{
    const char *end;
    if (parse_count(text, &end, &p->dim))
        return -EINVAL;
    p->dim_v = p->dim;
    if (*end == '+' && parse_count(end + 1, &end, &p->dim_v))
        return -EINVAL;
    return *end ? -EINVAL : 0;
}

static int parse_layout(const char *text, struct attn_problem *p)
{
    uint32_t word;
    const char *end;
    p->page = 0;
    if (strncmp(text, "paged", 5) == 0) {
        p->layout = ATTN_PAGED;
        return parse_count(text + 5, &end, &p->page) || *end ? -EINVAL : 0;
    }
    if (parse_word(text, layout_names, ATTN_LAYOUTS, &word))
        return -EINVAL;
    p->layout = (enum attn_layout)word;
    return 0;
}

static int parse_real(const char *text, void *at)
{
    char *end;
    const float v = strtof(text, &end);
    if (end == text || *end || !isfinite(v))
        return -EINVAL;
    memcpy(at, &v, sizeof(v));
    return 0;
}

static int field_parse(struct attn_problem *p, const struct field *f, const char *text)
{
    void *const at = (char *)p + f->offset;
    const char *end;
    uint32_t v;

    switch (f->kind) {
    case FIELD_COUNT:
        if (parse_count(text, &end, &v) || *end)
            return -EINVAL;
        memcpy(at, &v, sizeof(v));
        return 0;
    case FIELD_FLAG:
        if (strcmp(text, "1") && strcmp(text, "0"))
            return -EINVAL;
        *(bool *)at = *text == '1';
        return 0;
    case FIELD_REAL:
        return parse_real(text, at);
    case FIELD_TYPES:
        return parse_types(text, p);
    case FIELD_DIMS:
        return parse_dims(text, p);
    case FIELD_LAYOUT:
        return parse_layout(text, p);
    case FIELD_MASK:
        if (parse_word(text, mask_names, ATTN_MASKS, &v))
            return -EINVAL;
        p->mask = (enum attn_mask)v;
        return 0;
    case FIELD_MAP:
        if (parse_word(text, head_map_names, 2, &v))
            return -EINVAL;
        p->head_map = (enum attn_head_map)v;
        return 0;
    }
    return -EINVAL;
}

int attn_problem_set(struct attn_problem *p, const char *part, size_t len)
{
    char text[64];
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        const size_t key = strlen(fields[i].key);
        if (len <= key || part[key] != ':' || strncmp(part, fields[i].key, key))
            continue;
        if (len - key - 1 >= sizeof(text))
            return -EINVAL;
        memcpy(text, part + key + 1, len - key - 1);
        text[len - key - 1] = '\0';
        return field_parse(p, &fields[i], text) ? -EINVAL : 1;
    }
    return 0;
}

uint32_t attn_problem_length(const struct attn_problem *p, uint32_t seq)
{
    if (!p->ragged || p->batch < 2)
        return p->context;
    const uint64_t less = (uint64_t)p->context * p->ragged * seq / (100 * (uint64_t)(p->batch - 1));
    const uint32_t length = p->context - (uint32_t)less;
    const uint32_t least = p->mask == ATTN_FULL ? 1 : p->q_len;
    return length < least ? least : length;
}

float attn_alibi_slope(uint32_t head, uint32_t heads)
{
    uint32_t power = 1;
    while (power * 2 <= heads)
        power *= 2;
    if (head < power)
        return exp2f(-8.0f * (float)(head + 1) / (float)power);
    return exp2f(-4.0f * (float)(2 * (head - power) + 1) / (float)power);
}

uint32_t attn_relative_bucket(uint32_t distance)
{
    /* Least d with d^16 >= 16^16 * 8^k for k = 1, 2 ...: logarithms would round. */
    static const uint8_t first[] = {19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113};
    uint32_t bucket = distance < 16 ? distance : 16;
    for (size_t k = 0; k < sizeof(first) && distance >= first[k]; k++)
        bucket++;
    return bucket;
}

/* Bytes one token of one KV head takes, scales included. */
static uint64_t token_bytes(const struct attn_problem *p)
{
    const struct attn_type_info *const k = &attn_types[p->k_type], *const v =
                                                                       &attn_types[p->v_type];
    uint64_t bytes = attn_row_bytes(k, p->dim) + attn_row_scale_bytes(k, p->dim);
    if (!p->v_is_k_prefix)
        bytes += attn_row_bytes(v, p->dim_v) + attn_row_scale_bytes(v, p->dim_v);
    return bytes;
}

/* And those of scales that no token has for itself. */
static uint64_t head_scale_bytes(const struct attn_problem *p)
{
    return (uint64_t)p->batch * p->kv_heads * attn_head_scale_bytes(&attn_types[p->k_type], p->dim);
}

uint64_t attn_kv_bytes(const struct attn_problem *p)
{
    uint64_t tokens = 0;
    for (uint32_t b = 0; b < p->batch; b++) {
        const uint32_t length = attn_problem_length(p, b) - attn_problem_shared(p, b);
        tokens += p->layout == ATTN_RING && p->window < length ? p->window : length;
    }
    return tokens * p->kv_heads * token_bytes(p) + head_scale_bytes(p);
}

uint64_t attn_kv_design_bytes(const struct attn_problem *p)
{
    struct attn_problem tied = *p, rotary = *p;
    if (!p->v_is_k_prefix)
        return attn_kv_bytes(p);
    tied.dim = p->dim_v;
    rotary.dim = p->dim - p->dim_v;
    rotary.kv_heads = 1;
    return attn_kv_bytes(&tied) + (rotary.dim ? attn_kv_bytes(&rotary) : 0);
}

uint64_t attn_bytes(const struct attn_problem *p)
{
    uint64_t seen = 0;
    for (uint32_t b = 0; b < p->batch; b++) {
        const uint32_t length = attn_problem_length(p, b);
        seen += attn_visible(p, length, p->q_len - 1).end - attn_visible(p, length, 0).first -
                attn_problem_shared(p, b);
    }
    const uint64_t rows = (uint64_t)p->batch * p->q_len * p->heads;
    return seen * p->kv_heads * token_bytes(p) + head_scale_bytes(p) +
           rows * sizeof(float) * (p->dim + p->dim_v);
}

uint64_t attn_flops(const struct attn_problem *p)
{
    uint64_t pairs = 0;
    for (uint32_t b = 0; b < p->batch; b++) {
        const uint32_t length = attn_problem_length(p, b);
        for (uint32_t i = 0; i < p->q_len; i++) {
            const struct attn_span s = attn_visible(p, length, i);
            pairs += s.end - s.first;
        }
    }
    return 2 * pairs * p->heads * ((uint64_t)p->dim + p->dim_v);
}

uint64_t attn_items(const struct attn_problem *p)
{
    return (uint64_t)p->batch * p->q_len;
}

const char *attn_phase_name(enum attn_phase phase)
{
    return phase_names[phase];
}

int attn_phase_parse(const char *text, size_t len, enum attn_phase *phase)
{
    for (size_t i = 0; i < ATTN_PHASES; i++) {
        if (strlen(phase_names[i]) != len || strncmp(text, phase_names[i], len))
            continue;
        *phase = (enum attn_phase)i;
        return 0;
    }
    return -EINVAL;
}
