/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many copies make a case cold, and how they are carved: planes that do not overlap, lie where
 * they are said to, and hold what the stream of their type holds.
 */
#include "bench/machine/pool.h"

#include "bench/machine/rotation.h"
#include "kernels/quant.h"
#include "tests/test.h"

#include <errno.h>
#include <math.h>

#define MIB ((uint64_t)1 << 20)

static void test_rotation(void)
{
    static const struct {
        uint64_t copy, llc;
        bool hot;
        uint64_t copies;
    } cases[] = {
        {64 * MIB, 32 * MIB, false, 4}, /* exactly 8 x */
        {64 * MIB + 1, 32 * MIB, false, 4},
        {64 * MIB - 1, 32 * MIB, false, 5},
        {256 * MIB, 32 * MIB, false, 1}, /* evicts itself */
        {1024 * MIB, 32 * MIB, false, 1},
        {1, 32 * MIB, false, 256 * MIB},
        {65536, 105 * MIB, false, 13440},
        {65536, 105 * MIB, true, 1},
        {65536, 0, true, 1},
        {MIB, 0, false, 8 * 128}, /* unknown: the stand-in */
        {UINT64_MAX, 32 * MIB, false, 1},
        {UINT64_MAX / 2, UINT64_MAX / 2, false, 3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct rotation r = rotation_plan(cases[i].copy, cases[i].llc, cases[i].hot);
        CHECK(r.copies == cases[i].copies, "case %zu: %llu copies", i,
              (unsigned long long)r.copies);
        CHECK(r.bytes >= cases[i].copy, "case %zu: fewer bytes than one copy", i);
        CHECK(r.guessed_llc == (cases[i].llc == 0 && !cases[i].hot), "case %zu: guess", i);
    }
    const struct rotation r = rotation_plan(3 * MIB, MIB, false);
    CHECK(r.copies == 3 && r.bytes == 9 * MIB, "three copies");
    for (uint64_t call = 0; call < 9; call++)
        CHECK(rotation_index(&r, call) == call % 3, "call %llu", (unsigned long long)call);
    CHECK(rotation_plan(0, MIB, true).copies == 1, "no cache at all");
}

/* What attn_kv_shape() says of a contiguous cache. */
static struct attn_kv_shape shape_of(const struct attn_problem *p, size_t k, size_t v)
{
    const size_t tokens = (size_t)p->batch * p->kv_heads * p->context;
    return (struct attn_kv_shape){
        .view = {.struct_size = sizeof(struct attn_kv),
                 .k = {.token_stride = p->dim * k, .head_stride = p->context * p->dim * k},
                 .v = {.token_stride = p->dim_v * v, .head_stride = p->context * p->dim_v * v}},
        .k_bytes = tokens * p->dim * k,
        .v_bytes = tokens * p->dim_v * v,
    };
}

static struct attn_problem problem(enum attn_type k, enum attn_type v, uint32_t context)
{
    return (struct attn_problem){.struct_size = sizeof(struct attn_problem),
                                 .k_type = k,
                                 .v_type = v,
                                 .batch = 1,
                                 .heads = 4,
                                 .kv_heads = 2,
                                 .dim = 64,
                                 .dim_v = 64,
                                 .context = context};
}

static void test_layout(struct team *team, enum attn_type k, enum attn_type v, uint32_t context,
                        uint64_t copies)
{
    const size_t ke = fill_piece_bytes(k), ve = fill_piece_bytes(v);
    const struct attn_problem p = problem(k, v, context);
    const struct attn_kv_shape shape = shape_of(&p, ke, ve);
    struct pool_layout layout;
    struct pool pool;
    pool_init(&pool, team, ARENA_THP, 9);
    CHECK(pool_layout(&layout, &p, &shape, copies) == 0, "layout");
    const uint64_t missing = pool_missing(&pool, &layout);
    CHECK(missing == layout.need[k] + (k == v ? 0 : layout.need[v]), "missing before");
    CHECK(missing >= copies * (shape.k_bytes + shape.v_bytes), "copies do not fit");
    CHECK(pool_prepare(&pool, &layout) == 0, "prepare");
    CHECK(pool_missing(&pool, &layout) == 0, "missing after");
    const char *end[2] = {NULL, NULL};
    for (uint64_t c = 0; c < copies; c++) {
        const struct attn_kv kv = pool_view(&pool, &layout, c);
        const char *const kp = kv.k.base, *const vp = kv.v.base;
        CHECK((uintptr_t)kp % 4096 == 0 && (uintptr_t)vp % 64 == 0, "%p %p", kv.k.base, kv.v.base);
        CHECK(k != v || ((uintptr_t)vp - (uintptr_t)kp) % 4096 >= 1024, "K and V share sets");
        CHECK(kv.k.token_stride == 64 * ke && !kv.k_scale.base && !kv.v_scale.base, "view");
        CHECK(kp >= pool.arena[k].base &&
                  kp + shape.k_bytes <= pool.arena[k].base + pool.arena[k].bytes,
              "K outside");
        CHECK(vp >= pool.arena[v].base &&
                  vp + shape.v_bytes <= pool.arena[v].base + pool.arena[v].bytes,
              "V outside");
        CHECK(k != v || vp >= kp + shape.k_bytes, "V inside K");
        CHECK(!end[0] || (kp >= end[0] && vp >= end[1]), "copy %llu overlaps",
              (unsigned long long)c);
        end[0] = k == v ? vp + shape.v_bytes : kp + shape.k_bytes;
        end[1] = vp + shape.v_bytes;
    }
    pool_free(&pool);
}

/* Copies take turns at pages that have room for many: tokens of their own in the same pages. */
static void test_together(void)
{
    struct attn_problem p = problem(ATTN_F16, ATTN_F16, 100);
    p.layout = ATTN_PAGED;
    p.page = 1000;
    const struct attn_kv_shape shape = attn_kv_shape(&p);
    struct pool_layout layout;
    struct pool pool;
    pool_init(&pool, NULL, ARENA_4K, 9);
    CHECK(pool_layout(&layout, &p, &shape, 20) == 0, "layout");
    CHECK(layout.together == 7 && layout.tokens == 128, "%u tokens", layout.tokens);
    CHECK(layout.need[ATTN_F16] == 3 * layout.plane[POOL_K].stride, "three times the pages");
    CHECK(pool_prepare(&pool, &layout) == 0, "prepare");
    const char *before = NULL;
    for (uint64_t c = 0; c < 20; c++) {
        const struct attn_kv kv = pool_view(&pool, &layout, c);
        const char *const k = kv.k.base, *const v = kv.v.base;
        const size_t seen = 100 * kv.k.token_stride;
        CHECK(c % 7 == 0 || (size_t)(k - before) == 128 * kv.k.token_stride, "tokens of its own");
        CHECK((uintptr_t)k % 64 == 0 && v >= k + shape.k_bytes - 900 * kv.k.token_stride,
              "K and V");
        CHECK(v + kv.v.head_stride + seen <= pool.arena[ATTN_F16].base + layout.need[ATTN_F16],
              "V outside");
        CHECK(pool_behind(&layout, pool_end(&layout, c)) == (c / 7 + 1) * 7, "the next pages");
        before = k;
    }
    pool_free(&pool);
    p.k_type = ATTN_I8C;
    const struct attn_kv_shape channels = attn_kv_shape(&p);
    CHECK(pool_layout(&layout, &p, &channels, 20) == 0 && layout.together == 1, "channels");
    p = problem(ATTN_F16, ATTN_F16, 1001);
    p.layout = ATTN_PAGED;
    p.page = 1000;
    const struct attn_kv_shape two = attn_kv_shape(&p);
    CHECK(pool_layout(&layout, &p, &two, 20) == 0 && layout.together == 1, "more than a page");
}

static float f16_at(const struct pool *pool, size_t i)
{
    return attn_f16_to_f32(((const uint16_t *)(const void *)pool->arena[ATTN_F16].base)[i]);
}

/* Growing keeps what was there and goes on with the same stream. */
static void test_growth(struct team *team)
{
    const struct fill fill = {.kind = FILL_UNIFORM, .seed = 9};
    struct pool pool;
    struct pool_layout layout;
    pool_init(&pool, team, ARENA_4K, 9);
    static const uint32_t contexts[] = {100, 5000, 1000, 20000};
    for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++) {
        const struct attn_problem p = problem(ATTN_F16, ATTN_F16, contexts[i]);
        const struct attn_kv_shape shape = shape_of(&p, 2, 2);
        const size_t before = pool.arena[ATTN_F16].bytes;
        CHECK(pool_layout(&layout, &p, &shape, 3) == 0, "layout");
        CHECK(pool_prepare(&pool, &layout) == 0, "prepare");
        CHECK(pool.arena[ATTN_F16].bytes >= before, "shrunk");
    }
    struct arena_state state;
    CHECK(pool_state(&pool, &state) == 0, "state");
    CHECK(state.resident_bytes >= pool.arena[ATTN_F16].bytes && state.huge_bytes == 0,
          "%llu resident, %llu huge", (unsigned long long)state.resident_bytes,
          (unsigned long long)state.huge_bytes);
    size_t wrong = 0;
    for (size_t i = 0; i < pool.arena[ATTN_F16].bytes / 2; i += 97)
        wrong += f16_at(&pool, i) != attn_f16_to_f32(attn_f32_to_f16(fill_value(&fill, i)));
    CHECK(wrong == 0, "%zu values", wrong);
    CHECK(pool.arena[ATTN_F32].base == NULL, "a type nobody asked for");
    pool_free(&pool);
}

