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

#include "kernels/quant.h"
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

/* What nobody may read: all ones are NaN in every floating-point type; maxima, which may pass over
 * that, meet Inf. */
static void spoil(const struct kernel_case *c, enum attn_type type, void *at, size_t bytes)
{
    static const uint16_t infinite[ATTN_TYPES] = {[ATTN_F16] = 0x7c00, [ATTN_BF16] = 0x7f80};
    static const float wide = INFINITY;
    const bool odd = c->seed % 2;
    memset(at, odd && type == ATTN_E5M2 ? 0x7c : 0xff, bytes);
    for (size_t i = 0; odd && type == ATTN_F32 && i < bytes; i += sizeof(wide))
        memcpy((char *)at + i, &wide, sizeof(wide));
    for (size_t i = 0; odd && infinite[type] && i < bytes; i += sizeof(*infinite))
        memcpy((char *)at + i, &infinite[type], sizeof(*infinite));
}

/* A plane that ends right before a page nobody may touch. */
static void *guarded(struct kernel_case *c, enum kernel_plane plane, enum attn_type type,
                     size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t body = (bytes + page - 1) / page * page;
    if (!bytes)
        return NULL;
    char *const map =
        must(mmap(NULL, body + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    c->planes[plane].map = map;
    c->planes[plane].bytes = body + page;
    if (mprotect(map + body, page, PROT_NONE)) {
        perror("guard page");
        exit(1);
    }
    spoil(c, type, map + body - bytes, bytes);
    return map + body - bytes;
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

/* Where the values lie that became a row of K or V. */
static float *original_of(const struct kernel_case *c, const void *row, bool is_k)
{
    const struct attn_problem *const p = &c->problem;
    const struct attn_plane *const plane = is_k ? &c->args.kv.k : &c->args.kv.v;
    /* Elements of a transposed K are rows of one. */
    const uint32_t dim = is_k && p->layout == ATTN_TRANSPOSED ? 1 : is_k ? p->dim : p->dim_v;
    const size_t bytes = attn_row_bytes(&attn_types[is_k ? p->k_type : p->v_type], dim);
    const size_t offset = (size_t)((const char *)row - (const char *)plane->base);
    return (is_k ? c->k_original : c->v_original) + offset / bytes * dim;
}

static void read_original(const void *context, enum attn_type type, const void *row,
                          const void *scales, uint32_t dim, double *values)
{
    const struct kernel_case *const c = context;
    const char *const k = c->args.kv.k.base;
    const bool is_k = (const char *)row >= k && (const char *)row < k + c->k_bytes;
    const float *const from = original_of(c, row, is_k);
    (void)type;
    (void)scales;
    for (uint32_t d = 0; d < dim; d++)
        values[d] = (double)from[d];
}

/* Scales a channel, from all its values in the tokens that are there. */
static void scale_channels(struct kernel_case *c, uint32_t batch, uint32_t head, uint32_t first,
                           uint16_t *scales)
{
    const struct attn_problem *const p = &c->problem;
    struct attn_rows rows;
    for (uint32_t d = 0; d < p->dim; d++) {
        float largest = 0;
        for (uint32_t pos = first; pos < c->lengths[batch]; pos++) {
            attn_kv_rows(&c->args.kv, batch, head, pos, 1, &rows);
            largest = fmaxf(largest, fabsf(original_of(c, rows.k[0], true)[d]));
        }
        CHECK(attn_quant_scale(p->k_type, largest, &scales[d]) == 0, "channel %u, %g", d, largest);
    }
}

/* Tokens [first, end) of a head, which no query sees: to be skipped, and not read and masked. */
static void hide(const struct kernel_case *c, uint32_t batch, uint32_t head, uint32_t first,
                 uint32_t end)
{
    const struct attn_problem *const p = &c->problem;
    const struct attn_type_info *const k = &attn_types[p->k_type], *const v =
                                                                       &attn_types[p->v_type];
    const size_t step = attn_k_step(p, &c->args.kv), elements = step ? p->dim : 1;
    struct attn_rows rows;
    for (uint32_t pos = first; pos < end; pos++) {
        attn_kv_rows(&c->args.kv, batch, head, pos, 1, &rows);
        for (size_t d = 0; d < elements; d++)
            spoil(c, p->k_type, (char *)(uintptr_t)rows.k[0] + d * step,
                  attn_row_bytes(k, p->dim) / elements);
        if (attn_row_scale_bytes(k, p->dim))
            spoil(c, ATTN_F16, (void *)(uintptr_t)rows.k_scale[0], attn_row_scale_bytes(k, p->dim));
        if (p->v_is_k_prefix)
            continue;
        spoil(c, p->v_type, (void *)(uintptr_t)rows.v[0], attn_row_bytes(v, p->dim_v));
        if (attn_row_scale_bytes(v, p->dim_v))
            spoil(c, ATTN_F16, (void *)(uintptr_t)rows.v_scale[0],
                  attn_row_scale_bytes(v, p->dim_v));
    }
}

static void fill_head(struct kernel_case *c, enum data_kind kind, uint64_t *state, uint32_t batch,
                      uint32_t head)
{
    const struct attn_problem *const p = &c->problem;
    const uint32_t length = c->lengths[batch], ring = c->args.kv.ring_tokens;
    const uint32_t first = ring && length > ring ? length - ring : attn_problem_shared(p, batch);
    const size_t step = attn_k_step(p, &c->args.kv);
    struct attn_rows rows;
    rows.k_scale[0] = rows.v_scale[0] = NULL;
    for (uint32_t pos = first; pos < length; pos++) {
        attn_kv_rows(&c->args.kv, batch, head, pos, 1, &rows);
        for (uint32_t d = 0; d < p->dim; d++) {
            const char *const at = (const char *)rows.k[0] + d * step;
            original_of(c, at, true)[step ? 0 : d] = value(kind, state, pos, length, true);
        }
        for (uint32_t d = 0; d < p->dim_v && !p->v_is_k_prefix; d++)
            original_of(c, rows.v[0], false)[d] = value(kind, state, pos, length, false);
    }
    for (uint32_t pos = first; pos < length; pos++) {
        attn_kv_rows(&c->args.kv, batch, head, pos, 1, &rows);
        if (pos == first && attn_types[p->k_type].channel)
            scale_channels(c, batch, head, first, (uint16_t *)rows.k_scale[0]);
        for (uint32_t d = 0; d < (step ? p->dim : 1); d++) {
            char *const at = (char *)(uintptr_t)rows.k[0] + d * step;
            CHECK(attn_quant_row(p->k_type, original_of(c, at, true), step ? 1 : p->dim, at,
                                 (uint16_t *)rows.k_scale[0]) == 0,
                  "K of token %u", pos);
        }
        if (!p->v_is_k_prefix)
            CHECK(attn_quant_row(p->v_type, original_of(c, rows.v[0], false), p->dim_v,
                                 (void *)rows.v[0], (uint16_t *)rows.v_scale[0]) == 0,
                  "V of token %u", pos);
    }
    /* What the first query sees begins before what others see. */
    hide(c, batch, head, first, attn_visible(p, length, 0).first);
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
            table[(size_t)b * shape->view.pages_a_sequence + t / p->page] =
                t < attn_problem_shared(p, b) ? table[t / p->page] : pages[next++];
    free(pages);
    c->table = table;
}

/* Does narrowing saturate? Then no bound says how far the original is. */
static bool saturates(const struct attn_problem *p, enum data_kind kind)
{
    return kind == DATA_HUGE && (p->k_type == ATTN_E4M3 || p->v_type == ATTN_E4M3);
}

static void expect_rows(struct kernel_case *c, enum data_kind kind, size_t sample)
{
    const struct attn_source source = {.read = read_original, .context = c};
    const struct attn_problem *const p = &c->problem;
    const size_t all = (size_t)p->batch * p->q_len * p->heads;
    c->rows = sample && sample < all ? sample : all;
    c->expected = must_alloc(c->rows * sizeof(*c->expected));
    c->expected_values = must_alloc(c->rows * p->dim_v * sizeof(double));
    c->original_values = must_alloc(c->rows * p->dim_v * sizeof(double));
    for (size_t k = 0; k < c->rows; k++) {
        struct attn_expected *const row = &c->expected[k];
        const size_t index = c->rows == all ? k : all * k / c->rows;
        row->head = (uint32_t)(index % p->heads);
        row->i = (uint32_t)(index / p->heads % p->q_len);
        row->batch = (uint32_t)(index / p->heads / p->q_len);
        row->out = c->expected_values + k * p->dim_v;
        row->original = saturates(p, kind) ? NULL : c->original_values + k * p->dim_v;
        attn_check_expect(&c->args, row);
        if (row->original)
            attn_check_original(&c->args, &source, row);
    }
}

/* Bytes of the values before they were narrowed into a plane. */
static size_t originals(size_t bytes, enum attn_type type, uint32_t dim)
{
    return bytes / attn_row_bytes(&attn_types[type], dim) * dim * sizeof(float);
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
    if (p->rel_bias) {
        const size_t entries = (size_t)p->heads * ATTN_BIAS_SPAN;
        c->bias = must_alloc(entries * sizeof(float));
        for (size_t i = 0; i < entries; i++) /* no two alike: a kernel must find the right one */
            c->bias[i] = 8 * centred(&state);
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
        .bias = c->bias,
    };
    c->args.kv.table = c->table;
    c->args.kv.k.base = guarded(c, PLANE_K, p->k_type, shape.k_bytes);
    c->args.kv.k_scale.base = guarded(c, PLANE_K_SCALE, ATTN_F16, shape.k_scale_bytes);
    c->args.kv.v.base =
        p->v_is_k_prefix ? c->args.kv.k.base : guarded(c, PLANE_V, p->v_type, shape.v_bytes);
    c->args.kv.v_scale.base = p->v_is_k_prefix
                                  ? c->args.kv.k_scale.base
                                  : guarded(c, PLANE_V_SCALE, ATTN_F16, shape.v_scale_bytes);
    c->k_bytes = shape.k_bytes;
    c->k_original = must_alloc(originals(shape.k_bytes, p->k_type, p->dim));
    c->v_original = must_alloc(originals(shape.v_bytes, p->v_type, p->dim_v));
    for (uint32_t b = 0; b < p->batch; b++)
        for (uint32_t g = 0; g < p->kv_heads; g++)
            fill_head(c, kind, &state, b, g);
    expect_rows(c, kind, sample);
}

void kernel_case_close(struct kernel_case *c)
{
    for (int i = 0; i < KERNEL_PLANES; i++)
        if (c->planes[i].map)
            munmap(c->planes[i].map, c->planes[i].bytes);
    void *const owned[] = {
        c->q,          c->sinks,    c->alibi,           c->bias,           c->out,
        c->lse,        c->lengths,  c->table,           c->tree,           c->k_original,
        c->v_original, c->expected, c->expected_values, c->original_values};
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
