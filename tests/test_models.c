/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes of models: KV bytes of every preset against an independent list, config.json with the
 * traps that are out there, GGUF headers good, cut off and hostile.
 */
#include "tests/test.h"

#include <errno.h>
#include <math.h>
#include <unistd.h>

#include "analysis/models.h"

static char path[64];
static char message[512];

/* f16 bytes a token of the layers without a bound, and all bytes of the bounded ones when full. */
static void kv_bytes(const struct ana_model *model, uint64_t *token, uint64_t *bounded)
{
    *token = *bounded = 0;
    for (size_t i = 0; i < model->kind_count; i++) {
        const struct ana_layers *const k = &model->kinds[i];
        const uint64_t one =
            (uint64_t)k->layers * k->kv_heads * (k->dim + (k->v_in_k ? 0 : k->dim_v)) * 2;
        const uint64_t reach = k->window ? k->window : k->chunk;
        *token += reach ? 0 : one;
        *bounded += reach * one;
    }
}

static const struct {
    const char *name;
    uint64_t token, bounded;
} expected[] = {
    /* clang-format off */
    {"gpt2", 36864, 0},
    {"gpt2-xl", 307200, 0},
    {"gpt3-175b", 4718592, 0},
    {"gpt-j-6b", 458752, 0},
    {"opt-125m", 36864, 0},
    {"opt-1.3b", 196608, 0},
    {"opt-6.7b", 524288, 0},
    {"opt-13b", 819200, 0},
    {"opt-66b", 2359296, 0},
    {"opt-175b", 4718592, 0},
    {"bloom-7b1", 491520, 0},
    {"t5-v1.1-large", 98304, 0},
    {"t5-v1.1-xxl", 393216, 0},
    {"palm-540b", 120832, 0},
    {"llama-1-7b", 524288, 0},
    {"llama-1-13b", 819200, 0},
    {"llama-1-33b", 1597440, 0},
    {"llama-1-65b", 2621440, 0},
    {"llama-2-7b", 524288, 0},
    {"llama-2-13b", 819200, 0},
    {"llama-2-70b", 327680, 0},
    {"codellama-34b", 196608, 0},
    {"llama-3.1-8b", 131072, 0},
    {"llama-3.1-70b", 327680, 0},
    {"llama-3.1-405b", 516096, 0},
    {"llama-3.2-1b", 32768, 0},
    {"llama-3.2-3b", 114688, 0},
    {"llama-4-scout", 49152, 1207959552},
    {"tinyllama-1.1b", 22528, 0},
    {"mistral-7b-v0.1", 0, 536870912},
    {"mistral-7b-v0.3", 131072, 0},
    {"mistral-nemo-12b", 163840, 0},
    {"mistral-large-2407", 360448, 0},
    {"mixtral-8x7b", 131072, 0},
    {"mixtral-8x22b", 229376, 0},
    {"falcon-7b", 8192, 0},
    {"falcon-40b", 122880, 0},
    {"falcon-180b", 163840, 0},
    {"falcon3-7b", 114688, 0},
    {"santacoder-1.1b", 12288, 0},
    {"starcoder-15.5b", 20480, 0},
    {"starcoder2-3b", 30720, 0},
    {"starcoder2-7b", 0, 268435456},
    {"mpt-7b", 524288, 0},
    {"mpt-30b", 1376256, 0},
    {"phi-1.5", 196608, 0},
    {"phi-2", 327680, 0},
    {"phi-3-mini-3.8b", 393216, 0},
    {"phi-3-small-7b", 131072, 0},
    {"phi-3-medium-14b", 204800, 0},
    {"phi-4-14b", 204800, 0},
    {"phi-4-mini-3.8b", 131072, 0},
    {"qwen1.5-1.8b", 196608, 0},
    {"qwen2.5-0.5b", 12288, 0},
    {"qwen2.5-1.5b", 28672, 0},
    {"qwen2.5-3b", 36864, 0},
    {"qwen2.5-7b", 57344, 0},
    {"qwen2.5-14b", 196608, 0},
    {"qwen2.5-32b", 262144, 0},
    {"qwen2.5-72b", 327680, 0},
    {"qwen3-0.6b", 114688, 0},
    {"qwen3-1.7b", 114688, 0},
    {"qwen3-4b", 147456, 0},
    {"qwen3-8b", 147456, 0},
    {"qwen3-14b", 163840, 0},
    {"qwen3-32b", 262144, 0},
    {"qwen3-30b-a3b", 98304, 0},
    {"qwen3-235b-a22b", 192512, 0},
    {"qwen3-coder-480b-a35b", 253952, 0},
    {"qwen3.5-27b", 65536, 0},
    {"qwen3.5-35b-a3b", 20480, 0},
    {"gemma-2b", 18432, 0},
    {"gemma-7b", 458752, 0},
    {"gemma-2-2b", 53248, 218103808},
    {"gemma-2-9b", 172032, 704643072},
    {"gemma-2-27b", 188416, 771751936},
    {"gemma-3-270m", 3072, 7864320},
    {"gemma-3-1b", 4096, 11534336},
    {"gemma-3-4b", 20480, 121634816},
    {"gemma-3-12b", 65536, 335544320},
    {"gemma-3-27b", 81920, 436207616},
    {"gemma-3n-e4b", 8192, 16777216},
    {"gpt-oss-20b", 24576, 3145728},
    {"gpt-oss-120b", 36864, 4718592},
    {"decilm-6b", 25600, 0},
    {"decilm-7b", 34304, 0},
    {"nemotron-super-49b", 200704, 0},
    {"deepseek-v2-lite-16b", 31104, 0},
    {"deepseek-v2-236b", 69120, 0},
    {"deepseek-v3-671b", 70272, 0},
    {"kimi-k2-1t", 70272, 0},
    {"glm-5", 89856, 0},
    {"chatglm3-6b", 28672, 0},
    {"glm-4-9b", 40960, 0},
    {"glm-4.5-air-106b", 188416, 0},
    {"olmo-1b", 131072, 0},
    {"olmo-7b", 524288, 0},
    {"olmo-2-7b", 524288, 0},
    {"olmo-2-13b", 819200, 0},
    {"olmo-2-32b", 262144, 0},
    {"smollm2-135m", 23040, 0},
    {"smollm2-360m", 40960, 0},
    {"smollm2-1.7b", 196608, 0},
    {"smollm3-3b", 73728, 0},
    {"minimax-m2.5", 253952, 0},
    {"mimo-v2-flash", 23040, 25559040},
    {"gemma-4-26b-a4b", 10240, 209715200},
    /* clang-format on */
};
enum { EXPECTED = sizeof(expected) / sizeof(expected[0]) };

