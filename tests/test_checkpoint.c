/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints: three ways of naming and storing projections are converted and compared, element
 * by element, with groups averaged here; what is not K or V must keep its bytes. Then what the
 * tables say, against cases whose answer is known, and headers that lie.
 */
#include "tests/test.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <sys/stat.h>

#include "analysis/checkpoint/judge.h"
#include "analysis/checkpoint/similar.h"
#include "analysis/checkpoint/target.h"
#include "kernels/dtype.h"
#include "tests/tree.h"

enum { H = 8, D = 4, IN = H * D, ENCODER = 24, MAX = 32 };

struct made {
    const char *name, *dtype;
    uint64_t rows, columns; /* columns 0: a vector */
    float *values;
};

static struct made model[MAX];
static size_t tensors;
static uint64_t seed;
static char root[TREE_MAX];
static struct ana_fault fault;

static char *in_root(const char *name)
{
    static char paths[4][TREE_MAX + 64];
    static int next;
    char *const path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", root, name);
    return path;
}

static uint64_t count_of(const struct made *m)
{
    return m->rows * (m->columns ? m->columns : 1);
}

static float normal(void)
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += test_uniform(&seed);
    return (float)(sum - 6);
}

/* A value as its type holds it. */
static float as(const char *dtype, float value)
{
    if (strcmp(dtype, "F16") == 0)
        return attn_f16_to_f32(attn_f32_to_f16(value));
    return strcmp(dtype, "BF16") == 0 ? attn_bf16_to_f32(attn_f32_to_bf16(value)) : value;
}

static struct made *add(const char *name, const char *dtype, uint64_t rows, uint64_t columns)
{
    struct made *const m = &model[tensors++];
    *m = (struct made){name, dtype, rows, columns, NULL};
    m->values = calloc(count_of(m), sizeof(float));
    for (uint64_t i = 0; i < count_of(m); i++)
        m->values[i] = as(dtype, normal());
    return m;
}

static void forget(void)
{
    while (tensors)
        free(model[--tensors].values);
}

static size_t pack(const struct made *m, char *bytes)
{
    const size_t width = strcmp(m->dtype, "F32") == 0 ? 4 : 2;
    for (uint64_t i = 0; i < count_of(m); i++) {
        const uint16_t half =
            m->dtype[0] == 'F' ? attn_f32_to_f16(m->values[i]) : attn_f32_to_bf16(m->values[i]);
        memcpy(bytes + i * width, width == 4 ? (const void *)&m->values[i] : &half, width);
    }
    return count_of(m) * width;
}

/* tensors first..last of the model, with a header written by hand */
static void write_file(const char *path, size_t first, size_t last)
{
    static char header[1 << 14], data[1 << 18];
    size_t length = 0, at = 0;
    length += (size_t)sprintf(header, "{\"__metadata__\":{\"format\":\"pt\"}");
    for (size_t i = first; i < last; i++) {
        const struct made *const m = &model[i];
        const size_t size = pack(m, data + at);
        char columns[32] = "";
        if (m->columns)
            sprintf(columns, ",%llu", (unsigned long long)m->columns);
        length +=
            (size_t)sprintf(header + length,
                            ",\"%s\":{\"dtype\":\"%s\",\"shape\":[%llu%s],\"data_offsets\":"
                            "[%zu,%zu]}",
                            m->name, m->dtype, (unsigned long long)m->rows, columns, at, at + size);
        at += size;
    }
    length += (size_t)sprintf(header + length, "}");
    FILE *const file = fopen(path, "wb");
    const uint64_t size = length; /* little-endian, as the machines we build for */
    if (!file || fwrite(&size, 8, 1, file) != 1 || fwrite(header, length, 1, file) != 1 ||
        (at && fwrite(data, at, 1, file) != 1) || fclose(file))
        tree_fail(path);
}

static int convert(const char *from, uint32_t groups, enum ana_method method, const char *to)
{
    struct ana_store store;
    struct ana_attentions found;
    char card[512];
    int status = ana_store_open(from, &store, &fault);
    CHECK(!status, "%s", fault.text);
    if (status)
        return status;
    status = ana_attentions_find(&store, H, 0, &found, &fault);
    CHECK(!status, "%s", fault.text);
    const struct ana_conversion c = {
        .store = &store, .found = &found, .kv_heads = groups, .method = method, .seed = 7};
    if (!status)
        status = ana_target_write(&c, to, "", card, sizeof(card), &fault);
    CHECK(!status, "%s", fault.text);
    ana_attentions_free(&found);
    ana_store_close(&store);
    return status;
}

