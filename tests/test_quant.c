/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quantiser keeps its promise of half a scale for every magnitude an f16 scale can serve, and
 * refuses what has no scale; a cache with scales that are no numbers is named, by token and block,
 * and never passes for a result.
 */
#include "tests/kernel_case.h"
#include "tests/test.h"

#include <errno.h>
#include <math.h>

#include "kernels/quant.h"
#include "kernels/registry.h"

enum { DIM = 77 };

static void test_steps(enum attn_type type, float magnitude, uint64_t *state)
{
    const struct attn_type_info *const info = &attn_types[type];
    uint8_t row[4 * DIM];
    uint16_t scales[DIM];
    float x[DIM], stored[DIM];
    for (uint32_t d = 0; d < DIM; d++)
        x[d] = (float)(2 * test_uniform(state) - 1) * magnitude;
    for (uint32_t d = 0; d < DIM && info->channel; d++)
        CHECK(attn_quant_scale(type, fabsf(x[d]) * (d % 3 ? 1 : 2), &scales[d]) == 0, "channel");
    CHECK(attn_quant_row(type, x, DIM, row, scales) == 0, "%s of %g", info->name,
          (double)magnitude);
    attn_widen_row(type, row, scales, DIM, stored);
    for (uint32_t d = 0; d < DIM; d++) {
        const double scale = (double)attn_element_scale(info, scales, d);
        const double step = attn_quant_step(info, (double)stored[d], scale);
        CHECK(fabs((double)x[d] - (double)stored[d]) <= step, "%s: %.9g became %.9g, step %g",
              info->name, (double)x[d], (double)stored[d], step);
    }
}

static void test_all_steps(void)
{
    static const float magnitudes[] = {0, 1e-12f, 1e-7f, 5e-6f, 1e-3f, 1, 40, 400};
    uint64_t state = test_seed();
    for (int type = ATTN_F16; type < ATTN_TYPES; type++)
        for (size_t m = 0; m < sizeof(magnitudes) / sizeof(*magnitudes); m++)
            for (int k = 0; k < 20; k++)
                test_steps((enum attn_type)type, magnitudes[m], &state);
    test_steps(ATTN_I8, 8e6f, &state);
    test_steps(ATTN_I4, 4e5f, &state);
}

static void test_refusals(void)
{
    uint8_t row[4 * DIM];
    uint16_t scales[DIM];
    for (int type = ATTN_F32; type < ATTN_TYPES; type++) {
        const char *const name = attn_types[type].name;
        for (uint32_t d = 0; d < DIM; d += 19) {
            float x[DIM] = {0};
            memset(scales, 0, sizeof(scales));
            CHECK(attn_quant_row((enum attn_type)type, x, DIM, row, scales) == 0, "%s of 0", name);
            x[d] = NAN;
            CHECK(attn_quant_row((enum attn_type)type, x, DIM, row, scales) == -EDOM, "%s NaN",
                  name);
            x[d] = -INFINITY;
            CHECK(attn_quant_row((enum attn_type)type, x, DIM, row, scales) == -EDOM, "%s Inf",
                  name);
        }
    }
    float x[DIM] = {9e6f};
    CHECK(attn_quant_row(ATTN_I8, x, DIM, row, scales) == -ERANGE, "a scale beyond an f16");
    x[0] = 5e5f;
    CHECK(attn_quant_row(ATTN_I4, x, DIM, row, scales) == -ERANGE, "a scale beyond an f16");
    x[0] = 1;
    memset(scales, 0, sizeof(scales));
    CHECK(attn_quant_row(ATTN_I8C, x, DIM, row, scales) == -EDOM, "a channel scaled by 0");
    scales[0] = 0x7c00;
    CHECK(attn_quant_row(ATTN_I4C, x, DIM, row, scales) == -EDOM, "a channel scaled by Inf");
    CHECK(attn_quant_scale(ATTN_I8, -1, scales) == -EDOM, "a negative magnitude");
    CHECK(attn_quant_scale(ATTN_I8, NAN, scales) == -EDOM, "no magnitude");
}

/* One bad scale in a good cache: it has a name, and no kernel's output passes. */
static void test_bad_scale(enum attn_type k_type, bool in_k, uint16_t bits, const char *says)
{
    struct attn_problem p = attn_problem_default();
    struct attn_check result;
    struct attn_rows rows;
    struct kernel_case c;
    char why[200];
    size_t count;
    const struct attn_kernel *const *const kernels = attn_registry(&count);
    p.k_type = k_type;
    p.v_type = ATTN_I8;
    p.context = 50;
    p.window = 20;
    kernel_case_open(&c, &p, DATA_UNIFORM, 5, 0);
    CHECK(!attn_quant_invalid(&c.args, why, sizeof(why)), "%s", why);
    /* Out of every query's sight nobody minds. */
    attn_kv_rows(&c.args.kv, 0, 3, 7, 1, &rows);
    if (!in_k || !attn_types[k_type].channel) {
        ((uint16_t *)(in_k ? rows.k_scale[0] : rows.v_scale[0]))[2] = bits;
        CHECK(!attn_quant_invalid(&c.args, why, sizeof(why)), "%s", why);
        CHECK(kernel_case_run(&c, kernels[0], 0, 1, &result) == 0, "unseen");
    }
    attn_kv_rows(&c.args.kv, 0, 3, 41, 1, &rows);
    ((uint16_t *)(in_k ? rows.k_scale[0] : rows.v_scale[0]))[2] = bits;
    CHECK(attn_quant_invalid(&c.args, why, sizeof(why)), "a scale of %04x", bits);
    CHECK_STR(why, says);
    if ((bits & 0x7c00) == 0x7c00) {
        for (size_t r = 0; r < c.rows; r++)
            attn_check_expect(&c.args, &c.expected[r]);
        for (size_t k = 0; k < count; k++) {
            const struct attn_kernel *const kernel = kernels[k];
            if (kernel->kind != ATTN_CEILING &&
                !attn_kernel_unsupported(kernel, &p, why, sizeof(why)))
                CHECK(kernel_case_run(&c, kernel, 0, 2, &result) == -EDOM, "%s lets it pass",
                      kernel->rung);
        }
    }
    kernel_case_close(&c);
}

int main(void)
{
    test_all_steps();
    test_refusals();
    test_bad_scale(ATTN_I4, true, 0x7e00,
                   "a scale of K is nan, not a finite number from 0 up: sequence 0, KV head 3, "
                   "token 41, block 2");
    test_bad_scale(ATTN_I8, false, 0x7c00,
                   "a scale of V is inf, not a finite number from 0 up: sequence 0, KV head 3, "
                   "token 41, block 2");
    test_bad_scale(ATTN_I8, false, 0x7e00,
                   "a scale of V is nan, not a finite number from 0 up: sequence 0, KV head 3, "
                   "token 41, block 2");
    test_bad_scale(ATTN_I8C, true, 0xfc00,
                   "a scale of K is -inf, not a finite number from 0 up: sequence 0, KV head 3, "
                   "all tokens, channel 2");
    test_bad_scale(ATTN_F16, false, 0xbc00,
                   "a scale of V is -1, not a finite number from 0 up: sequence 0, KV head 3, "
                   "token 41, block 2");
    return test_exit();
}