static void check_presets(void)
{
    struct ana_model model;
    size_t presets = 0;
    for (; ana_preset(presets, &model); presets++) {
        uint32_t layers = model.reuse_layers + model.plain_layers;
        for (size_t i = 0; i < model.kind_count; i++) {
            layers += model.kinds[i].layers;
            CHECK(model.kinds[i].heads % model.kinds[i].kv_heads == 0, "%s", model.name);
        }
        CHECK(layers == model.layers, "%s: %u of %u layers", model.name, layers, model.layers);
        CHECK(*model.source, "%s has no source", model.name);
        struct ana_model same;
        CHECK(ana_preset_find(model.name, &same, message, sizeof(message)) == 0 &&
                  strcmp(same.name, model.name) == 0,
              "%s finds %s", model.name, same.name);
    }
    CHECK(presets == EXPECTED, "%zu presets, %d expected", presets, EXPECTED);
    for (size_t i = 0; i < EXPECTED; i++) {
        uint64_t token, bounded;
        const int status = ana_model_load(expected[i].name, &model, message, sizeof(message));
        CHECK(status == 0, "%s", message);
        kv_bytes(&model, &token, &bounded);
        CHECK(token == expected[i].token && bounded == expected[i].bounded, "%s: %llu + %llu bytes",
              model.name, (unsigned long long)token, (unsigned long long)bounded);
    }
}

