/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills depend on seed and index only, agree with the one conversion the project has, keep within
 * their range, and look random enough to be attention's input.
 */
#include "bench/machine/fill.h"

#include "tests/test.h"

#include <errno.h>
#include <math.h>

enum { N = 3 * (1 << 20) + 77 }; /* several blocks and a rest */

static char one[N * 4], other[N * 4];

static float load(enum attn_type type, const void *data, size_t i)
{
    switch (type) {
    case ATTN_F16:
        return attn_f16_to_f32(((const uint16_t *)data)[i]);
    case ATTN_BF16:
        return attn_bf16_to_f32(((const uint16_t *)data)[i]);
    default:
        return ((const float *)data)[i];
    }
}

static float rounded(enum attn_type type, float x)
{
    switch (type) {
    case ATTN_F16:
        return attn_f16_to_f32(attn_f32_to_f16(x));
    case ATTN_BF16:
        return attn_bf16_to_f32(attn_f32_to_bf16(x));
    default:
        return x;
    }
}

static void test_type(struct team *team, enum attn_type type, enum fill_kind kind)
{
    const struct fill fill = {.kind = kind, .seed = 42, .row = 128};
    const size_t bytes = fill_element_bytes(type);
    CHECK(fill_run(&fill, NULL, type, one, 5, N) == 0, "one rank");
    memset(other, 0xff, sizeof(other));
    CHECK(fill_run(&fill, team, type, other, 5, N) == 0, "a team");
    CHECK(memcmp(one, other, N * bytes) == 0, "type %d kind %d: %d ranks differ from one", type,
          kind, team_ranks(team));
    CHECK((unsigned char)other[N * bytes - 1] != 0xff || bytes == 4, "the end was not written");
    size_t wrong = 0, huge = 0;
    for (size_t i = 0; i < N; i++) {
        const float x = load(type, one, i);
        wrong += x != rounded(type, fill_value(&fill, 5 + i));
        huge += !(fabsf(x) <= 30000.0f * 1.01f) || (kind == FILL_UNIFORM && fabsf(x) > 1.0f);
    }
    CHECK(wrong == 0, "type %d kind %d: %zu values", type, kind, wrong);
    CHECK(huge == 0, "type %d kind %d: %zu values", type, kind, huge);
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
    static const enum attn_type types[] = {ATTN_F32, ATTN_F16, ATTN_BF16};
    for (int ranks = 1; ranks <= 5; ranks += 2) {
        struct team *team;
        CHECK(team_create(&team, &(struct team_options){.ranks = ranks}) == 0, "team");
        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
            for (int kind = 0; kind < (ranks == 5 ? FILL_KINDS : 1); kind++)
                test_type(team, types[i], (enum fill_kind)kind);
        }
        team_destroy(team);
    }
    test_pieces();
    test_statistics();
    test_kinds();
    CHECK(fill_run(&(struct fill){.seed = 1}, NULL, ATTN_I4, one, 0, 1) == -ENOTSUP,
          "a type without a rule");
    CHECK(fill_element_bytes(ATTN_E4M3) == 0, "bytes of a type without a rule");
    return test_exit();
}