static float *load(const struct ana_store *store, const char *name, uint64_t rows, uint64_t columns)
{
    const struct ana_place place = ana_store_find(store, name);
    const uint64_t count = rows * (columns ? columns : 1);
    float *const values = calloc(count, sizeof(float));
    CHECK(place.tensor && place.tensor->shape[0] == rows &&
              (columns ? place.tensor->shape[1] == columns : place.tensor->rank == 1),
          "%s is not [%llu, %llu]", name, (unsigned long long)rows, (unsigned long long)columns);
    if (place.tensor && place.tensor->elements == count)
        CHECK(ana_place_read(&place, 0, count, values, &fault) == 0, "%s", fault.text);
    return values;
}

/* Element (output, input) of a matrix in either orientation; a vector has one input. */
static float at(const float *values, bool transposed, uint64_t outputs, uint64_t inputs, uint64_t o,
                uint64_t i)
{
    return transposed ? values[i * outputs + o] : values[o * inputs + i];
}

/* K or V: outputs from `first` on in a tensor of `all` outputs, against groups averaged here. */
static void check_pooled(const struct made *m, const float *found, bool transposed, uint64_t first,
                         uint64_t new_first, uint64_t new_all, uint32_t groups)
{
    const uint64_t inputs = !m->columns ? 1 : transposed ? m->rows : m->columns;
    const uint64_t all = transposed && m->columns ? m->columns : m->rows;
    const uint32_t share = H / groups;
    for (uint64_t o = 0; o < (uint64_t)groups * D; o++)
        for (uint64_t i = 0; i < inputs; i++) {
            double sum = 0;
            for (uint32_t j = 0; j < share; j++)
                sum += at(m->values, transposed, all, inputs,
                          first + (o / D * share + j) * D + o % D, i);
            const float wanted = as(m->dtype, (float)(sum / share));
            const float is = at(found, transposed, new_all, inputs, new_first + o, i);
            CHECK(memcmp(&is, &wanted, sizeof(is)) == 0, "%s output %llu input %llu: %g not %g",
                  m->name, (unsigned long long)o, (unsigned long long)i, is, wanted);
        }
}

static void check_same(const struct ana_store *store, const struct made *m)
{
    float *const found = load(store, m->name, m->rows, m->columns);
    CHECK(memcmp(found, m->values, count_of(m) * sizeof(float)) == 0, "%s changed", m->name);
    free(found);
}

static bool ends(const char *text, const char *with)
{
    const size_t a = strlen(text), b = strlen(with);
    return a >= b && strcmp(text + a - b, with) == 0;
}

/* Every tensor of the model is the same or, if it is K or V of a decoder, pooled. */
static void check_apart(const char *path, uint32_t groups)
{
    struct ana_store store;
    CHECK(ana_store_open(path, &store, &fault) == 0, "%s", fault.text);
    for (size_t i = 0; store.count && i < tensors; i++) {
        const struct made *const m = &model[i];
        const bool pooled =
            !strstr(m->name, "encoder.") &&
            (strstr(m->name, ".k_proj.") || strstr(m->name, ".v_proj.") ||
             ends(m->name, "Attention.k.weight") || ends(m->name, "Attention.v.weight"));
        if (!pooled) {
            check_same(&store, m);
            continue;
        }
        float *const found = load(&store, m->name, (uint64_t)groups * D, m->columns);
        check_pooled(m, found, false, 0, 0, (uint64_t)groups * D, groups);
        free(found);
    }
    ana_store_close(&store);
}

static void make_llama(const char *dtype)
{
    forget();
    add("model.embed_tokens.weight", dtype, 5, IN);
    add("model.layers.0.self_attn.q_proj.weight", dtype, H * D, IN);
    add("model.layers.0.self_attn.k_proj.weight", dtype, H * D, IN);
    add("model.layers.0.self_attn.k_proj.bias", dtype, H * D, 0);
    add("model.layers.0.self_attn.v_proj.weight", dtype, H * D, IN);
    add("model.layers.0.self_attn.o_proj.weight", dtype, IN, H * D);
    add("vision_tower.encoder.layers.0.self_attn.k_proj.weight", dtype, H * D, IN);
}

static void test_llama(void)
{
    static const char *const dtypes[] = {"F32", "F16", "BF16"};
    for (int t = 0; t < 3; t++)
        for (uint32_t groups = 1; groups < H; groups *= 2) {
            make_llama(dtypes[t]);
            write_file(in_root("a.safetensors"), 0, tensors);
            convert(in_root("a.safetensors"), groups, ANA_MEAN, in_root("b.safetensors"));
            check_apart(in_root("b.safetensors"), groups);
        }
}

