/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inputs of a case. All of them are functions of the seed and the problem, never of the kernel or
 * of the number of threads, so that the oracle of a problem holds for all its cases.
 */
#include "bench/cases/data.h"

#include "bench/machine/fill.h"
#include "bench/machine/memory.h"
#include "kernels/registry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIGN = 64,
    MARGIN = 4096, /* a page, so that it changes nothing about who shares a cache set with whom */
    PATTERN = 0xa5,
};

/* Parts of the block. Before, between and behind the last two, which are written, is a margin. */
enum part { Q, LENGTHS, TABLE, SINKS, ALIBI, BIAS, TREE, OUT, SCRATCH, PARTS };

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static void part_bytes(const struct attn_name *name, const struct attn_size *size,
                       uint64_t bytes[PARTS])
{
    const struct attn_problem *const p = &name->problem;
    const uint64_t queries = (uint64_t)p->batch * p->q_len;
    bytes[Q] = queries * p->heads * p->dim * sizeof(float);
    bytes[LENGTHS] = p->batch * sizeof(uint32_t);
    bytes[TABLE] = size->shape.table_entries * sizeof(uint32_t);
    bytes[SINKS] = p->sinks ? p->heads * sizeof(float) : 0;
    bytes[ALIBI] = p->alibi ? p->heads * sizeof(float) : 0;
    bytes[BIAS] = p->rel_bias ? p->heads * ATTN_BIAS_SPAN * sizeof(float) : 0;
    bytes[TREE] = p->mask == ATTN_TREE ? queries * sizeof(uint64_t) : 0;
    bytes[OUT] = queries * p->heads * p->dim_v * sizeof(float);
    bytes[SCRATCH] = size->scratch_bytes;
}

/* Bytes of K and V that a call reads: what has to be out of the cache, whatever surrounds it. */
static uint64_t visible_bytes(const struct attn_problem *p)
{
    const uint64_t rows = (uint64_t)p->batch * p->q_len * p->heads;
    return attn_bytes(p) - rows * sizeof(float) * (p->dim + p->dim_v);
}

int attn_size(struct attn_size *size, const struct attn_name *name,
              const struct attn_kernel *kernel, uint64_t llc_bytes)
{
    const struct attn_problem *const p = &name->problem;
    uint64_t bytes[PARTS];
    *size = (struct attn_size){
        .shape = attn_kv_shape(p),
        .rotation = rotation_plan(visible_bytes(p), llc_bytes, name->hot),
    };
    if (pool_layout(&size->layout, p, &size->shape, size->rotation.copies))
        return -EOVERFLOW;
    for (int t = 0; t < FILL_CONTENTS; t++)
        size->pool_bytes += size->layout.need[t];
    if (kernel && kernel->scratch_bytes)
        size->scratch_bytes =
            kernel->scratch_bytes(p, name->splits, attn_kernel_ranks(kernel, name->threads));
    part_bytes(name, size, bytes);
    for (int i = 0; i < PARTS; i++) {
        if (bytes[i] > SIZE_MAX / 2 / PARTS)
            return -EOVERFLOW;
        size->block_bytes += round_up(bytes[i]);
    }
    size->block_bytes += ATTN_GAPS * MARGIN;
    if (kernel && kernel->prepared_bytes) {
        const size_t prepared = kernel->prepared_bytes(p);
        if (prepared > SIZE_MAX / 4)
            return -EOVERFLOW;
        size->prepared_bytes = round_up(prepared);
    }
    uint64_t prepared;
    if (__builtin_mul_overflow(size->prepared_bytes, size->rotation.copies, &prepared) ||
        __builtin_add_overflow(prepared, size->pool_bytes + size->block_bytes, &size->total_bytes))
        return -EOVERFLOW;
    return 0;
}

const char *attn_bytes_text(uint64_t bytes, char *buf, size_t size)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes / 1024;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(*units))
        value /= 1024, unit++;
    if (bytes < 1024)
        snprintf(buf, size, "%" PRIu64 " B", bytes);
    else
        snprintf(buf, size, value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return buf;
}

