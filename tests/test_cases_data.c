/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cases read: how many copies keep a call cold, that copies are different memory with the
 * same problem behind it, that pages are a permutation, and that the arithmetic that decides on
 * memory is the arithmetic that allocates it.
 */
#include "tests/test.h"

#include "bench/cases/data.h"

#include <errno.h>

static const uint64_t llc = 1 << 20;

static struct attn_name small(void)
{
    struct attn_name name = {.problem = attn_problem_default(), .threads = 1};
    name.problem.heads = 4;
    name.problem.kv_heads = 2;
    name.problem.dim = name.problem.dim_v = 32;
    name.problem.context = 256;
    return name;
}

static void test_rotation(void)
{
    struct attn_name name = small();
    struct attn_size size;
    CHECK(attn_size(&size, &name, NULL, llc) == 0, "size");
    const uint64_t cache = attn_kv_bytes(&name.problem);
    CHECK(size.rotation.copies == 8 * llc / cache, "%llu copies",
          (unsigned long long)size.rotation.copies);
    CHECK(size.pool_bytes >= 8 * llc, "the pool holds all copies");

    name.hot = true;
    CHECK(attn_size(&size, &name, NULL, llc) == 0 && size.rotation.copies == 1, "hot is one copy");

    /* What a window hides is not read and so does not push anything out of the caches. */
    name.hot = false;
    name.problem.window = 32;
    CHECK(attn_size(&size, &name, NULL, llc) == 0, "size");
    CHECK(size.rotation.copies == 8 * llc / (cache / 8), "%llu copies of a window",
          (unsigned long long)size.rotation.copies);
}

static void test_views(struct attn_host *host)
{
    struct attn_name name = small();
    struct attn_size size;
    struct attn_data data;
    struct attn_message why;
    struct team *team;
    CHECK(attn_host_team(host, MACHINE_COMPACT, 1, &team, &why) == 0, "%s", why.text);
    struct pool *const pool = attn_host_pool(host, "4k", team);
    CHECK(attn_size(&size, &name, NULL, llc) == 0, "size");
    CHECK(attn_data_open(&data, &name, NULL, &size, pool, 1, &why) == 0, "%s", why.text);
    const char *last = NULL;
    for (uint64_t copy = 0; copy < size.rotation.copies; copy++) {
        attn_data_take(&data, copy);
        const char *const k = data.args.kv.k.base, *const v = data.args.kv.v.base;
        CHECK(!last || k >= last + size.shape.k_bytes + size.shape.v_bytes, "copies overlap");
        CHECK(v >= k + size.shape.k_bytes || k >= v + size.shape.v_bytes, "K and V overlap");
        CHECK((uintptr_t)k % 64 == 0 && (uintptr_t)v % 64 == 0, "not aligned to lines");
        last = k;
    }
    CHECK(data.args.lengths[0] == 256, "length %u", data.args.lengths[0]);
    attn_data_close(&data);
}

/* A case that follows another begins behind what that one read last, and comes round to the rest:
 * beginning at the first copy it could find in the cache what was just read. */
static void test_goes_on(struct attn_host *host)
{
    struct attn_name name = small();
    struct attn_size size;
    struct attn_data first, second;
    struct attn_message why;
    struct team *team;
    CHECK(attn_host_team(host, MACHINE_COMPACT, 1, &team, &why) == 0, "%s", why.text);
    struct pool *const pool = attn_host_pool(host, "4k", team);
    CHECK(attn_size(&size, &name, NULL, llc) == 0, "size");
    CHECK(size.rotation.copies > 3, "too few copies for this test");
    CHECK(attn_data_open(&first, &name, NULL, &size, pool, 1, &why) == 0, "%s", why.text);
    const uint64_t before = first.turns;
    attn_data_turn(&first);
    attn_data_turn(&first);
    const char *const last = first.args.kv.k.base;
    attn_data_close(&first);

    CHECK(attn_data_open(&second, &name, NULL, &size, pool, 1, &why) == 0, "%s", why.text);
    CHECK(second.turns % size.rotation.copies == (before + 2) % size.rotation.copies, "turn %llu",
          (unsigned long long)second.turns);
    for (uint64_t i = 0; i < size.rotation.copies; i++) {
        attn_data_turn(&second);
        const bool again = second.args.kv.k.base == last;
        CHECK(again == (i + 1 == size.rotation.copies),
              "the last copy read comes last, not as %llu", (unsigned long long)i);
    }
    attn_data_close(&second);
}

