/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No number without a check: sampled rows of the output against the double-precision oracle,
 * before a case is timed and again afterwards on other rows, the output poisoned each time so
 * that a row nobody wrote is a wrong row. The oracle's rows are computed once a group, those of a
 * cache of eight bits or fewer also on what it was before it was narrowed.
 */
#ifndef ATTN_VERIFY_H
#define ATTN_VERIFY_H

#include "bench/cases/data.h"
#include "kernels/check.h"

enum attn_sample { ATTN_BEFORE, ATTN_AFTER, ATTN_SAMPLES };

/* What the oracle says about one problem on copy 0 of its cache. All zeroes is: nothing yet. */
struct attn_oracle {
    struct attn_expected *row[ATTN_SAMPLES];
    double *values;
    size_t n; /* rows of each sample */
};

/* Computes what is missing; `data` is that of any case of the group. 0, -ENOMEM, or -EDOM with a
 * sentence for a cache whose scales are no numbers. */
int attn_oracle_ask(struct attn_oracle *oracle, struct attn_data *data, struct team *team,
                    uint64_t seed, struct attn_message *why);
void attn_oracle_free(struct attn_oracle *oracle);

/*
 * Poisons the output, calls the kernel once on copy 0 and compares. 0, or -EDOM with a sentence
 * that says which element is wrong by how much, or that the cache lies beyond what narrowing it
 * explains.
 */
int attn_verify(const struct attn_oracle *oracle, enum attn_sample sample, struct attn_data *data,
                const struct attn_kernel *kernel, struct team *team, struct attn_check *check,
                struct attn_message *why);

#endif
