/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Value lists of options and suite keys, written out: "1,2,4", "512-32768*2" (also "x2"),
 * "1-8+1", "4K", "1M". Items come out as text, numbers in plain decimal, because that is what
 * names are made of; whoever needs the number reads it from there.
 */
#ifndef ATTN_LIST_H
#define ATTN_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/cases/message.h"

/* A list longer than this is a slip of the hand, not a sweep. */
enum { ATTN_LIST_MAX = 4096 };

struct attn_list {
    size_t n;
    char **item; /* one allocation of its own each */
};

/* What the numbers of a list may be. */
struct attn_bounds {
    uint64_t min, max;
    bool pairs;       /* "192+128" is an item too: the K and the V side */
    const char *word; /* a word that is an item too ("auto"), or NULL */
};

/* 0, -EINVAL with a sentence, or -ENOMEM. The list is empty unless 0 is returned. */
int attn_list_numbers(const char *text, const struct attn_bounds *bounds, struct attn_list *list,
                      struct attn_message *why);
int attn_list_words(const char *text, struct attn_list *list, struct attn_message *why);
void attn_list_free(struct attn_list *list);

#endif
