/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in patterns, taken literally; and names for a terminal: parts between slashes that all of
 * them have are printed once above the table, rows show the others. Pipes and files get whole
 * names.
 */
#ifndef REG_NAMES_H
#define REG_NAMES_H

#include "analysis/regress/report.h"

/* Appends `name` to the regular expression in `text`, every sign taken literally. false, and the
 * text is cut, if there is no room for it and `spare` bytes more. */
bool reg_pattern_add(const char *name, char *text, size_t size, size_t spare);

/* The parts every name has, joined as in the first; "" if there are none or it is one name. */
void reg_common_parts(const struct reg_report *report, char *common, size_t size);

/* `name` without those parts, or all of it if nothing were left. Returns `buf` or `name`. */
const char *reg_short_name(const char *name, const char *common, char *buf, size_t size);

#endif
