/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that lives and dies with one result: a hundred thousand rows are a few million strings,
 * and freeing them one by one would be most of the program. Nothing is freed before the whole is.
 */
#ifndef ANA_ARENA_H
#define ANA_ARENA_H

#include <stddef.h>

struct ana_arena;

struct ana_arena *ana_arena_new(void); /* NULL without memory */
void ana_arena_free(struct ana_arena *arena);

/* Zeroed, aligned for any type; NULL without memory. */
void *ana_arena_alloc(struct ana_arena *arena, size_t size);

char *ana_arena_copy(struct ana_arena *arena, const char *text);

/* One copy for equal texts, so that they can be compared by pointer. NULL without memory. */
const char *ana_arena_intern(struct ana_arena *arena, const char *text);

#endif