static void test_t5(void)
{
    forget();
    add("shared.weight", "BF16", 3, IN);
    add("encoder.block.0.layer.0.SelfAttention.k.weight", "BF16", H * D, ENCODER);
    add("decoder.block.0.layer.0.SelfAttention.q.weight", "BF16", H * D, IN);
    add("decoder.block.0.layer.0.SelfAttention.k.weight", "BF16", H * D, IN);
    add("decoder.block.0.layer.0.SelfAttention.v.weight", "BF16", H * D, IN);
    add("decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", "BF16", 32, H);
    add("decoder.block.0.layer.1.EncDecAttention.q.weight", "BF16", H * D, IN);
    add("decoder.block.0.layer.1.EncDecAttention.k.weight", "BF16", H * D, ENCODER);
    add("decoder.block.0.layer.1.EncDecAttention.v.weight", "BF16", H * D, ENCODER);
    write_file(in_root("a.safetensors"), 0, tensors);
    convert(in_root("a.safetensors"), 2, ANA_MEAN, in_root("b.safetensors"));
    check_apart(in_root("b.safetensors"), 2);
}

static void test_gpt2(void)
{
    const uint64_t width = H * D, groups = 2, all = width + 2 * groups * D;
    struct ana_store store;
    forget();
    const struct made *const w = add("h.0.attn.c_attn.weight", "F32", IN, 3 * width);
    const struct made *const b = add("h.0.attn.c_attn.bias", "F32", 3 * width, 0);
    const struct made *const o = add("h.0.attn.c_proj.weight", "F32", IN, IN);
    write_file(in_root("a.safetensors"), 0, tensors);
    convert(in_root("a.safetensors"), groups, ANA_MEAN, in_root("b.safetensors"));
    CHECK(ana_store_open(in_root("b.safetensors"), &store, &fault) == 0, "%s", fault.text);
    float *const weights = load(&store, w->name, IN, all), *const biases =
                                                               load(&store, b->name, all, 0);
    for (uint64_t i = 0; i < IN; i++)
        CHECK(memcmp(weights + i * all, w->values + i * 3 * width, width * sizeof(float)) == 0,
              "Q of row %llu changed", (unsigned long long)i);
    for (uint64_t part = 1; part < 3; part++) {
        const uint64_t first = part * width, now = width + (part - 1) * groups * D;
        check_pooled(w, weights, true, first, now, all, groups);
        check_pooled(b, biases, false, first, now, all, groups);
    }
    check_same(&store, o);
    free(weights);
    free(biases);
    ana_store_close(&store);
}

static void write_text(const char *name, const char *text)
{
    char path[80];
    snprintf(path, sizeof(path), "/%s", name);
    tree_write(root, path, text);
}

static int hidden(const struct dirent *one)
{
    return *one->d_name == '.' && strcmp(one->d_name, ".") != 0 && strcmp(one->d_name, "..") != 0;
}

/* A second conversion into a folder fails between its shards: what is there then is no checkpoint,
 * and is one again after the next. */
static void cut_short(const char *from, const char *folder, const char *index, const char *second)
{
    struct ana_store store;
    struct ana_attentions found;
    struct ana_outputs outputs = {0};
    struct dirent **left = NULL;
    CHECK(ana_store_open(from, &store, &fault) == 0, "%s", fault.text);
    CHECK(ana_attentions_find(&store, H, 0, &found, &fault) == 0, "%s", fault.text);
    const struct ana_conversion c = {.store = &store, .found = &found, .kv_heads = 2};
    CHECK(ana_convert(&c, folder, &outputs, &fault) == 0, "%s", fault.text);
    CHECK(access(index, F_OK) == 0, "the index is gone before anything takes its place");
    CHECK(unlink(second) == 0 && mkdir(second, 0777) == 0, "something stands where s2 is to go");
    CHECK(ana_outputs_commit(&outputs, &fault) == -EISDIR, "%s", fault.text);
    CHECK(strstr(fault.text, "cannot write ") && strstr(fault.text, "/s2: "), "%s", fault.text);
    ana_attentions_free(&found);
    ana_store_close(&store);
    CHECK(access(index, F_OK) != 0, "an index of two conversions");
    CHECK(ana_store_open(folder, &store, &fault) == -ENOENT, "half a checkpoint opens");
    CHECK(scandir(folder, &left, hidden, NULL) == 0, "something beside its target is left");
    free(left);
    CHECK(rmdir(second) == 0, "s2");
    convert(from, 2, ANA_MEAN, folder);
    check_apart(folder, 2);
}

