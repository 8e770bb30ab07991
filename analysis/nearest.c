/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Optimal string alignment distance over two rows and a third for swapped neighbours. Words are
 * option, model and kernel names, so a fixed width suffices and nothing is allocated.
 */
#include "analysis/nearest.h"

#include <ctype.h>
#include <string.h>

enum { WORD_MAX = 63 };

static char folded(char c)
{
    return c == '_' ? '-' : (char)tolower((unsigned char)c);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t ana_edit_distance(const char *a, const char *b)
{
    const size_t n = strnlen(a, WORD_MAX), m = strnlen(b, WORD_MAX);
    size_t row[3][WORD_MAX + 1];
    for (size_t j = 0; j <= m; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *const now = row[i % 3];
        const size_t *const before = row[(i - 1) % 3], *const earlier = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const char x = folded(a[i - 1]), y = folded(b[j - 1]);
            now[j] = smaller(smaller(before[j], now[j - 1]) + 1, before[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == folded(b[j - 2]) && folded(a[i - 2]) == y)
                now[j] = smaller(now[j], earlier[j - 2] + 1);
        }
    }
    return row[n % 3][m];
}

void ana_nearest_offer(struct ana_nearest *near, const char *candidate)
{
    const size_t distance = ana_edit_distance(near->word, candidate);
    if (near->best && distance >= near->distance)
        return;
    near->best = candidate;
    near->distance = distance;
}

const char *ana_nearest_best(const struct ana_nearest *near)
{
    if (!near->best || !*near->word)
        return NULL;
    const size_t allowed = 1 + strnlen(near->word, WORD_MAX) / 4;
    return near->distance <= allowed ? near->best : NULL;
}

int ana_word_equal(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
            return 0;
    return *a == *b;
}
