/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean": the word of a table that is nearest to a misspelt one. Tables differ in shape,
 * so the caller walks its own and offers each name:
 *
 *     struct ana_nearest near = {.word = typed};
 *     for (...) ana_nearest_offer(&near, table[i].name);
 *     if (ana_nearest_best(&near)) ...
 */
#ifndef ANA_NEAREST_H
#define ANA_NEAREST_H

#include <stddef.h>

struct ana_nearest {
    const char *word; /* what was typed */
    const char *best; /* nearest so far, NULL before the first offer */
    size_t distance;
};

/* Edits (insert, delete, replace, swap neighbours) between two words; case and -/_ are ignored.
 * Words are compared up to 63 characters. */
size_t ana_edit_distance(const char *a, const char *b);

void ana_nearest_offer(struct ana_nearest *near, const char *candidate);

/* The nearest word, or NULL if none is near enough to be a misspelling. */
const char *ana_nearest_best(const struct ana_nearest *near);

/* Equality of words as options spell them: - and _ alike, case counts. */
int ana_word_equal(const char *a, const char *b);

#endif
