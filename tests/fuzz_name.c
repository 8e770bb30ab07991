/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: the input is the name of a result row. What the reader takes must survive being
 * written and read again; the rows of its layout must lie inside the planes and never on top of
 * each other; and where the problem is small, every kernel that takes it must compute it.
 * test_name_fuzz.c feeds it in every test run; where the compiler has libFuzzer, fuzz_name is the
 * same target searching for itself.
 */
#include "tests/fuzz_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/name.h"
#include "kernels/registry.h"
#include "tests/kernel_case.h"

enum { POSITIONS = 256, DIM = 48, ROWS = 96, GROUPS = 8 };

static void require(bool promise, const char *what, const char *text)
{
    if (promise)
        return;
    fprintf(stderr, "broken promise: %s: %s\n", what, text);
    abort();
}

static void check_inverse(const struct attn_name *name, const char *text)
{
    struct attn_name again;
    char first[ATTN_NAME_MAX], second[ATTN_NAME_MAX];
    const int length = attn_name_format(name, first, sizeof(first));
    require(length > 0 && (size_t)length < sizeof(first), "a name has an end", text);
    require(attn_name_parse(first, &again) == 0, "what was written can be read", first);
    require(attn_problem_equal(&name->problem, &again.problem), "the same problem", first);
    attn_name_format(&again, second, sizeof(second));
    require(strcmp(first, second) == 0, "a name is written in one way", first);
}

static bool is_small(const struct attn_problem *p)
{
    return p->context <= POSITIONS && p->batch <= POSITIONS && p->kv_heads <= GROUPS &&
           (uint64_t)p->batch * p->context * p->kv_heads <= 4 * POSITIONS && p->dim <= DIM &&
           p->dim_v <= DIM && p->page <= POSITIONS &&
           (uint64_t)p->batch * p->q_len * p->heads <= ROWS;
}

/* Marks the bytes of a row; none may be marked twice or lie outside. */
static void claim(unsigned char *taken, size_t bytes, const char *base, const void *row,
                  size_t row_bytes, const char *text)
{
    const size_t at = (size_t)((const char *)row - base);
    require(at <= bytes && row_bytes <= bytes - at, "a row lies inside its plane", text);
    for (size_t i = 0; i < row_bytes; i++) {
        require(!taken[at + i], "rows do not overlap", text);
        taken[at + i] = 1;
    }
}

/* A row of K, or its elements where it lies across. */
static void claim_k(const struct attn_problem *p, const struct attn_kv_shape *shape,
                    unsigned char *k, const char *row, const char *text)
{
    const size_t bytes = attn_row_bytes(&attn_types[p->k_type], p->dim);
    const size_t step = attn_k_step(p, &shape->view);
    for (uint32_t d = 0; d < (step ? p->dim : 1); d++)
        claim(k, shape->k_bytes, (const char *)k, row + d * step, step ? bytes / p->dim : bytes,
              text);
}

/* Pages in order; those of a shared prefix are the first sequence's. Returns how many it took. */
static uint32_t fill_table(const struct attn_problem *p, const struct attn_kv_shape *shape,
                           uint32_t *table)
{
    uint32_t next = 0;
    for (uint32_t b = 0; b < p->batch; b++)
        for (uint32_t t = 0; t < attn_problem_length(p, b); t += p->page)
            table[(size_t)b * shape->view.pages_a_sequence + t / p->page] =
                t < attn_problem_shared(p, b) ? table[t / p->page] : next++;
    return next;
}

/* First position of a sequence whose row is its own: not overwritten in a ring, not another's. */
static uint32_t first_row(const struct attn_problem *p, const struct attn_kv_shape *shape,
                          uint32_t b)
{
    const uint32_t length = attn_problem_length(p, b), ring = shape->view.ring_tokens;
    return ring && length > ring ? length - ring : attn_problem_shared(p, b);
}

static void check_layout(const struct attn_problem *p, const char *text)
{
    struct attn_kv_shape shape = attn_kv_shape(p);
    unsigned char *const k = calloc(1, shape.k_bytes + 1), *const v = calloc(1, shape.v_bytes + 1);
    uint32_t *const table = calloc(shape.table_entries + 1, sizeof(*table));
    struct attn_rows rows;

    require(k && v && table, "memory for a small cache", text);
    if (shape.table_entries)
        require(fill_table(p, &shape, table) == shape.pages, "pages are as many as needed", text);
    shape.view.table = shape.table_entries ? table : NULL;
    shape.view.k.base = k;
    shape.view.v.base = p->v_is_k_prefix ? k : v;
    for (uint32_t b = 0; b < p->batch; b++)
        for (uint32_t g = 0; g < p->kv_heads; g++)
            for (uint32_t t = first_row(p, &shape, b); t < attn_problem_length(p, b); t++) {
                attn_kv_rows(&shape.view, b, g, t, 1, &rows);
                require(rows.pos[0] == t, "a row knows its position", text);
                claim_k(p, &shape, k, rows.k[0], text);
                if (!p->v_is_k_prefix)
                    claim(v, shape.v_bytes, (const char *)v, rows.v[0],
                          attn_row_bytes(&attn_types[p->v_type], p->dim_v), text);
            }
    free(k);
    free(v);
    free(table);
}

static void check_kernels(const struct attn_name *name, const char *text)
{
    const uint32_t splits = name->splits > 64 ? 64 : name->splits;
    struct kernel_case c;
    struct attn_check result;
    size_t count;
    const struct attn_kernel *const *const kernels = attn_registry(&count);
    char why[200];

    if (attn_kernel_unsupported(kernels[0], &name->problem, why, sizeof(why)))
        return; /* what the reference does not take no kernel does */
    kernel_case_open(&c, &name->problem, DATA_UNIFORM, 1, 0);
    for (size_t i = 0; i < count; i++) {
        if (kernels[i]->kind != ATTN_RUNG ||
            attn_kernel_unsupported(kernels[i], &name->problem, why, sizeof(why)))
            continue;
        const int ranks = 1 + (int)(i % 3);
        require(kernel_case_run(&c, kernels[i], splits, ranks, &result) == 0,
                "a kernel computes what it takes", text);
    }
    kernel_case_close(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[ATTN_NAME_MAX], why[200];
    struct attn_name name;
    if (size >= sizeof(text))
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (attn_name_parse(text, &name) != 0)
        return 0;
    require(!attn_name_invalid(&name, why, sizeof(why)), "what is read is valid", text);
    check_inverse(&name, text);
    /* A model's ring may have its window from the mix: then the name's problem has no layout. */
    if (is_small(&name.problem) && !attn_problem_invalid(&name.problem, why, sizeof(why))) {
        check_layout(&name.problem, text);
        check_kernels(&name, text);
    }
    return 0;
}