static void test_refusals(struct team *team)
{
    struct pool pool;
    struct pool_layout layout;
    struct attn_problem p = problem(ATTN_F16, ATTN_F16, 1 << 20);
    struct attn_kv_shape shape = shape_of(&p, 2, 2);
    pool_init(&pool, team, ARENA_THP, 9);
    CHECK(pool_layout(&layout, &p, &shape, UINT64_MAX / 2) == -EOVERFLOW, "copies");
    shape.k_bytes = SIZE_MAX / 2;
    CHECK(pool_layout(&layout, &p, &shape, 1) == -EOVERFLOW, "bytes");
    shape = shape_of(&p, 2, 2);
    CHECK(pool_layout(&layout, &p, &shape, (uint64_t)1 << 28) == 0, "layout");
    CHECK(pool_prepare(&pool, &layout) == -ENOMEM, "more than any machine has");
    /* V as a prefix of K: no plane of its own. */
    p = problem(ATTN_F32, ATTN_F32, 64);
    shape = shape_of(&p, 4, 4);
    shape.v_bytes = 0;
    CHECK(pool_layout(&layout, &p, &shape, 2) == 0 && pool_prepare(&pool, &layout) == 0, "prefix");
    const struct attn_kv kv = pool_view(&pool, &layout, 1);
    CHECK(kv.k.base == kv.v.base && kv.k.base, "V is not K's prefix");
    pool_free(&pool);
}

