/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of blocks, and an open hash set over the interned texts. The set grows by doubling: a
 * foreign file may well use a new counter name in every row.
 */
#include "analysis/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 18, SET_FIRST = 256 };

struct block {
    struct block *next;
    alignas(max_align_t) char data[];
};

struct ana_arena {
    struct block *blocks;
    char *free;
    size_t left;
    const char **set;
    size_t slots, used;
};

struct ana_arena *ana_arena_new(void)
{
    return calloc(1, sizeof(struct ana_arena));
}

void ana_arena_free(struct ana_arena *arena)
{
    if (!arena)
        return;
    for (struct block *b = arena->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(arena->set);
    free(arena);
}

void *ana_arena_alloc(struct ana_arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + align - 1) / align * align;
    if (size > arena->left) {
        const size_t bytes = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        struct block *const b = calloc(1, sizeof(*b) + bytes);
        if (!b)
            return NULL;
        b->next = arena->blocks;
        arena->blocks = b;
        arena->free = b->data;
        arena->left = bytes;
    }
    void *const memory = arena->free;
    arena->free += size;
    arena->left -= size;
    return memory;
}

char *ana_arena_copy(struct ana_arena *arena, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *const copy = ana_arena_alloc(arena, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

static size_t slot_of(const char **set, size_t slots, const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *p = text; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
    size_t slot = hash % slots;
    while (set[slot] && strcmp(set[slot], text) != 0)
        slot = (slot + 1) % slots;
    return slot;
}

static int grow(struct ana_arena *arena)
{
    const size_t slots = arena->slots ? 2 * arena->slots : SET_FIRST;
    const char **const set = calloc(slots, sizeof(*set));
    if (!set)
        return -1;
    for (size_t i = 0; i < arena->slots; i++)
        if (arena->set[i])
            set[slot_of(set, slots, arena->set[i])] = arena->set[i];
    free(arena->set);
    arena->set = set;
    arena->slots = slots;
    return 0;
}

const char *ana_arena_intern(struct ana_arena *arena, const char *text)
{
    if (2 * arena->used >= arena->slots && grow(arena))
        return NULL;
    const size_t slot = slot_of(arena->set, arena->slots, text);
    if (!arena->set[slot]) {
        arena->set[slot] = ana_arena_copy(arena, text);
        arena->used += arena->set[slot] != NULL;
    }
    return arena->set[slot];
}
