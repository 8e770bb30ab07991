/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry: the build writes ATTN_KERNELS from the list of what it compiles, and this file
 * expands it twice. Selection lives here too, because "best" and "split" mean something only
 * against the whole ladder and this CPU.
 */
#include "kernels/registry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernels/cpu.h"
#include "kernels/kernels_list.h"

#define X(symbol) extern const struct attn_kernel symbol;
ATTN_KERNELS
#undef X

#define X(symbol) +1
enum { KERNELS = 0 ATTN_KERNELS };
#undef X

#define X(symbol) &symbol,
static const struct attn_kernel *kernels[KERNELS + ATTN_OUTSIDE_MAX] = {ATTN_KERNELS};
#undef X

static size_t known = KERNELS;
static attn_ask_fn *asks[ATTN_OUTSIDE_MAX];

const struct attn_kernel *const *attn_registry(size_t *count)
{
    *count = known;
    return kernels;
}

int attn_registry_add(const struct attn_kernel *kernel, attn_ask_fn *ask)
{
    char name[64], other[64];
    attn_kernel_name(kernel, name, sizeof(name));
    for (size_t i = 0; i < known; i++) {
        attn_kernel_name(kernels[i], other, sizeof(other));
        if (strcmp(name, other) == 0)
            return -EEXIST;
    }
    if (known == KERNELS + ATTN_OUTSIDE_MAX)
        return -ENOSPC;
    asks[known - KERNELS] = ask;
    kernels[known++] = kernel;
    return 0;
}

static attn_ask_fn *ask_of(const struct attn_kernel *kernel)
{
    for (size_t i = KERNELS; i < known; i++)
        if (kernels[i] == kernel)
            return asks[i - KERNELS];
    return NULL;
}

bool attn_kernel_is_outside(const struct attn_kernel *kernel)
{
    return ask_of(kernel);
}

int attn_kernel_name(const struct attn_kernel *kernel, char *buf, size_t size)
{
    return snprintf(buf, size, "%s%s%s", kernel->rung, kernel->isa[0] ? "." : "", kernel->isa);
}

/* The classic two-pointer match: on a mismatch, let the last star swallow one more character. */
bool attn_glob(const char *pattern, const char *text)
{
    const char *star = NULL, *mark = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            mark = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++mark;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

static bool runs_here(const struct attn_kernel *kernel)
{
    return !(kernel->cpu & ~attn_cpu_features());
}

/* Builds of a rung stand in the list from the plainest to the widest. */
static const struct attn_kernel *best_build(const char *rung)
{
    const struct attn_kernel *best = NULL;
    for (size_t i = 0; i < known; i++)
        if (strcmp(kernels[i]->rung, rung) == 0 && (!best || runs_here(kernels[i])))
            best = kernels[i];
    return best;
}

bool attn_kernel_selected(const struct attn_kernel *kernel, const char *pattern)
{
    char name[64];
    if (strcmp(kernel->rung, pattern) == 0)
        return best_build(pattern) == kernel;
    attn_kernel_name(kernel, name, sizeof(name));
    if (kernel->kind != ATTN_RUNG && strcmp(pattern, "*") == 0)
        return false;
    return attn_glob(pattern, name);
}

const char *attn_kernel_unsupported(const struct attn_kernel *kernel, const struct attn_problem *p,
                                    char *buf, size_t size)
{
    static const char *const layouts[ATTN_LAYOUTS] = {"contiguous", "token_major", "paged", "ring",
                                                      "transposed"};
    const uint64_t missing = kernel->cpu & ~attn_cpu_features();
    char name[64];

    attn_kernel_name(kernel, name, sizeof(name));
    if (missing) {
        snprintf(buf, size, "%s needs %s, which this CPU does not offer", name,
                 attn_cpu_feature_name(missing & -missing));
        return buf;
    }
    if (!(kernel->k_types & ATTN_TYPE_BIT(p->k_type)) ||
        !(kernel->v_types & ATTN_TYPE_BIT(p->v_type))) {
        const bool k = kernel->k_types & ATTN_TYPE_BIT(p->k_type);
        snprintf(buf, size, "%s does not read a %s cache of %s", name, k ? "V" : "K",
                 attn_types[k ? p->v_type : p->k_type].name);
        return buf;
    }
    if (!(kernel->layouts & (1u << p->layout))) {
        snprintf(buf, size, "%s does not walk the %s layout", name, layouts[p->layout]);
        return buf;
    }
    attn_ask_fn *const ask = ask_of(kernel);
    char answer[256];
    const char *const why = ask                ? ask(kernel, p, answer, sizeof(answer))
                            : kernel->supports ? kernel->supports(p)
                                               : NULL;
    if (!why)
        return NULL;
    snprintf(buf, size, "%s: %s", name, why);
    return buf;
}

const struct attn_kernel *attn_kernel_best(const struct attn_problem *p)
{
    const struct attn_kernel *best = NULL;
    char why[160];
    for (size_t i = 0; i < KERNELS; i++)
        if (kernels[i]->kind == ATTN_RUNG && (kernels[i]->phases & (1u << p->phase)) &&
            !attn_kernel_unsupported(kernels[i], p, why, sizeof(why)))
            best = kernels[i];
    return best;
}
