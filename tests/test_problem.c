/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Problems and names: name and struct are inverse over seeded random problems, malformed names are
 * refused, and the three counts agree with figures worked out by hand or printed in papers.
 */
#include "tests/test.h"

#include "kernels/name.h"

#include <math.h>

static struct attn_problem random_problem(uint64_t *state)
{
    struct attn_problem p = attn_problem_default();
    const uint32_t group = 1 + (uint32_t)(test_random(state) % 9);
    p.phase = (enum attn_phase)(test_random(state) % ATTN_PHASES);
    p.k_type = (enum attn_type)(test_random(state) % ATTN_TYPES);
    p.v_type = (enum attn_type)(test_random(state) % ATTN_I8C);
    p.batch = 1 + (uint32_t)(test_random(state) % 70);
    p.kv_heads = 1 + (uint32_t)(test_random(state) % 40);
    p.heads = p.kv_heads * group;
    p.dim = 1 + (uint32_t)(test_random(state) % 576);
    p.dim_v = test_random(state) % 2 ? p.dim : 1 + (uint32_t)(test_random(state) % 576);
    p.context = 64 + (uint32_t)(test_random(state) % 200000);
    p.q_len = 1 + (uint32_t)(test_random(state) % 64);
    p.layout = (enum attn_layout)(test_random(state) % ATTN_LAYOUTS);
    if (p.layout == ATTN_TRANSPOSED &&
        (attn_types[p.k_type].bits < 16 || attn_phase_has_layers(p.phase)))
        p.layout = ATTN_CONTIGUOUS;
    p.page = p.layout == ATTN_PAGED ? 1 + (uint32_t)(test_random(state) % 300) : 0;
    p.window = p.layout == ATTN_RING || test_random(state) % 2
                   ? 1 + (uint32_t)(test_random(state) % 5000)
                   : 0;
    p.chunk = test_random(state) % 4 ? 0 : 8192;
    p.mask = (enum attn_mask)(test_random(state) % ATTN_MASKS);
    p.head_map = (enum attn_head_map)(test_random(state) % 2);
    p.ragged = (uint32_t)(test_random(state) % 100);
    p.sinks = test_random(state) % 2;
    p.alibi = test_random(state) % 2;
    p.rel_bias = !p.alibi && p.mask != ATTN_FULL && test_random(state) % 2;
    p.softcap = test_random(state) % 2 ? (float)test_uniform(state) * 60 : 0;
    p.scale = test_random(state) % 2 ? (float)test_uniform(state) : 0;
    const uint32_t shortest = attn_problem_length(&p, p.batch - 1);
    if (p.phase == ATTN_DECODE && p.layout == ATTN_PAGED && !attn_types[p.k_type].channel &&
        shortest > p.q_len + p.page) {
        p.prefix = (shortest - p.q_len) / p.page * p.page;
        p.window = p.chunk = 0;
    }
    return p;
}

static void test_round_trip(void)
{
    uint64_t state = test_seed();
    for (int k = 0; k < 2000; k++) {
        struct attn_name name = {.kernel = "split.avx2"}, back;
        char text[ATTN_NAME_MAX], why[200];
        name.problem = random_problem(&state);
        if (attn_phase_has_layers(name.problem.phase)) {
            name.layer = layer_config_default(name.problem.phase);
            name.layer.form = LAYER_GPT2; /* any head dim will do */
            name.problem.v_is_k_prefix = false;
        }
        if (name.problem.phase == ATTN_GENERATE) {
            name.layer.trace = (uint32_t)test_random(&state) | 1;
            name.problem.q_len = 1;
            name.problem.mask = ATTN_CAUSAL;
        }
        name.splits = (uint32_t)(test_random(&state) % 5);
        name.tile = (uint32_t)(test_random(&state) % 3) * 8;
        name.prefetch = (int32_t)(test_random(&state) % 4) - 1;
        name.scatter = test_random(&state) % 4 == 0;
        name.threads = (uint32_t)(test_random(&state) % 5);
        name.hot = test_random(&state) % 2;
        if (test_random(&state) % 2)
            strcpy(name.pages, "thp");
        attn_name_format(&name, text, sizeof(text));
        const char *const wrong = attn_problem_invalid(&name.problem, why, sizeof(why));
        CHECK(!wrong, "%s: %s", text, wrong ? wrong : "");
        CHECK(attn_name_parse(text, &back) == 0, "%s", text);
        CHECK(attn_problem_equal(&name.problem, &back.problem), "%s", text);
        CHECK(back.tile == name.tile && back.prefetch == name.prefetch &&
                  back.scatter == name.scatter,
              "%s", text);
        CHECK(back.splits == name.splits && back.threads == name.threads && back.hot == name.hot,
              "%s", text);
    }
}

