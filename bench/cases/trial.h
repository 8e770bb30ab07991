/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first call of a kernel from outside, in a process of its own (keeper.h): the case's own
 * problem and as many threads, the cache read-only, output and working memory between guard pages
 * and canaries. Whether the result is right is not asked here; the check that every kernel passes
 * asks it of the real call.
 */
#ifndef ATTN_TRIAL_H
#define ATTN_TRIAL_H

#include "bench/cases/library.h"
#include "kernels/name.h"

/* 0, or -errno with a sentence. */
int attn_trial(const struct attn_kernel *kernel, const struct attn_name *name, uint64_t seed,
               struct attn_message *why);

/* Seconds a call of this problem may take where a short answer may take `seconds`. */
double attn_trial_seconds(const struct attn_name *name, double seconds);

#endif
