/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases of a result file as samples for a fit. A set holds cases that one law may describe: they
 * are of one file and differ only in what the law's bytes and flops account for (batch, heads,
 * widths, context, queries, window) and in the level the cache lies in. Kernels are sets of their
 * own, or with `best` only the fastest kernel of each case counts and the set is of all of them.
 * Oracles and ceilings are no contenders and never in a set.
 */
#ifndef ANA_SWEEP_ROWS_H
#define ANA_SWEEP_ROWS_H

#include "analysis/filter.h"
#include "analysis/fit.h"

struct ana_set {
    char name[160];               /* "decode, f16 cache, 2 threads, fastest kernel" */
    const struct attn_name *like; /* one of its cases */
    size_t file;
    struct ana_sample *samples;
    const struct ana_case **cases; /* of the samples */
    size_t count;
};

struct ana_sets {
    struct ana_set *sets; /* largest first */
    size_t count;
};

/*
 * `kernel` is a pattern with * and ?, or NULL for the fastest kernel of each case. `filters` may be
 * NULL. 0 or -ENOMEM.
 */
int ana_sets_make(const struct ana_summary *summary, const struct ana_texts *filters,
                  const char *kernel, struct ana_sets *sets);
void ana_sets_free(struct ana_sets *sets);

/* The level that holds `bytes` of data shared by `threads` threads, each with its own L1 and L2:
 * from the caches of the file's context; memory where they are not known. */
enum ana_level ana_level_of(const struct ana_result *result, double bytes, uint32_t threads);

#endif
