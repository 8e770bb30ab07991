/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Test data at the speed of memory. Every value is a function of (seed, index) and nothing else,
 * so content does not depend on how many ranks wrote it, in which order, or into which buffer.
 */
#ifndef MACHINE_FILL_H
#define MACHINE_FILL_H

#include "bench/machine/team.h"
#include "kernels/dtype.h"

#include <stddef.h>
#include <stdint.h>

enum fill_kind {
    FILL_UNIFORM, /* in [-1, 1) */
    FILL_PEAKY,   /* small, but one row in 61 is large: softmax picks a few tokens */
    FILL_RISING,  /* grows with the row: a running maximum moves at every token */
    FILL_EQUAL,   /* one value everywhere: softmax is flat */
    FILL_HUGE,    /* up to 30000, finite in every type */
    FILL_KINDS
};

struct fill {
    enum fill_kind kind;
    uint64_t seed;
    uint32_t row; /* elements a row (a token's head dim), for the kinds that go by row; 0: 1 */
};

/* The value of element `index`, before it is rounded to the element type. */
float fill_value(const struct fill *fill, uint64_t index);

/* Bytes of one element of a type that can be filled; 0 for the others. */
size_t fill_element_bytes(enum attn_type type);

/*
 * Writes elements [first, first + n) of the stream to dst, cut among the ranks in blocks of 2 MiB
 * dealt in turn (a huge page has one owner); team NULL: by the caller alone. 0, or -ENOTSUP for a
 * type without a rule.
 */
int fill_run(const struct fill *fill, struct team *team, enum attn_type type, void *dst,
             uint64_t first, size_t n);

#endif
