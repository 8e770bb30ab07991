/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversions, exhaustively where that is possible: every f16 and bf16 value survives the way to
 * f32 and back, rounding is to nearest even, and NaN, infinities and subnormals keep their kind.
 */
#include "tests/test.h"

#include <math.h>

#include "kernels/dtype.h"

static void test_f16(void)
{
    for (uint32_t h = 0; h < 0x10000; h++) {
        const float x = attn_f16_to_f32((uint16_t)h);
        const uint32_t exponent = h >> 10 & 31, fraction = h & 1023;
        if (exponent == 31 && fraction) {
            CHECK(isnan(x) && isnan(attn_f16_to_f32(attn_f32_to_f16(x))), "NaN %04x", h);
            continue;
        }
        double truth = exponent == 31 ? (double)INFINITY
                       : exponent     ? ldexp(1024 + fraction, (int)exponent - 25)
                                      : ldexp(fraction, -24);
        truth = h & 0x8000 ? -truth : truth;
        CHECK((double)x == truth, "%04x is %g, not %g", h, (double)x, truth);
        CHECK(attn_f32_to_f16(x) == h, "%04x comes back as %04x", h, attn_f32_to_f16(x));
    }
    /* Between two neighbours: nearest, and the even one in the middle. */
    for (uint32_t h = 0; h < 0x7bff; h++) {
        const double a = (double)attn_f16_to_f32((uint16_t)h);
        const double b = (double)attn_f16_to_f32((uint16_t)(h + 1));
        const float middle = (float)((a + b) / 2);
        CHECK(attn_f32_to_f16(middle) == (h & 1 ? h + 1 : h), "tie above %04x", h);
        CHECK(attn_f32_to_f16(nextafterf(middle, 0)) == h, "below the tie above %04x", h);
        CHECK(attn_f32_to_f16(nextafterf(middle, 1e9f)) == h + 1, "above the tie above %04x", h);
    }
    CHECK(attn_f32_to_f16(65519.996f) == 0x7bff && attn_f32_to_f16(65520) == 0x7c00, "overflow");
    CHECK(attn_f32_to_f16(0x1p-26f) == 0 && attn_f32_to_f16(-1e9f) == 0xfc00, "ends");
}

static void test_bf16(void)
{
    for (uint32_t h = 0; h < 0x10000; h++) {
        const float x = attn_bf16_to_f32((uint16_t)h);
        if (isnan(x))
            CHECK(isnan(attn_bf16_to_f32(attn_f32_to_bf16(x))), "NaN %04x", h);
        else
            CHECK(attn_f32_to_bf16(x) == h, "%04x comes back as %04x", h, attn_f32_to_bf16(x));
    }
    CHECK(attn_f32_to_bf16(attn_bits_f32(0x3f808000u)) == 0x3f80, "tie to even, down");
    CHECK(attn_f32_to_bf16(attn_bits_f32(0x3f818000u)) == 0x3f82, "tie to even, up");
    CHECK(attn_f32_to_bf16(attn_bits_f32(0x7f7fffffu)) == 0x7f80, "overflow");
}

/* Value of an fp8 code by definition. */
static double f8_truth(uint32_t b, int fraction, int bias)
{
    const uint32_t mantissa = b & ((1u << fraction) - 1), exponent = (b & 127) >> fraction;
    const double x =
        exponent ? ldexp((double)(mantissa + (1u << fraction)), (int)exponent - bias - fraction)
                 : ldexp((double)mantissa, 1 - bias - fraction);
    return b & 128 ? -x : x;
}

static void test_f8(float (*widen)(uint8_t), uint8_t (*narrow)(float), int fraction, int bias,
                    uint32_t largest)
{
    for (uint32_t b = 0; b < 256; b++) {
        const float x = widen((uint8_t)b);
        if ((b & 127) > largest) {
            CHECK(!isfinite(x) && (!isnan(x) || isnan(widen(narrow(x)))), "%02x is %g", b,
                  (double)x);
            continue;
        }
        CHECK((double)x == f8_truth(b, fraction, bias), "%02x is %g", b, (double)x);
        CHECK(narrow(x) == b, "%02x comes back as %02x", b, narrow(x));
    }
    for (uint32_t b = 0; b < largest; b++) {
        const float middle = (widen((uint8_t)b) + widen((uint8_t)(b + 1))) / 2;
        CHECK(narrow(middle) == (b & 1 ? b + 1 : b), "tie above %02x", b);
        CHECK(narrow(nextafterf(middle, 0)) == b, "below the tie above %02x", b);
        CHECK(narrow(nextafterf(-middle, -1e9f)) == (b | 128) + 1, "beyond the tie of -%02x", b);
    }
    CHECK(narrow(1e9f) == largest && narrow(-INFINITY) == (largest | 128), "saturates");
}

/* Every element of rows of any length has half a byte of its own. */
static void test_i4(void)
{
    uint8_t row[40];
    float values[80];
    for (uint32_t dim = 1; dim <= 70; dim++) {
        const uint16_t one[3] = {0x3c00, 0x3c00, 0x3c00};
        const size_t bytes = attn_row_bytes(&attn_types[ATTN_I4], dim);
        memset(row, 0x5a, sizeof(row));
        for (uint32_t d = 0; d < dim; d++)
            attn_i4_set(row, d, dim, (int32_t)(d * 7 % 16) - 8);
        attn_widen_row(ATTN_I4, row, one, dim, values);
        for (uint32_t d = 0; d < dim; d++)
            CHECK(attn_i4_get(row, d, dim) == (int32_t)(d * 7 % 16) - 8 &&
                      values[d] == (float)attn_i4_get(row, d, dim),
                  "element %u of %u", d, dim);
        CHECK(row[bytes] == 0x5a, "a row of %u ends after %zu bytes", dim, bytes);
    }
}

static void test_types(void)
{
    for (int t = 0; t < ATTN_TYPES; t++) {
        enum attn_type type;
        const char *const name = attn_types[t].name;
        CHECK(attn_type_parse(name, strlen(name), &type) == 0 && (int)type == t, "%s", name);
    }
    enum attn_type type;
    CHECK(attn_type_parse("f3", 2, &type) != 0 && attn_type_parse("", 0, &type) != 0, "prefixes");
    CHECK(attn_row_bytes(&attn_types[ATTN_I4], 46) == 23, "i4 packs two");
    CHECK(attn_row_scale_bytes(&attn_types[ATTN_I8], 46) == 4, "a scale for a last part block");
}

int main(void)
{
    test_f16();
    test_bf16();
    test_f8(attn_e4m3_to_f32, attn_f32_to_e4m3, 3, 7, 0x7e);
    test_f8(attn_e5m2_to_f32, attn_f32_to_e5m2, 2, 15, 0x7b);
    test_i4();
    test_types();
    return test_exit();
}