static void test_names(void)
{
    struct attn_name name = {.kernel = "blas_gemm", .threads = 2};
    char text[ATTN_NAME_MAX];
    name.problem = attn_problem_default();
    attn_name_format(&name, text, sizeof(text));
    CHECK_STR(text, "decode/blas_gemm/kv:f16/batch:1/heads:32/kv_heads:8/dim:128/context:4096"
                    "/real_time/threads:2");
    name.problem.q_len = 4;
    name.problem.layout = ATTN_PAGED;
    name.problem.page = 16;
    name.problem.window = 4096;
    name.problem.v_type = ATTN_I8;
    name.problem.dim_v = 64;
    name.problem.rel_bias = true;
    name.hot = true;
    attn_name_format(&name, text, sizeof(text));
    CHECK_STR(text, "decode/blas_gemm/kv:f16+i8/batch:1/heads:32/kv_heads:8/dim:128+64"
                    "/context:4096/q_len:4/layout:paged16/window:4096/rel_bias:1/cache:hot"
                    "/real_time/threads:2");

    static const char *const foreign[] = {
        "",
        "decode",
        "BM_memcpy/64",
        "decode//kv:f16",
        "decode/ref/kv:f16/batch:1/heads:32/kv_heads:5/dim:128/context:4096",
        "decode/ref/kv:f16/batch:01/heads:32/kv_heads:8/dim:128/context:4096",
        "decode/ref/kv:f16/batch:1/heads:32/kv_heads:8/dim:128/context:99999999999",
        "decode/ref/kv:f17/batch:1/heads:32/kv_heads:8/dim:128/context:4096",
        "decode/ref/kv:f16+f16/batch:1/heads:32/kv_heads:8/dim:128/context:4096",
        "decode/ref/batch:1/kv:f16/heads:32/kv_heads:8/dim:128/context:4096",
        "decode/ref/kv:f16/batch:1/heads:32/kv_heads:8/dim:128/context:4096/",
        "decode/ref/kv:f16/batch:1/heads:32/kv_heads:8/dim:128/context:4096/colour:red",
        "decode/ref/kv:f16/batch:1/heads:32/kv_heads:8/dim:128/context:4096/softcap:nan",
        "decode/ref/kv:f16/batch:1/heads:32/kv_heads:8/dim:128/context:4096/rel_bias:2",
        "decode/ref/kv:f16/batch:1/heads:32/kv_heads:8/dim:128/context:4096/rel_bias:0",
        "decode/ref/kv:f16/batch:1/heads:32/kv_heads:8/dim:128/context:4096/alibi:1/rel_bias:1",
        "decode/ref/kv:f16/batch:1/heads:32/kv_heads:8/dim:128/context:4096/mask:full/rel_bias:1",
    };
    struct attn_name back;
    for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
        CHECK(attn_name_parse(foreign[i], &back) != 0, "accepted \"%s\"", foreign[i]);
}

static void test_invalid(void)
{
    static const struct {
        size_t offset;
        uint32_t value;
    } bad[] = {
        {offsetof(struct attn_problem, batch), 0},
        {offsetof(struct attn_problem, heads), 0},
        {offsetof(struct attn_problem, heads), 33},
        {offsetof(struct attn_problem, kv_heads), 0},
        {offsetof(struct attn_problem, kv_heads), 3},
        {offsetof(struct attn_problem, dim), 0},
        {offsetof(struct attn_problem, dim_v), 5000},
        {offsetof(struct attn_problem, context), 0},
        {offsetof(struct attn_problem, context), UINT32_MAX},
        {offsetof(struct attn_problem, q_len), 0},
        {offsetof(struct attn_problem, q_len), 4097},
        {offsetof(struct attn_problem, page), 16},
        {offsetof(struct attn_problem, ragged), 100},
    };
    char why[200];
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct attn_problem p = attn_problem_default();
        memcpy((char *)&p + bad[i].offset, &bad[i].value, sizeof(uint32_t));
        CHECK(attn_problem_invalid(&p, why, sizeof(why)), "case %zu passed", i);
    }
}

