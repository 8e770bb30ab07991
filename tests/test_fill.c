/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills depend on seed and index only, agree with the one conversion the project has, keep within
 * their range, and look random enough to be attention's input.
 */
#include "bench/machine/fill.h"

#include "tests/test.h"

#include <math.h>

enum { N = 3 * (1 << 20) + 77 }; /* several blocks and a rest */

static char one[N * 4], other[N * 4];

/* Value i of a content as it is stored, and as it should be. */
static float load(int content, const void *data, size_t i)
{
    switch (content) {
    case ATTN_I4:
        return (float)((int)((((const uint8_t *)data)[i / 2] >> i % 2 * 4 & 15) ^ 8) - 8) / 7;
    case ATTN_I8:
        return (float)((const int8_t *)data)[i] / 127;
    case FILL_SCALES_I8:
    case FILL_SCALES_I4:
        return attn_f16_to_f32(((const uint16_t *)data)[i]);
    default:
        return attn_element((enum attn_type)content, data, (uint32_t)i, N);
    }
}

static float rounded(int content, float x)
{
    switch (content) {
    case ATTN_F16:
        return attn_f16_to_f32(attn_f32_to_f16(x));
    case ATTN_BF16:
        return attn_bf16_to_f32(attn_f32_to_bf16(x));
    case ATTN_E4M3:
        return attn_e4m3_to_f32(attn_f32_to_e4m3(x));
    case ATTN_E5M2:
        return attn_e5m2_to_f32(attn_f32_to_e5m2(x));
    case ATTN_I8:
        return (float)floor((double)x * 127 + 0.5) / 127;
    case ATTN_I4:
        return (float)floor((double)x * 7 + 0.5) / 7;
    case FILL_SCALES_I8:
        return attn_f16_to_f32(attn_f32_to_f16((0.75f + 0.25f * x) / 127));
    case FILL_SCALES_I4:
        return attn_f16_to_f32(attn_f32_to_f16((0.75f + 0.25f * x) / 7));
    default:
        return x;
    }
}

static void test_content(struct team *team, int content, enum fill_kind kind)
{
    const struct fill fill = {.kind = kind, .seed = 42, .row = 128};
    const size_t bytes = (N - 1) / fill_values(content, 4) * 4;
    const size_t values = fill_values(content, bytes);
    memset(one, 0xff, sizeof(one));
    memset(other, 0xff, sizeof(other));
    fill_run(&fill, NULL, content, one, 6, values);
    fill_run(&fill, team, content, other, 6, values);
    CHECK(memcmp(one, other, bytes + 4) == 0, "content %d kind %d: %d ranks differ from one",
          content, kind, team_ranks(team));
    CHECK((unsigned char)other[bytes] == 0xff, "content %d: more than was asked for", content);
    size_t wrong = 0, huge = 0;
    for (size_t i = 0; i < values; i++) {
        const float x = load(content, one, i);
        wrong += x != rounded(content, fill_value(&fill, 6 + i));
        huge += !(fabsf(x) <= 30000.0f * 1.1f) || (kind == FILL_UNIFORM && fabsf(x) > 1.0f);
    }
    CHECK(wrong == 0, "content %d kind %d: %zu values", content, kind, wrong);
    CHECK(huge == 0, "content %d kind %d: %zu values", content, kind, huge);
}

/* The middle of a stream written alone equals the middle of the whole, across 2^32 too. */
static void test_pieces(void)
{
    const struct fill fill = {.kind = FILL_UNIFORM, .seed = 7};
    float *const whole = (float *)(void *)one, *const piece = (float *)(void *)other;
    const uint64_t first = ((uint64_t)1 << 32) - 500;
    fill_run(&fill, NULL, ATTN_F32, whole, first, 1000);
    for (size_t cut = 0; cut <= 1000; cut += 125) {
        fill_run(&fill, NULL, ATTN_F32, piece, first, cut);
        fill_run(&fill, NULL, ATTN_F32, piece + cut, first + cut, 1000 - cut);
        CHECK(memcmp(whole, piece, 4000) == 0, "cut at %zu", cut);
    }
    for (size_t i = 0; i < 1000; i++)
        CHECK(whole[i] == fill_value(&fill, first + i), "value by value");
    fill_run(&fill, NULL, ATTN_F32, piece, 0, 500);
    CHECK(memcmp(whole + 500, piece, 2000) != 0, "the stream repeats after 2^32");
    const struct fill seed = {.kind = FILL_UNIFORM, .seed = 8};
    fill_run(&seed, NULL, ATTN_F32, piece, first, 1000);
    CHECK(memcmp(whole, piece, 4000) != 0, "the seed does not matter");
}

/* Mean, variance and neighbour correlation within six standard errors. */
static void test_statistics(void)
{
    const struct fill fill = {.kind = FILL_UNIFORM, .seed = 1};
    const float *const x = (const float *)(const void *)one;
    double sum = 0, square = 0;
    fill_run(&fill, NULL, ATTN_F32, one, 0, N);
    for (size_t i = 0; i < N; i++) {
        sum += x[i];
        square += (double)x[i] * x[i];
    }
    CHECK(fabs(sum / N) < 6 * sqrt(1.0 / 3 / N), "mean %g", sum / N);
    CHECK(fabs(square / N - 1.0 / 3) < 6 * sqrt(4.0 / 45 / N), "variance %g", square / N);
    static const size_t lags[] = {1, 2, 64, 128, 4096, 65536, 1 << 20};
    for (size_t l = 0; l < sizeof(lags) / sizeof(lags[0]); l++) {
        double product = 0;
        for (size_t i = 0; i + lags[l] < N; i++)
            product += (double)x[i] * x[i + lags[l]];
        product /= (double)(N - lags[l]);
        CHECK(fabs(product) < 6 * (1.0 / 3) / sqrt((double)(N - lags[l])), "lag %zu: %g", lags[l],
              product);
    }
}

static void test_kinds(void)
{
    const struct fill rising = {.kind = FILL_RISING, .seed = 3, .row = 64};
    double before = -1;
    for (uint64_t row = 0; row < 4096; row += 256) {
        double mean = 0;
        for (uint64_t i = 0; i < 64; i++)
            mean += fill_value(&rising, row * 64 + i) / 64;
        CHECK(mean > before, "row %llu", (unsigned long long)row);
        before = mean;
    }
    const struct fill peaky = {.kind = FILL_PEAKY, .seed = 3, .row = 64};
    int large = 0;
    for (uint64_t row = 0; row < 6100; row++) {
        float top = 0;
        for (uint64_t i = 0; i < 64; i++)
            top = fmaxf(top, fabsf(fill_value(&peaky, row * 64 + i)));
        large += top > 1;
    }
    CHECK(large > 50 && large < 150, "%d of 6100 rows are peaks", large);
}

int main(void)
{
    for (int ranks = 1; ranks <= 5; ranks += 2) {
        struct team *team;
        CHECK(team_create(&team, &(struct team_options){.ranks = ranks}) == 0, "team");
        for (int content = 0; content < FILL_CONTENTS; content++) {
            const bool plain = content == ATTN_F32 || content == ATTN_F16 || content == ATTN_BF16;
            if (content == ATTN_I8C || content == ATTN_I4C)
                continue;
            for (int kind = 0; kind < (ranks == 5 && plain ? FILL_KINDS : 1); kind++)
                test_content(team, content, (enum fill_kind)kind);
        }
        team_destroy(team);
    }
    test_pieces();
    test_statistics();
    test_kinds();
    return test_exit();
}