static void test_shards(void)
{
    static const char index[] =
        "{\"metadata\":{\"total_size\":1},\"weight_map\":{\"model.embed_tokens.weight\":\"s1\","
        "\"model.layers.0.self_attn.q_proj.weight\":\"s1\","
        "\"model.layers.0.self_attn.k_proj.weight\":\"s1\","
        "\"model.layers.0.self_attn.k_proj.bias\":\"s2\","
        "\"model.layers.0.self_attn.v_proj.weight\":\"s2\","
        "\"model.layers.0.self_attn.o_proj.weight\":\"s2\","
        "\"vision_tower.encoder.layers.0.self_attn.k_proj.weight\":\"s2\"}}";
    struct ana_store store;
    make_llama("F16");
    write_text("sharded/model.safetensors.index.json", index);
    write_file(in_root("sharded/s1"), 0, 3);
    write_file(in_root("sharded/s2"), 3, tensors);
    convert(in_root("sharded"), 4, ANA_MEAN, in_root("shards_of_four"));
    check_apart(in_root("shards_of_four"), 4);
    cut_short(in_root("sharded"), in_root("shards_of_four"),
              in_root("shards_of_four/model.safetensors.index.json"), in_root("shards_of_four/s2"));
    write_file(in_root("sharded/s2"), 3, tensors - 1);
    CHECK(ana_store_open(in_root("sharded"), &store, &fault) == -EBADMSG, "a tensor is missing");
    CHECK(strstr(fault.text, "vision_tower"), "%s", fault.text);
    unlink(in_root("sharded/s2"));
    CHECK(ana_store_open(in_root("sharded"), &store, &fault) == -ENOENT, "a shard is missing");
    CHECK(strstr(fault.text, "sharded/s2"), "%s", fault.text);
    write_text("up.json", "{\"weight_map\":{\"a\":\"../secret\"}}");
    CHECK(ana_store_open(in_root("up.json"), &store, &fault) == -EBADMSG, "a path in an index");
}

/* Heads of a group are a common part and a part of their own, `apart` times as wide. */
static void make_structured(uint32_t share, double apart)
{
    make_llama("BF16");
    for (size_t t = 0; t < tensors; t++) {
        struct made *const m = &model[t];
        const uint64_t head = (uint64_t)D * (m->columns ? m->columns : 1);
        if (!strstr(m->name, "layers.0.self_attn.k_") && !strstr(m->name, "v_proj.weight"))
            continue;
        for (uint64_t i = 0; i < count_of(m); i++) {
            const uint64_t in_group = i % (share * head);
            m->values[i] = m->values[i - in_group + in_group % head];
        }
        for (uint64_t i = 0; i < count_of(m); i++)
            m->values[i] = as(m->dtype, m->values[i] + (float)apart * normal());
    }
    write_file(in_root("structured.safetensors"), 0, tensors);
}

static void judge(uint32_t groups, uint32_t tokens, double errors[ANA_METHODS])
{
    struct ana_store store;
    struct ana_attentions found;
    struct ana_card card;
    ana_card_default(&card);
    const struct ana_judgement j = {.card = &card, .tokens = tokens, .kv_heads = groups, .seed = 3};
    CHECK(ana_store_open(in_root("structured.safetensors"), &store, &fault) == 0, "%s", fault.text);
    CHECK(ana_attentions_find(&store, H, 0, &found, &fault) == 0, "%s", fault.text);
    CHECK(ana_judge(&j, &found.layers[0], errors, &fault) == 0, "%s", fault.text);
    ana_attentions_free(&found);
    ana_store_close(&store);
}

static void test_errors(void)
{
    double e[ANA_METHODS];
    for (int i = 1; i <= 4; i++) {
        make_structured(4, 0.15 * i);
        judge(2, 16, e);
        CHECK(e[ANA_MEAN] <= e[ANA_FIRST] && e[ANA_FIRST] <= e[ANA_RANDOM], "apart %d: %g %g %g", i,
              e[0], e[1], e[2]);
        CHECK(e[ANA_MEAN] > 0 && e[ANA_RANDOM] > 0.5, "%g %g", e[ANA_MEAN], e[ANA_RANDOM]);
    }
    make_structured(4, 0);
    judge(2, 16, e);
    CHECK(e[ANA_MEAN] < 1e-6 && e[ANA_FIRST] < 1e-6, "equal heads: %g %g", e[0], e[1]);
    judge(H, 16, e);
    CHECK(e[ANA_MEAN] < 1e-9 && e[ANA_FIRST] < 1e-9, "as many heads: %g %g", e[0], e[1]);
}