static void test_counts(void)
{
    struct attn_problem p = attn_problem_default();
    p.context = 8192;
    /* Llama-3.1-8B holds 1 GiB for all 32 layers at 8192 tokens of f16. */
    CHECK(attn_kv_bytes(&p) * 32 == 1ull << 30, "%llu", (unsigned long long)attn_kv_bytes(&p));
    CHECK(attn_bytes(&p) == attn_kv_bytes(&p) + 2 * 32 * 128 * 4, "q and out");
    CHECK(attn_flops(&p) == 2ull * 32 * 256 * 8192, "flops");

    p.window = 1024;
    CHECK(attn_kv_bytes(&p) * 32 == 1ull << 30, "a window frees nothing in a contiguous cache");
    CHECK(attn_bytes(&p) == 1024ull * 8 * 512 + 2 * 32 * 128 * 4, "only the window is read");
    p.layout = ATTN_RING;
    CHECK(attn_kv_bytes(&p) == 1024ull * 8 * 512, "a ring holds the window");

    p = attn_problem_default();
    p.phase = ATTN_PREFILL;
    p.context = p.q_len = 5;
    CHECK(attn_flops(&p) == 2ull * 32 * 256 * (1 + 2 + 3 + 4 + 5), "causal triangle");
    p.mask = ATTN_FULL;
    CHECK(attn_flops(&p) == 2ull * 32 * 256 * 25, "full square");

    p = attn_problem_default();
    p.batch = 3;
    p.context = 1000;
    p.ragged = 50;
    CHECK(attn_problem_length(&p, 0) == 1000 && attn_problem_length(&p, 1) == 750 &&
              attn_problem_length(&p, 2) == 500,
          "ragged lengths");
    CHECK(attn_kv_bytes(&p) == 2250ull * 8 * 512, "ragged bytes");
    CHECK(attn_items(&p) == 3, "items");
}

/* Of GLA and GTA the rotary part lies with every head here, and once in the design. */
static void test_designs(void)
{
    struct attn_problem p = attn_problem_default();
    p.heads = 48;
    p.context = 100;
    CHECK(attn_kv_design_bytes(&p) == attn_kv_bytes(&p), "K and V");
    p.v_is_k_prefix = true;
    p.kv_heads = 1;
    p.dim = 576;
    p.dim_v = 512;
    CHECK(attn_kv_bytes(&p) == 115200 && attn_kv_design_bytes(&p) == 115200, "MLA");
    p.kv_heads = 2;
    p.dim = 288;
    p.dim_v = 256;
    CHECK(attn_kv_bytes(&p) == 115200 && attn_kv_design_bytes(&p) == 108800, "GLA");
    p.kv_heads = 3;
    p.dim = 192;
    p.dim_v = 128;
    CHECK(attn_kv_bytes(&p) == 115200 && attn_kv_design_bytes(&p) == 89600, "GTA");
    p.dim = 128;
    CHECK(attn_kv_design_bytes(&p) == attn_kv_bytes(&p), "no rotary part");
}

/* What sequences share counts once, whoever reads it how often. */
static void test_prefix(void)
{
    struct attn_problem p = attn_problem_default();
    char why[200];
    p.batch = 3;
    p.context = 1000;
    p.layout = ATTN_PAGED;
    p.page = 16;
    const uint64_t flops = attn_flops(&p);
    p.prefix = 800;
    CHECK(!attn_problem_invalid(&p, why, sizeof(why)), "%s", why);
    CHECK(attn_kv_bytes(&p) == (800 + 3 * 200) * UINT64_C(8) * 512, "cache");
    CHECK(attn_bytes(&p) == attn_kv_bytes(&p) + UINT64_C(3) * 2 * 32 * 128 * 4, "bytes");
    CHECK(attn_flops(&p) == flops, "as much is computed as ever");
    static const struct {
        size_t offset;
        uint32_t value;
    } bad[] = {
        {offsetof(struct attn_problem, prefix), 801},
        {offsetof(struct attn_problem, prefix), 1008},
        {offsetof(struct attn_problem, page), 32 + 1},
        {offsetof(struct attn_problem, q_len), 201},
        {offsetof(struct attn_problem, ragged), 50},
        {offsetof(struct attn_problem, window), 100},
        {offsetof(struct attn_problem, chunk), 100},
        {offsetof(struct attn_problem, k_type), ATTN_I8C},
        {offsetof(struct attn_problem, phase), ATTN_PREFILL},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct attn_problem q = p;
        memcpy((char *)&q + bad[i].offset, &bad[i].value, sizeof(uint32_t));
        CHECK(attn_problem_invalid(&q, why, sizeof(why)), "case %zu passed", i);
    }
    p.layout = ATTN_CONTIGUOUS;
    p.page = 0;
    CHECK(attn_problem_invalid(&p, why, sizeof(why)), "without pages nothing can be shared");
}

