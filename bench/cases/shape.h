/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One combination of axis values -> the problem and the way it is run. Everything that has a key
 * in names is set through attn_problem_set(), so options and names cannot drift apart.
 */
#ifndef ATTN_SHAPE_H
#define ATTN_SHAPE_H

#include "bench/cases/message.h"
#include "bench/cases/options.h"
#include "kernels/name.h"

/* One value per axis; NULL where the option was not given and has no default. */
struct attn_values {
    const char *text[ATTN_AXES];
    bool given[ATTN_AXES]; /* by the suite or the user, as opposed to the default */
};

/*
 * Everything of `name` but the kernel, and the label (a model's name, or ""). 0 when the problem
 * is well formed; -EDOM with a sentence when the combination is none; -EINVAL with a sentence when
 * a value cannot be used at all (a model that cannot be read).
 */
int attn_shape(const struct attn_values *values, struct attn_name *name, char *label, size_t size,
               struct attn_message *why);

#endif