static void check_lookup(void)
{
    struct ana_model model;
    char text[32];
    CHECK(ana_model_load("llama-3-8b", &model, message, sizeof(message)) == 0, "%s", message);
    CHECK_STR(model.name, "llama-3.1-8b");
    CHECK(ana_model_load("Llama_3.1_8B", &model, message, sizeof(message)) == 0, "%s", message);
    CHECK(ana_model_load("llama-3.1-8", &model, message, sizeof(message)) == -ENOENT, "near");
    CHECK(strstr(message, "did you mean llama-3.1-8b?"), "%s", message);
    CHECK(ana_model_load("zebra", &model, message, sizeof(message)) == -ENOENT, "far");
    CHECK(strstr(message, "attn-stat models lists"), "%s", message);
    CHECK(ana_model_load("", &model, message, sizeof(message)) == -ENOENT, "empty");
    CHECK(ana_model_load("./nowhere.json", &model, message, sizeof(message)) == -ENOENT, "file");
    CHECK(strstr(message, "./nowhere.json: No such file"), "%s", message);
    CHECK(ana_preset_matches(0, "GPT") && ana_preset_matches(0, "gpt?") &&
              !ana_preset_matches(0, "llama") && !ana_preset_matches(100000, "*"),
          "patterns");
    ana_model_load("falcon-7b", &model, message, sizeof(message));
    ana_model_attention(&model, text, sizeof(text));
    CHECK_STR(text, "MQA");
    ana_model_load("deepseek-v3", &model, message, sizeof(message));
    ana_model_attention(&model, text, sizeof(text));
    CHECK_STR(text, "MLA");
    ana_model_load("decilm-7b", &model, message, sizeof(message));
    ana_model_attention(&model, text, sizeof(text));
    CHECK_STR(text, "mixed");
}

static void check_problems(void)
{
    struct ana_model model;
    struct attn_problem p = attn_problem_default();
    char why[256];
    ana_model_load("qwen2.5-7b", &model, message, sizeof(message));
    CHECK(ana_model_problem(&model, &p, message, sizeof(message)) == 0, "%s", message);
    CHECK(p.heads == 28 && p.kv_heads == 4 && p.dim == 128 && !p.window, "qwen2.5-7b");
    ana_model_load("mistral-7b-v0.1", &model, message, sizeof(message));
    CHECK(ana_model_problem(&model, &p, message, sizeof(message)) == 0 && p.window == 4096, "%s",
          message);
    ana_model_load("deepseek-v3", &model, message, sizeof(message));
    CHECK(ana_model_problem(&model, &p, message, sizeof(message)) == 0, "%s", message);
    CHECK(p.kv_heads == 1 && p.dim == 576 && p.dim_v == 512 && p.v_is_k_prefix, "latent");
    CHECK(fabs((double)p.scale - 1 / sqrt(192)) < 1e-7, "scale %g", (double)p.scale);
    CHECK(!attn_problem_invalid(&p, why, sizeof(why)), "%s", why);
    ana_model_load("t5-xxl", &model, message, sizeof(message));
    p = attn_problem_default();
    CHECK(ana_model_problem(&model, &p, message, sizeof(message)) == 0, "%s", message);
    CHECK(p.rel_bias && p.scale == 1 && p.heads == 64, "t5-v1.1-xxl: scale %g", (double)p.scale);
    CHECK(ana_preset_find("bloom-7b1", &model, message, sizeof(message)) == 0, "%s", message);
    CHECK(!model.rel_bias && model.alibi, "bloom's bias is another");
    ana_model_load("gemma-3-1b", &model, message, sizeof(message));
    CHECK(ana_model_problem(&model, &p, message, sizeof(message)) == -ENOTSUP, "mixed");
    CHECK(strstr(message, "22 with kv_heads:1 dim:256 window:512, 4 with kv_heads:1 dim:256"), "%s",
          message);
    for (size_t i = 0; ana_preset(i, &model); i++)
        for (size_t j = 0; j < model.kind_count; j++) {
            p = attn_problem_default();
            ana_model_problem_of(&model, &model.kinds[j], &p);
            const char *const invalid = attn_problem_invalid(&p, why, sizeof(why));
            CHECK(!invalid, "%s: %s", model.name, invalid);
        }
}