/* At 1 < G < H the two maps differ; at G = 1 and G = H they agree. */
static void test_head_map(void)
{
    struct attn_problem p = attn_problem_default();
    for (p.kv_heads = 1; p.kv_heads <= 32; p.kv_heads *= 2) {
        bool differ = false;
        for (uint32_t h = 0; h < p.heads; h++) {
            p.head_map = ATTN_MAP_BLOCK;
            const uint32_t block = attn_kv_head_of(&p, h);
            p.head_map = ATTN_MAP_CYCLIC;
            differ = differ || block != attn_kv_head_of(&p, h);
        }
        CHECK(differ == (p.kv_heads > 1 && p.kv_heads < 32), "kv_heads %u", p.kv_heads);
        for (int map = 0; map < 2; map++) {
            p.head_map = (enum attn_head_map)map;
            for (uint32_t g = 0; g < p.kv_heads; g++)
                for (uint32_t i = 0; i < attn_group(&p); i++)
                    CHECK(attn_kv_head_of(&p, attn_query_head(&p, g, i)) == g, "inverse");
        }
    }
}

static void test_alibi(void)
{
    CHECK(attn_alibi_slope(0, 8) == 0.5f && attn_alibi_slope(7, 8) == 0x1p-8f, "powers of two");
    /* Twelve heads: the eight slopes of 8, then the odd ones of 16: 2^-0.5, 2^-1.5, ... */
    for (uint32_t h = 8; h < 12; h++)
        CHECK(fabs((double)attn_alibi_slope(h, 12) - exp2(-0.5 - (h - 8))) < 1e-7, "head %u", h);
}

/* floor(log2 d^16): from 16 on the bucket is 16 + floor(16 log8(d / 16)), that is (it - 64) / 3. */
static uint32_t log2_of_16th_power(uint32_t d)
{
    uint32_t word[8] = {1}, log2 = 0; /* of 32 bits, the lowest first */
    for (int i = 0; i < 16; i++)
        for (uint64_t w = 0, carry = 0; w < 8; w++) {
            carry += (uint64_t)word[w] * d;
            word[w] = (uint32_t)carry;
            carry >>= 32;
        }
    for (uint32_t bit = 0; bit < 8 * 32; bit++)
        log2 = word[bit / 32] >> bit % 32 & 1 ? bit : log2;
    return log2;
}

static void test_rel_bias(void)
{
    struct attn_problem p = attn_problem_default();
    char why[200];
    for (uint32_t d = 0; d < 1000; d++) {
        const uint32_t exact = d < 16 ? d : 16 + (log2_of_16th_power(d) - 64) / 3;
        const uint32_t bucket = attn_relative_bucket(d);
        CHECK(bucket == (exact < 31 ? exact : 31), "distance %u: bucket %u, not %u", d, bucket,
              exact);
    }
    CHECK(attn_relative_bucket(UINT32_MAX) == ATTN_BIAS_BUCKETS - 1, "all beyond");
    CHECK(attn_relative_bucket(112) == 30 && attn_relative_bucket(113) == 31, "the last begins");
    CHECK(attn_relative_bucket(ATTN_BIAS_SPAN - 1) == ATTN_BIAS_BUCKETS - 1, "the span is enough");

    p.rel_bias = true;
    CHECK(!attn_problem_invalid(&p, why, sizeof(why)), "%s", why);
    p.mask = ATTN_TREE;
    CHECK(!attn_problem_invalid(&p, why, sizeof(why)), "%s", why);
    p.mask = ATTN_FULL;
    CHECK(attn_problem_invalid(&p, why, sizeof(why)) && strstr(why, "cross attention"), "full");
    p.mask = ATTN_CAUSAL;
    p.alibi = true;
    CHECK(attn_problem_invalid(&p, why, sizeof(why)) && strstr(why, "alibi and rel_bias"), "both");
}

int main(void)
{
    test_round_trip();
    test_names();
    test_invalid();
    test_counts();
    test_designs();
    test_prefix();
    test_head_map();
    test_alibi();
    test_rel_bias();
    return test_exit();
}