/* With one token attention returns V, so the error is that of V behind O: computed here. */
static void test_one_token(void)
{
    double e[ANA_METHODS], square = 0, all = 0;
    struct ana_store store;
    make_structured(4, 0.5);
    FILE *const file = fopen(in_root("x.safetensors"), "wb");
    static const char header[] =
        "{\"activations\":{\"dtype\":\"F32\",\"shape\":[1,32],\"data_offsets\":[0,128]}}";
    const uint64_t length = sizeof(header) - 1;
    float x[IN], v[2][H * D];
    for (int i = 0; i < IN; i++)
        x[i] = normal();
    fwrite(&length, 8, 1, file);
    fwrite(header, length, 1, file);
    fwrite(x, sizeof(x), 1, file);
    fclose(file);
    const float *const w = model[4].values, *const o = model[5].values;
    for (int h = 0; h < H; h++)
        for (int d = 0; d < D; d++) {
            double exact = 0, pooled = 0;
            for (int i = 0; i < IN; i++) {
                double sum = 0;
                for (int j = 0; j < 4; j++)
                    sum += w[((h / 4 * 4 + j) * D + d) * IN + i];
                exact += (double)w[(h * D + d) * IN + i] * x[i];
                pooled += (double)as("BF16", (float)(sum / 4)) * x[i];
            }
            v[0][h * D + d] = (float)exact;
            v[1][h * D + d] = (float)pooled;
        }
    for (int r = 0; r < IN; r++) {
        double out[2] = {0};
        for (int which = 0; which < 2; which++)
            for (int i = 0; i < H * D; i++)
                out[which] += (double)o[r * H * D + i] * v[which][i];
        square += (out[1] - out[0]) * (out[1] - out[0]);
        all += out[0] * out[0];
    }
    CHECK(ana_store_open(in_root("x.safetensors"), &store, &fault) == 0, "%s", fault.text);
    struct ana_store from;
    struct ana_attentions found;
    struct ana_card card;
    ana_card_default(&card);
    const struct ana_judgement j = {
        .card = &card, .activations = &store, .tokens = 8, .kv_heads = 2, .seed = 1};
    CHECK(ana_store_open(in_root("structured.safetensors"), &from, &fault) == 0, "%s", fault.text);
    CHECK(ana_attentions_find(&from, H, 0, &found, &fault) == 0, "%s", fault.text);
    CHECK(ana_judge(&j, &found.layers[0], e, &fault) == 0, "%s", fault.text);
    CHECK(fabs(e[ANA_MEAN] - sqrt(square / all)) < 1e-5, "%g not %g", e[ANA_MEAN],
          sqrt(square / all));
    ana_attentions_free(&found);
    ana_store_close(&from);
    ana_store_close(&store);
}

static void test_likeness(void)
{
    struct ana_store store;
    struct ana_attentions found;
    struct ana_likeness k, v;
    char sets[64];
    make_structured(4, 0.2);
    CHECK(ana_store_open(in_root("structured.safetensors"), &store, &fault) == 0, "%s", fault.text);
    CHECK(ana_attentions_find(&store, H, 0, &found, &fault) == 0, "%s", fault.text);
    const struct ana_attention *const layer = &found.layers[0];
    CHECK(ana_likeness(&layer->k, H, 2, &k, &fault) == 0, "%s", fault.text);
    CHECK(ana_likeness(&layer->v, H, 2, &v, &fault) == 0, "%s", fault.text);
    ana_likeness_sets(&k, &v, 0.8, sets, sizeof(sets));
    CHECK_STR(sets, "0-3 4-7");
    ana_likeness_sets(&k, &v, 1, sets, sizeof(sets));
    CHECK_STR(sets, "none");
    ana_likeness_sets(&k, &v, -1, sets, sizeof(sets));
    CHECK_STR(sets, "0-7");
    ana_likeness_sets(&k, &v, 0.8, sets, 4);
    CHECK_STR(sets, "0-3");
    /* variance 1 in common, 0.04 of which 3/4 is lost */
    CHECK(fabs(k.lost - 0.03 / 1.04) < 0.01, "%g", k.lost);
    ana_likeness_free(&k);
    ana_likeness_free(&v);
    ana_attentions_free(&found);
    ana_store_close(&store);
}

