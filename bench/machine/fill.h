/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Test data at the speed of memory. Every value is a function of (seed, index) and nothing else,
 * so content does not depend on how many ranks wrote it, in which order, or into which buffer.
 *
 * Narrow integers hold the values times the largest code (127 or 7), rounded: beside a scale s they
 * are what the quantiser makes of values times s * 127, which is how the cache before it was
 * narrowed is known without being stored. Two values share a byte of i4, the even one in the lower
 * half.
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

/* What can be filled: an element type, or the scales beside one of the integer types. */
enum { FILL_SCALES_I8 = ATTN_TYPES, FILL_SCALES_I4, FILL_CONTENTS };

/* The content of a plane of elements; types that differ only in their scales share one. */
int fill_content_of(enum attn_type type);

/* The content of the plane of scales beside it, or -1. */
int fill_scales_of(enum attn_type type);

struct fill {
    enum fill_kind kind;
    uint64_t seed;
    uint32_t row; /* elements a row (a token's head dim), for the kinds that go by row; 0: 1 */
};

/* Value `index`, before it is rounded to the content's type. */
float fill_value(const struct fill *fill, uint64_t index);

/* Values that `bytes` of a content hold, and the bytes of the smallest piece that can be written.
 */
uint64_t fill_values(int content, uint64_t bytes);
size_t fill_piece_bytes(int content);

/*
 * Writes values [first, first + n) of the stream to dst, n and first of whole pieces, cut among the
 * ranks in blocks of 2 MiB dealt in turn (a huge page has one owner); team NULL: by the caller
 * alone. Scales lie between half of 1 / 127 (or 1 / 7) and all of it.
 */
void fill_run(const struct fill *fill, struct team *team, int content, void *dst, uint64_t first,
              size_t n);

#endif
