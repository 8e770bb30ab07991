/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building hostile attention problems; see kernel_case.h.
 */
#include "tests/kernel_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/test.h"

const char *const data_kind_names[DATA_KINDS] = {"uniform", "peaky", "rising", "equal", "huge"};

static void *must(void *memory)
{
    if (!memory || memory == MAP_FAILED) {
        perror("test memory");
        exit(1);
    }
    return memory;
}

static void *must_alloc(size_t bytes)
{
    return must(aligned_alloc(64, (bytes + 64) / 64 * 64));
}

/* `bytes` that end right before a page nobody may touch, all ones (NaN in every stored type). */
static void *guarded(size_t bytes, void **map, size_t *map_bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t body = (bytes + page - 1) / page * page;
    *map_bytes = body + page;
    *map = must(mmap(NULL, *map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (mprotect((char *)*map + body, page, PROT_NONE)) {
        perror("guard page");
        exit(1);
    }
    char *const start = (char *)*map + body - bytes;
    memset(*map, 0xff, body);
    return start;
}

static void store(enum attn_type type, void *row, uint32_t d, float x)
{
    if (type == ATTN_F32)
        memcpy((char *)row + d * sizeof(x), &x, sizeof(x));
    else if (type == ATTN_F16)
        ((uint16_t *)row)[d] = attn_f32_to_f16(x);
    else
        ((uint16_t *)row)[d] = attn_f32_to_bf16(x);
}

static float centred(uint64_t *state)
{
    return (float)(2 * test_uniform(state) - 1);
}

/* Element of K or V at a position of a sequence of `length` tokens. */
static float value(enum data_kind kind, uint64_t *state, uint32_t pos, uint32_t length, bool is_k)
{
    const float x = centred(state);
    switch (kind) {
    case DATA_PEAKY: /* every eleventh token stands out by far */
        return is_k && pos % 11 == 3 ? 20 * x : x;
    case DATA_RISING: /* with q > 0, each token's logit tops the last one's */
        return is_k ? 4 * (float)(pos + 1) / (float)length + 0.01f * x : x;
    case DATA_EQUAL:
        return 0.7f;
    case DATA_HUGE: /* near the end of f16's range; logits far beyond what exp can take */
        return 30000 * x;
    default:
        return x;
    }
}

static void fill_cache(struct kernel_case *c, enum data_kind kind, uint64_t *state)
{
    const struct attn_problem *const p = &c->problem;
    struct attn_rows rows;
    for (uint32_t b = 0; b < p->batch; b++) {
        const uint32_t length = c->lengths[b];
        const uint32_t ring = c->args.kv.ring_tokens;
        const uint32_t first = ring && length > ring ? length - ring : 0;
        for (uint32_t g = 0; g < p->kv_heads; g++) {
            for (uint32_t pos = first; pos < length; pos++) {
                attn_kv_rows(&c->args.kv, b, g, pos, 1, &rows);
                for (uint32_t d = 0; d < p->dim; d++)
                    store(p->k_type, (void *)rows.k[0], d, value(kind, state, pos, length, true));
                if (p->v_is_k_prefix)
                    continue;
                for (uint32_t d = 0; d < p->dim_v; d++)
                    store(p->v_type, (void *)rows.v[0], d, value(kind, state, pos, length, false));
            }
        }
    }
}

/* A permutation of the pages, so that neighbours in a sequence are not neighbours in memory. */
static void shuffle_table(struct kernel_case *c, const struct attn_kv_shape *shape, uint64_t *state)
{
    const struct attn_problem *const p = &c->problem;
    uint32_t *const pages = must_alloc(shape->pages * sizeof(*pages)), next = 0;
    uint32_t *const table = must_alloc(shape->table_entries * sizeof(*table));
    for (size_t i = 0; i < shape->pages; i++) {
        const size_t j = test_random(state) % (i + 1);
        pages[i] = pages[j];
        pages[j] = (uint32_t)i;
    }
    memset(table, 0xff, shape->table_entries * sizeof(*table));
    for (uint32_t b = 0; b < p->batch; b++)
        for (uint32_t t = 0; t < c->lengths[b]; t += p->page)
            table[(size_t)b * shape->view.pages_a_sequence + t / p->page] = pages[next++];
    free(pages);
    c->table = table;
}

static void expect_rows(struct kernel_case *c, size_t sample)
{
    const struct attn_problem *const p = &c->problem;
    const size_t all = (size_t)p->batch * p->q_len * p->heads;
    c->rows = sample && sample < all ? sample : all;
    c->expected = must_alloc(c->rows * sizeof(*c->expected));
    c->expected_values = must_alloc(c->rows * p->dim_v * sizeof(double));
    for (size_t k = 0; k < c->rows; k++) {
        struct attn_expected *const row = &c->expected[k];
        const size_t index = c->rows == all ? k : all * k / c->rows;
        row->head = (uint32_t)(index % p->heads);
        row->i = (uint32_t)(index / p->heads % p->q_len);
        row->batch = (uint32_t)(index / p->heads / p->q_len);
        row->out = c->expected_values + k * p->dim_v;
        attn_check_expect(&c->args, row);
    }
}

void kernel_case_open(struct kernel_case *c, const struct attn_problem *p, enum data_kind kind,
                      uint64_t seed, size_t sample)
{
    const struct attn_kv_shape shape = attn_kv_shape(p);
    const size_t rows = (size_t)p->batch * p->q_len * p->heads;
    uint64_t state = seed;
    *c = (struct kernel_case){.problem = *p, .seed = seed};

    c->lengths = must_alloc(p->batch * sizeof(*c->lengths));
    for (uint32_t b = 0; b < p->batch; b++)
        c->lengths[b] = attn_problem_length(p, b);
    if (shape.table_entries)
        shuffle_table(c, &shape, &state);
    c->q = must_alloc(rows * p->dim * sizeof(float));
    for (size_t i = 0; i < rows * p->dim; i++)
        c->q[i] = kind == DATA_RISING  ? 1 + 0.1f * centred(&state)
                  : kind == DATA_EQUAL ? 0.3f
                                       : 2 * centred(&state);
    c->out = must_alloc(rows * p->dim_v * sizeof(float));
    c->lse = must_alloc(rows * sizeof(float));
    if (p->sinks) {
        c->sinks = must_alloc(p->heads * sizeof(float));
        for (uint32_t h = 0; h < p->heads; h++)
            c->sinks[h] = 8 * centred(&state);
    }
    if (p->alibi) {
        c->alibi = must_alloc(p->heads * sizeof(float));
        for (uint32_t h = 0; h < p->heads; h++)
            c->alibi[h] = attn_alibi_slope(h, p->heads);
    }
    if (p->mask == ATTN_TREE) {
        c->tree = must_alloc((size_t)p->batch * p->q_len * sizeof(*c->tree));
        for (size_t i = 0; i < (size_t)p->batch * p->q_len; i++)
            c->tree[i] = test_random(&state) | 1ull << (i % p->q_len);
    }
    c->args = (struct attn_args){
        .struct_size = sizeof(c->args),
        .problem = &c->problem,
        .q = c->q,
        .kv = shape.view,
        .lengths = c->lengths,
        .sinks = c->sinks,
        .alibi = c->alibi,
        .tree = c->tree,
        .out = c->out,
        .lse = c->lse,
    };
    c->args.kv.table = c->table;
    c->args.kv.k.base = guarded(shape.k_bytes, &c->k_map, &c->k_map_bytes);
    c->args.kv.v.base =
        p->v_is_k_prefix ? c->args.kv.k.base : guarded(shape.v_bytes, &c->v_map, &c->v_map_bytes);
    fill_cache(c, kind, &state);
    expect_rows(c, sample);
}

void kernel_case_close(struct kernel_case *c)
{
    munmap(c->k_map, c->k_map_bytes);
    if (c->v_map)
        munmap(c->v_map, c->v_map_bytes);
    void *const owned[] = {c->q,       c->sinks, c->alibi, c->out,      c->lse,
                           c->lengths, c->table, c->tree,  c->expected, c->expected_values};
    for (size_t i = 0; i < sizeof(owned) / sizeof(*owned); i++)
        free(owned[i]);
}

int kernel_case_run(struct kernel_case *c, const struct attn_kernel *kernel, uint32_t splits,
                    int ranks, struct attn_check *result)
{
    const size_t bytes = kernel->scratch_bytes(&c->problem, splits, ranks);
    const size_t prepared = kernel->prepared_bytes ? kernel->prepared_bytes(&c->problem) : 0;
    void *const scratch = bytes ? must_alloc(bytes) : NULL;
    void *const own = prepared ? must_alloc(prepared) : NULL;
    if (scratch)
        memset(scratch, 0xff, bytes);
    c->args.scratch = scratch;
    c->args.prepared = own;
    c->args.splits = splits;
    if (kernel->prepare)
        kernel->prepare(&c->args, own);
    attn_poison(&c->args);
    for (int f = 0; f < ATTN_PHASES_MAX && kernel->phase[f]; f++)
        for (int rank = 0; rank < ranks; rank++)
            kernel->phase[f](&c->args, rank, ranks);
    free(scratch);
    free(own);
    return kernel->kind == ATTN_CEILING
               ? 0
               : attn_check_rows(&c->args, kernel, c->expected, c->rows, result);
}