static void test_names(void)
{
    struct ana_role role;
    CHECK(ana_role_of("h.11.attn.c_attn.bias", &role) && role.layer == 11 && role.bias, "GPT-2");
    CHECK(ana_role_of("model.decoder.block.3.layer.1.EncDecAttention.v.weight", &role) &&
              role.cross && role.part == ANA_PART_V,
          "T5");
    static const char *const none[] = {"model.layers.self_attn.k_proj.weight",
                                       "model.layers.0.self_attn.k_proj.qweight",
                                       "xlayers.0.self_attn.k_proj.weight",
                                       "encoder.block.0.layer.0.SelfAttention.k.weight",
                                       "model.layers.123456.self_attn.k_proj.weight",
                                       ""};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        CHECK(!ana_role_of(none[i], &role), "%s", none[i]);
}

static const struct {
    const char *text, *why;
    uint64_t data;
} lies[] = {
    /* clang-format off */
    {"", "no JSON", 0},
    {"[]", "no JSON object", 0},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
     "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "duplicate", 8},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}", "a and b overlap", 6},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "1 bytes at the end", 5},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}", "1 bytes before a", 5},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,5]}}", "not what its shape", 5},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "the file has 4", 4},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", "no begin and end", 4},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", "no begin and end", 4},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", "the shape of a", 4},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775808],\"data_offsets\":[0,4]}}",
     "no JSON: too big integer", 4},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}",
     "no size a tensor can have", 0},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}",
     "not what its shape", 0},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}",
     "at most 8", 4},
    {"{\"a\":{\"dtype\":\"Q4_K\",\"shape\":[1],\"data_offsets\":[0,4]}}", "dtype Q4_K", 4},
    {"{\"a\":7}", "dtype (none)", 0},
    {"{\"a\\u0000b\":{}}", "no JSON", 0},
    {"{\"__metadata__\":[]}", "__metadata__ is no JSON object", 0},
    {"{\"__metadata__\":{\"step\":\"7\",\"n\":7}}", "n of __metadata__ is no text", 0},
    /* clang-format on */
};

static void test_lies(void)
{
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct ana_header header;
        const int status =
            ana_header_parse(lies[i].text, strlen(lies[i].text), lies[i].data, &header, &fault);
        CHECK(status == -EBADMSG, "%s: %d", lies[i].text, status);
        CHECK(strstr(fault.text, lies[i].why), "%s: %s", lies[i].text, fault.text);
    }
}

static void test_lengths(void)
{
    static const uint64_t lengths[] = {UINT64_MAX, 1ull << 63, 1ull << 40, 3, 0};
    struct ana_store store;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        FILE *const file = fopen(in_root("short.safetensors"), "wb");
        fwrite(&lengths[i], 8, 1, file);
        fwrite("{}", 2, 1, file);
        fclose(file);
        CHECK(ana_store_open(in_root("short.safetensors"), &store, &fault) == -EBADMSG, "%llx",
              (unsigned long long)lengths[i]);
        CHECK(strstr(fault.text, "short.safetensors: "), "%s", fault.text);
    }
    CHECK(ana_store_open("/dev/zero", &store, &fault) == -EINVAL, "a device");
}

static void test_stop(void)
{
    static const volatile sig_atomic_t stop = 15;
    struct ana_store store;
    struct ana_attentions found;
    struct ana_outputs outputs = {0};
    make_llama("F32");
    write_file(in_root("a.safetensors"), 0, tensors);
    CHECK(ana_store_open(in_root("a.safetensors"), &store, &fault) == 0, "%s", fault.text);
    CHECK(ana_attentions_find(&store, H, 0, &found, &fault) == 0, "%s", fault.text);
    const struct ana_conversion c = {
        .store = &store, .found = &found, .kv_heads = 1, .stop = &stop};
    CHECK(ana_convert(&c, in_root("stopped"), &outputs, &fault) == -EINTR, "%s", fault.text);
    ana_outputs_close(&outputs);
    CHECK(access(in_root("stopped"), F_OK) != 0, "a half file");
    ana_attentions_free(&found);
    ana_store_close(&store);
}

int main(void)
{
    seed = test_seed();
    tree_make(root);
    test_llama();
    test_t5();
    test_gpt2();
    test_shards();
    test_errors();
    test_one_token();
    test_likeness();
    test_names();
    test_lies();
    test_lengths();
    test_stop();
    forget();
    tree_remove(root);
    return test_exit();
}
