/* SPDX-License-Identifier: Apache-2.0 */
/* Which names a run is about: a POSIX extended regular expression found anywhere in the name. */
#ifndef BENCHMARK_C_FILTER_H
#define BENCHMARK_C_FILTER_H

#include <regex.h>
#include <stdbool.h>
#include <stdio.h>

struct filter {
    regex_t regex;
    bool negated;
};

/* "" and "all" select everything, a leading '-' what the rest does not. -EINVAL, said on err. */
int bm_filter_compile(struct filter *filter, const char *text, FILE *err);
bool bm_filter_matches(const struct filter *filter, const char *name);
void bm_filter_free(struct filter *filter);

#endif
