/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a tensor's name says of it. Families of models name the projections of attention in a few
 * ways; a row of the table in naming.c is all a further one needs.
 */
#ifndef ANA_CHECKPOINT_NAMING_H
#define ANA_CHECKPOINT_NAMING_H

#include <stdbool.h>
#include <stdint.h>

enum ana_part {
    ANA_PART_Q,
    ANA_PART_K,
    ANA_PART_V,
    ANA_PART_O,
    ANA_PART_QKV,    /* one tensor, Q before K before V */
    ANA_PART_Q_NORM, /* scale of a norm over each head of Q */
    ANA_PART_K_NORM,
    ANA_PART_POSITION, /* T5's bias by distance, one column a query head */
    ANA_PARTS
};

struct ana_family {
    const char *name;
    bool transposed;      /* weights are [in, out] (GPT-2's Conv1D) and not [out, in] */
    bool rotary;          /* Q and K are rotated by position */
    bool unscaled;        /* logits are not divided by sqrt(dim) */
    const char *prefixes; /* what may stand before a name, blank-separated; "." for nothing */
};

struct ana_role {
    const struct ana_family *family;
    enum ana_part part;
    uint32_t layer;
    bool cross; /* decoder attending to the encoder */
    bool bias;
};

/* False for a tensor that is none of attention's, encoders included: only decoders keep a cache. */
bool ana_role_of(const char *name, struct ana_role *role);

#endif