/* The same seed gives the same queries and the same pages, another gives others. */
static void test_pages(struct attn_host *host)
{
    struct attn_name name = small();
    struct attn_size size;
    struct attn_data data[3];
    struct attn_message why;
    struct team *team;
    name.hot = true;
    name.problem.batch = 3;
    name.problem.ragged = 40;
    name.problem.layout = ATTN_PAGED;
    name.problem.page = 16;
    CHECK(attn_host_team(host, MACHINE_COMPACT, 1, &team, &why) == 0, "%s", why.text);
    struct pool *const pool = attn_host_pool(host, "4k", team);
    CHECK(attn_size(&size, &name, NULL, llc) == 0, "size");
    for (int i = 0; i < 3; i++)
        CHECK(attn_data_open(&data[i], &name, NULL, &size, pool, i == 2 ? 9 : 1, &why) == 0, "%s",
              why.text);
    const struct attn_kv *const kv = &data[0].args.kv;
    const size_t entries = size.shape.table_entries;
    CHECK(memcmp(kv->table, data[1].args.kv.table, entries * sizeof(*kv->table)) == 0, "seed 1");
    CHECK(memcmp(kv->table, data[2].args.kv.table, entries * sizeof(*kv->table)) != 0, "seed 9");
    CHECK(memcmp(data[0].args.q, data[2].args.q, 64) != 0, "queries do not depend on the seed");

    char *const used = calloc(size.shape.pages, 1);
    for (uint32_t b = 0; b < 3; b++)
        for (uint32_t i = 0; i * 16 < data[0].args.lengths[b]; i++) {
            const uint32_t page = kv->table[b * kv->pages_a_sequence + i];
            CHECK(page < size.shape.pages && !used[page]++, "page %u", page);
        }
    free(used);
    for (int i = 0; i < 3; i++)
        attn_data_close(&data[i]);
}

/* What is learned is drawn once a bucket and head; the block has room for it. */
static void test_bias(struct attn_host *host)
{
    struct attn_name name = small();
    struct attn_size size, without;
    struct attn_data data[2];
    struct attn_message why;
    struct team *team;
    name.hot = true;
    CHECK(attn_host_team(host, MACHINE_COMPACT, 1, &team, &why) == 0, "%s", why.text);
    struct pool *const pool = attn_host_pool(host, "4k", team);
    CHECK(attn_size(&without, &name, NULL, llc) == 0, "size");
    CHECK(attn_data_open(&data[0], &name, NULL, &without, pool, 1, &why) == 0, "%s", why.text);
    CHECK(!data[0].args.bias, "nobody asked for it");
    attn_data_close(&data[0]);
    name.problem.rel_bias = true;
    CHECK(attn_size(&size, &name, NULL, llc) == 0, "size");
    CHECK(size.block_bytes == without.block_bytes + 4 * ATTN_BIAS_SPAN * sizeof(float), "room");
    for (int i = 0; i < 2; i++)
        CHECK(attn_data_open(&data[i], &name, NULL, &size, pool, i ? 9 : 1, &why) == 0, "%s",
              why.text);
    const float *const bias = data[0].args.bias;
    CHECK(memcmp(bias, data[1].args.bias, 4 * ATTN_BIAS_SPAN * sizeof(*bias)) != 0, "seed 9");
    for (uint32_t h = 0; h < 4; h++)
        for (uint32_t d = 0; d < ATTN_BIAS_SPAN; d++) {
            const float *const at = bias + h * ATTN_BIAS_SPAN + d;
            CHECK(*at >= -1 && *at < 1, "head %u, distance %u: %g", h, d, (double)*at);
            CHECK(!d || (at[-1] == *at) == (attn_relative_bucket(d - 1) == attn_relative_bucket(d)),
                  "head %u, distance %u is of another bucket", h, d);
            CHECK(!h || *at != at[-ATTN_BIAS_SPAN], "heads %u and %u are alike", h - 1, h);
        }
    for (int i = 0; i < 2; i++)
        attn_data_close(&data[i]);
}

static void test_too_large(struct attn_host *host)
{
    struct attn_name name = small();
    struct attn_size size;
    struct attn_data data;
    struct attn_message why;
    struct team *team;
    name.problem.batch = 1 << 16;
    name.problem.context = 1 << 22;
    CHECK(attn_host_team(host, MACHINE_COMPACT, 1, &team, &why) == 0, "%s", why.text);
    struct pool *const pool = attn_host_pool(host, "4k", team);
    CHECK(attn_size(&size, &name, NULL, llc) == 0, "size");
    CHECK(attn_data_open(&data, &name, NULL, &size, pool, 1, &why) == -ENOMEM, "64 TiB");
    CHECK(strncmp(why.text, "needs 64 TiB of memory with its 1 copy of the cache, ", 53) == 0, "%s",
          why.text);
}

int main(void)
{
    static struct attn_host host;
    struct attn_message why;
    if (attn_host_open(&host, 1, &why)) {
        printf("%s\n", why.text);
        return TEST_SKIP;
    }
    test_rotation();
    test_views(&host);
    test_goes_on(&host);
    test_pages(&host);
    test_bias(&host);
    test_too_large(&host);
    attn_host_close(&host);
    return test_exit();
}
