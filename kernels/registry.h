/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every kernel that was compiled, in ladder order: kernels/meson.build holds the only list, which
 * both compiles the objects and writes the table behind this header. What is compiled is
 * registered; what is registered is tested, listed and swept.
 */
#ifndef ATTN_REGISTRY_H
#define ATTN_REGISTRY_H

#include "kernels/kernel.h"

const struct attn_kernel *const *attn_registry(size_t *count);

/* Kernels from outside stand behind the ladder. */
enum { ATTN_OUTSIDE_MAX = 32 };

/* supports() of a kernel from outside, asked in a way that survives the answer: as
 * attn_kernel_unsupported(). */
typedef const char *attn_ask_fn(const struct attn_kernel *kernel, const struct attn_problem *p,
                                char *buf, size_t size);

/* 0, -EEXIST if its name is taken, -ENOSPC. The kernel lives as long as the program. */
int attn_registry_add(const struct attn_kernel *kernel, attn_ask_fn *ask);

bool attn_kernel_is_outside(const struct attn_kernel *kernel);

/* "split.avx2", or "ref" for a rung with one build. Length needed, as snprintf. */
int attn_kernel_name(const struct attn_kernel *kernel, char *buf, size_t size);

/* Shell-style match with * and ? of a whole name. */
bool attn_glob(const char *pattern, const char *text);

/*
 * Does `pattern` select this kernel? A pattern without a dot that names a rung ("split") selects
 * the build that is best on this CPU; anything else is matched as a glob against the full name.
 * Ceilings and the oracle are selected only by a pattern that is not just "*".
 */
bool attn_kernel_selected(const struct attn_kernel *kernel, const char *pattern);

/*
 * NULL if the kernel can run this problem on this CPU, else the reason as a sentence: a missing
 * CPU feature, type, layout or shape.
 */
const char *attn_kernel_unsupported(const struct attn_kernel *kernel, const struct attn_problem *p,
                                    char *buf, size_t size);

/* The last rung of the ladder that is meant for the problem's phase and can run it, or NULL. Never
 * one from outside: `best` has to mean the same whatever was loaded. */
const struct attn_kernel *attn_kernel_best(const struct attn_problem *p);

#endif