/* A tenth of what is free is left to the rest of the system. */
static int check_memory(const struct attn_size *size, const struct pool *pool,
                        struct attn_message *why)
{
    char needed[32], free_text[32];
    const uint64_t own = size->total_bytes - size->pool_bytes;
    const uint64_t need = own + pool_missing(pool, &size->layout);
    const uint64_t available = machine_memory_available("");
    if (available == UINT64_MAX || need <= available / 10 * 9)
        return 0;
    return attn_refuse(why, -ENOMEM,
                       "needs %s of memory with its %" PRIu64 " %s of the cache, %s is free",
                       attn_bytes_text(need, needed, sizeof(needed)), size->rotation.copies,
                       size->rotation.copies == 1 ? "copy" : "copies",
                       attn_bytes_text(available, free_text, sizeof(free_text)));
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Pages in a shuffled order, as an allocator that has been busy for a while hands them out. */
static void shuffle_pages(const struct attn_problem *p, const struct attn_kv_shape *shape,
                          uint64_t seed, uint32_t *order, uint32_t *table)
{
    for (size_t i = 0; i < shape->pages; i++)
        order[i] = (uint32_t)i;
    for (size_t i = shape->pages; i > 1; i--) {
        const size_t j = next_random(&seed) % i;
        const uint32_t swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
    size_t next = 0;
    for (uint32_t b = 0; b < p->batch; b++) {
        uint32_t *const row = table + (size_t)b * shape->view.pages_a_sequence;
        const uint32_t used = (attn_problem_length(p, b) + p->page - 1) / p->page;
        const uint32_t shared = p->page ? attn_problem_shared(p, b) / p->page : 0;
        for (uint32_t i = 0; i < shape->view.pages_a_sequence; i++)
            row[i] = i < shared ? table[i] : i < used ? order[next++] : 0;
    }
}

/* Token j of a tree is an ancestor of i, or not; every token sees itself and the first one. */
static void grow_tree(const struct attn_problem *p, uint64_t seed, uint64_t *tree)
{
    for (uint32_t b = 0; b < p->batch; b++)
        for (uint32_t i = 0; i < p->q_len; i++) {
            const uint32_t parent = i ? (uint32_t)(next_random(&seed) % i) : 0;
            uint64_t *const row = tree + (size_t)b * p->q_len;
            row[i] = (i ? row[parent] : 0) | UINT64_C(1) << i;
        }
}

void attn_fill_bias(uint32_t heads, uint64_t seed, float *bias)
{
    const struct fill learned = {.kind = FILL_UNIFORM, .seed = seed ^ 0x62696173};
    for (uint32_t h = 0; h < heads; h++)
        for (uint32_t d = 0; d < ATTN_BIAS_SPAN; d++)
            bias[h * ATTN_BIAS_SPAN + d] =
                fill_value(&learned, (uint64_t)attn_relative_bucket(d) * heads + h);
}

static int fill_block(struct attn_data *data, uint64_t seed, char *const at[PARTS],
                      struct attn_message *why)
{
    const struct attn_problem *const p = &data->problem;
    const struct fill queries = {.kind = FILL_UNIFORM, .seed = seed ^ 0x71756572};
    const struct fill sinks = {.kind = FILL_UNIFORM, .seed = seed ^ 0x73696e6b};
    fill_run(&queries, NULL, ATTN_F32, at[Q], 0, (size_t)p->batch * p->q_len * p->heads * p->dim);
    for (uint32_t b = 0; b < p->batch; b++)
        ((uint32_t *)(void *)at[LENGTHS])[b] = attn_problem_length(p, b);
    for (uint32_t h = 0; h < p->heads && p->sinks; h++)
        ((float *)(void *)at[SINKS])[h] = fill_value(&sinks, h);
    for (uint32_t h = 0; h < p->heads && p->alibi; h++)
        ((float *)(void *)at[ALIBI])[h] = attn_alibi_slope(h, p->heads);
    if (p->rel_bias)
        attn_fill_bias(p->heads, seed, (float *)(void *)at[BIAS]);
    if (p->mask == ATTN_TREE)
        grow_tree(p, seed, (uint64_t *)(void *)at[TREE]);
    if (data->size.shape.table_entries) {
        uint32_t *const order = malloc(data->size.shape.pages * sizeof(*order));
        if (!order)
            return attn_refuse(why, -ENOMEM, "out of memory");
        shuffle_pages(p, &data->size.shape, seed, order, (uint32_t *)(void *)at[TABLE]);
        free(order);
    }
    return 0;
}

/* Where the parts are; fills the gaps. */
static void lay_out(struct attn_data *data, const uint64_t bytes[PARTS], char *at[PARTS])
{
    char *next = data->block;
    for (int i = 0; i < PARTS; i++) {
        if (i >= OUT) {
            data->gap[i - OUT].end = next + MARGIN;
            next += MARGIN;
        }
        at[i] = bytes[i] ? next : NULL;
        if (i >= OUT)
            data->gap[i - OUT + 1].begin = next + bytes[i];
        next += round_up(bytes[i]);
    }
    data->gap[0].begin = data->gap[0].end - MARGIN;
    data->gap[ATTN_GAPS - 1].end = next + MARGIN;
    for (int i = 0; i < ATTN_GAPS; i++)
        memset(data->gap[i].begin, PATTERN, (size_t)(data->gap[i].end - data->gap[i].begin));
}

static int check_gap(const struct attn_data *data, int i, struct attn_message *why)
{
    static const char *const place[ATTN_GAPS][2] = {
        {"before the beginning of the output", "before the beginning of the output"},
        {"past the end of the output", "before the beginning of its scratch memory"},
        {"past the end of its scratch memory", "past the end of its scratch memory"},
    };
    const char *const begin = data->gap[i].begin, *const end = data->gap[i].end;
    for (const char *c = begin; c < end; c++)
        if ((unsigned char)*c != PATTERN)
            return attn_refuse(why, -EFAULT, "wrote %s in a later call than the first",
                               place[i][c - begin >= end - c]);
    return 0;
}

int attn_data_check(const struct attn_data *data, struct attn_message *why)
{
    int error = 0;
    for (int i = 0; !error && i < ATTN_GAPS; i++)
        error = check_gap(data, i, why);
    if (!data->sealed || pool_sealed(data->pool, &data->seal))
        return error;
    pool_restore(data->pool);
    return attn_refuse(why, -EFAULT, "wrote into the KV cache, which it may only read");
}

/* Repacks every copy, for kernels that want the cache in a form of their own. */
static int prepare(struct attn_data *data, const struct attn_kernel *kernel,
                   struct attn_message *why)
{
    const uint64_t bytes = data->size.prepared_bytes, copies = data->size.rotation.copies;
    if (!kernel || !kernel->prepare)
        return 0;
    if (bytes) {
        data->prepared = aligned_alloc(ALIGN, bytes * copies);
        if (!data->prepared)
            return attn_refuse(why, -ENOMEM, "out of memory");
    }
    for (uint64_t copy = 0; copy < (bytes ? copies : 1); copy++) {
        attn_data_take(data, copy);
        const int error =
            kernel->prepare(&data->args, bytes ? data->prepared + copy * bytes : NULL);
        if (error)
            return attn_refuse(why, error, "preparing the cache failed: %s", strerror(-error));
    }
    return 0;
}

int attn_data_open(struct attn_data *data, const struct attn_name *name,
                   const struct attn_kernel *kernel, const struct attn_size *size,
                   struct pool *pool, uint64_t seed, struct attn_message *why)
{
    *data = (struct attn_data){.problem = name->problem, .size = *size, .pool = pool};
    int error = check_memory(size, pool, why);
    if (error)
        return error;
    error = pool_prepare(pool, &data->size.layout);
    if (error == -ENOMEM && pool->pages == ARENA_HUGETLB)
        return attn_refuse(why, error,
                           "needs %" PRIu64 " huge pages of 2 MiB; sysctl vm.nr_hugepages reserves "
                           "them",
                           size->pool_bytes / (2 << 20) + 1);
    if (error)
        return attn_refuse(why, error, "cannot set up the cache on %s pages: %s",
                           arena_pages_name[pool->pages], strerror(-error));
    data->block = aligned_alloc(ALIGN, round_up(size->block_bytes));
    if (!data->block)
        return attn_refuse(why, -ENOMEM, "out of memory");
    memset(data->block, 0, size->block_bytes); /* touched now and not in the first call */

    uint64_t bytes[PARTS];
    char *at[PARTS];
    part_bytes(name, size, bytes);
    lay_out(data, bytes, at);
    data->sealed = kernel && attn_kernel_is_outside(kernel);
    if (data->sealed)
        data->seal = pool_seal(pool);
    data->args = (struct attn_args){
        .struct_size = sizeof(struct attn_args),
        .problem = &data->problem,
        .q = (const float *)(void *)at[Q],
        .lengths = (const uint32_t *)(void *)at[LENGTHS],
        .sinks = (const float *)(void *)at[SINKS],
        .alibi = (const float *)(void *)at[ALIBI],
        .tree = (const uint64_t *)(void *)at[TREE],
        .out = (float *)(void *)at[OUT],
        .scratch = at[SCRATCH],
        .splits = name->splits,
        .threads = name->threads,
        .tile = name->tile,
        .prefetch = name->prefetch,
        .bias = (const float *)(void *)at[BIAS],
    };
    data->size.layout.view.table = (const uint32_t *)(void *)at[TABLE];
    error = fill_block(data, seed, at, why);
    if (!error)
        error = prepare(data, kernel, why);
    if (error)
        attn_data_close(data);
    else
        attn_data_take(data, 0);
    /* Go on behind what the case before this one read last. */
    data->turns = pool_behind(&data->size.layout, pool->cursor);
    return error;
}

void attn_data_close(struct attn_data *data)
{
    free(data->block);
    free(data->prepared);
    data->block = data->prepared = NULL;
}

void attn_data_take(struct attn_data *data, uint64_t copy)
{
    data->args.kv = pool_view(data->pool, &data->size.layout, copy);
    if (data->prepared)
        data->args.prepared = data->prepared + copy * data->size.prepared_bytes;
}

void attn_data_turn(struct attn_data *data)
{
    const uint64_t copy = rotation_index(&data->size.rotation, data->turns++);
    if (data->size.rotation.copies > 1)
        data->pool->cursor = pool_end(&data->size.layout, copy);
    attn_data_take(data, copy);
}
