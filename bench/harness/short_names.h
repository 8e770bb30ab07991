/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for a terminal: what all of them have in common is printed once above the table, rows show
 * what varies. Files and pipes always get whole names.
 */
#ifndef BENCHMARK_C_SHORT_NAMES_H
#define BENCHMARK_C_SHORT_NAMES_H

#include "bench/harness/cases.h"

struct short_names {
    size_t prefix, suffix; /* parts between slashes that every name begins and ends with */
    char **middle;         /* key:value parts in between that are in every name */
    size_t middle_count;
};

/* Nothing is common to fewer than two names. -ENOMEM. */
int bm_short_names_init(struct short_names *names, const struct instances *instances);
void bm_short_names_free(struct short_names *names);
bool bm_short_names_any(const struct short_names *names);
/* What is common of the name, or with common false what is not; to be freed, NULL without memory.
 * A name that would be empty is given whole. */
char *bm_short_name(const struct short_names *names, const char *name, bool common);

#endif