/* Elements and scales of a view are what the quantiser would make of what they are said to be. */
static void test_quantised(struct team *team, enum attn_type k, enum attn_type v)
{
    struct attn_problem p = attn_problem_default();
    struct pool_layout layout;
    struct attn_rows rows;
    struct pool pool;
    double original[256];
    float stored[256];
    rows.k_scale[0] = rows.v_scale[0] = NULL;
    p.k_type = k;
    p.v_type = v;
    p.context = 100;
    p.dim_v = 80;
    const struct attn_kv_shape shape = attn_kv_shape(&p);
    pool_init(&pool, team, ARENA_THP, 9);
    CHECK(pool_layout(&layout, &p, &shape, 3) == 0, "layout");
    CHECK(pool_prepare(&pool, &layout) == 0, "prepare");
    const struct attn_kv kv = pool_view(&pool, &layout, 2);
    for (uint32_t pos = 0; pos < p.context; pos++) {
        attn_kv_rows(&kv, 0, pos % p.kv_heads, pos, 1, &rows);
        for (int is_v = 0; is_v < 2; is_v++) {
            const enum attn_type type = is_v ? v : k;
            const void *const row = is_v ? rows.v[0] : rows.k[0];
            const void *const scales = is_v ? rows.v_scale[0] : rows.k_scale[0];
            const uint32_t dim = is_v ? p.dim_v : p.dim;
            pool_original(&pool, type, row, scales, dim, original);
            attn_widen_row(type, row, scales, dim, stored);
            for (uint32_t d = 0; d < dim; d++) {
                const struct attn_type_info *const info = &attn_types[type];
                const float s = attn_element_scale(info, scales, d);
                CHECK(fabs((double)stored[d] - original[d]) <=
                          1.000001 * attn_quant_step(info, (double)stored[d], (double)s),
                      "%s token %u element %u is %g, was %g", info->name, pos, d, (double)stored[d],
                      original[d]);
            }
        }
    }
    pool_free(&pool);
}

int main(void)
{
    struct team *team;
    test_rotation();
    CHECK(team_create(&team, &(struct team_options){.ranks = 2}) == 0, "team");
    test_layout(team, ATTN_F16, ATTN_F16, 4096, 3);
    test_layout(team, ATTN_F16, ATTN_F16, 1, 100);
    test_layout(team, ATTN_F32, ATTN_BF16, 777, 5);
    test_layout(team, ATTN_F32, ATTN_F32, 512, 1);
    test_together();
    test_growth(team);
    test_refusals(team);
    test_quantised(team, ATTN_I8, ATTN_I4);
    test_quantised(team, ATTN_I4C, ATTN_I8);
    test_quantised(team, ATTN_I8C, ATTN_E4M3);
    test_quantised(team, ATTN_I4, ATTN_E5M2);
    team_destroy(team);
    return test_exit();
}
