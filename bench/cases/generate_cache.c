/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/cases/generate_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int generate_cache_open(struct generate_cache *c, uint32_t capacity, uint32_t tokens, uint32_t page,
                        bool whole, uint64_t seed)
{
    *c = (struct generate_cache){
        .capacity = capacity,
        .page = page,
        .row = (tokens + page - 1) / page,
        .whole = whole,
    };
    c->free_all = whole ? capacity : capacity * c->row;
    c->table = calloc((size_t)capacity * c->row, sizeof(*c->table));
    c->pages = calloc(capacity, sizeof(*c->pages));
    c->free = calloc(c->free_all, sizeof(*c->free));
    if (!c->table || !c->pages || !c->free) {
        generate_cache_close(c);
        return -ENOMEM;
    }
    generate_cache_reset(c, seed);
    return 0;
}

void generate_cache_close(struct generate_cache *c)
{
    free(c->table);
    free(c->pages);
    free(c->free);
    *c = (struct generate_cache){0};
}

void generate_cache_reset(struct generate_cache *c, uint64_t seed)
{
    c->n = 0;
    c->free_n = c->free_all;
    for (uint32_t i = 0; i < c->free_all; i++) {
        const uint32_t j = (uint32_t)(next_random(&seed) % (i + 1));
        c->free[i] = c->free[j];
        c->free[j] = i;
    }
}

void generate_cache_join(struct generate_cache *c)
{
    c->pages[c->n++] = 0;
}

void generate_cache_grow(struct generate_cache *c, uint32_t row, uint32_t length)
{
    uint32_t *const table = c->table + (size_t)row * c->row;
    if (c->whole) {
        if (c->pages[row])
            return;
        c->pages[row] = 1;
        const uint32_t page = c->free[--c->free_n];
        for (uint32_t i = 0; i < c->row; i++)
            table[i] = page;
        return;
    }
    while ((uint64_t)c->pages[row] * c->page < length)
        table[c->pages[row]++] = c->free[--c->free_n];
}

void generate_cache_leave(struct generate_cache *c, uint32_t row)
{
    uint32_t *const table = c->table + (size_t)row * c->row;
    const uint32_t last = --c->n;
    for (uint32_t i = c->pages[row]; i-- > 0;)
        c->free[c->free_n++] = table[i];
    if (row == last)
        return;
    memcpy(table, c->table + (size_t)last * c->row, c->row * sizeof(*table));
    c->pages[row] = c->pages[last];
}

uint64_t generate_cache_reserved(const struct generate_cache *c)
{
    return (uint64_t)(c->free_all - c->free_n) * c->page;
}
