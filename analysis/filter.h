/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which cases a table is about: "context=512,1024", "kernel=split*", "cache!=hot". Key and value
 * may also be joined by a colon, as in names. Several filters must all hold.
 */
#ifndef ANA_FILTER_H
#define ANA_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/option.h"
#include "analysis/summary.h"

/*
 * 0, or -EINVAL and a sentence: not of the form key=value, or a key that is an axis of no case,
 * with the nearest one.
 */
int ana_filter_check(const struct ana_texts *filters, const struct ana_summary *summary,
                     char *message, size_t size);

/* Does the row pass all filters (which were checked)? Numbers are compared as numbers, so
 * "context=8K" works; texts may hold * and ?. */
bool ana_filter_passes(const struct ana_texts *filters, const struct ana_row *row);

/* Is `key` an axis of some case of the summary? Else *best is the nearest or NULL. */
bool ana_axis_known(const struct ana_summary *summary, const char *key, char best[ANA_AXIS_MAX]);

#endif