static int load_text(const char *text, size_t length, struct ana_model *model)
{
    FILE *const out = fopen(path, "wb");
    if (!out || fwrite(text, 1, length, out) != length || fclose(out))
        abort();
    message[0] = '\0';
    return ana_model_load(path, model, message, sizeof(message));
}

/* Every config: f16 bytes a token, bounded bytes, kinds, layers without a cache of their own. */
static void check_configs(void)
{
#define BASE "\"num_hidden_layers\": 4, \"num_attention_heads\": 8, \"hidden_size\": 512"
    static const struct {
        const char *text;
        uint64_t token, bounded;
        size_t kinds;
        uint32_t without;
    } cases[] = {
        {"{" BASE "}", 4 * 8 * 64 * 4, 0, 1, 0},
        {"{" BASE ", \"num_key_value_heads\": 2, \"head_dim\": null}", 4 * 2 * 64 * 4, 0, 1, 0},
        {"{" BASE ", \"head_dim\": 128, \"num_key_value_heads\": 8}", 4 * 8 * 128 * 4, 0, 1, 0},
        {"{" BASE ", \"kv_channels\": 16, \"multi_query_group_num\": 2, "
         "\"multi_query_attention\": true}",
         4 * 2 * 16 * 4, 0, 1, 0},
        {"{" BASE ", \"multi_query_group_num\": 2, \"multi_query_attention\": false}",
         4 * 8 * 64 * 4, 0, 1, 0},
        {"{\"n_layer\": 2, \"n_head\": 4, \"n_embd\": 64, \"multi_query\": true}", 2 * 16 * 4, 0, 1,
         0},
        {"{\"model_type\": \"falcon\", \"n_layer\": 32, \"n_head\": 71, \"hidden_size\": 4544, "
         "\"num_kv_heads\": 71, \"multi_query\": true}",
         8192, 0, 1, 0},
        {"{\"model_type\": \"falcon\", \"n_layer\": 60, \"n_head\": 128, \"hidden_size\": 8192, "
         "\"num_kv_heads\": 8, \"multi_query\": true, \"new_decoder_architecture\": true}",
         122880, 0, 1, 0},
        {"{\"model_type\": \"mpt\", \"n_layers\": 2, \"n_heads\": 8, \"d_model\": 64, "
         "\"attn_config\": {\"kv_n_heads\": 2, \"alibi\": true}}",
         2 * 2 * 8 * 4, 0, 1, 0},
        {"{" BASE ", \"sliding_window\": 100, \"use_sliding_window\": false}", 4 * 8 * 64 * 4, 0, 1,
         0},
        {"{" BASE ", \"sliding_window\": 100}", 0, 100 * 4 * 8 * 64 * 4, 1, 0},
        {"{" BASE ", \"sliding_window\": null}", 4 * 8 * 64 * 4, 0, 1, 0},
        {"{" BASE ", \"sliding_window\": 100, \"sliding_window_pattern\": 4}", 8 * 64 * 4,
         100 * 3 * 8 * 64 * 4, 2, 0},
        {"{" BASE ", \"model_type\": \"gemma2\", \"sliding_window\": 10}", 2 * 8 * 64 * 4,
         10 * 2 * 8 * 64 * 4, 2, 0},
        {"{" BASE ", \"sliding_window\": 10, \"layer_types\": [\"full_attention\", "
         "\"sliding_attention\", \"linear_attention\", \"full_attention\"]}",
         2 * 8 * 64 * 4, 10 * 8 * 64 * 4, 2, 1},
        {"{\"layers_block_type\": [\"mamba\", \"moe\", \"attention\"], "
         "\"num_attention_heads\": 8, \"hidden_size\": 512}",
         8 * 64 * 4, 0, 1, 2},
        {"{" BASE ", \"linear_attn_config\": {\"full_attn_layers\": [1, 4]}}", 2 * 8 * 64 * 4, 0, 1,
         2},
        {"{" BASE ", \"hybrid_override_pattern\": \"M*-M\"}", 8 * 64 * 4, 0, 1, 3},
        {"{" BASE ", \"full_attention_interval\": 4}", 8 * 64 * 4, 0, 1, 3},
        {"{" BASE ", \"attention_chunk_size\": 16}", 8 * 64 * 4, 16 * 3 * 8 * 64 * 4, 2, 0},
        {"{" BASE ", \"num_key_value_heads_per_layer\": [4, 2, 1, 1]}", 8 * 64 * 4, 0, 3, 0},
        {"{" BASE ", \"block_configs\": [{\"attention\": {\"n_heads_in_group\": 4}}, "
         "{\"attention\": {\"n_heads_in_group\": null, \"no_op\": true}}, "
         "{\"attention\": {\"n_heads_in_group\": 8}}, {\"attention\": {}}]}",
         3 * 64 * 4, 0, 2, 2},
        {"{" BASE ", \"num_kv_shared_layers\": 1}", 3 * 8 * 64 * 4, 0, 1, 1},
        {"{" BASE ", \"kv_lora_rank\": 512, \"qk_rope_head_dim\": 64, \"qk_nope_head_dim\": 128, "
         "\"v_head_dim\": 128, \"num_key_value_heads\": 8}",
         4 * 1152, 0, 1, 0},
        {"{" BASE ", \"head_dim\": 192, \"v_head_dim\": 128, \"num_key_value_heads\": 4, "
         "\"swa_num_key_value_heads\": 8, \"sliding_window\": 128, "
         "\"hybrid_layer_pattern\": [0, 1, 1, 1]}",
         4 * 320 * 2, 128 * 3 * 8 * 320 * 2, 2, 0},
        {"{\"model_type\": \"x\", \"text_config\": {" BASE ", \"num_key_value_heads\": 1}, "
         "\"num_hidden_layers\": 99, \"head_dim\": 32}",
         4 * 32 * 4, 0, 1, 0},
        {"{\"text_config\": {\"model_type\": \"gemma3_text\", \"num_hidden_layers\": 34, "
         "\"hidden_size\": 2560, \"sliding_window\": 1024}}",
         20480, 121634816, 2, 0},
        {"{\"num_decoder_layers\": 2, \"num_layers\": 3, \"num_heads\": 4, \"d_kv\": 8, "
         "\"d_model\": 100}",
         2 * 4 * 8 * 4, 0, 1, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ana_model model;
        uint64_t token, bounded;
        const int status = load_text(cases[i].text, strlen(cases[i].text), &model);
        CHECK(status == 0, "%s: %s", cases[i].text, message);
        if (status)
            continue;
        kv_bytes(&model, &token, &bounded);
        CHECK(token == cases[i].token && bounded == cases[i].bounded &&
                  model.kind_count == cases[i].kinds &&
                  model.plain_layers + model.reuse_layers == cases[i].without,
              "%s: %llu + %llu bytes, %zu kinds, %u without", cases[i].text,
              (unsigned long long)token, (unsigned long long)bounded, model.kind_count,
              model.plain_layers + model.reuse_layers);
    }
}

/* Whose logits have a learned bias by distance and no scale. */
static void check_t5_configs(void)
{
    static const struct {
        const char *type;
        bool biased;
    } cases[] = {{"t5", true},       {"mt5", true},    {"umt5", true},
                 {"t5gemma", false}, {"llama", false}, {"t", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ana_model model;
        char text[256];
        const int n = snprintf(text, sizeof(text),
                               "{\"model_type\": \"%s\", \"num_layers\": 8, \"num_heads\": 6, "
                               "\"d_kv\": 64, \"d_model\": 512, \"num_decoder_layers\": 3, "
                               "\"relative_attention_num_buckets\": 32}",
                               cases[i].type);
        CHECK(load_text(text, (size_t)n, &model) == 0, "%s: %s", cases[i].type, message);
        CHECK(model.rel_bias == cases[i].biased && model.layers == 3, "%s", cases[i].type);
        CHECK((model.scale_dim == 1) == cases[i].biased, "%s is scaled by %g", cases[i].type,
              (double)model.scale_dim);
    }
}

static void check_bad_configs(void)
{
    static const struct {
        const char *text;
        int status;
        const char *part;
    } cases[] = {
        {"", -EBADMSG, "the file is empty"},
        {"{", -EBADMSG, "cut off"},
        {"{\"a\": 1} {", -EBADMSG, "more text"},
        {"[1]", -EBADMSG, "not an object"},
        {"{a: 1}", -EBADMSG, "line 1 column"},
        {"{}", -EINVAL, "lacks the number of layers (num_hidden_layers, n_layer, num_layers) and "},
        {"{\"num_hidden_layers\": 4, \"hidden_size\": 64}", -EINVAL, "lacks the number of heads"},
        {"{\"num_hidden_layers\": 4, \"n_head\": 4}", -EINVAL, "lacks the head dim"},
        {"{\"num_hidden_layers\": \"4\", \"n_head\": 4, \"dim\": 64}", -EINVAL,
         "num_hidden_layers is a text; it must be a whole number"},
        {"{\"num_hidden_layers\": 1.5, \"n_head\": 4, \"dim\": 64}", -EINVAL, "is a fraction"},
        {"{\"num_hidden_layers\": 0, \"n_head\": 4, \"dim\": 64}", -EINVAL, "between 1 and"},
        {"{\"num_hidden_layers\": 4, \"n_head\": -4, \"dim\": 64}", -EINVAL, "n_head is -4"},
        {"{\"num_hidden_layers\": 4, \"n_head\": 4611686018427387904, \"dim\": 64}", -EINVAL,
         "n_head is 4611686018427387904"},
        {"{" BASE ", \"num_key_value_heads\": 3}", -EINVAL, "8 heads cannot share 3 KV heads"},
        {"{\"num_hidden_layers\": 4, \"n_head\": 3, \"hidden_size\": 64}", -EINVAL, "no multiple"},
        {"{" BASE ", \"layer_types\": [\"holographic\"]}", -ENOTSUP,
         "layer 0 is of the kind \"holographic\""},
        {"{" BASE ", \"compress_ratios\": [4]}", -ENOTSUP, "compress_ratios"},
        {"{" BASE ", \"num_kv_shared_layers\": 4}", -EINVAL, "num_kv_shared_layers is 4"},
        {"{" BASE ", \"num_key_value_heads_per_layer\": [4, \"x\"]}", -EINVAL, "is a text"},
        {"{" BASE ", \"block_configs\": [{\"attention\": {\"n_heads_in_group\": 0}}]}", -EINVAL,
         "n_heads_in_group is 0"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ana_model model;
        const int status = load_text(cases[i].text, strlen(cases[i].text), &model);
        CHECK(status == cases[i].status && strstr(message, cases[i].part), "%s: %d, %s",
              cases[i].text, status, message);
        CHECK(!strchr(message, '\n'), "more than one line: %s", message);
    }
    static const char whole[] =
        "{\"text_config\": {" BASE ", \"layer_types\": [\"full_attention\"]},"
        "\"vision_config\": {\"a\": [1, 2.5e3, \"\\u00e9\"]}}";
    for (size_t length = 0; length + 1 < sizeof(whole); length++) {
        struct ana_model model;
        CHECK(load_text(whole, length, &model) == -EBADMSG, "%zu bytes: %s", length, message);
    }
}

/* Bytes changed at random: any answer but a crash, and a sentence with every refusal. */
static void check_flipped_configs(void)
{
    static const char text[] =
        "{\"model_type\": \"x\", " BASE ", \"num_key_value_heads\": 2, \"head_dim\": 64, "
        "\"sliding_window\": 512, \"sliding_window_pattern\": 2, \"max_window_layers\": 1, "
        "\"num_kv_shared_layers\": 1, \"query_pre_attn_scalar\": 1e2, "
        "\"num_key_value_heads_per_layer\": [1, 2, 4, 8], \"v_head_dim\": 32}";
    static const char spice[] = "{}[]\",:-0129e.\xff\n";
    uint64_t seed = test_seed();
    for (int round = 0; round < 300; round++) {
        char copy[sizeof(text)];
        struct ana_model model;
        memcpy(copy, text, sizeof(text));
        for (int flips = 0; flips < 3; flips++)
            copy[test_random(&seed) % (sizeof(text) - 1)] =
                spice[test_random(&seed) % (sizeof(spice) - 1)];
        const int status = load_text(copy, sizeof(text) - 1, &model);
        CHECK(!status || *message, "status %d without a sentence: %s", status, copy);
        for (size_t i = 0; !status && i < model.kind_count; i++)
            CHECK(model.kinds[i].heads % model.kinds[i].kv_heads == 0, "%s", copy);
    }
}

/* Builds a GGUF header in memory. */
static unsigned char gguf[1 << 16];
static size_t gguf_size, gguf_pairs;

static void put(const void *data, size_t size)
{
    memcpy(gguf + gguf_size, data, size);
    gguf_size += size;
}

static void put_u32(uint32_t value)
{
    put(&value, sizeof(value));
}

static void put_u64(uint64_t value)
{
    put(&value, sizeof(value));
}

static void put_text(const char *text)
{
    put_u64(strlen(text));
    put(text, strlen(text));
}

static void pair_u32(const char *key, uint32_t value)
{
    put_text(key);
    put_u32(4);
    put_u32(value);
    gguf_pairs++;
}

static void pair_text(const char *key, const char *value)
{
    put_text(key);
    put_u32(8);
    put_text(value);
    gguf_pairs++;
}

static void pair_list(const char *key, uint32_t type, size_t width, size_t n, const void *values)
{
    put_text(key);
    put_u32(9);
    put_u32(type);
    put_u64(n);
    put(values, n * width);
    gguf_pairs++;
}

static void gguf_begin(void)
{
    gguf_size = gguf_pairs = 0;
    put("GGUF", 4);
    put_u32(3);
    put_u64(291);
    put_u64(0);
}

static void gguf_end(void)
{
    const uint64_t pairs = gguf_pairs;
    memcpy(gguf + 16, &pairs, sizeof(pairs));
}

static void check_gguf(void)
{
    struct ana_model model;
    uint64_t token, bounded;
    gguf_begin(); /* the architecture comes last on purpose */
    pair_text("general.name", "Some Llama");
    pair_u32("llama.block_count", 32);
    pair_u32("llama.embedding_length", 4096);
    pair_u32("llama.attention.head_count", 32);
    pair_u32("llama.attention.head_count_kv", 8);
    put_text("tokenizer.ggml.tokens");
    put_u32(9);
    put_u32(8);
    put_u64(3);
    put_text("a");
    put_text("");
    put_text("ccc");
    gguf_pairs++;
    pair_text("general.architecture", "llama");
    gguf_end();
    CHECK(load_text((char *)gguf, gguf_size, &model) == 0, "%s", message);
    kv_bytes(&model, &token, &bounded);
    CHECK(token == 131072 && bounded == 0, "%llu", (unsigned long long)token);
    CHECK_STR(model.name, "Some Llama");
    for (size_t length = 4; length < gguf_size; length++) {
        const int status = load_text((char *)gguf, length, &model);
        CHECK(status == -EBADMSG, "%zu of %zu bytes: %d %s", length, gguf_size, status, message);
    }
    uint64_t seed = test_seed();
    for (int round = 0; round < 500; round++) { /* hostile: any answer but a crash */
        unsigned char copy[sizeof(gguf)];
        memcpy(copy, gguf, gguf_size);
        for (int flips = 0; flips < 4; flips++)
            copy[4 + test_random(&seed) % (gguf_size - 4)] = (unsigned char)test_random(&seed);
        load_text((char *)copy, gguf_size, &model);
    }

    gguf_begin();
    const uint32_t kv[] = {4, 2, 0, 1};
    pair_text("general.architecture", "deci");
    pair_u32("deci.block_count", 4);
    pair_u32("deci.embedding_length", 64);
    pair_u32("deci.attention.head_count", 4);
    pair_list("deci.attention.head_count_kv", 4, 4, 4, kv);
    gguf_end();
    CHECK(load_text((char *)gguf, gguf_size, &model) == 0, "%s", message);
    kv_bytes(&model, &token, &bounded);
    CHECK(token == 7 * 16 * 4 && model.plain_layers == 1 && model.kind_count == 3, "per layer");

    gguf_begin();
    const unsigned char pattern[] = {1, 0, 1};
    pair_text("general.architecture", "x");
    pair_u32("x.block_count", 3);
    pair_u32("x.attention.head_count", 4);
    pair_u32("x.attention.key_length", 192);
    pair_u32("x.attention.value_length", 128);
    pair_u32("x.attention.sliding_window", 100);
    pair_list("x.attention.sliding_window_pattern", 7, 1, 3, pattern);
    gguf_end();
    CHECK(load_text((char *)gguf, gguf_size, &model) == 0, "%s", message);
    kv_bytes(&model, &token, &bounded);
    CHECK(token == 4 * 320 * 2 && bounded == 2 * 100 * 4 * 320 * 2, "window");

    gguf_begin();
    pair_text("general.architecture", "deepseek2");
    pair_u32("deepseek2.block_count", 61);
    pair_u32("deepseek2.attention.head_count", 128);
    pair_u32("deepseek2.attention.head_count_kv", 1);
    pair_u32("deepseek2.attention.key_length", 576);
    pair_u32("deepseek2.attention.value_length", 512);
    pair_u32("deepseek2.attention.key_length_mla", 192);
    pair_u32("deepseek2.attention.kv_lora_rank", 512);
    gguf_end();
    CHECK(load_text((char *)gguf, gguf_size, &model) == 0, "%s", message);
    kv_bytes(&model, &token, &bounded);
    CHECK(token == 70272 && model.scale_dim == 192, "latent: %llu", (unsigned long long)token);

    CHECK(!model.rel_bias, "nobody but T5");

    gguf_begin();
    pair_text("general.architecture", "t5");
    pair_u32("t5.block_count", 24);
    pair_u32("t5.attention.head_count", 64);
    pair_u32("t5.attention.key_length", 64);
    pair_u32("t5.attention.value_length", 64);
    pair_u32("t5.attention.relative_buckets_count", 32);
    gguf_end();
    CHECK(load_text((char *)gguf, gguf_size, &model) == 0, "%s", message);
    CHECK(model.rel_bias && model.scale_dim == 1, "scaled by %g", (double)model.scale_dim);

    gguf_begin();
    pair_text("general.architecture", "llama");
    gguf_end();
    CHECK(load_text((char *)gguf, gguf_size, &model) == -EINVAL, "no keys");
    CHECK(strstr(message, "lacks a usable llama.block_count"), "%s", message);
    pair_u32("llama.block_count", 4000000000);
    gguf_end();
    CHECK(load_text((char *)gguf, gguf_size, &model) == -EINVAL, "absurd");
}

int main(void)
{
    snprintf(path, sizeof(path), "/tmp/attn_models.%d.json", (int)getpid());
    check_presets();
    check_lookup();
    check_problems();
    check_configs();
    check_t5_configs();
    check_bad_configs();
    check_flipped_configs();
    check_gguf();
    unlink(path);
    return test_exit();
}
